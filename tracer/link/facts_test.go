package link

import (
	"bytes"
	"testing"

	"github.com/wirespan/wirespan/l7"
	"github.com/wirespan/wirespan/tracer/facts"
	"github.com/wirespan/wirespan/tracer/span"
)

// factsOfSpan reads the facts off a span.
func factsOfSpan(t *testing.T, s *span.Span) (f facts.Facts, ok bool) {
	t.Helper()
	at, ok := s.Attrs.Find(span.KeyFacts)
	if !ok {
		return f, false
	}
	f, err := facts.Parse(at.Str)
	if err != nil || at.Type != span.TypeBytes {
		t.Fatalf("facts of %s: %v", s.Name, err)
	}
	return f, true
}

func TestFactsOfMessages(t *testing.T) {
	s := newScene(t)
	s.cfg.Forms = []Form{{Facts: true, Sink: (*keep)(&s.spans)}, {Sink: (*keep)(&s.more)}}
	s.feed(
		call{name: "publish", from: "10.0.0.1", to: "10.0.0.9:5672", at: 0, end: 1, class: l7.ClassMessaging, side: span.Producer, msg: "m1", ids: "x-request-id=q"},
		call{name: "deliver", from: "10.0.0.2", to: "10.0.0.9:5672", at: 5, end: 6, class: l7.ClassMessaging, side: span.Consumer, msg: "m1"},
	)
	s.flush()
	want := map[string][]byte{
		"publish": AppendMessageID(nil, []byte("queue"), []byte("m1"), false),
		"deliver": AppendMessageID(nil, []byte("queue"), []byte("m1"), true),
	}
	if len(s.spans) != len(want) {
		t.Fatalf("%d spans", len(s.spans))
	}
	for i := range s.spans {
		f, ok := factsOfSpan(t, &s.spans[i])
		if w := want[string(s.spans[i].Name)]; !ok || !bytes.Equal(f.Messages, w) {
			t.Errorf("%s: messages %x, want %x", s.spans[i].Name, f.Messages, w)
		}
	}
	for i := range s.more {
		if _, ok := factsOfSpan(t, &s.more[i]); ok {
			t.Error("a form that asks for no facts has them")
		}
	}
}

// TestFactsOfOtherKey: sightings of one exchange whose sequence numbers differ keep
// the keys by which other agents know them.
func TestFactsOfOtherKey(t *testing.T) {
	s := newScene(t)
	s.cfg.Forms = []Form{{Facts: true, Sink: (*keep)(&s.spans)}}
	head := "GET /a HTTP/1.1 x-request-id: 4bf92f3577b34da6a3ce929d0e0e4736"
	id := "x-request-id=4bf92f3577b34da6a3ce929d0e0e4736"
	s.feed(
		call{name: "a", from: "10.0.0.1:4001", to: "10.0.0.2:80", at: 0, end: 10, key: 11, head: head, ids: id, target: "GET /a", point: "p", ttl: 64},
		call{name: "a", from: "10.0.0.1:4001", to: "10.0.0.2:80", at: 1, end: 9, key: 12, head: head, ids: id, target: "GET /a", point: "q", ttl: 63},
	)
	s.flush()
	keys := map[uint64]bool{}
	for i := range s.spans {
		f, _ := factsOfSpan(t, &s.spans[i])
		x, _ := s.spans[i].Attrs.Find(span.KeyExchange)
		if f.Exchange == 0 {
			f.Exchange = uint64(x.Num)
		}
		if uint64(x.Num) != 11 {
			t.Errorf("exchange is %d", x.Num)
		}
		keys[f.Exchange] = true
	}
	if !keys[11] || !keys[12] || len(s.spans) != 2 {
		t.Errorf("keys %v of %d spans", keys, len(s.spans))
	}
}

func TestFactsExcludeCore(t *testing.T) {
	c := Default()
	c.Keys, c.Forms = span.NewKeys(), []Form{{Facts: true, Core: true}}
	if c.Validate() == nil {
		t.Error("a form with facts leaves out what they need")
	}
}

// TestFactsAllocate: writing facts costs no allocation per span.
func TestFactsAllocate(t *testing.T) {
	s := newScene(t)
	s.start()
	w := &s.l.writers[0]
	x := s.l.newExchange(1)
	v, r := &view{x: x}, &Facts{Exchange: 1, Flags: HasContext, Target: 3}
	a := make(span.Attrs, 0, 512)
	if n := testing.AllocsPerRun(100, func() { a = w.facts(a[:0], v, r) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
