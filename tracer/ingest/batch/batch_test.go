package batch

import (
	"math"
	"strconv"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wirespan/wirespan/tracer/span"
	"github.com/wirespan/wirespan/tracer/store"
)

func limits() Limits {
	return Limits{Spans: 4, Attributes: 3, Elements: 2, Events: 1, Links: 1, Depth: 2}
}

func TestAttrs(t *testing.T) {
	b := New(limits())
	outer := b.Attrs()
	outer.Text("a", "1")
	inner := b.Attrs()
	inner.Text("a", "inner")
	m := store.Value{Type: store.Map, Map: inner.List()}
	outer.Add("m", m)
	outer.Text("a", "2")
	outer.Text("empty", "")
	outer.Count("none", 0)
	outer.Text("", "no key")
	outer.Int("n", 7)
	outer.Int("beyond", 8)
	got := outer.List()
	want := []store.Attr{{Key: "a", Value: store.StringValue("2")}, {Key: "m", Value: store.Value{Type: store.Map, Map: []store.Attr{{Key: "a", Value: store.StringValue("inner")}}}}, {Key: "n", Value: store.IntValue(7)}}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	if b.Dropped != 2 {
		t.Errorf("%d dropped, want the one without a key and the one beyond the limit", b.Dropped)
	}
}

// TestSlabs makes lists until chunks are full and looks whether all of them are whole.
func TestSlabs(t *testing.T) {
	l := DefaultLimits()
	b := New(l)
	for round := range 3 {
		b.Reset(0)
		for i := range 5000 {
			s := b.Begin()
			s.Trace, s.ID, s.Start = span.TraceID{1}, span.SpanID{1}, 1
			a := b.Attrs()
			for k := range i % 9 {
				a.Int("k"+strconv.Itoa(k), int64(i*10+k))
			}
			s.Attrs = a.List()
			v := b.Values()
			v.Add(store.IntValue(int64(i)))
			s.Attrs = append(s.Attrs, store.Attr{Key: "list", Value: store.Value{Type: store.Array, List: v.List()}})
			b.Keep()
		}
		for i := range b.Spans {
			at := b.Spans[i].Attrs
			if len(at) != i%9+1 || at[i%9].Value.List[0].Num != int64(i) {
				t.Fatalf("round %d: span %d: %+v", round, i, at)
			}
			for k := range i % 9 {
				if at[k].Value.Num != int64(i*10+k) {
					t.Fatalf("round %d: span %d: %+v", round, i, at)
				}
			}
		}
	}
}

func TestKeep(t *testing.T) {
	ok := store.Span{Trace: span.TraceID{1}, ID: span.SpanID{2}, Start: 5, End: 6}
	b := New(limits())
	b.Reset(100)
	add := func(change func(*store.Span)) {
		if s := b.Begin(); s != nil {
			*s = ok
			change(s)
			b.Keep()
		}
	}
	add(func(*store.Span) {})
	add(func(s *store.Span) { s.Trace = span.TraceID{} })
	add(func(s *store.Span) { s.ID = span.SpanID{} })
	add(func(s *store.Span) { s.Start = 0 })
	add(func(s *store.Span) { s.Start = 101 })
	add(func(s *store.Span) { s.End = 4 })
	add(func(*store.Span) {})
	add(func(*store.Span) {})
	add(func(*store.Span) {})
	want := Refused{BadTraceID: 1, BadSpanID: 1, BadTime: 2, TooMany: 1}
	if b.Refused != want || len(b.Spans) != 4 || b.Received() != 9 || b.Mended != 1 || b.Spans[1].End != 5 {
		t.Errorf("refused %v, %d spans, received %d, mended %d", b.Refused, len(b.Spans), b.Received(), b.Mended)
	}
	if got, want := b.Refused.String(), "spans refused: 1 without a trace id of 16 bytes, 1 without a span id of 8 bytes, 2 without a start, or with one that is far ahead of the clock, 1 more than a request may have"; got != want {
		t.Errorf("got %q", got)
	}
}

func TestResource(t *testing.T) {
	b := New(DefaultLimits())
	a := b.Attrs()
	a.Text("host.name", "h")
	a.Text("service.name", "web")
	a.Text("wirespan.agent", "n1")
	a.Int("service.instance.id", 7)
	a.Text("os.type", "linux")
	r := a.Resource()
	want := Resource{Service: "web", Agent: "n1", Attrs: []store.Attr{
		{Key: "host.name", Value: store.StringValue("h")}, {Key: "service.instance.id", Value: store.IntValue(7)}, {Key: "os.type", Value: store.StringValue("linux")},
	}}
	if d := cmp.Diff(want, r); d != "" {
		t.Error(d)
	}
	a = b.Attrs()
	if r := a.Resource(); r.Service != Unknown {
		t.Errorf("service %q", r.Service)
	}
}

func TestNumbers(t *testing.T) {
	if Time(math.MaxUint64) != 0 || Time(5) != 5 || Kind(9) != 0 || Kind(5) != span.Consumer || Status(3) != span.Unset || Status(1) != store.Ok {
		t.Error("numbers that there are not")
	}
	b := New(DefaultLimits())
	if b.Text("a\xff\xfeb") != "a\uFFFDb" || b.Mended != 1 || b.Text("é") != "é" {
		t.Error("texts")
	}
	l := Limits{Spans: 1}
	if l.Validate() == nil {
		t.Error("limits of zero")
	}
}
