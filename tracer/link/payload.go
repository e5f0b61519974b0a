package link

import "bytes"

// maxMates bounds the exchanges that may be the same as another one; where
// there are more, it is none of them.
const maxMates = 8

// court looks for what may be the same exchange as x, seen at other points on
// other connections, once x has ended, and keeps all of it together until it
// can be told (marry). s is the sighting that ended.
func (l *Linker) court(x, s int32) {
	if !l.field.wide {
		return
	}
	e, r := l.exchs.at(x), &l.sights.at(s).rec
	if e.open > 0 || e.fixed || int(e.sightings) >= l.field.points && r.Outcome == Answered {
		return // and no half of it is missing
	}
	l.courtHalf(x, r)
	if !e.loose {
		return
	}
	for i, n := range [...]func(*Facts) uint64{ownClient, namedClient} {
		r := &l.sights.at(e.first).rec
		client := n(r)
		if client == 0 || i > 0 && client == ownClient(r) {
			continue
		}
		o := l.ix.first(looseKey(printOf(r), client))
		for n := 0; o != 0 && n < scanBound; o, n = l.ix.next(o), n+1 {
			if y := l.ix.exchange(o); l.mayBeOne(x, y) && l.overlaps(x, y) {
				l.accompany(x, y)
				l.exchs.at(x).courted, l.exchs.at(y).courted = true, true
			}
		}
	}
}

func ownClient(r *Facts) uint64 { return AddrHash(&r.Client.Addr) }

func namedClient(r *Facts) uint64 { return r.Forwarded }

// mayBeOne reports whether two exchanges of different points are alike in all
// that a transparent proxy leaves as it is. What is not known yet, of an
// exchange that is open, does not tell them apart.
func (l *Linker) mayBeOne(x, y int32) bool {
	if x == y {
		return false
	}
	e, o := l.exchs.at(x), l.exchs.at(y)
	if e.fixed || o.fixed || e.merged != 0 || o.merged != 0 || !o.loose {
		return false
	}
	meet := false
	for s := e.first; s != 0; s = l.sights.at(s).next {
		for t := o.first; t != 0; t = l.sights.at(t).next {
			a, b := &l.sights.at(s).rec, &l.sights.at(t).rec
			if a.Point == b.Point || a.Client.Addr == b.Server.Addr || a.Server.Addr == b.Client.Addr {
				return false // seen apart, or a proxy that is asked itself
			}
			meet = meet || sameWay(a, b) && !l.field.paths.isDirect(a, b)
		}
	}
	return meet && l.alike(l.sights.at(e.first), l.sights.at(o.first))
}

// sameWay reports whether two sightings may be the two sides of a transparent
// proxy by their addresses: it keeps both, or one of them. Where it changes
// one, something must bear that out: the port of the client, or the proxy
// names it. Else two requests of one client to two servers would look the same.
func sameWay(a, b *Facts) bool {
	switch {
	case sameAddresses(a, b):
		return true
	case a.Client == b.Client:
		return a.Server.Port == b.Server.Port
	case a.Server == b.Server:
		return b.Forwarded == ownClient(a) || a.Forwarded == ownClient(b)
	}
	return false
}

// alike compares what two sightings say: method, target and host, or the first
// bytes; the length of the body; the IDs and contexts that both carry; and the
// outcome.
func (l *Linker) alike(s, t *sighting) bool {
	a, b := &s.rec, &t.rec
	if a.Class != b.Class || a.Flags&b.Flags&TCP == 0 || printOf(a) != printOf(b) {
		return false
	}
	if a.Trail.Length != b.Trail.Length && a.Trail.Length != 0 && b.Trail.Length != 0 {
		return false
	}
	if a.Flags&b.Flags&HasContext != 0 && a.Context.Trace != b.Context.Trace {
		return false
	}
	if !l.agreeOnIDs(a, b) {
		return false
	}
	if s.open || t.open {
		return true
	}
	return a.Outcome == Answered && b.Outcome == Answered && a.Code == b.Code && a.Status == b.Status &&
		bytes.Equal(l.piece(a, Host), l.piece(b, Host))
}

// agreeOnIDs reports whether no ID has two values.
func (l *Linker) agreeOnIDs(a, b *Facts) bool {
	p, q := l.bytes.view(a.IDs), l.bytes.view(b.IDs)
	for i := range len(p) / idSize {
		for j := range len(q) / idSize {
			if m, n := idAt(p, i), idAt(q, j); m.name == n.name && m.message == n.message && m.value != n.value {
				return false
			}
		}
	}
	return true
}

// overlaps reports whether the times of two exchanges may be those of one: one
// lies within the other, as far as it is known. Where the clocks cannot be
// compared, whatever waits may be.
func (l *Linker) overlaps(x, y int32) bool {
	_, apart := l.lieWithin(x, y)
	return !apart
}

// lieWithin reports whether one of two exchanges lies within the other, by the
// pair of sightings that fits best, and whether the clocks tell that neither
// does.
func (l *Linker) lieWithin(x, y int32) (within, apart bool) {
	apart = true
	for s := l.exchs.at(x).first; s != 0; s = l.sights.at(s).next {
		for t := l.exchs.at(y).first; t != 0; t = l.sights.at(t).next {
			a, b := l.sights.at(s), l.sights.at(t)
			shift, slack, ok := l.between(b.rec.Point, a.rec.Point, b.rec.Start)
			w := surrounds(a, b, shift, slack) || surrounds(b, a, -shift, slack)
			within = within || w
			apart = apart && ok && !w
		}
	}
	return within, apart
}

// surrounds reports whether a sighting began before another and ended after
// it; shift brings times of b to the clock of a.
func surrounds(a, b *sighting, shift, slack int64) bool {
	if b.rec.Start+shift+slack < a.rec.Start {
		return false
	}
	return a.open || !b.open && b.rec.End+shift <= a.rec.End+slack
}

// mates lists what may be the same exchange as x; false if there is too much.
func (l *Linker) mates(x int32, list []int32) ([]int32, bool) {
	r := &l.sights.at(l.exchs.at(x).first).rec
	for i, n := range [...]func(*Facts) uint64{ownClient, namedClient} {
		client := n(r)
		if client == 0 || i > 0 && client == ownClient(r) {
			continue
		}
		n := 0
		for o := l.ix.first(looseKey(printOf(r), client)); o != 0; o = l.ix.next(o) {
			if n++; n > scanBound {
				return list, false
			}
			y := l.ix.exchange(o)
			if !l.mayBeOne(x, y) || !l.overlaps(x, y) || contains(list, y) {
				continue
			}
			if len(list) == maxMates {
				return list, false
			}
			list = append(list, y)
		}
	}
	return list, true
}

func contains(list []int32, x int32) bool {
	for _, o := range list {
		if o == x {
			return true
		}
	}
	return false
}

// marry makes one exchange of those in a group that are surely one: within the
// time that both waited, neither has a second one at the other's points that
// it might be. m is in order of start; what is merged is left out of it.
func (l *Linker) marry(m []int32) []int32 {
	for _, x := range m {
		e := l.exchs.at(x)
		if !e.courted || e.merged != 0 || e.open > 0 || e.fixed {
			continue
		}
		if y := l.requestOf(x); y != 0 {
			l.marryHalf(y, x)
			continue
		}
		for y := l.mateOf(x); y != 0; y = l.mateOf(x) {
			l.learnShift(x, y)
			l.merge(x, y)
			l.clocks.learn(l, x) // a proxy takes its time, but before an answer comes a request
			l.stats.Proxied++
		}
	}
	n := 0
	for _, x := range m {
		if l.exchs.at(x).merged == 0 {
			m[n] = x
			n++
		}
	}
	return m[:n]
}

// mateOf returns an exchange that x is and no other can be, 0 if there is none.
func (l *Linker) mateOf(x int32) int32 {
	e := l.exchs.at(x)
	if !e.loose || e.open > 0 || e.merged != 0 {
		return 0
	}
	var buf, back [maxMates]int32
	list, ok := l.mates(x, buf[:0])
	if !ok {
		return 0
	}
	for _, y := range list {
		if l.exchs.at(y).open > 0 || l.root(x) != l.root(y) || !l.isAlone(list, y) {
			continue
		}
		if within, _ := l.lieWithin(x, y); !within || l.isRepeated(x, y) && !l.waitAlike(x, y) {
			continue
		}
		if others, ok := l.mates(y, back[:0]); ok && l.isAlone(others, x) {
			return y
		}
	}
	return 0
}

// isRepeated reports whether x or y is not the only one of its kind that waits:
// then each may have lost its other half, and they be near to each other by
// chance.
func (l *Linker) isRepeated(x, y int32) bool {
	r := &l.sights.at(l.exchs.at(x).first).rec
	for e := l.ix.first(looseKey(printOf(r), ownClient(r))); e != 0; e = l.ix.next(e) {
		if z := l.ix.exchange(e); z != x && z != y && l.exchs.at(z).merged != x && l.exchs.at(z).merged != y {
			return true
		}
	}
	return false
}

// proxyDelay is what a proxy may add to the wait for a response, whatever that
// is.
const proxyDelay = int64(2e6)

// waitAlike reports whether responses came after nearly the same time: what a
// proxy adds is small.
func (l *Linker) waitAlike(x, y int32) bool {
	a, b := waited(&l.sights.at(l.exchs.at(x).first).rec), waited(&l.sights.at(l.exchs.at(y).first).rec)
	return a != 0 && b != 0 && abs(a-b) <= max(proxyDelay, max(a, b)/4)
}

// isAlone reports whether x is in the list, and nothing else in it was seen at
// a point of x.
func (l *Linker) isAlone(list []int32, x int32) bool {
	for _, y := range list {
		if y != x && l.shareAPoint(x, y) {
			return false
		}
	}
	return contains(list, x)
}

func (l *Linker) shareAPoint(x, y int32) bool {
	for s := l.exchs.at(x).first; s != 0; s = l.sights.at(s).next {
		if l.sawAt(y, l.sights.at(s).rec.Point) {
			return true
		}
	}
	return false
}

// learnShift notes the shift of a connection that one exchange of it showed.
func (l *Linker) learnShift(x, y int32) {
	for s := l.exchs.at(x).first; s != 0; s = l.sights.at(s).next {
		for t := l.exchs.at(y).first; t != 0; t = l.sights.at(t).next {
			a, b := &l.sights.at(s).rec, &l.sights.at(t).rec
			if a.Client == b.Client && a.Server == b.Server && a.Trail.Head == b.Trail.Head && a.Flags&b.Flags&HasSeq != 0 {
				l.field.shifts.learn(a, b)
			}
		}
	}
}
