package link

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/wirespan/wirespan/l7"
	"github.com/wirespan/wirespan/tracer/span"
)

func (s *scene) expect(about string, want ...string) {
	s.t.Helper()
	if d := cmp.Diff(want, s.tell(s.spans), cmp.Transformer("nil", func(l []string) []string { return append([]string{}, l...) })); d != "" {
		s.t.Errorf("%s: %s", about, d)
	}
}

// A trace leaves when it has been quiet for the quiet time, on the grid.
func TestQuiet(t *testing.T) {
	s := newScene(t)
	s.cfg.Batch = 1
	s.feed(call{name: "a", from: cl, to: gw, at: 50, end: 150})
	s.pass(1199)
	s.expect("before the quiet time")
	s.pass(1200)
	s.expect("after it", "1 a")
	s.flush()
}

// Nothing leaves while a request of its trace is open.
func TestHold(t *testing.T) {
	s := newScene(t)
	s.cfg.Batch = 1
	q := make([]Queue, 1)
	list := s.records([]call{
		{name: "a", from: cl, to: gw, at: 0, end: 9000, ids: rid},
		{name: "b", from: gw, to: sa, at: 10, end: 80, ids: rid},
		{name: "x", from: cl, to: sb, at: 20, end: 8000, echo: rid2},
		{name: "y", from: sb, to: sa, at: 30, end: 90, ids: rid2 + " x-unique-id=5"},
	})
	s.start()
	q[0].Push(batch(list))
	s.to(q, epoch+7000*ms)
	s.expect("while a and x are open")
	s.to(q, epoch+9200*ms)
	s.expect("x has ended", "1 x", "1 y < x header_id 0.99")
	s.to(q, epoch+20000*ms)
	s.flush()
	s.expect("all", "1 x", "1 y < x header_id 0.99", "2 a", "2 b < a header_id 0.99")
}

// A request that is open for 30 s lets its children go, under the ids it has
// when it leaves itself.
func TestOpenForLong(t *testing.T) {
	s := newScene(t)
	s.cfg.Batch = 1
	q := make([]Queue, 1)
	list := s.records([]call{
		{name: "r", from: sb, to: cl, at: 0, end: 29000, ids: rid, ctx: "T/p0"},
		{name: "a", from: cl, to: gw, at: 1, end: 60000, ids: rid, ctx: "T/p1"},
		{name: "b", from: gw, to: sa, at: 10, end: 80, ids: rid},
		{name: "c", from: gw, to: sa, at: 45000, end: 45010, ids: rid},
	})
	s.start()
	q[0].Push(batch(list))
	s.to(q, epoch+29900*ms)
	s.expect("before 30 s")
	s.to(q, epoch+40000*ms)
	if len(s.spans) != 2 || s.l.Stats().Detached != 1 {
		t.Fatalf("at 40 s: %q, %+v", s.tell(s.spans), s.l.Stats())
	}
	s.to(q, epoch+70000*ms)
	s.flush()
	s.expect("all", "1 r < sdk:p0", "1 b < a header_id 0.99", "1 c < a header_id 0.99", "1 a < r header_id 0.99")
	if at, ok := s.spans[3].Attrs.Find(span.KeyLinkEvidence); !ok || !strings.Contains(string(at.Str), rid) {
		t.Errorf("evidence of a parent that has left: %q", at.Str)
	}
}

// The wire's parent and the span link to our own survive the parent, too.
func TestOpenForLongAuto(t *testing.T) {
	s := newScene(t)
	s.cfg.Forms = []Form{{Parent: ParentAuto, Sink: (*keep)(&s.spans)}}
	s.feed(
		call{name: "r", from: sb, to: cl, at: 0, end: 30500, ctx: "T/p0"},
		call{name: "a", from: cl, to: gw, at: 1, end: 60000, ctx: "T/p1"},
		call{name: "b", from: cl, to: sa, at: 2, end: 60000, ctx: "T/p0"},
		call{name: "c", from: cl, to: sb, at: 3, end: 60000, ids: rid, ctx: "U/p3"},
	)
	s.flush()
	got := s.tell(s.spans)
	want := []string{"1 r < sdk:p0", "1 a < sdk:p1 context 1 ~ r context 0.98", "1 b < r context 0.98", "2 c < sdk:p3"}
	slices.Sort(got)
	slices.Sort(want)
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

// Spans are ordered by release time, start of the root, place on the wire, trace
// id; within a trace by start, depth, place on the wire and span id.
func TestReleaseOrder(t *testing.T) {
	s := newScene(t)
	var calls []call
	for i := range 40 {
		calls = append(calls, call{name: fmt.Sprint("n", i), from: cl, to: gw, at: int64(i % 4), end: 10 + int64(i%3), ctx: fmt.Sprint("T", i%7, "/p")})
	}
	s.feed(calls...)
	s.pass(2000)
	s.flush()
	checkOrder(t, s.spans)
	if len(s.spans) != 40 {
		t.Errorf("%d spans", len(s.spans))
	}
}

// Requests of one connection that began at one moment, in one segment, are told
// in the order of the stream, whatever their ids, also where it wraps around.
func TestPipelinedInWireOrder(t *testing.T) {
	for _, first := range []uint32{1000, 1<<32 - 150} {
		s := newScene(t)
		var calls []call
		var want []string
		for i := range 20 {
			calls = append(calls, call{name: fmt.Sprint("n", i), from: cl + ":4000", to: gw, end: 10 + int64(i), key: uint64(7919 * (i + 1) % 97), seq: first + uint32(i)*20})
			want = append(want, fmt.Sprintf("%d n%d", i+1, i))
		}
		s.feed(calls...)
		s.flush()
		if d := cmp.Diff(want, s.tell(s.spans)); d != "" {
			t.Error(d)
		}
	}
}

// checkOrder holds spans of one release to their order.
func checkOrder(t testing.TB, spans []span.Span) {
	t.Helper()
	seen := map[span.TraceID]bool{}
	for i := 1; i < len(spans); i++ {
		a, b := &spans[i-1], &spans[i]
		if a.Trace == b.Trace {
			if a.Start > b.Start || a.Start == b.Start && a.Depth > b.Depth {
				t.Fatalf("spans %d and %d of a trace are not in order", i-1, i)
			}
			continue
		}
		if seen[a.Trace] = true; seen[b.Trace] {
			t.Fatalf("trace %s comes in two parts", b.Trace)
		}
	}
}

// Beyond the memory bound the oldest trace leaves, counted; the bound holds.
func TestMemoryBound(t *testing.T) {
	s := newScene(t)
	s.cfg.Memory = 1 << 20
	s.cfg.Quiet *= 30
	var calls []call
	for i := range 8000 {
		calls = append(calls, call{name: fmt.Sprint("n", i), from: cl, to: gw, at: int64(i), end: int64(i) + 1, key: uint64(i + 1)})
	}
	s.feed(calls...)
	st := s.l.Stats()
	if st.Early == 0 || st.PeakBytes > 1<<20+128<<10 {
		t.Errorf("%+v", st)
	}
	for i, sp := range s.spans {
		if string(sp.Name) != fmt.Sprint("n", i) {
			t.Fatalf("span %d is %s", i, sp.Name)
		}
	}
	s.flush()
	if len(s.spans) != 8000 {
		t.Errorf("%d spans", len(s.spans))
	}
}

// A request that was put out early and goes on for 30 s does not disturb the
// count of what its group waits for.
func TestEvictedWhileOpen(t *testing.T) {
	s := newScene(t)
	s.cfg.Memory = 1 << 20
	calls := []call{{name: "long", from: cl, to: gw, at: 0, end: 40000, ids: rid}}
	for i := range 3000 {
		calls = append(calls, call{name: fmt.Sprint("n", i), from: cl, to: gw, at: int64(i % 900), end: int64(i%900) + 1, key: uint64(i + 1)})
	}
	calls = append(calls,
		call{name: "c", from: gw, to: sa, at: 29000, end: 35000, ids: rid},
		call{name: "d", from: gw, to: sa, at: 31000, end: 31010, ids: rid})
	q := make([]Queue, 1)
	list := s.records(calls)
	s.cfg.Batch = 1
	s.start()
	q[0].Push(batch(list))
	s.to(q, epoch+34900*ms)
	for _, sp := range s.spans {
		if string(sp.Name) == "d" {
			t.Error("d left while c was open")
		}
	}
	s.to(q, epoch+50000*ms)
	s.flush()
	if s.l.Stats().Detached != 1 || len(s.spans) != 3003 {
		t.Errorf("%d spans, %+v", len(s.spans), s.l.Stats())
	}
}

// A clock that leaps forward is a silence, whatever its length; all that
// waits leaves, and what is open stays.
func TestLeap(t *testing.T) {
	const year = int64(365*24*3600) * 1000
	s := newScene(t)
	s.cfg.Batch = 1
	s.feed(
		call{name: "a", from: cl, to: gw, at: 0, end: 10},
		call{name: "l", from: cl, to: sb, at: 0, end: year + 1000},
		call{name: "d", class: l7.ClassDNS, from: cl, to: sb, at: 0, end: 5, target: "x A", answers: "10.9.9.9/60"},
		call{name: "b", from: cl, to: gw, at: year, end: year + 5},
	)
	s.expect("after the leap", "1 a", "2 d")
	s.pass(year + 5000)
	s.expect("later", "1 a", "2 d", "3 b", "4 l")
	s.flush()
}

// Records that name no exchange are counted.
func TestStrays(t *testing.T) {
	s := newScene(t)
	s.start()
	q := make([]Queue, 1)
	q[0].Push(&Batch{Records: []Record{
		{Time: epoch, Event: Finished, Slot: 3},
		{Time: epoch, Seq: 1, Event: Opened, Slot: 0, Facts: Facts{Start: epoch}},
		{Time: epoch + 1, Seq: 2, Event: Finished, Slot: 0, Facts: Facts{Start: epoch, End: epoch + 1}},
		{Time: epoch + 2, Seq: 3, Event: Finished, Slot: 0},
		{Time: epoch + 3, Seq: 4, Event: Closing, Facts: Facts{Exchange: 99}},
	}})
	s.to(q, epoch+1e9)
	s.flush()
	if st := s.l.Stats(); st.Strays != 2 || st.Opened != 1 || st.Finished != 1 || st.Spans != 1 {
		t.Errorf("%+v", st)
	}
}

// TestIDSelection holds --id to traces that carry the value, in any form.
func TestIDSelection(t *testing.T) {
	for _, want := range []string{"2f1c9a0e5d7b4836a1b2c3d4e5f60718", hash16("T").String(), "p1"} {
		s := newScene(t)
		s.cfg.IDs = [][]byte{[]byte(want)}
		s.feed(
			call{name: "a", from: cl, to: gw, at: 0, end: 9, ids: rid, ctx: "T/p1"},
			call{name: "b", from: gw, to: sa, at: 1, end: 8, ids: rid},
			call{name: "x", from: cl, to: sa, at: 1, end: 8, ids: rid2},
		)
		s.flush()
		if len(s.spans) != 2 || s.l.Stats().Unselected != 1 {
			t.Errorf("--id %s: %q", want, s.tell(s.spans))
		}
	}
	s := newScene(t)
	s.cfg.Selector = func(sp *span.Span) bool { return string(sp.Name) == "b" }
	s.feed(call{name: "a", from: cl, to: gw, at: 0, end: 9, ids: rid}, call{name: "b", from: gw, to: sa, at: 1, end: 8, ids: rid})
	s.flush()
	if len(s.spans) != 1 || s.l.Stats().Unselected != 1 || s.l.Stats().Spans != 1 {
		t.Errorf("selector: %+v", s.l.Stats())
	}
}

// failing is a sink that is down.
type failing struct{ n int }

func (f *failing) WriteSpans(context.Context, []span.Span) error { f.n++; return errDown }
func (f *failing) Close(context.Context) error                   { return nil }

var errDown = fmt.Errorf("down")

// A sink that fails keeps nothing back, on the Linker's goroutine or its own.
func TestSinkFails(t *testing.T) {
	for _, async := range []bool{false, true} {
		s := newScene(t)
		f := &failing{}
		s.cfg.Async, s.cfg.Batch = async, 1
		s.cfg.Forms = []Form{{Sink: f}}
		list := s.records([]call{{name: "a", from: cl, to: gw, end: 9}, {name: "b", from: cl, to: gw, end: 9}})
		s.start()
		q := make([]Queue, 1)
		q[0].Push(batch(list))
		err := s.l.Consume(context.Background(), q, epoch+5e9, func(*Batch) {})
		if fin := s.l.Flush(context.Background()); err == nil && fin == nil {
			t.Errorf("async %v: no error", async)
		}
		if f.n != 2 || s.l.Stats().WriteErrors == 0 {
			t.Errorf("async %v: %d writes, %+v", async, f.n, s.l.Stats())
		}
	}
}

// gathering is a sink that keeps spans back until it is told that a trace is
// whole.
type gathering struct {
	keep
	whole chan int
}

func (g *gathering) Flush() error { g.whole <- len(g.keep); return nil }

// With Prompt a trace goes out as soon as it has left, also when it fills its
// last batch.
func TestPrompt(t *testing.T) {
	for _, async := range []bool{false, true} {
		for _, batch := range []int{1, 2, 64} {
			s := newScene(t)
			g := &gathering{whole: make(chan int, 8)}
			s.cfg.Async, s.cfg.Prompt, s.cfg.Batch = async, true, batch
			s.cfg.Forms = []Form{{Sink: g}}
			s.feed(call{name: "a", from: cl, to: gw, end: 9, ids: rid}, call{name: "b", from: gw, to: sa, at: 1, end: 8, ids: rid})
			s.pass(2000)
			if n := <-g.whole; n != 2 {
				t.Errorf("async %v, batches of %d: whole after %d spans", async, batch, n)
			}
			s.flush()
			if len(g.whole) != 0 {
				t.Errorf("async %v, batches of %d: whole twice", async, batch)
			}
		}
	}
}
