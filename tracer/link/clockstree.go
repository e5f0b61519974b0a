package link

import "math"

// clockTree joins the points that have exchanges in common: of all ways from a
// point to its base it is the one that is least wrong. The base of points that
// hang together is the lowest one.
type clockTree struct {
	up   []uint16 // next point towards the base, by point; the base itself at the base
	via  []int32  // pair that joins them
	deep []uint16
	cost []int64 // scratch: what is wrong at most on the way to the tree
	done []bool
}

// grow makes the tree of least error over the pairs, from the lowest point of
// each component (Prim). There are at most maxPairs pairs, so nothing clever is
// needed.
func (t *clockTree) grow(pairs []clockPair) {
	n := 0
	for i := range pairs {
		n = max(n, int(pairs[i].b)+1) // a is less than b
	}
	t.clear(n)
	for p := range n {
		if t.done[p] {
			continue
		}
		for at := p; at >= 0; at = t.nearest(pairs) {
			t.done[at] = true
			t.reach(pairs, uint16(at))
		}
	}
}

func (t *clockTree) clear(n int) {
	for len(t.up) < n {
		t.up, t.via, t.deep = append(t.up, 0), append(t.via, 0), append(t.deep, 0)
		t.cost, t.done = append(t.cost, 0), append(t.done, false)
	}
	for i := range t.up {
		t.up[i], t.deep[i], t.cost[i], t.done[i] = uint16(i), 0, math.MaxInt64, false
	}
}

// reach offers the ways from a point that has joined the tree.
func (t *clockTree) reach(pairs []clockPair, p uint16) {
	for i := range pairs {
		o := pairs[i].other(p)
		if o == p || t.done[o] || pairs[i].best.err >= t.cost[o] {
			continue
		}
		t.cost[o], t.up[o], t.via[o], t.deep[o] = pairs[i].best.err, p, int32(i), t.deep[p]+1
	}
}

// nearest is the point outside of the tree with the surest way to it, -1 if
// there is none.
func (t *clockTree) nearest(pairs []clockPair) int {
	best := -1
	for i := range pairs {
		for _, p := range [...]uint16{pairs[i].a, pairs[i].b} {
			if !t.done[p] && t.cost[p] != math.MaxInt64 && (best < 0 || t.cost[p] < t.cost[best]) {
				best = int(p)
			}
		}
	}
	return best
}

// other returns the other point of a pair, p if it is none of them.
func (k *clockPair) other(p uint16) uint16 {
	switch p {
	case k.a:
		return k.b
	case k.b:
		return k.a
	}
	return p
}

// root is the base of a point.
func (t *clockTree) root(p uint16) uint16 {
	for int(p) < len(t.up) && t.up[p] != p {
		p = t.up[p]
	}
	return p
}

// joined reports whether two points have a base in common.
func (t *clockTree) joined(p, q uint16) bool {
	return int(max(p, q)) < len(t.up) && t.root(p) == t.root(q)
}

// step returns how far the clock of p is ahead of that of the next point
// towards the base, at a time of p or 0 for the latest, and what that is wrong
// by at most.
func (t *clockTree) step(pairs []clockPair, p uint16, at int64) (off, bound int64) {
	k := &pairs[t.via[p]]
	if k.a == p {
		off, bound = k.line(at).now(at)
		return -off, bound
	}
	if at != 0 {
		at -= k.line(at - k.best.off).best.off
	}
	return k.line(at).now(at)
}

// ahead adds the steps from a point to its base.
func (t *clockTree) ahead(pairs []clockPair, p uint16, at int64) (off, bound int64) {
	for int(p) < len(t.up) && t.up[p] != p {
		o, b := t.step(pairs, p, at)
		off, bound = off+o, bound+b
		if at != 0 {
			at -= o
		}
		p = t.up[p]
	}
	return off, bound
}
