package link

import (
	"bytes"
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/wirespan/wirespan/l7"
	"github.com/wirespan/wirespan/tracer/span"
)

// randomCalls makes calls between a few hosts with few IDs, so that everything
// that can meet does. pick(n) is below n.
func randomCalls(n int, pick func(int) int) (calls []call) {
	hosts := []string{cl, gw, sa, sb, lo}
	idsOf := []string{"", "", rid, rid2, weak, rid + " " + weak, "x-unique-id=4711"}
	at := int64(0)
	for i := range n {
		at += int64(pick(40))
		c := call{
			name: fmt.Sprint("c", i), from: hosts[pick(len(hosts))], to: hosts[pick(len(hosts))], at: at, end: at + int64(pick(300)),
			ids: idsOf[pick(len(idsOf))], echo: idsOf[pick(len(idsOf))], ttl: uint8(pick(3)), outcome: Outcome(pick(5)),
			host: []string{"", "shop", "pay:80", "10.0.0.3"}[pick(4)], target: []string{"", "GET /x"}[pick(2)], template: "/x",
		}
		switch pick(12) {
		case 0:
			c.end += 40_000 // open for longer than its trace waits
		case 1:
			c.ctx = "T/p" + fmt.Sprint(pick(3))
		case 2:
			c.ctx = "U/p1!"
		case 3:
			c.class, c.answers, c.target = l7.ClassDNS, hosts[pick(5)]+"/1", "n "+[]string{"A", "AAAA"}[pick(2)]
		case 4:
			c.fwd = hosts[pick(5)]
		case 5:
			c.closing, c.closeAt = 1, c.end+int64(pick(2000))
		}
		calls = append(calls, c)
		for range pick(3) { // seen elsewhere, or again
			o := c
			o.point, o.clock = []string{"q", "r", ""}[pick(3)], int64(pick(2)*30)
			o.at += int64(pick(2))
			o.end = max(o.at, o.end-int64(pick(2)))
			calls = append(calls, o)
		}
		if pick(50) == 0 {
			at += int64(pick(100_000))
		}
	}
	return calls
}

// play feeds records and returns the scene after Flush.
func play(t testing.TB, calls []call, workers, memory int, pick func(int) int) *scene {
	s := newScene(t)
	s.cfg.Memory = memory
	s.cfg.Forms = append(s.cfg.Forms, Form{Pair: true, Parent: ParentAuto, Sink: (*keep)(&s.more)})
	list := s.records(calls)
	// Processing time is the same whoever works, as the reader makes it: what
	// has equal time is in the order of shard and sequence.
	slices.SortStableFunc(list, func(a, b timed) int {
		return cmp.Or(cmp.Compare(a.rec.Time, b.rec.Time), cmp.Compare(a.rec.Shard, b.rec.Shard), cmp.Compare(a.rec.Seq, b.rec.Seq))
	})
	s.start()
	queues := make([]Queue, workers)
	for len(list) > 0 {
		n := min(len(list), 1+pick(7))
		for w := range workers {
			var own []timed
			for _, r := range list[:n] {
				if int(r.rec.Shard)%workers == w {
					own = append(own, r)
				}
			}
			if pick(2) == 0 {
				slices.Reverse(own)
				slices.SortStableFunc(own, func(a, b timed) int { return cmp.Compare(a.rec.Time, b.rec.Time) })
			}
			queues[w].Push(batch(own))
		}
		if list = list[n:]; len(list) > 0 {
			s.to(queues, list[0].rec.Time)
		} else {
			s.to(queues, epoch+1<<50)
		}
	}
	s.flush()
	return s
}

func dump(spans []span.Span) []byte {
	var b bytes.Buffer
	for _, s := range spans {
		fmt.Fprintln(&b, s.Trace, s.ID, s.Parent, s.Start, s.End, s.Kind, s.Status, s.Depth, string(s.Service), string(s.Instance), string(s.Name), s.Links)
		for at := range s.Attrs.All {
			fmt.Fprintf(&b, " %d=%s", at.Key, at.AppendText(nil))
		}
	}
	return b.Bytes()
}

// checkSpans holds what was written to what can be said of any input.
func checkSpans(t testing.TB, s *scene, calls int) {
	t.Helper()
	st := s.l.Stats()
	if int(st.Opened) != calls || int(st.Finished) != calls || st.Strays != 0 || int(st.Spans) != calls || len(s.spans) != calls {
		t.Fatalf("%d calls, %d spans, %+v", calls, len(s.spans), st)
	}
	if st.PeakBytes > uint64(s.cfg.Memory)+1<<17 {
		t.Fatalf("peak of %d bytes", st.PeakBytes)
	}
	for _, spans := range [][]span.Span{s.spans, s.more} {
		parents := make(map[span.SpanID]span.SpanID)
		traces := make(map[span.SpanID]span.TraceID)
		for _, sp := range spans {
			if _, twice := parents[sp.ID]; twice {
				t.Fatalf("span %s left twice", sp.ID)
			}
			parents[sp.ID], traces[sp.ID] = sp.Parent, sp.Trace
		}
		for _, sp := range spans {
			if p, ok := traces[sp.Parent]; ok && p != sp.Trace {
				t.Fatalf("span %s and its parent are of two traces", sp.ID)
			}
			checkRule(t, &sp)
			id := sp.ID
			for n := 0; !id.IsZero(); n++ {
				if id = parents[id]; n > len(spans) {
					t.Fatalf("a cycle through span %s", sp.ID)
				}
			}
		}
	}
}

// checkRule: what has a rule has a parent, a confidence and evidence; what has
// none is a root, maybe below a span that only the wire names (depth 0).
func checkRule(t testing.TB, sp *span.Span) {
	t.Helper()
	_, rule := sp.Attrs.Find(span.KeyLinkRule)
	c, conf := sp.Attrs.Find(span.KeyLinkConfidence)
	_, ev := sp.Attrs.Find(span.KeyLinkEvidence)
	if rule && sp.Parent.IsZero() || !rule && sp.Depth > 0 || rule != conf || rule != ev || conf && (c.Float() < 0.5 || c.Float() > 1) {
		t.Fatalf("span %s: parent %s, rule %v, confidence %v", sp.ID, sp.Parent, rule, c.Float())
	}
	for _, l := range sp.Links {
		if l.ID.IsZero() || l.Trace.IsZero() || l.Rule == "" || l.Confidence < 0.5 {
			t.Fatalf("span %s: link %+v", sp.ID, l)
		}
	}
}

// Any batches and any number of workers give the same spans; every record that
// finished leaves once; there are no cycles; nothing is left; memory is bounded.
func TestRandomStreams(t *testing.T) {
	for seed := range uint64(24) {
		pick := rand.New(rand.NewPCG(seed, 1)).IntN
		memory := 1 << 20
		if seed%3 == 0 {
			memory = 32 << 20
		}
		calls := randomCalls(30+int(seed)*16, pick)
		first := play(t, calls, 1, memory, pick)
		checkSpans(t, first, len(calls))
		for _, workers := range []int{1, 2, 4} {
			s := play(t, calls, workers, memory, pick)
			if !bytes.Equal(dump(first.spans), dump(s.spans)) || !bytes.Equal(dump(first.more), dump(s.more)) {
				t.Fatalf("seed %d: %d workers give other spans", seed, workers)
			}
		}
	}
}

// A constant that everybody sends neither slows the linker down nor makes a
// chain without end.
func TestConstantID(t *testing.T) {
	s := newScene(t)
	var calls []call
	for i := range 20_000 {
		calls = append(calls, call{name: fmt.Sprint("c", i), from: lo, to: lo, at: int64(i / 20), end: int64(2000 - i/20), ids: rid, ctx: "T/p", key: uint64(i + 1)})
	}
	s.feed(calls...)
	s.flush()
	checkSpans(t, s, len(calls))
	for _, sp := range s.spans {
		if sp.Depth > maxDepth {
			t.Fatalf("depth %d", sp.Depth)
		}
	}
}

func FuzzRecords(f *testing.F) {
	f.Add([]byte("\x05\x01\x02\x03\x04\x05\x06\x07\x08\x09"))
	f.Add(bytes.Repeat([]byte{3, 1, 4, 1, 5, 9, 2, 6, 5, 3, 5, 8}, 60))
	f.Fuzz(func(t *testing.T, in []byte) {
		used := 0
		pick := func(n int) int {
			if len(in) == 0 {
				return 0
			}
			used++
			return int(in[(used-1)%len(in)]) % n
		}
		calls := randomCalls(1+min(len(in)/12, 100), pick)
		a := play(t, calls, 1, 1<<20, pick)
		checkSpans(t, a, len(calls))
		b := play(t, calls, 1+pick(4), 1<<20, pick)
		if !bytes.Equal(dump(a.spans), dump(b.spans)) {
			t.Fatal("another partition gives other spans")
		}
	})
}
