package link

// maxPairs bounds the pairs of capture points whose clocks are compared.
const maxPairs = 64

// usable is the bound of an offset below which corrected times are compared.
const usable = int64(1e6)

// clocks bounds the offsets between the clocks of capture points, from
// exchanges that both saw: a request passes the point nearer the client first,
// a response the other.
type clocks struct{ pairs []clockPair }

type clockPair struct {
	a, b     uint16
	low, top int64 // bounds of clock(b) - clock(a)
}

// learn takes what the sightings of a finished exchange say.
func (c *clocks) learn(l *Linker, x int32) {
	e := l.exchs.at(x)
	if e.sightings < 2 || e.open > 0 {
		return
	}
	for s := e.first; s != 0; s = l.sights.at(s).next {
		for t := l.sights.at(s).next; t != 0; t = l.sights.at(t).next {
			c.pair(&l.sights.at(s).rec, &l.sights.at(t).rec)
		}
	}
}

// pair narrows the bounds by one exchange. Which point is nearer the client
// follows from the bounds being consistent; without a hint from TTLs both
// orders give |offset| within the difference of the waiting times.
func (c *clocks) pair(p, q *Facts) {
	if p.Point > q.Point {
		p, q = q, p
	}
	if p.ResponseStart == 0 || q.ResponseStart == 0 || p.Point == q.Point {
		return
	}
	req, resp := q.Start-p.Start, q.ResponseStart-p.ResponseStart
	low, top := min(req, resp), max(req, resp)
	for i := range c.pairs {
		k := &c.pairs[i]
		if k.a != p.Point || k.b != q.Point {
			continue
		}
		if low > k.top || top < k.low { // a clock was set
			k.low, k.top = low, top
			return
		}
		k.low, k.top = max(k.low, low), min(k.top, top)
		return
	}
	if len(c.pairs) < maxPairs {
		c.pairs = append(c.pairs, clockPair{a: p.Point, b: q.Point, low: low, top: top})
	}
}

// agree reports whether the clocks of two points may be one.
func (c *clocks) agree(p, q uint16) bool {
	for i := range c.pairs {
		if k := &c.pairs[i]; k.a == min(p, q) && k.b == max(p, q) {
			return k.low <= 0 && k.top >= 0
		}
	}
	return true
}

// shift returns what to add to a time of point p to compare it with times of
// point q, and whether that is known well enough.
func (c *clocks) shift(p, q uint16) (int64, bool) {
	if p == q {
		return 0, true
	}
	for i := range c.pairs {
		k := &c.pairs[i]
		if k.top-k.low > usable {
			continue
		}
		mid := k.low + (k.top-k.low)/2
		switch {
		case k.a == p && k.b == q:
			return mid, true
		case k.a == q && k.b == p:
			return -mid, true
		}
	}
	return 0, false
}
