package assemble

import (
	"cmp"
	"math"
	"slices"

	"github.com/wirespan/wirespan/tracer/store"
)

// offline is the agent of captures that were read from files: each of its points
// has a clock of its own.
const offline = "offline"

// usable is the error below which times by two clocks are compared, ns (DESIGN.md,
// section 7).
const usable = int64(1e6)

// rounding is what times are wrong by because software takes them, ns.
const rounding = int64(10_000)

// clocks are how far the clocks of agents are apart, from the exchanges that
// several of them saw (reference/inference.md, section 6): request and response go
// opposite ways, so that half the sum of both differences is the offset, and half
// their difference what it can be wrong by.
type clocks struct {
	names []string
	index map[string]int
	pairs map[[2]int]sample
	ahead []int64 // of the base, by clock
	bound []int64
	root  []int // base of each clock
	seen  []int // exchanges by which it was measured
}

// sample is what one exchange tells: clock b is ahead of a by off, within err.
type sample struct {
	off, err int64
	count    int
}

// clockName is the clock that a span's times are by.
func clockName(s *store.Span) string {
	if s.Agent == offline {
		return offline + "/" + s.Text("wirespan.capture.point")
	}
	return s.Agent
}

func newClocks(spans []store.Span) *clocks {
	c := &clocks{index: map[string]int{}, pairs: map[[2]int]sample{}}
	for i := range spans {
		if n := clockName(&spans[i]); spans[i].Signal != store.APP && !slices.Contains(c.names, n) {
			c.names = append(c.names, n)
		}
	}
	slices.Sort(c.names) // the same spans in another order give the same base
	for i, n := range c.names {
		c.index[n] = i
	}
	c.learn(spans)
	c.grow()
	return c
}

// learn compares the sightings of each exchange.
func (c *clocks) learn(spans []store.Span) {
	if len(c.names) < 2 {
		return
	}
	by := map[uint64][]int{}
	for i := range spans {
		if s := &spans[i]; s.Signal == store.NET && s.Text("wirespan.response") == "" {
			if x, ok := exchangeOf(s); ok {
				by[x] = append(by[x], i)
			}
		}
	}
	for _, list := range by {
		for i := range list {
			for j := i + 1; j < len(list); j++ {
				c.compare(&spans[list[i]], &spans[list[j]])
			}
		}
	}
}

func (c *clocks) compare(p, q *store.Span) {
	a, b := c.index[clockName(p)], c.index[clockName(q)]
	if a > b {
		p, q, a, b = q, p, b, a
	}
	tp, tq := timesOf(p), timesOf(q)
	if a == b || tp.responseStart <= tp.start || tq.responseStart <= tq.start {
		return
	}
	there, back := tq.start-tp.start, tq.responseStart-tp.responseStart
	m := sample{off: back + (there-back)/2, err: abs(there-back)/2 + rounding}
	have, ok := c.pairs[[2]int{a, b}]
	m.count = have.count + 1
	if ok && (have.err < m.err || have.err == m.err && have.off <= m.off) {
		m.off, m.err = have.off, have.err
	}
	c.pairs[[2]int{a, b}] = m
}

// grow finds the way of least error from each clock to the first of those that hang
// together (Prim).
func (c *clocks) grow() {
	n := len(c.names)
	c.ahead, c.bound, c.root, c.seen = make([]int64, n), make([]int64, n), make([]int, n), make([]int, n)
	done := make([]bool, n)
	for base := range n {
		if done[base] {
			continue
		}
		done[base], c.root[base] = true, base
		for c.step(base, done) {
		}
	}
}

// step joins the clock that is surest known from those that are done.
func (c *clocks) step(base int, done []bool) bool {
	best, from, least := -1, -1, int64(math.MaxInt64)
	var by sample
	for p := range done {
		for q := range done {
			if !done[p] || done[q] || c.root[p] != base {
				continue
			}
			if m, ok := c.between(p, q); ok && c.bound[p]+m.err < least {
				best, from, least, by = q, p, c.bound[p]+m.err, m
			}
		}
	}
	if best < 0 {
		return false
	}
	done[best], c.root[best] = true, base
	c.ahead[best], c.bound[best], c.seen[best] = c.ahead[from]+by.off, least, by.count
	return true
}

// between is how far q is ahead of p.
func (c *clocks) between(p, q int) (sample, bool) {
	if p < q {
		m, ok := c.pairs[[2]int{p, q}]
		return m, ok
	}
	m, ok := c.pairs[[2]int{q, p}]
	m.off = -m.off
	return m, ok
}

// one reports whether all times can be compared.
func (c *clocks) one() bool {
	for i := range c.names {
		if c.root[i] != 0 || c.bound[i] >= usable {
			return false
		}
	}
	return true
}

// off is what to take off the times of a span; clocks that may be one are taken for
// one.
func (c *clocks) off(s *store.Span) int64 {
	i, ok := c.index[clockName(s)]
	if !ok || abs(c.ahead[i]) <= c.bound[i] {
		return 0
	}
	return c.ahead[i]
}

// rebase makes a clock the one that others are compared with.
func (c *clocks) rebase(s *store.Span) {
	i, ok := c.index[clockName(s)]
	if !ok {
		return
	}
	by := c.off(s)
	for k := range c.ahead {
		if c.root[k] == c.root[i] {
			if abs(c.ahead[k]) <= c.bound[k] {
				c.ahead[k] = 0
			}
			c.ahead[k] -= by
		}
	}
}

// list tells of the clocks that are not the base's.
func (c *clocks) list() (l []Clock) {
	for i, n := range c.names {
		if abs(c.ahead[i]) > c.bound[i] {
			l = append(l, Clock{Agent: n, Offset: -c.ahead[i], Bound: c.bound[i], Pairs: c.seen[i]})
		}
	}
	slices.SortFunc(l, func(a, b Clock) int { return cmp.Compare(a.Agent, b.Agent) })
	return l
}

func abs(v int64) int64 { return max(v, -v) }
