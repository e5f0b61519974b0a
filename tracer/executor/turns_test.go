package executor

import (
	"slices"
	"testing"

	"github.com/wirespan/wirespan/bpf/sys"
)

// proxy is a loop that reads what is ready, and then writes for all of it: a
// request is passed on, on connections that are kept, and its answer back.
type proxy struct {
	w     *world
	who   Thread
	conns []*end // of clients
	idle  []*end // to servers
	asked []int  // clients whose request was read in this turn
	back  []int  // clients whose response was read
	busy  map[int]*end
	r     map[int]place
}

func newProxy(t *testing.T, seed uint64, clients int) *proxy {
	p := &proxy{w: newWorld(t, seed), who: Thread{TGID: 10, TID: 10}, busy: map[int]*end{}, r: map[int]place{}}
	for range clients {
		p.conns = append(p.conns, p.w.accept())
		p.idle = append(p.idle, p.w.connect(p.who))
	}
	return p
}

// turn reads up to n things, in any order, then passes on requests and answers,
// each in the order that the program has.
func (p *proxy) turn(n int, order func([]int)) {
	for range 1 + p.w.rnd.IntN(n) {
		i := p.w.rnd.IntN(len(p.conns))
		if slices.Contains(p.asked, i) || slices.Contains(p.back, i) {
			continue
		}
		if up := p.busy[i]; up == nil {
			p.r[i] = p.w.read(p.conns[i], p.who, 100)
			p.asked = append(p.asked, i)
		} else {
			p.w.read(up, p.who, 500)
			p.back = append(p.back, i)
		}
	}
	order(p.asked)
	order(p.back)
	for _, i := range p.asked {
		at := p.w.rnd.IntN(len(p.idle))
		up := p.idle[at]
		p.idle = slices.Delete(p.idle, at, at+1)
		p.busy[i] = up
		p.w.caused(p.w.write(up, p.who, 90), p.r[i])
	}
	for _, i := range p.back {
		p.w.write(p.conns[i], p.who, 500)
		p.idle = append(p.idle, p.busy[i])
		delete(p.busy, i)
	}
	p.asked, p.back = p.asked[:0], p.back[:0]
}

// A program that keeps the order is found to, and then nearly all is known.
func TestTurnsInOrder(t *testing.T) {
	p := newProxy(t, 21, 12)
	for range 4000 {
		p.turn(4, func([]int) {})
	}
	o := p.w.score()
	if n := o.right + o.unlinked; o.wrong != 0 || o.weak != 0 || o.right*1000 < n*985 {
		t.Error(o)
	}
}

// One that has another order, or none, is never believed.
func TestTurnsOutOfOrder(t *testing.T) {
	for name, order := range map[string]func(*proxy) func([]int){
		"last first": func(*proxy) func([]int) { return slices.Reverse[[]int] },
		"any order": func(p *proxy) func([]int) {
			return func(l []int) { p.w.rnd.Shuffle(len(l), func(i, j int) { l[i], l[j] = l[j], l[i] }) }
		},
		"one of fifty swapped": func(p *proxy) func([]int) {
			return func(l []int) {
				if len(l) > 1 && p.w.rnd.IntN(50) == 0 {
					l[0], l[1] = l[1], l[0]
				}
			}
		},
	} {
		p := newProxy(t, 22, 12)
		for range 4000 {
			p.turn(4, order(p))
		}
		if o := p.w.score(); o.wrong*200 > o.right || o.right == 0 {
			t.Errorf("%s: %v", name, o)
		}
	}
}

// What was once not known of a loop does not make all that follows unknown: a
// request whose call was not joined looks as if it could go on at any time, and
// as long as there is one, the next is not joined at once, either.
func TestUncertaintyEnds(t *testing.T) {
	w := newWorld(t, 23)
	who := Thread{TGID: 10, TID: 10}
	var scripts []*script
	for i := range 1200 {
		conn := w.accept()
		var one, two *end
		var r place
		steps := []func(){
			func() { r = w.read(conn, who, 300); one = w.connect(who) },
			func() { w.caused(w.write(one, who, 90), r) },
			func() { w.read(one, who, 900); two = w.connect(who) },
			func() { w.caused(w.write(two, who, 90), r) },
			func() { w.read(two, who, 900); w.write(conn, who, 1000) },
		}
		if i == 300 { // a timer, once
			steps[0] = func() { r = w.read(conn, who, 300) }
			steps[1] = func() { one = w.connect(who); w.caused(w.write(one, who, 90), r) }
		}
		scripts = append(scripts, &script{steps: steps})
	}
	w.interleave(16, scripts)
	if o := w.score(); o.wrong > 1 || o.right < 2370 {
		t.Error(o)
	}
}

// What is kept of calls that follow each other is bounded.
func TestChainsAreBounded(t *testing.T) {
	k := &call{}
	for range 10 * maxDepth {
		k = &call{place: k.follow()}
	}
	n := 0
	for ; k != nil; k = k.placed().behind {
		n++
	}
	if n > maxDepth+1 {
		t.Errorf("%d calls", n)
	}
}

// Where events were lost nothing is tested, and nothing said.
func TestTurnsWithLosses(t *testing.T) {
	p := newProxy(t, 24, 12)
	for range 4000 {
		p.turn(4, func([]int) {})
	}
	w := p.w
	kept := w.events[:0]
	for i, e := range w.events {
		if i%400 == 399 {
			e = sys.Event{Type: sys.Lost, Time: e.Time}
		}
		kept = append(kept, e)
	}
	w.events = kept
	if o := w.score(); o.wrong != 0 {
		t.Error(o)
	}
}
