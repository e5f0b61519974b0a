package executor

import (
	"testing"

	"github.com/wirespan/wirespan/bpf/sys"
)

// told runs the events of a world and returns the messages.
func (w *world) told() (map[uint64]Message, Stats) {
	w.t.Helper()
	o := w.score()
	return o.messages, o.stats
}

// part is an event of a connection.
func (w *world) part(e *end, seq, length uint32, flags sys.Flags) {
	w.emit(sys.Event{Type: sys.IO, Direction: sys.Received, Seq: seq, Length: length, Flags: flags, TGID: 1, TID: 2}, e)
}

// What several threads moved at once neither begins nor extends the range of a
// message, and one of which nothing else is known says so.
func TestUncertainPlaces(t *testing.T) {
	for name, c := range map[string]struct {
		parts       []sys.Event
		seq, length uint32
		unplaced    bool
		disordered  uint64
	}{
		"all uncertain":       {[]sys.Event{{Seq: 500, Length: 10, Flags: sys.Uncertain}, {Seq: 400, Length: 10, Flags: sys.Uncertain}}, 500, 10, true, 0},
		"uncertain, then not": {[]sys.Event{{Seq: 500, Length: 10, Flags: sys.Uncertain}, {Seq: 110, Length: 10}, {Seq: 120, Length: 5}}, 110, 15, false, 0},
		"not, then uncertain": {[]sys.Event{{Seq: 100, Length: 10}, {Seq: 900, Length: 10, Flags: sys.Uncertain}, {Seq: 7, Length: 10, Flags: sys.Uncertain}}, 100, 10, false, 0},
		"within":              {[]sys.Event{{Seq: 100, Length: 10}, {Seq: 110, Length: 9, Flags: sys.Uncertain}, {Seq: 130, Length: 10}}, 100, 40, false, 0},
		"before":              {[]sys.Event{{Seq: 100, Length: 10}, {Seq: 90, Length: 10}}, 100, 10, false, 1},
		"across 2^32":         {[]sys.Event{{Seq: 1<<32 - 5, Length: 10}, {Seq: 5, Length: 10}}, 1<<32 - 5, 20, false, 0},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, 1)
			e := w.accept()
			for _, p := range c.parts {
				w.part(e, p.Seq, p.Length, p.Flags)
			}
			messages, stats := w.told()
			m := messages[1]
			if len(messages) != 1 || m.Seq != c.seq || m.Length != c.length || m.Flags&sys.Uncertain != 0 != c.unplaced || int(m.Calls) != len(c.parts) {
				t.Errorf("%d messages, %+v", len(messages), m)
			}
			if stats.Disordered != c.disordered || stats.Unplaced == 1 != c.unplaced {
				t.Errorf("%+v", stats)
			}
		})
	}
}

// A flip whose event was lost is told by the first event behind it.
func TestLostFlip(t *testing.T) {
	w := newWorld(t, 1)
	e := w.accept()
	w.part(e, 100, 50, sys.First)
	w.part(e, 150, 50, sys.First)
	w.part(e, 200, 50, 0)
	messages, _ := w.told()
	if len(messages) != 2 || messages[1].Length != 50 || messages[2].Seq != 150 || messages[2].Length != 100 {
		t.Errorf("%+v", messages)
	}
}

// misjoined compares what an exchange is joined with, the message that has its
// first byte, with the truth.
func (w *world) misjoined(o *outcome) (right, wrong int) {
	for call, by := range w.truth {
		for id, m := range o.messages {
			if m.Cookie != call.cookie || m.Direction != sys.Sent || call.seq-m.Seq >= m.Length {
				continue
			}
			if l, ok := o.labels[id]; ok && l.Class != Weak {
				if r := o.messages[l.Request]; (place{r.Cookie, r.Seq}) == by {
					right++
				} else {
					wrong++
				}
			}
		}
	}
	return right, wrong
}

// An event loop, or threads, that send calls of several requests on one
// connection without waiting for responses: each is labelled for itself, or not
// at all.
func TestSharedConnection(t *testing.T) {
	loop := Thread{TGID: 10, TID: 10}
	for name, c := range map[string]struct {
		thread func(i int) Thread
		right  int
	}{
		"event loop": {func(int) Thread { return loop }, 1},
		"threads":    {func(i int) Thread { return Thread{TGID: 10, TID: uint32(20 + i%16)} }, 400},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, 21)
			up := w.connect(loop)
			var scripts []*script
			for i := range 400 {
				conn, who := w.accept(), c.thread(i)
				var r place
				scripts = append(scripts, &script{steps: []func(){
					func() { r = w.read(conn, who, 300); w.caused(w.write(up, who, 60), r) },
					func() { w.read(up, loop, 30) }, // of whoever was first
					func() { w.caused(w.write(up, who, 60), r) },
					func() { w.read(up, loop, 30) },
					func() { w.write(conn, who, 900) },
				}})
			}
			w.interleave(12, scripts)
			o := w.score()
			right, wrong := w.misjoined(&o)
			if o.wrong != 0 || wrong != 0 || right < c.right || o.stats.Shared == 0 {
				t.Errorf("%v; %d exchanges right, %d wrong, %+v", o, right, wrong, o.stats)
			}
		})
	}
}

// A goroutine that writes for all, as that of gRPC: what it writes before it
// was woken again is for nobody.
func TestSharedWriter(t *testing.T) {
	w := newWorld(t, 22)
	writer, reader := goroutine(1), goroutine(2)
	up := w.connect(writer)
	next := uint64(100)
	for range 100 {
		next += 2
		a, b := goroutine(next), goroutine(next+1)
		one, two := w.accept(), w.accept()
		ra, rb := w.read(one, a, 300), w.read(two, b, 300)
		w.wake(a, writer)
		w.caused(w.write(up, writer, 80), ra)
		w.caused(w.write(up, writer, 80), rb) // its queue was not empty
		w.read(up, reader, 50)
		w.wake(reader, a)
		w.wake(reader, b)
		w.write(one, a, 500)
		w.write(two, b, 500)
	}
	o := w.score()
	if right, wrong := w.misjoined(&o); wrong != 0 || right != 100 {
		t.Errorf("%v; %d exchanges right, %d wrong", o, right, wrong)
	}
}

// After events were lost nothing is said while requests may be open that were
// among them: not even where an executor seems to serve one alone.
func TestLostEvents(t *testing.T) {
	w := newWorld(t, 23)
	loop := Thread{TGID: 10, TID: 10}
	up := map[int]*end{0: w.connect(loop), 1: w.connect(loop)}
	turn := func(lose bool) (call place) {
		one, two := w.accept(), w.accept()
		ra := w.read(one, loop, 300)
		from := len(w.events)
		rb := w.read(two, loop, 300)
		if lose {
			lost := w.events[len(w.events)-1].Time
			w.events = append(w.events[:from], sys.Event{Type: sys.Lost, Time: lost, Length: 1})
		}
		call = w.write(up[0], loop, 90) // for the one that was lost
		w.caused(call, rb)
		w.read(up[0], loop, 30)
		w.write(two, loop, 900)
		w.caused(w.write(up[1], loop, 90), ra)
		w.read(up[1], loop, 30)
		w.write(one, loop, 900)
		return call
	}
	turn(true)
	if o := w.score(); o.wrong != 0 || o.right != 0 {
		t.Errorf("in doubt: %v", o)
	}
	w.now += int64(Default().Patience)
	conn := w.accept()
	r := w.read(conn, loop, 300)
	w.caused(w.write(up[0], loop, 90), r)
	w.read(up[0], loop, 30)
	w.write(conn, loop, 900)
	if o := w.score(); o.wrong != 0 || o.right != 1 {
		t.Errorf("afterwards: %v", o)
	}
}
