package link

// maxPairs bounds the pairs of capture points whose clocks are compared.
const maxPairs = 64

// maxCompared bounds the sightings of one exchange that are compared with each
// other.
const maxCompared = 8

// usable is the error below which corrected times are compared (DESIGN.md,
// section 7).
const usable = int64(1e6)

// clocks know how far the clocks of capture points are apart, from exchanges
// that two of them saw (reference/inference.md, section 6). Packet times are
// never changed: what is known here is applied where times of two points are
// compared, and told.
type clocks struct {
	pairs []clockPair
	tree  clockTree
	stale bool // a pair has changed since the tree was made
}

// learn takes what the sightings of a finished exchange say.
func (c *clocks) learn(l *Linker, x int32) {
	e := l.exchs.at(x)
	if e.sightings < 2 || e.open > 0 || l.cfg.OneClock {
		return
	}
	n := 0
	for s := e.first; s != 0 && n < maxCompared; s = l.sights.at(s).next {
		n++
		m := n
		for t := l.sights.at(s).next; t != 0 && m < maxCompared; t = l.sights.at(t).next {
			m++
			c.compare(&l.sights.at(s).rec, &l.sights.at(t).rec)
		}
	}
}

// compare learns from one exchange at two points.
func (c *clocks) compare(p, q *Facts) {
	if p.Point > q.Point {
		p, q = q, p
	}
	m, ok := sampleOf(p, q)
	if !ok {
		return
	}
	for i := range c.pairs {
		if k := &c.pairs[i]; k.a == p.Point && k.b == q.Point {
			c.stale = k.add(m) || c.stale
			return
		}
	}
	if len(c.pairs) < maxPairs {
		c.pairs = append(c.pairs, clockPair{a: p.Point, b: q.Point})
		c.pairs[len(c.pairs)-1].add(m)
		c.stale = true
	}
}

// agree reports whether the clocks of two points may be one, as far as is
// known.
func (c *clocks) agree(p, q uint16) bool {
	if p == q || len(c.pairs) == 0 {
		return true
	}
	off, bound, ok := c.apart(p, q, 0)
	return !ok || abs(off) <= bound
}

// shift returns what to add to a time of point p, near to at, to compare it
// with times of point q, how wrong that is at most, and whether that is known
// well enough. Clocks that may be one are taken for one.
func (c *clocks) shift(p, q uint16, at int64) (ns, bound int64, ok bool) {
	if p == q {
		return 0, 0, true
	}
	if len(c.pairs) == 0 {
		return 0, 0, false
	}
	ns, bound, ok = c.apart(p, q, at)
	switch {
	case !ok || bound >= usable:
		return 0, 0, false
	case abs(ns) <= bound:
		ns = 0
	}
	return ns, bound, true
}

// ahead returns how far the clock of a point is ahead of its base at a time of
// the point, and how wrong that is at most. Points without a common exchange
// are their own base.
func (c *clocks) ahead(p uint16, at int64) (ns, bound int64) {
	if len(c.pairs) == 0 {
		return 0, 0
	}
	return c.treeNow().ahead(c.pairs, p, at)
}

// apart returns clock(q) - clock(p) at a time of p, 0 for the latest.
func (c *clocks) apart(p, q uint16, at int64) (off, bound int64, ok bool) {
	t := c.treeNow()
	if !t.joined(p, q) {
		return 0, 0, false
	}
	atQ := int64(0)
	if at != 0 {
		rough, _, _ := c.apart(p, q, 0)
		atQ = at + rough
	}
	// The way to the base that both have in common adds no error.
	for p != q {
		from, sign, when := &p, int64(-1), &at
		if t.deep[p] < t.deep[q] {
			from, sign, when = &q, 1, &atQ
		}
		o, b := t.step(c.pairs, *from, *when)
		if off, bound = off+sign*o, bound+b; *when != 0 {
			*when -= o
		}
		*from = t.up[*from]
	}
	return off, bound, true
}

func (c *clocks) treeNow() *clockTree {
	if c.stale {
		c.tree.grow(c.pairs)
		c.stale = false
	}
	return &c.tree
}

// offBase is what to take off the times of a sighting, so that they can be put
// in order with those of other points.
func (l *Linker) offBase(r *Facts) int64 {
	if len(l.clocks.pairs) == 0 {
		return 0
	}
	if off, bound := l.clocks.ahead(r.Point, r.Start); abs(off) > bound {
		return off
	}
	return 0
}

// onBase is the start of a sighting by the clock of its base.
func (l *Linker) onBase(r *Facts) int64 { return r.Start - l.offBase(r) }
