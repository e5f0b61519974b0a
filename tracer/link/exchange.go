package link

import "github.com/wirespan/wirespan/tracer/span"

// sighting is one exchange at one capture point, from its opened record to its
// release.
type sighting struct {
	rec   Record // Refs point into the arena
	x     int32
	next  int32 // next sighting of the exchange, in order of arrival
	open  bool
	index uint32 // among sightings of the exchange at the same point
}

// exchange is a request with its response, with all its sightings, and the
// unit that rules link.
type exchange struct {
	key          uint64
	first, last  int32 // sightings
	ents         int32 // own entries in the index
	openEnt      int32 // entry in the list of open requests of its server, 0 if none
	open         uint16
	sightings    uint16
	carriedAlone bool // nobody carried its IDs or context before it
	held         bool // open for longer than MaxOpen
	fixed        bool // open, but its trace has left: ids are decided
	used         bool
	cands        int32 // list in the slab of candidates, 0 if none
	dns          int32 // exchange whose parent is this lookup's parent, 0 none
	tookLookup   bool  // this call was preceded by a lookup
	passedOn     bool  // a proxy's call was found to be this request sent on

	// Group: a union of exchanges that leave together. The fields after ring
	// are valid for the root only.
	up, ring  int32
	size      int32
	groupOpen int32
	groupLast int64 // processing time of the last record
	due       int64 // time of the bucket that holds the group, 0 if none

	// Decided at release.
	parent  int32
	verdict candidate
	trace   span.TraceID
	wire    span.SpanID // parent on the wire that is exported
	cut     int32       // parent of another wire trace, becomes a span link
	depth   int32
	best    int32       // on the root: root-most exchange with a request ID
	above   span.SpanID // fixed: span id of the parent that has left
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

// candList is a bounded list of candidates.
type candList struct {
	n    uint8
	list [maxCands]candidate
}

// candsOf returns the candidates of an exchange.
func (l *Linker) candsOf(x int32) []candidate {
	c := &l.cands[l.exchs[x].cands]
	return c.list[:c.n]
}

// newSighting takes a sighting from the slab.
func (l *Linker) newSighting(r *Record) int32 {
	var i int32
	if n := len(l.freeSight); n > 0 {
		i, l.freeSight = l.freeSight[n-1], l.freeSight[:n-1]
	} else {
		l.sights = append(l.sights, sighting{})
		i = int32(len(l.sights) - 1)
	}
	l.sights[i] = sighting{rec: *r, open: true}
	return i
}

// newExchange takes an exchange from the slab, in a group of its own.
func (l *Linker) newExchange(key uint64) int32 {
	var i int32
	if n := len(l.freeExch); n > 0 {
		i, l.freeExch = l.freeExch[n-1], l.freeExch[:n-1]
	} else {
		l.exchs = append(l.exchs, exchange{})
		i = int32(len(l.exchs) - 1)
	}
	l.exchs[i] = exchange{key: key, up: i, ring: i, size: 1, used: true}
	l.waiting++
	return i
}

// freeExchange gives an exchange and its sightings back.
func (l *Linker) freeExchange(x int32) {
	e := &l.exchs[x]
	l.unindex(x)
	for s := e.first; s != 0; {
		n := l.sights[s].next
		l.dropBytes(&l.sights[s].rec)
		l.sights[s] = sighting{}
		l.freeSight = append(l.freeSight, s)
		s = n
	}
	l.freeCands(e)
	*e = exchange{}
	l.freeExch = append(l.freeExch, x)
	l.waiting--
}

func (l *Linker) freeCands(e *exchange) {
	if e.cands != 0 {
		l.cands[e.cands].n = 0
		l.freeList = append(l.freeList, e.cands)
		e.cands = 0
	}
}

// unindex takes an exchange out of all lists.
func (l *Linker) unindex(x int32) {
	e := &l.exchs[x]
	for i := e.ents; i != 0; {
		own := l.ix.ents[i].own
		l.ix.remove(i)
		i = own
	}
	if e.openEnt != 0 {
		l.ix.remove(e.openEnt)
	}
	e.ents, e.openEnt = 0, 0
}

// refs lists the byte strings of a record.
func (r *Record) refs() [8]*Ref {
	return [8]*Ref{&r.IDs, &r.Host, &r.Name, &r.Template, &r.Attrs, &r.Answers, &r.Error, &r.ResponseIDs}
}

// keepBytes moves the byte strings of a record from a batch into the arena.
func (l *Linker) keepBytes(r *Record, b *Batch) {
	for _, p := range r.refs() {
		if p.len > 0 {
			*p = l.bytes.put(b.View(*p))
		}
	}
}

func (l *Linker) dropBytes(r *Record) {
	for _, p := range r.refs() {
		l.bytes.drop(*p)
		*p = Ref{}
	}
}

// root finds the group of an exchange.
func (l *Linker) root(x int32) int32 {
	for l.exchs[x].up != x {
		l.exchs[x].up = l.exchs[l.exchs[x].up].up
		x = l.exchs[x].up
	}
	return x
}

// unite makes one group of two.
func (l *Linker) unite(a, b int32) {
	a, b = l.root(a), l.root(b)
	if a == b {
		return
	}
	if l.exchs[a].size < l.exchs[b].size {
		a, b = b, a
	}
	g, h := &l.exchs[a], &l.exchs[b]
	h.up = a
	g.ring, h.ring = h.ring, g.ring
	g.size += h.size
	g.groupOpen += h.groupOpen
	g.groupLast = max(g.groupLast, h.groupLast)
	if h.due != 0 && g.due == 0 {
		l.schedule(a, h.due)
	}
}
