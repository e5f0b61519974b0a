package link

import (
	"encoding/binary"
	"net/netip"

	"github.com/cespare/xxhash/v2"
	"github.com/wirespan/wirespan/capture/wire"
	"github.com/wirespan/wirespan/l7"
)

// scanBound bounds how many exchanges under one key are looked at.
const scanBound = 64

// maxGroup bounds the exchanges that leave together although nothing but an
// equal ID joins them.
const maxGroup = 4096

// Domains of index keys.
const (
	domSighting = iota + 1
	domTrace
	domID
	domOpen
	domLookup
	domTwin
	domLoose
	domAck
	domSystem
)

// sightingKey finds the sightings of an exchange. It is nothing but the
// exchange key: a point that saw less of the request knows no more than that.
func sightingKey(r *Facts) uint64 { return mix(r.Exchange, domSighting) }

func mix(v, domain uint64) uint64 {
	v ^= domain * 0x9e3779b97f4a7c15
	v ^= v >> 32
	v *= 0xd6e8feb86659fd93
	return v ^ v>>32
}

func openKey(a wire.Addr) uint64 { return mix(xxhash.Sum64(a[:]), domOpen) }

func lookupKey(client, answer *[16]byte) uint64 {
	var b [32]byte
	copy(b[:], client[:])
	copy(b[16:], answer[:])
	return mix(xxhash.Sum64(b[:]), domLookup)
}

// addKey puts an exchange under a key and returns the entry that was the
// newest there.
func (l *Linker) addKey(x int32, key uint64) int32 {
	e := l.exchs.at(x)
	for i := range openSlot {
		if e.has>>i&1 == 0 {
			e.has |= 1 << i
			return l.ix.add(inline(x, i), key)
		}
	}
	e.more = l.ix.addMore(key, x, e.more)
	return l.ix.next(e.more)
}

// relate looks for relatives of an exchange when a sighting of it was opened.
func (l *Linker) relate(x, s int32, isNew bool) {
	r := &l.sights.at(s).rec
	e := l.exchs.at(x)
	if r.Class != l7.ClassDNS && r.Flags&ContentLess == 0 {
		l.useLookup(x, r)
	}
	met := l.relateContext(x, r, isNew)
	met = l.relateIDs(x, l.bytes.view(r.IDs), isNew) || met
	if isNew {
		e.carriedAlone = !met && (r.IDs.len > 0 || r.Flags&HasContext != 0)
		l.soleCandidate(x, r)
		if r.Class == l7.ClassDNS && r.Target != 0 {
			l.addKey(x, mix(r.Target, domTwin))
		}
	}
	if r.Class != l7.ClassDNS && l.newServer(x, s) {
		l.listOpen(x, openKey(r.Server.Addr))
	}
}

// newServer reports whether no earlier sighting of x has the server address of
// s: behind an address translation an exchange has several.
func (l *Linker) newServer(x, s int32) bool {
	for o := l.exchs.at(x).first; o != 0 && o != s; o = l.sights.at(o).next {
		if l.sights.at(o).rec.Server.Addr == l.sights.at(s).rec.Server.Addr {
			return false
		}
	}
	return true
}

func traceKey(r *Facts) uint64 {
	return mix(binary.LittleEndian.Uint64(r.Context.Trace[8:])^binary.LittleEndian.Uint64(r.Context.Trace[:]), domTrace)
}

// relateContext tries every exchange of the same trace as parent and child.
// All of them leave together. It reports whether there are others.
func (l *Linker) relateContext(x int32, r *Facts, isNew bool) (met bool) {
	if r.Flags&HasContext == 0 {
		return false
	}
	e, seen := l.under(x, traceKey(r), isNew)
	for n := 0; e != 0 && n < scanBound; e, n = l.ix.next(e), n+1 {
		o := l.ix.exchange(e)
		if o == x {
			seen = true
		} else if t, _ := l.contextOf(o); t == r.Context.Trace {
			met = true
			l.tryTrace(o, x)
			l.tryTrace(x, o)
			l.accompany(x, o)
		}
	}
	if !seen {
		l.addKey(x, traceKey(r))
	}
	return met
}

// under returns the newest entry of a key other than that of x, which is put
// there now if x is new.
func (l *Linker) under(x int32, key uint64, isNew bool) (e int32, seen bool) {
	if isNew {
		return l.addKey(x, key), true
	}
	return l.ix.first(key), false
}

// accompany puts two exchanges that name the same trace into one group, as
// long as that is not a constant which everybody sends.
func (l *Linker) accompany(x, o int32) {
	if l.exchs.at(l.root(x)).size+l.exchs.at(l.root(o)).size <= maxGroup {
		l.unite(x, o)
	}
}

// tryTrace makes p a candidate of c if the address and the times agree.
func (l *Linker) tryTrace(p, c int32) {
	if l.throughQueue(p, c) {
		l.tryQueue(p, c, wireID{})
		return
	}
	if l.contains(p, c) == outside {
		return
	}
	if l.continuity(p, c) {
		l.propose(c, candidate{x: p, rule: ContextTrace, continuity: true, confidence: 0.98})
	} else if l.forwards(p, c) && !l.sameClient(p, c) && !l.sameServer(p, c) {
		l.propose(c, candidate{x: p, rule: ContextTrace, confidence: 0.9})
	}
}

// forwards reports whether two exchanges have the very same context: it was sent on
// unchanged.
func (l *Linker) forwards(p, c int32) bool {
	a, ok := l.wireContext(p)
	b, has := l.wireContext(c)
	return ok && has && !a.Parent.IsZero() && a.Parent == b.Parent && a.Trace == b.Trace
}

// relateIDs tries every exchange with one of the IDs as parent and child.
// Those that may name one trace leave together. It reports whether there are
// others.
func (l *Linker) relateIDs(x int32, b []byte, isNew bool) (met bool) {
	for i := range len(b) / idSize {
		id := idAt(b, i)
		key := mix(id.value, domID)
		e, seen := l.under(x, key, isNew)
		for n := 0; e != 0 && n < scanBound; e, n = l.ix.next(e), n+1 {
			o := l.ix.exchange(e)
			if o == x {
				seen = true
				continue
			}
			if id.message {
				l.tryMessage(o, x, id)
				l.tryMessage(x, o, id)
				continue
			}
			met = true
			l.tryID(o, x, id)
			l.tryID(x, o, id)
			if id.bits >= strongBits {
				l.accompany(x, o)
			}
		}
		if !seen {
			l.addKey(x, key)
		}
	}
	return met
}

// tryID makes p a candidate of c if they share the ID in one of the ways of
// rule 3 and addresses and times agree.
func (l *Linker) tryID(p, c int32, id wireID) {
	if l.throughQueue(p, c) {
		l.tryQueue(p, c, id)
		return
	}
	step, bits, ok := l.sharedID(p, c, id)
	if !ok {
		return
	}
	cand := candidate{x: p, rule: HeaderID, step: step, bits: bits, id: id, confidence: 0.99}
	when := l.contains(p, c)
	if when == outside {
		return
	}
	if cand.continuity = l.continuity(p, c); !cand.continuity {
		if bits < strongBits || l.sameClient(p, c) || l.sameServer(p, c) {
			return
		}
		cand.confidence = 0.9
	}
	l.propose(c, cand)
}

// sharedID says how parent and child share an ID.
func (l *Linker) sharedID(p, c int32, id wireID) (step, bits uint8, ok bool) {
	pq, pr := l.carries(p, id, false), l.carries(p, id, true)
	cq, cr := l.carries(c, id, false), l.carries(c, id, true)
	switch {
	case cq && pq:
		return stepRequest, id.bits, true
	case cq && pr:
		return stepEcho, id.bits, true
	case cr && pr && !cq:
		return stepResponse, id.bits, true
	}
	return 0, 0, false
}

// carries reports whether a sighting of x has the ID in its request or response.
// Those in the body of a request are known late: they come with the response's.
func (l *Linker) carries(x int32, id wireID, response bool) bool {
	for s := l.exchs.at(x).first; s != 0; s = l.sights.at(s).next {
		r := &l.sights.at(s).rec
		if !response && hasID(l.bytes.view(r.IDs), id, false) || hasID(l.piece(r, ResponseIDs), id, response) {
			return true
		}
	}
	return false
}

// hasID reports whether an ID is in a list, in a request or in a response.
func hasID(b []byte, id wireID, response bool) bool {
	for i := range len(b) / idSize {
		if o := idAt(b, i); o.response == response && o.same(id) {
			return true
		}
	}
	return false
}

// answered looks for relatives by what the response of a sighting brought.
func (l *Linker) answered(x, s int32) {
	r := &l.sights.at(s).rec
	if r.Flags&ContextBack != 0 {
		l.relateContext(x, r, false)
	}
	if r.Pieces.has(ResponseIDs) {
		l.relateIDs(x, l.piece(r, ResponseIDs), false)
	}
	if !r.Pieces.has(Answers) {
		return
	}
	if r.Class == l7.ClassDNS {
		l.offerLookup(x, r)
	} else {
		l.terms.learn(l.piece(r, Answers))
	}
}

// continuity reports whether the server of p is the client of c, by any of
// their sightings, so that address translation between them is undone. A server
// on the loopback is on the client's own host, which is the same for others on
// the loopback only if one point saw both.
func (l *Linker) continuity(p, c int32) bool {
	for s := l.exchs.at(p).first; s != 0; s = l.sights.at(s).next {
		for t := l.exchs.at(c).first; t != 0; t = l.sights.at(t).next {
			a, b := &l.sights.at(s).rec, &l.sights.at(t).rec
			switch {
			case a.Server.Addr == b.Client.Addr:
				if a.Point == b.Point || !isLoopback(&a.Server.Addr) {
					return true
				}
			case a.Client.Addr == b.Client.Addr && isLoopback(&a.Server.Addr) && !isLoopback(&b.Server.Addr):
				return true
			case isLoopback(&b.Client.Addr) && !isLoopback(&a.Server.Addr) && l.owns(&a.Server): // asked on one of our addresses, asks on the loopback
				return true
			}
		}
	}
	return false
}

// sameClient reports whether one client sent both, by any of their sightings.
func (l *Linker) sameClient(p, c int32) bool {
	for s := l.exchs.at(p).first; s != 0; s = l.sights.at(s).next {
		for t := l.exchs.at(c).first; t != 0; t = l.sights.at(t).next {
			if l.sights.at(s).rec.Client.Addr == l.sights.at(t).rec.Client.Addr {
				return true
			}
		}
	}
	return false
}

func (l *Linker) sameServer(p, c int32) bool {
	return l.sights.at(l.exchs.at(p).first).rec.Server == l.sights.at(l.exchs.at(c).first).rec.Server
}

// nesting says how the times of a child lie to those of a parent.
type nesting uint8

const (
	outside  nesting = iota
	unknown          // no common clock
	starts           // the child starts while the parent is open
	enclosed         // and ends while it is open
)

// contains compares times of parent and child: between sightings at one point,
// else with corrected clocks, else not at all. Of several pairs of sightings
// the one that fits best counts: delays between points are not order.
func (l *Linker) contains(p, c int32) nesting {
	best, common, known := outside, false, false
	for s := l.exchs.at(p).first; s != 0; s = l.sights.at(s).next {
		for t := l.exchs.at(c).first; t != 0; t = l.sights.at(t).next {
			a, b := l.sights.at(s), l.sights.at(t)
			if a.rec.Point == b.rec.Point {
				if n := nest(a, b, 0, 0); !common || n > best {
					best = n
				}
				common = true
			} else if common {
				continue
			} else if shift, bound, ok := l.between(b.rec.Point, a.rec.Point, b.rec.Start); ok {
				known = true
				if !within(a, b, shift) {
					best = max(best, nest(a, b, shift, bound))
				}
			}
		}
	}
	if !common && !known {
		return unknown
	}
	return best
}

// within reports whether the parent lies in the child, of which the child may
// start a little earlier as far as the clocks are known: then it is the parent.
func within(p, c *sighting, shift int64) bool {
	start, end := c.rec.Start+shift, c.rec.End+shift
	return !p.open && !c.open && start <= p.rec.Start && p.rec.End <= end && end-start > p.rec.End-p.rec.Start
}

func nest(p, c *sighting, shift, slack int64) nesting {
	start := c.rec.Start + shift
	switch {
	case start+slack < p.rec.Start:
		return outside
	case p.open:
		return starts
	case start-slack > p.rec.End:
		return outside
	case !c.open && c.rec.End+shift <= p.rec.End+slack:
		return enclosed
	}
	return starts
}

// propose adds a candidate to an exchange and keeps both in one group. Beyond
// the bound the worst one goes.
func (l *Linker) propose(c int32, cand candidate) {
	e := l.exchs.at(c)
	if e.fixed {
		return
	}
	list := l.relativesOf(c)
	for i := range list.list[:list.n] {
		if o := &list.list[i]; o.x == cand.x {
			if l.better(&cand, o, -1) {
				*o = cand
			}
			return
		}
	}
	if list.n < maxCands {
		list.list[list.n] = cand
		list.n++
	} else if w := l.worst(list); l.better(&cand, &list.list[w], c) {
		list.list[w] = cand
	} else {
		return
	}
	l.unite(c, cand.x)
}

func (l *Linker) worst(c *relatives) int {
	w := 0
	for i := 1; i < int(c.n); i++ {
		if l.better(&c.list[w], &c.list[i], -1) {
			w = i
		}
	}
	return w
}

// better orders candidates for child c (-1: without its times): by rule, where
// IDs and contexts are one, then continuity, ID before context, step, an
// enclosed end, then the latest start.
func (l *Linker) better(a, b *candidate, c int32) bool {
	if named := a.rule.names() && b.rule.names(); a.rule != b.rule && !named {
		return a.rule < b.rule
	}
	if a.continuity != b.continuity {
		return a.continuity
	}
	if c >= 0 && a.rule != Message && b.rule != Message && (a.x == l.saidParent(c)) != (b.x == l.saidParent(c)) {
		return a.x == l.saidParent(c) // among those that the wire names, whom the caller served
	}
	if a.rule != b.rule {
		if c >= 0 && (a.rule == Message || b.rule == Message) {
			return l.betterThanQueue(a, b, c)
		}
		return a.rule < b.rule
	}
	if a.step != b.step {
		return a.step < b.step
	}
	if c >= 0 {
		if na, nb := l.contains(a.x, c), l.contains(b.x, c); na != nb {
			return na > nb
		}
	}
	sa, sb := &l.sights.at(l.exchs.at(a.x).first).rec, &l.sights.at(l.exchs.at(b.x).first).rec
	if ta, tb := l.onBase(sa), l.onBase(sb); ta != tb {
		return ta > tb
	}
	return sa.Exchange > sb.Exchange
}

func isLoopback(a *wire.Addr) bool { return netip.AddrFrom16(*a).Unmap().IsLoopback() }
