package link

import (
	"bytes"
	"cmp"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/wirespan/wirespan/capture"
)

// playOn feeds records to a Linker that was reset, to a fresh one if there is none,
// and leaves it in the middle if it is told so.
func playOn(t *testing.T, l *Linker, calls []call, memory int, half bool) *scene {
	t.Helper()
	s := newScene(t)
	s.cfg.Memory = memory
	s.cfg.OneClock = len(calls)%2 == 0
	s.cfg.Forms = append(s.cfg.Forms, Form{Pair: true, Parent: ParentAuto, Sink: (*keep)(&s.more)})
	if l != nil {
		if err := l.Reset(s.cfg, func() []capture.Point { return s.points }); err != nil {
			t.Fatal(err)
		}
		s.l = l
	}
	s.start()
	list := s.records(calls)
	slices.SortStableFunc(list, func(a, b timed) int {
		return cmp.Or(cmp.Compare(a.rec.Time, b.rec.Time), cmp.Compare(a.rec.Shard, b.rec.Shard), cmp.Compare(a.rec.Seq, b.rec.Seq))
	})
	queues := make([]Queue, 1)
	if half {
		list = list[:len(list)/2]
		queues[0].Push(batch(list))
		s.to(queues, list[len(list)-1].rec.Time)
		return s
	}
	queues[0].Push(batch(list))
	s.to(queues, epoch+1<<50)
	s.flush()
	return s
}

// TestReset: a Linker that was reset writes what a fresh one writes, and counts the
// same, whatever it did before: large inputs, small ones, others, and such as were
// left in the middle.
func TestReset(t *testing.T) {
	rnd := rand.New(rand.NewPCG(5, 6))
	used := playOn(t, nil, randomCalls(200, rnd.IntN), 1<<20, true).l
	for round := range 40 {
		calls := randomCalls(1+rnd.IntN(1+20*(round%20)), rnd.IntN)
		memory := []int{1 << 20, 32 << 20}[round%2]
		fresh := playOn(t, nil, calls, memory, false)
		again := playOn(t, used, calls, memory, false)
		if !bytes.Equal(dump(fresh.spans), dump(again.spans)) || !bytes.Equal(dump(fresh.more), dump(again.more)) {
			t.Fatalf("round %d, %d calls: a linker that was reset writes other spans", round, len(calls))
		}
		if a, b := fresh.l.Stats(), again.l.Stats(); a != b {
			t.Fatalf("round %d: %+v, fresh %+v", round, b, a)
		}
		if round%4 == 3 {
			playOn(t, used, randomCalls(2+rnd.IntN(2000), rnd.IntN), memory, true)
		}
	}
}

// TestResetRoom: what is used again is bounded, and all zero.
func TestResetRoom(t *testing.T) {
	rnd := rand.New(rand.NewPCG(7, 8))
	calls := randomCalls(5000, rnd.IntN)
	for i := range calls {
		calls[i].at, calls[i].end, calls[i].clock, calls[i].closing = int64(i/1000), 1000, 0, 0 // all open at a time
	}
	l := playOn(t, nil, calls, 1<<30, true).l
	if n := len(l.exchs.chunks); n <= keptChunks {
		t.Fatalf("%d chunks only", n)
	}
	s := newScene(t)
	if err := l.Reset(s.cfg, func() []capture.Point { return nil }); err != nil {
		t.Fatal(err)
	}
	if len(l.exchs.chunks) > keptChunks || len(l.sights.chunks) > keptChunks || len(l.bytes.spare) > keptArena || len(l.ix.slots) > keptSlots {
		t.Error("more memory is kept than shall be")
	}
	for _, c := range l.exchs.chunks {
		if *c != ([slabChunk]exchange{}) {
			t.Fatal("an exchange is left")
		}
	}
	for _, c := range l.sights.chunks {
		if *c != ([slabChunk]sighting{}) {
			t.Fatal("a sighting is left")
		}
	}
	for _, c := range l.kins.chunks {
		if *c != ([slabChunk]relatives{}) {
			t.Fatal("relatives are left")
		}
	}
	bad := s.cfg
	bad.Batch = 0
	if err := l.Reset(bad, nil); err == nil {
		t.Error("a configuration without batches is taken")
	}
}
