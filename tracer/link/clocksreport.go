package link

import "github.com/wirespan/wirespan/tracer/span"

// Clock is what is known of the clock of a capture point, compared with that of
// its base: the lowest point of those that have exchanges in common with it.
type Clock struct {
	Point, Base uint16
	Ahead       int64   // nanoseconds that the point's clock is ahead of the base's, at the last exchange; negative: behind
	Bound       int64   // Ahead is right within it, nanoseconds
	Drift       float64 // the point's clock gains so much, parts per million
	DriftBound  float64 // Drift is right within it; 100 or more: it is not known
	Exchanges   uint64  // that both, or the points between them, saw
	Sets        uint32  // times that a clock on the way to the base was set
}

// Off reports whether the clock is known to be another one than the base's.
func (c *Clock) Off() bool { return abs(c.Ahead) > c.Bound }

// Clocks lists the clocks of points that share exchanges with lower ones, and
// of points whose times the source has corrected.
func (l *Linker) Clocks() []Clock {
	var list []Clock
	t := l.clocks.treeNow()
	for p := range max(len(t.up), len(l.points())) {
		if c, ok := l.clockOf(t, uint16(p)); ok {
			list = append(list, c)
		}
	}
	return list
}

// clockOf follows a point to its base.
func (l *Linker) clockOf(t *clockTree, p uint16) (Clock, bool) {
	c := Clock{Point: p, Base: p, Ahead: l.setAside(p)}
	for int(c.Base) < len(t.up) && t.up[c.Base] != c.Base {
		k := &l.clocks.pairs[t.via[c.Base]]
		sign := int64(1)
		if k.a == c.Base {
			sign = -1
		}
		off, bound := k.now(k.last())
		c.Ahead += sign * off
		c.Bound += bound
		c.Drift += float64(sign) * k.rate * 1e6
		c.DriftBound += k.rateErr * 1e6
		c.Sets += k.sets
		if c.Exchanges == 0 || k.total < c.Exchanges {
			c.Exchanges = k.total
		}
		c.Base = t.up[c.Base]
	}
	if c.Base != p {
		c.Ahead -= l.setAside(c.Base)
		return c, true
	}
	pts := l.points()
	if c.Ahead == 0 || int(p) >= len(pts) {
		return c, false
	}
	c.Base, c.Bound, c.DriftBound = 0, pts[p].Within, unknownRate*1e6
	return c, true
}

// last is the time of the latest exchange of a pair.
func (k *clockPair) last() int64 { return k.recent[(k.n-1)%clockRecent].at }

// setAside is what the source took off the times of a point.
func (l *Linker) setAside(p uint16) int64 {
	if pts := l.points(); int(p) < len(pts) {
		return pts[p].Ahead
	}
	return 0
}

// clock appends how far the capture clock was ahead, if that is more than it
// may be wrong by.
func (w *writer) clock(a span.Attrs, r *Facts) span.Attrs {
	if off := w.l.setAside(r.Point) + w.l.offBase(r); off != 0 {
		return span.AppendInt(a, span.KeyClockOffset, off)
	}
	return a
}
