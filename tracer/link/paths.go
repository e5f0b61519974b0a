package link

import (
	"cmp"

	"github.com/wirespan/wirespan/capture/wire"
)

// Bounds and numbers of what is known of the order of points.
const (
	maxPaths    = 4096 // pairs of points and servers
	nestingFrom = 20   // exchanges from which medians are compared
)

// paths say in which order requests pass two points on their way to a server.
// It is the same for all of them, as far as the network is.
type paths struct {
	known   map[pathKey]*path
	refused uint64 // beyond the bound
}

// pathKey is a pair of points, a < b, and a server as a sees it: another one
// may lie in the other direction.
type pathKey struct {
	a, b   uint16
	server wire.Addr
}

// path counts what speaks for a lying nearer to the client than b: positive
// for it, negative against it.
type path struct {
	direct    bool // exchanges pass both as they are: no proxy lies between
	handshake int64
	ttl       int64
	longer    int64 // exchanges that took longer at a, less those that took longer at b
	compared  int64 // of how many
}

// of returns what is known of the path of two sightings; nil beyond the bound.
// swapped says that b of the path is the point of p.
func (t *paths) of(p, q *Facts) (k *path, swapped bool) {
	if swapped = p.Point > q.Point; swapped {
		p, q = q, p
	}
	key := pathKey{p.Point, q.Point, p.Server.Addr}
	if k = t.known[key]; k != nil {
		return k, swapped
	}
	if len(t.known) >= maxPaths {
		t.refused++
		return nil, swapped
	}
	if t.known == nil {
		t.known = make(map[pathKey]*path)
	}
	k = &path{}
	t.known[key] = k
	return k, swapped
}

// noteDirect notes that an exchange was seen unchanged at the point of another
// sighting.
func (l *Linker) noteDirect(x int32, r *Facts) {
	first := &l.sights.at(l.exchs.at(x).first).rec
	if first.Point == r.Point {
		return
	}
	if k, _ := l.field.paths.of(first, r); k != nil {
		k.direct = true
	}
}

// isDirect reports whether exchanges between two points pass as they are.
func (t *paths) isDirect(p, q *Facts) bool {
	if p.Point > q.Point {
		p, q = q, p
	}
	k := t.known[pathKey{p.Point, q.Point, p.Server.Addr}]
	return k != nil && k.direct
}

// orderSightings sorts the sightings of an exchange from the client's side to
// the server's.
func (l *Linker) orderSightings(x int32) {
	e := l.exchs.at(x)
	if e.sightings < 2 {
		return
	}
	l.completeHalves(x)
	list := l.out.sorted[:0]
	for s := e.first; s != 0; s = l.sights.at(s).next {
		list = append(list, s)
	}
	l.out.sorted = list
	for i, s := range list[:min(len(list), maxCompared)] {
		for _, t := range list[i+1 : min(len(list), maxCompared)] {
			l.notePath(&l.sights.at(s).rec, &l.sights.at(t).rec)
		}
	}
	for i := 1; i < len(list); i++ { // insertion sort: what tells of one pair need not fit that of another
		for j := i; j > 0 && l.nearer(&l.sights.at(list[j]).rec, &l.sights.at(list[j-1]).rec) < 0; j-- {
			list[j], list[j-1] = list[j-1], list[j]
		}
	}
	e.first, e.last = list[0], list[len(list)-1]
	for i := len(list) - 1; i >= 0; i-- { // whichever came first, the exchange has one key
		if sg := l.sights.at(list[i]); sg.half != responseHalf {
			e.key = sg.rec.Exchange
		}
	}
	for i, s := range list {
		l.sights.at(s).next = 0
		if i+1 < len(list) {
			l.sights.at(s).next = list[i+1]
		}
	}
}

// nearer is negative if p lies nearer to the client than q: by the handshake
// and the TTL of the connection, then by what other exchanges told of the same
// points, then by how the times of this one nest, then by input.
func (l *Linker) nearer(p, q *Facts) int {
	if c := byHandshake(p, q); c != 0 {
		return c
	}
	if c := byTTL(p, q); c != 0 {
		return c
	}
	if p.Point != q.Point {
		if c := l.byPath(p, q); c != 0 {
			return c
		}
	}
	return cmp.Or(l.byNesting(p, q), cmp.Compare(p.Point, q.Point))
}

// samePackets reports whether two sightings are of the same packets, so that
// what packets and handshakes tell can be compared.
func samePackets(p, q *Facts) bool {
	return p.Exchange == q.Exchange || p.Flags&q.Flags&TCP == 0
}

// byHandshake compares the parts of the handshake: seen nearer to the client
// the SYN-ACK takes longer to come, and the ACK of it less. Both must say so.
func byHandshake(p, q *Facts) int {
	a, b := &p.Trail, &q.Trail
	if a.RTTClient == 0 || a.RTTServer == 0 || b.RTTClient == 0 || b.RTTServer == 0 || !samePackets(p, q) {
		return 0
	}
	if c := cmp.Compare(b.RTTServer, a.RTTServer); c == cmp.Compare(a.RTTClient, b.RTTClient) {
		return c
	}
	return 0
}

// byTTL compares the TTLs of requests, which fall on the way to the server.
func byTTL(p, q *Facts) int {
	if p.TTL == 0 || q.TTL == 0 || !samePackets(p, q) {
		return 0
	}
	return cmp.Compare(q.TTL, p.TTL)
}

// notePath takes what an exchange tells of the order of two points.
func (l *Linker) notePath(p, q *Facts) {
	if p.Point == q.Point {
		return
	}
	if p.Point > q.Point {
		p, q = q, p
	}
	k, _ := l.field.paths.of(p, q)
	if k == nil {
		return
	}
	k.handshake -= int64(byHandshake(p, q))
	k.ttl -= int64(byTTL(p, q))
	if waited(p) != 0 && waited(q) != 0 {
		k.longer += int64(cmp.Compare(waited(p), waited(q)))
		k.compared++
	}
}

// waited is how long the response took at a point, 0 if that is not known.
func waited(r *Facts) int64 {
	if r.ResponseStart == 0 || r.Outcome != Answered {
		return 0
	}
	return r.ResponseStart - r.Start
}

// byPath says what other exchanges told: handshakes first, then TTLs, then by
// which point most took longer, which is what comparing medians says.
func (l *Linker) byPath(p, q *Facts) int {
	k, swapped := l.field.paths.of(p, q)
	if k == nil {
		return 0
	}
	c := -cmp.Or(cmp.Compare(k.handshake, 0), cmp.Compare(k.ttl, 0))
	if c == 0 && k.compared >= nestingFrom {
		c = -cmp.Compare(k.longer, 0)
	}
	if swapped {
		return -c
	}
	return c
}

// byNesting says how the times of one exchange lie: the point nearer to the
// client sees it begin first and end last. Where the clocks differ, the one
// that waited longer is nearer to the client.
func (l *Linker) byNesting(p, q *Facts) int {
	if waited(p) != 0 && waited(q) != 0 && !l.clocks.agree(p.Point, q.Point) {
		return cmp.Compare(waited(q), waited(p))
	}
	return cmp.Or(cmp.Compare(p.Start, q.Start), cmp.Compare(q.End, p.End))
}
