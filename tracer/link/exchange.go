package link

import "github.com/wirespan/wirespan/tracer/span"

// sighting is one exchange at one capture point, from its opened record to its
// release.
type sighting struct {
	rec   Facts // places are those of the arena
	x     int32
	next  int32 // next sighting of the exchange, in order of arrival
	open  bool
	index uint32 // among sightings of the exchange at the same point
	half  half   // what the point saw, if it did not see both messages
}

// exchange is a request with its response, with all its sightings, and the
// unit that rules link.
type exchange struct {
	key          uint64
	ents         [numInline]entry // its first entries in the index; the last is in a list of open requests
	has          uint8            // which of ents are in use
	more         int32            // further entries, 0 if none
	moreOpen     int32            // further ones in lists of open requests of its servers
	first, last  int32            // sightings
	arrival      neighbours       // among all that wait
	opening      neighbours       // among those that are open and hold their traces
	since        int64            // when it was opened
	open         uint16
	sightings    uint16
	carriedAlone bool // nobody carried its IDs or context before it
	held         bool // open for longer than MaxOpen
	fixed        bool // open, but its trace has left: ids are decided
	used         bool
	kin          int32 // in the slab of relatives, 0 if none
	sides        sides // what processes did of it
	dns          int32 // exchange whose parent is this lookup's parent, 0 none
	tookLookup   bool  // this call was preceded by a lookup
	passedOn     bool  // a proxy's call was found to be this request sent on
	loose        bool  // is found by more than its key, see loose.go
	courted      bool  // may be the same exchange as another of its group
	sentOn       bool  // a child of it is the same request, sent on by a proxy
	orphan       bool  // a response without request, found by its place
	merged       int32 // exchange that has taken its sightings over, 0 if none

	// Group: a union of exchanges that leave together. The fields after ring
	// are valid for the root only.
	up, ring  int32
	size      int32
	groupOpen int32
	groupLast int64 // processing time of the last record
	due       int64 // time of the bucket that holds the group, 0 if none

	// Decided at release.
	parent  int32
	trace   span.TraceID
	cut     int32 // parent of another wire trace, becomes a span link
	depth   int32
	best    int32 // on the root: root-most exchange with a request ID
	top     int32 // root of its tree
	settled bool  // wire trace, top and depth are decided
	leaving bool  // on the root: its group is about to leave
}

// kin is a parent as it is written.
type kin struct {
	trace span.TraceID
	id    span.SpanID // zero: none
	cut   bool        // of another wire trace: a span link
}

// maxCands bounds the parents that are considered for one exchange.
const maxCands = 6

// candidate is a possible parent.
type candidate struct {
	x          int32
	rule       Rule
	step       uint8 // order within the rule: request to request, response to request, ...
	continuity bool
	bits       uint8
	id         wireID // that matched
	confidence float32
}

// relatives is what is known and decided about the parent of an exchange. Most
// have none, and it is large.
type relatives struct {
	n         uint8
	list      [maxCands]candidate
	verdict   candidate
	left      kin  // fixed: the parent, which may have left
	forwarded bool // fixed: see exportWire
}

// candsOf returns the candidates of an exchange.
func (l *Linker) candsOf(x int32) []candidate {
	i := l.exchs.at(x).kin
	if i == 0 {
		return nil
	}
	c := l.kins.at(i)
	return c.list[:c.n]
}

// relativesOf returns the relatives of an exchange for writing.
func (l *Linker) relativesOf(x int32) *relatives {
	e := l.exchs.at(x)
	if e.kin == 0 {
		e.kin = l.kins.take()
		*l.kins.at(e.kin) = relatives{}
	}
	return l.kins.at(e.kin)
}

// verdictOf returns why the parent of an exchange is its parent.
func (l *Linker) verdictOf(x int32) candidate {
	if i := l.exchs.at(x).kin; i != 0 {
		return l.kins.at(i).verdict
	}
	return candidate{}
}

// newExchange takes an exchange from the slab, in a group of its own.
func (l *Linker) newExchange(key uint64) int32 {
	x := l.exchs.take()
	*l.exchs.at(x) = exchange{key: key, up: x, ring: x, size: 1, used: true}
	l.oldest.push(l, x)
	l.waiting++
	return x
}

// freeExchange gives an exchange and its sightings back.
func (l *Linker) freeExchange(x int32) {
	e := l.exchs.at(x)
	l.unindex(x)
	l.oldest.remove(l, x)
	for s := e.first; s != 0; {
		sg := l.sights.at(s)
		n := sg.next
		l.bytes.drop(sg.rec.IDs)
		l.bytes.drop(sg.rec.Pieces.whole())
		sg.open, sg.x = false, 0
		l.sights.put(s)
		s = n
	}
	l.freeKin(e)
	if e.sides != (sides{}) {
		l.freeSides(x)
	}
	if e.orphan {
		l.field.orphans--
	}
	e.used = false
	l.exchs.put(x)
	l.waiting--
}

func (l *Linker) freeKin(e *exchange) {
	if e.kin != 0 {
		l.kins.put(e.kin)
		e.kin = 0
	}
}

// unindex takes an exchange out of all lists.
func (l *Linker) unindex(x int32) {
	e := l.exchs.at(x)
	for i := range openSlot {
		if e.has>>i&1 != 0 {
			l.ix.remove(inline(x, i))
		}
	}
	e.has &= 1 << openSlot
	l.removeAll(e.more)
	e.more = 0
	l.unlistOpen(x)
}

// listOpen puts x into the list of open requests of a server.
func (l *Linker) listOpen(x int32, key uint64) {
	e := l.exchs.at(x)
	if e.has>>openSlot&1 == 0 {
		e.has |= 1 << openSlot
		l.ix.add(inline(x, openSlot), key)
		return
	}
	e.moreOpen = l.ix.addMore(key, x, e.moreOpen)
}

// unlistOpen takes x out of those lists.
func (l *Linker) unlistOpen(x int32) {
	e := l.exchs.at(x)
	if e.has>>openSlot&1 != 0 {
		e.has &^= 1 << openSlot
		l.ix.remove(inline(x, openSlot))
	}
	l.removeAll(e.moreOpen)
	e.moreOpen = 0
}

// removeAll takes a list of further entries out of the index.
func (l *Linker) removeAll(e int32) {
	for e != 0 {
		own := l.ix.more.at(e >> inlineBits).own
		l.ix.remove(e)
		l.ix.more.put(e >> inlineBits)
		e = own
	}
}

// piece returns a byte string of a sighting.
func (l *Linker) piece(f *Facts, i Piece) []byte { return l.bytes.view(f.Pieces.ref(i)) }

// root finds the group of an exchange.
func (l *Linker) root(x int32) int32 {
	for l.exchs.at(x).up != x {
		l.exchs.at(x).up = l.exchs.at(l.exchs.at(x).up).up
		x = l.exchs.at(x).up
	}
	return x
}

// unite makes one group of two.
func (l *Linker) unite(a, b int32) {
	a, b = l.root(a), l.root(b)
	if a == b {
		return
	}
	if l.exchs.at(a).size < l.exchs.at(b).size {
		a, b = b, a
	}
	g, h := l.exchs.at(a), l.exchs.at(b)
	h.up = a
	g.ring, h.ring = h.ring, g.ring
	g.size += h.size
	g.groupOpen += h.groupOpen
	g.groupLast = max(g.groupLast, h.groupLast)
	if h.due != 0 && g.due == 0 {
		l.schedule(a, h.due)
	}
}
