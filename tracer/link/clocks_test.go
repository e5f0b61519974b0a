package link

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/wirespan/wirespan/tracer/span"
)

const us = int64(time.Microsecond)

// lab makes exchanges between two points whose clocks are known.
type lab struct {
	rnd  *rand.Rand
	err  func(at int64) int64 // clock(b) - clock(a) at true time
	path int64                // least one-way delay
	wild int64                // most that queues add to it
	back bool                 // b is nearer the client
}

// exchange gives both sightings of an exchange that starts at a true time.
// Times are those of files with microseconds.
func (l *lab) exchange(at int64) (p, q *Facts) {
	delay := func() int64 { return l.path + l.rnd.Int64N(l.wild+1)*l.rnd.Int64N(l.wild+1)/(l.wild+1) }
	there, back := delay(), delay()
	work := ms + l.rnd.Int64N(ms)
	near := Facts{Point: 0, Start: at, ResponseStart: at + there + work + back}
	far := Facts{Point: 1, Start: at + there, ResponseStart: at + there + work}
	if l.back {
		near, far = far, near
		near.Point, far.Point = 0, 1
	}
	for _, f := range []*Facts{&near, &far} {
		for _, t := range []*int64{&f.Start, &f.ResponseStart} {
			if f.Point == 1 {
				*t += l.err(*t)
			}
			*t = epoch + *t - *t%us
		}
		f.End = f.ResponseStart
	}
	return &near, &far
}

// run feeds exchanges and checks after every one that the bound holds.
func (l *lab) run(t *testing.T, from, to, step int64) *clocks {
	t.Helper()
	c := &clocks{}
	l.more(t, c, from, to, step, true)
	return c
}

func (l *lab) more(t *testing.T, c *clocks, from, to, step int64, check bool) {
	t.Helper()
	bad := 0
	for at := from; at < to; at += step {
		p, q := l.exchange(at)
		c.compare(p, q)
		off, bound, ok := c.apart(0, 1, p.Start)
		if !ok {
			t.Fatal("not known after an exchange")
		}
		if d := abs(off - l.err(at)); check && d > bound {
			if bad++; bad < 4 {
				t.Errorf("at %v: %d +- %d ns, is %d", time.Duration(at), off, bound, l.err(at))
			}
		}
	}
}

func constant(off int64) func(int64) int64 { return func(int64) int64 { return off } }

// TestOffset holds that offsets of any size are found from either side, within
// what is promised.
func TestOffset(t *testing.T) {
	for _, off := range []int64{0, 500 * ms, -500 * ms, 3600_000 * ms, 3 * us} {
		for _, back := range []bool{false, true} {
			l := &lab{rnd: rand.New(rand.NewPCG(1, 2)), err: constant(off), path: 10 * us, wild: 400 * us, back: back}
			c := l.run(t, 0, 20_000*ms, 10*ms)
			got, bound, ok := c.shift(0, 1, epoch+20_000*ms)
			if want := off; !ok || bound > 50*us || abs(got-want) > bound {
				t.Errorf("%d: found %d +- %d", off, got, bound)
			}
			if small := abs(off) < 4*us; c.agree(0, 1) != small || small && got != 0 {
				t.Errorf("%d: agree %v, shift %d", off, c.agree(0, 1), got)
			}
		}
	}
}

// TestDrift holds that a clock that runs too fast is followed, and that the
// drift is told where exchanges allow it only.
func TestDrift(t *testing.T) {
	drift := func(at int64) int64 { return -7*ms + at/10_000 } // 100 ppm
	l := &lab{rnd: rand.New(rand.NewPCG(3, 4)), err: drift, path: 10 * us, wild: 300 * us}
	c := l.run(t, 0, 1_800_000*ms, 500*ms)
	k := &c.pairs[0]
	if math.Abs(k.rate*1e6-100) > 1 || k.rateErr*1e6 > 2 || k.sets != 0 {
		t.Errorf("drift %.3f +- %.3f ppm, %d times set", k.rate*1e6, k.rateErr*1e6, k.sets)
	}
	if off, bound, _ := c.apart(0, 1, epoch+1_800_000*ms); abs(off-drift(1_800_000*ms)) > bound || bound > 60*us {
		t.Errorf("%d +- %d", off, bound)
	}
	short := (&lab{rnd: l.rnd, err: drift, path: 10 * us, wild: 30 * us}).run(t, 0, 10_000*ms, 20*ms)
	if k := &short.pairs[0]; math.Abs(k.rate*1e6-100) > 10 {
		t.Errorf("drift after 10 s: %.3f +- %.3f ppm", k.rate*1e6, k.rateErr*1e6)
	}
	slow := (&lab{rnd: l.rnd, err: drift, path: 20 * ms, wild: 20 * ms}).run(t, 0, 10_000*ms, 20*ms)
	if k := &slow.pairs[0]; k.rate != 0 {
		t.Errorf("a drift of %.0f ppm from delays of 20 ms in 10 s", k.rate*1e6)
	}
}

// TestClockIsSet holds that a clock that is set is recognised, that times
// before that are compared as they were, and that one odd exchange is none.
func TestClockIsSet(t *testing.T) {
	l := &lab{rnd: rand.New(rand.NewPCG(5, 6)), err: constant(500 * ms), path: 10 * us, wild: 200 * us}
	c := l.run(t, 0, 5_000*ms, 10*ms)
	odd, other := (&lab{rnd: l.rnd, err: constant(-90 * ms), path: us}).exchange(5_001 * ms)
	c.compare(odd, other)
	l.more(t, c, 5_010*ms, 6_000*ms, 10*ms, true)
	if off, _, _ := c.apart(0, 1, epoch+6_000*ms); abs(off-500*ms) > us*50 || c.pairs[0].sets != 0 {
		t.Errorf("one odd exchange: %d, %d times set", off, c.pairs[0].sets)
	}
	l.err = constant(-200 * ms)
	l.more(t, c, 6_000*ms, 6_000*ms+setAfter*10*ms, 10*ms, false)
	l.more(t, c, 6_100*ms, 8_000*ms, 10*ms, true)
	if c.pairs[0].sets != 1 {
		t.Errorf("%d times set", c.pairs[0].sets)
	}
	for at, want := range map[int64]int64{5_500: 500, 7_000: -200} {
		if off, bound, _ := c.apart(0, 1, epoch+at*ms); abs(off-want*ms) > bound {
			t.Errorf("at %d ms: %d +- %d", at, off, bound)
		}
	}
}

// TestSampleRefused holds that exchanges whose times tell nothing are left out.
func TestSampleRefused(t *testing.T) {
	fine := func() (p, q Facts) {
		p = Facts{Point: 0, Start: 100 * us, ResponseStart: 900 * us, Flags: HasSeq, SeqRequest: 7, TTL: 64}
		q = Facts{Point: 1, Start: 200 * us, ResponseStart: 800 * us, Flags: HasSeq, SeqRequest: 7, TTL: 63}
		return p, q
	}
	for name, change := range map[string]func(p, q *Facts){
		"":               func(p, q *Facts) {},
		"no response":    func(p, q *Facts) { q.Outcome = None },
		"orphan":         func(p, q *Facts) { p.Outcome = Orphan },
		"unknown time":   func(p, q *Facts) { p.ResponseStart = 0 },
		"one point":      func(p, q *Facts) { q.Point = 0 },
		"TTLs deny it":   func(p, q *Facts) { p.TTL, q.TTL = 63, 64 },
		"at once":        func(p, q *Facts) { p.ResponseStart = p.Start },
		"another stream": func(p, q *Facts) { p.TTL, q.TTL, q.SeqRequest = 63, 64, 8 },
	} {
		p, q := fine()
		change(&p, &q)
		m, ok := sampleOf(&p, &q)
		if want := name == "" || name == "another stream"; ok != want || ok && (m.off != 0 || m.err != 100*us+rounding) {
			t.Errorf("%q: %v %+v", name, ok, m)
		}
	}
}

// TestClockTree holds that points are compared over those between them, by the
// surest way, and that points without exchange in common stay apart.
func TestClockTree(t *testing.T) {
	c := &clocks{}
	put := func(p, q uint16, off, delay int64) {
		for i := range int64(100) {
			at := epoch + i*50*ms
			c.compare(&Facts{Point: p, Start: at, ResponseStart: at + 10*ms + delay},
				&Facts{Point: q, Start: at + off + delay/2, ResponseStart: at + off + 10*ms + delay/2})
		}
	}
	put(1, 2, 500*ms, 100*us)
	put(2, 3, -200*ms, 100*us)
	put(1, 3, 300*ms, 900*us) // the longer way is surer
	put(5, 6, 7*ms, 2*us)
	at := epoch + 4_000*ms
	for _, w := range []struct {
		p, q uint16
		off  int64
		ok   bool
	}{{1, 2, 500, true}, {2, 1, -500, true}, {1, 3, 300, true}, {3, 1, -300, true}, {3, 2, 200, true}, {5, 6, 7, true}, {1, 5, 0, false}, {0, 1, 0, false}, {4, 99, 0, false}} {
		off, bound, ok := c.shift(w.p, w.q, at)
		if ok != w.ok || abs(off-w.off*ms) > bound || ok && (bound > 150*us || bound < us) {
			t.Errorf("%d to %d: %d +- %d, %v", w.p, w.q, off, bound, ok)
		}
	}
	for p, want := range []int64{0, 0, 500, 300, 0, 0, 7, 0} {
		if off, bound := c.ahead(uint16(p), at); abs(off-want*ms) > bound {
			t.Errorf("point %d is %d +- %d ahead", p, off, bound)
		}
	}
	for p := range uint16(200) {
		put(p, p+1, 0, us)
	}
	if len(c.pairs) != maxPairs {
		t.Errorf("%d pairs", len(c.pairs))
	}
}

// TestClockOffset holds that spans keep the time of their capture, say how far
// it is off, and are linked by the right one.
func TestClockOffset(t *testing.T) {
	s := newScene(t)
	s.point("e")
	s.points[s.point("i")].Ahead = 3 * ms
	s.feed(
		call{name: "l", from: cl, to: gw, at: 0, end: 10, point: "e"},
		call{name: "l", from: cl, to: gw, at: 0, end: 10, point: "i", clock: 700},
		call{name: "a", from: cl, to: gw, at: 4000, end: 5000, point: "e"},
		call{name: "c", from: gw, to: sa, at: 4010, end: 4900, ids: rid2, point: "i", clock: 700},
	)
	list := s.l.Clocks()
	if len(list) != 1 || list[0].Point != 1 || list[0].Base != 0 || list[0].Ahead != 703*ms || !list[0].Off() || list[0].Exchanges != 1 {
		t.Errorf("%+v", list)
	}
	s.flush()
	for i := range s.spans {
		sp := &s.spans[i]
		at, ok := sp.Attrs.Find(span.KeyClockOffset)
		if here := strings.HasSuffix(s.nameOf(sp), "@i"); here != ok || ok && (at.Num != 703*ms || (sp.Start-epoch)%(1000*ms)/ms%10 != 3) {
			t.Errorf("%s at %d: offset %v %d", s.nameOf(sp), (sp.Start-epoch)/ms, ok, at.Num)
		}
	}
}
