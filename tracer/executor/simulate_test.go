package executor

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/wirespan/wirespan/bpf/sys"
)

// world makes the events of programs whose behaviour is known, and the truth:
// which request each call was made for.
type world struct {
	t      *testing.T
	rnd    *rand.Rand
	now    int64
	events []sys.Event
	cookie uint64
	truth  map[place]place // of a call's first byte, the request's
	seq    map[uint64]uint32
	whole  bool // each message is moved by one call
}

// place names a message: connection and first byte.
type place struct {
	cookie uint64
	seq    uint32
}

func newWorld(t *testing.T, seed uint64) *world {
	return &world{t: t, rnd: rand.New(rand.NewPCG(seed, 7)), now: 1e18, truth: map[place]place{}, seq: map[uint64]uint32{}}
}

// link is one end of a connection in a program.
type end struct {
	cookie        uint64
	local, remote uint16
	role          Role
}

// accept and connect make a connection; who is the connecting thread.
func (w *world) accept() *end {
	w.cookie++
	e := &end{cookie: w.cookie, local: 80, remote: uint16(30000 + w.cookie), role: Serving}
	w.state(e, synReceived, sys.Established, Thread{})
	return e
}

func (w *world) connect(who Thread) *end {
	w.cookie++
	e := &end{cookie: w.cookie, local: uint16(20000 + w.cookie), remote: 5432, role: Calling}
	w.state(e, 0, sys.Connecting, who)
	w.state(e, sys.Connecting, sys.Established, Thread{})
	return e
}

func (w *world) state(e *end, from, to sys.TCPState, who Thread) {
	w.emit(sys.Event{Type: sys.State, Old: from, New: to, Netns: 1, TGID: who.TGID, TID: who.TID, Goroutine: who.Goroutine}, e)
}

func (w *world) emit(ev sys.Event, e *end) {
	w.now += 1000 + w.rnd.Int64N(20000)
	ev.Time, ev.Cookie, ev.LocalPort, ev.RemotePort = w.now, e.cookie, e.local, e.remote
	w.events = append(w.events, ev)
}

// read and write move a message of n bytes in one to three calls; they return
// its place.
func (w *world) read(e *end, who Thread, n int) place  { return w.move(e, who, n, sys.Received, 1<<32) }
func (w *world) write(e *end, who Thread, n int) place { return w.move(e, who, n, sys.Sent, 0) }

func (w *world) move(e *end, who Thread, n int, dir sys.Direction, side uint64) place {
	at := w.seq[e.cookie|side<<8]
	p := place{e.cookie, at}
	parts, pos := 1+w.rnd.IntN(3), 0
	if w.whole {
		parts = 1
	}
	for i := range parts {
		size := n / parts
		if i == parts-1 {
			size = n - pos
		}
		w.emit(sys.Event{Type: sys.IO, Direction: dir, Length: uint32(size), Seq: at, Position: uint32(pos), TGID: who.TGID, TID: who.TID, Goroutine: who.Goroutine}, e)
		at, pos = at+uint32(size), pos+size
	}
	w.seq[e.cookie|side<<8] = at
	return p
}

func (w *world) wake(from, to Thread) {
	w.now += 500
	w.events = append(w.events, sys.Event{Type: sys.GoroutineWake, Time: w.now, TGID: from.TGID, TID: 1, Goroutine: from.Goroutine, Parent: to.Goroutine})
}

func (w *world) caused(call, by place) { w.truth[call] = by }

// outcome is what a Tracker made of a world.
type outcome struct {
	right, wrong, unlinked, weak int
	stats                        Stats
	messages                     map[uint64]Message
	labels                       map[uint64]Label
}

type collector struct {
	messages map[uint64]Message
	labels   map[uint64]Label
}

func (c *collector) Message(m *Message) { c.messages[m.ID] = *m }
func (c *collector) Label(l Label)      { c.labels[l.Call] = l }

// score runs the events and compares every call with the truth.
func (w *world) score() (o outcome) {
	w.t.Helper()
	c := &collector{map[uint64]Message{}, map[uint64]Label{}}
	tr, err := New(Default(), c)
	if err != nil {
		w.t.Fatal(err)
	}
	slices.SortStableFunc(w.events, func(a, b sys.Event) int { return cmp.Compare(a.Time, b.Time) })
	for i := range w.events {
		tr.Event(&w.events[i])
		if i%100 == 0 {
			tr.Tick(w.events[i].Time)
		}
	}
	tr.Flush()
	o.stats, o.messages, o.labels = tr.Stats(), c.messages, c.labels
	w.again(o)
	for _, m := range c.messages {
		if m.Role != Calling || m.Direction != sys.Sent {
			continue
		}
		want, ok := w.truth[place{m.Cookie, m.Seq}]
		l, labelled := c.labels[m.ID]
		r := c.messages[l.Request]
		switch {
		case labelled && l.Class == Weak:
			o.weak++
		case !labelled:
			o.unlinked++
		case ok && want == place{r.Cookie, r.Seq}:
			o.right++
		default:
			o.wrong++
		}
	}
	return o
}

func (o outcome) String() string {
	return fmt.Sprintf("right %d, wrong %d, unlinked %d, weak %d", o.right, o.wrong, o.unlinked, o.weak)
}

// script is what one request makes a program do, step by step, so that several
// can be interleaved.
type script struct {
	at    int
	steps []func()
}

// interleave runs scripts, at most n at a time, in random order.
func (w *world) interleave(n int, scripts []*script) {
	var running []*script
	for len(scripts) > 0 || len(running) > 0 {
		for len(running) < n && len(scripts) > 0 {
			running, scripts = append(running, scripts[0]), scripts[1:]
		}
		i := w.rnd.IntN(len(running))
		s := running[i]
		s.steps[s.at]()
		if s.at++; s.at == len(s.steps) {
			running = slices.Delete(running, i, i+1)
		}
	}
}
