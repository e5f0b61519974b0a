package executor

import (
	"testing"

	"github.com/wirespan/wirespan/bpf/sys"
)

// nobody takes what a Tracker finds.
type nobody struct{}

func (nobody) Message(*Message) {}
func (nobody) Label(Label)      {}

// talk is what threads of a service do for one request on connections that
// are kept: read, call, read the response, answer; and then all again.
func talk(tb testing.TB, threads int, goroutines bool) (t *Tracker, step func()) {
	tb.Helper()
	t, err := New(Default(), nobody{})
	if err != nil {
		tb.Fatal(err)
	}
	events := make([]sys.Event, 0, 4*threads)
	for i := range threads {
		for j, e := range []sys.Event{
			{Direction: sys.Received, LocalPort: 80, RemotePort: 40000, Length: 100, Cookie: uint64(2*i + 1)},
			{Direction: sys.Sent, LocalPort: 40000, RemotePort: 80, Length: 100, Cookie: uint64(2*i + 2)},
			{Direction: sys.Received, LocalPort: 40000, RemotePort: 80, Length: 100, Cookie: uint64(2*i + 2)},
			{Direction: sys.Sent, LocalPort: 80, RemotePort: 40000, Length: 100, Cookie: uint64(2*i + 1)},
		} {
			e.Type, e.Flags, e.TGID, e.TID, e.Seq = sys.IO, sys.First, 1, uint32(100+i), uint32(100*j)
			if goroutines {
				e.Goroutine = uint64(1000 + i)
			}
			events = append(events, e)
		}
	}
	now := int64(1e18)
	return t, func() {
		for i := range events {
			now += 1000
			events[i].Time = now
			events[i].Seq += 200
			t.Event(&events[i])
		}
		t.Tick(now)
	}
}

// Once its tables have the size that they need, a Tracker allocates nothing,
// whatever event it takes.
func TestAllocs(t *testing.T) {
	for name, goroutines := range map[string]bool{"threads": false, "goroutines": true} {
		const threads = 64
		tr, step := talk(t, threads, goroutines)
		for range 4 * maxLoose { // goroutines keep that many calls
			step()
		}
		before := tr.memory.marks.round
		if n := testing.AllocsPerRun(500, step); n > 0 {
			t.Errorf("%s: %v allocations for %d requests and calls", name, n, 2*threads)
		}
		if tr.memory.marks.round == before {
			t.Errorf("%s: it was never looked for what is free", name)
		}
		if s := tr.Stats(); s.Labels[Certain] == 0 || s.Labels[Certain] != s.Calls {
			t.Errorf("%+v", s)
		}
	}
	tr, step := talk(t, 1, false)
	step()
	e := sys.Event{Type: sys.IO, Direction: sys.Sent, LocalPort: 80, RemotePort: 40000, Length: 10, Cookie: 1, TGID: 1, TID: 100, Seq: 1000, Time: 2e18}
	for name, change := range map[string]func(){
		"parts of a message": func() { e.Seq += 10 },
		"uncertain":          func() { e.Flags = sys.Uncertain },
		"looked at":          func() { e.Flags = sys.Peek },
	} {
		n := testing.AllocsPerRun(1000, func() {
			change()
			e.Time += 1000
			tr.Event(&e)
			tr.Tick(e.Time)
		})
		if n > 0 {
			t.Errorf("%s: %v allocations", name, n)
		}
	}
}

func BenchmarkEvent(b *testing.B) {
	for name, threads := range map[string]int{"1 thread": 1, "1000 threads": 1000} {
		b.Run(name, func(b *testing.B) {
			_, step := talk(b, threads, false)
			b.ReportAllocs()
			for n := 0; b.Loop(); n++ {
				step()
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(4*threads), "ns/event")
		})
	}
}
