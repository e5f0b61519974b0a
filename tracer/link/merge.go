package link

// merge makes one exchange of two in the same group that have both ended: y's
// sightings, candidates and lookups become x's, and nothing refers to y any
// more.
func (l *Linker) merge(x, y int32) {
	e, o := l.exchs.at(x), l.exchs.at(y)
	for s := o.first; s != 0; s = l.sights.at(s).next {
		l.sights.at(s).x = x
	}
	l.sights.at(e.last).next = o.first
	e.last = o.last
	e.sightings += o.sightings
	e.tookLookup = e.tookLookup || o.tookLookup
	if e.dns == 0 {
		e.dns = o.dns
	}
	l.stats.Sightings += uint64(o.sightings)
	o.first, o.last, o.sightings, o.merged = 0, 0, 0, x
	l.mergeSides(x, y)
	l.inherit(x, y)
	for z, first := x, true; first || z != x; z, first = l.exchs.at(z).ring, false {
		l.redirect(z, x, y)
	}
}

// inherit gives x the candidates of y.
func (l *Linker) inherit(x, y int32) {
	for _, c := range l.candsOf(y) {
		if c.x != x {
			l.propose(x, c)
		}
	}
	l.freeKin(l.exchs.at(y))
}

// redirect makes what z knows of y be about x.
func (l *Linker) redirect(z, x, y int32) {
	e := l.exchs.at(z)
	if e.dns == y {
		e.dns = x
	}
	if e.kin == 0 {
		return
	}
	k := l.kins.at(e.kin)
	n := uint8(0)
	for i := range k.list[:k.n] {
		c := k.list[i]
		if c.x == y {
			c.x = x
		}
		if c.x == z || k.has(c.x, n) {
			continue
		}
		k.list[n] = c
		n++
	}
	k.n = n
}

// has reports whether an exchange is among the first n candidates.
func (k *relatives) has(x int32, n uint8) bool {
	for i := range k.list[:n] {
		if k.list[i].x == x {
			return true
		}
	}
	return false
}
