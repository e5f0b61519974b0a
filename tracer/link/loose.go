package link

import (
	"strconv"

	"github.com/wirespan/wirespan/l7"
)

// An exchange that several points saw is found by its key, which address
// translation and tunnels leave as it is (rules A and B of
// reference/inference.md, section 6). What follows finds it where that differs:
// sequence numbers that a SYN proxy or an application gateway shifts, proxies
// that end connections without changing addresses, and points that saw one
// direction only (rules C and D). It costs index entries, so it begins when a
// second point is known, or the only one has seen both sides of a translation.

// looseWindow bounds how far apart two sightings of one exchange begin, by
// clocks that can be compared: a request takes no longer to travel.
const looseWindow = int64(2e9)

// udpWindow does so for datagrams whose clocks cannot be compared.
const udpWindow = int64(3e9)

// field is what is known of the capture points.
type field struct {
	wide    bool
	points  int             // that have seen something
	seen    [1 << 10]uint64 // bits of points
	paths   paths
	shifts  shifts
	orphans int // responses without request that wait
}

// meetPoint notes that a point has seen something.
func (l *Linker) meetPoint(p uint16) {
	f := &l.field
	if f.seen[p>>6]>>(p&63)&1 != 0 {
		return
	}
	f.seen[p>>6] |= 1 << (p & 63)
	if f.points++; f.points > 1 {
		l.widen()
	}
}

// widen makes all that waits, and all that will come, be found by more than
// its key.
func (l *Linker) widen() {
	if l.field.wide {
		return
	}
	l.field.wide = true
	for x := l.oldest.first; x != 0; x = l.exchs.at(x).arrival.next {
		if f := l.exchs.at(x).first; f != 0 {
			l.addLoose(x, &l.sights.at(f).rec)
			l.court(x, f)
		}
	}
}

// print is what two sightings of a request have in common whatever a proxy
// did to its headers, 0 if nothing.
func printOf(r *Facts) uint64 {
	if r.Class == l7.ClassHTTP && r.Target != 0 {
		return r.Target
	}
	return r.Trail.Head
}

func looseKey(print, client uint64) uint64 { return mix(print^client*0x9e3779b97f4a7c15, domLoose) }

func ackKey(ack uint32) uint64 { return mix(uint64(ack), domAck) }

// isLoose reports whether an exchange can be found by more than its key.
func isLoose(r *Facts) bool {
	return r.Flags&ContentLess == 0 && (r.Outcome == Answered || r.Outcome == None) && printOf(r) != 0
}

// addLoose lets an exchange be found by its payload and client, by the client
// that a proxy named, and by the place of its response.
func (l *Linker) addLoose(x int32, r *Facts) {
	e := l.exchs.at(x)
	if !l.field.wide || e.loose || e.fixed || !isLoose(r) {
		return
	}
	e.loose = true
	client := AddrHash(&r.Client.Addr)
	l.addKey(x, looseKey(printOf(r), client))
	if r.Forwarded != 0 && r.Forwarded != client {
		l.addKey(x, looseKey(printOf(r), r.Forwarded))
	}
	if r.Flags&HasSeq != 0 {
		l.addKey(x, ackKey(r.Trail.Ack))
		l.awaitHalf(x, r.Trail.Ack)
	}
}

// looseOf finds the exchange of a sighting whose key is new, by what tells for
// certain that two messages are one. 0 if there is none.
func (l *Linker) looseOf(s int32) int32 {
	r := &l.sights.at(s).rec
	if !l.field.wide || !isLoose(r) {
		return 0
	}
	e := l.ix.first(looseKey(printOf(r), AddrHash(&r.Client.Addr)))
	for n := 0; e != 0 && n < scanBound; e, n = l.ix.next(e), n+1 {
		if o := l.ix.exchange(e); l.sameStream(o, r) {
			l.stats.Shifted++
			return o
		}
	}
	return 0
}

// sameStream reports whether a sighting at another point is surely of exchange
// x, by one of its sightings.
func (l *Linker) sameStream(x int32, r *Facts) bool {
	e := l.exchs.at(x)
	if e.fixed || l.sawAt(x, r.Point) {
		return false
	}
	for s := e.first; s != 0; s = l.sights.at(s).next {
		if l.sameMessage(&l.sights.at(s).rec, r) && l.isNear(&l.sights.at(s).rec, r) {
			return true
		}
	}
	return false
}

// sameMessage compares what identifies a request beside its exchange key. The
// client's address and port are the same in all cases.
func (l *Linker) sameMessage(a, b *Facts) bool {
	if a.Client != b.Client || a.Class != b.Class || a.Trail.Head != b.Trail.Head || a.Trail.Head == 0 || (a.Flags^b.Flags)&TCP != 0 {
		return false
	}
	if a.Flags&TCP == 0 {
		// The key has the time in it; the transaction id is part of Head.
		return a.Server.Port == b.Server.Port
	}
	switch {
	case a.Flags&b.Flags&HasSeq == 0:
		return false
	case a.SeqRequest == b.SeqRequest:
		// A SYN proxy that keeps the client's numbers, or a segment that one
		// point saw when it was sent again.
		return true
	case a.Server != b.Server: // one port of a client may talk to several servers
		return false
	case a.Flags&b.Flags&Handshake != 0:
		return a.Trail.Offset == b.Trail.Offset
	}
	return l.field.shifts.knows(a, b)
}

// oneClockSlack is how far apart the times of two points can be although they
// are by one clock: mirrors take their time.
const oneClockSlack = usable / 2

// between is clocks.shift, or what is known from the start: that there is one
// clock.
func (l *Linker) between(p, q uint16, at int64) (shift, bound int64, ok bool) {
	if shift, bound, ok = l.clocks.shift(p, q, at); !ok && l.cfg.OneClock {
		return 0, oneClockSlack, true
	}
	return shift, bound, ok
}

// isNear reports whether two sightings may be of one message by their times:
// as far as the clocks can be compared.
func (l *Linker) isNear(a, b *Facts) bool {
	shift, slack, ok := l.between(b.Point, a.Point, b.Start)
	if !ok {
		return a.Flags&TCP != 0 || abs(b.Start-a.Start) < udpWindow
	}
	return abs(b.Start+shift-a.Start) < looseWindow+slack
}

// sawAt reports whether an exchange has a sighting at a point.
func (l *Linker) sawAt(x int32, point uint16) bool {
	for s := l.exchs.at(x).first; s != 0; s = l.sights.at(s).next {
		if l.sights.at(s).rec.Point == point {
			return true
		}
	}
	return false
}

// mayJoin reports whether a sighting with the key of an exchange is another
// view of it: from another point. One point does not see an exchange twice;
// equal keys there are repeats, which get an index of their own, but for the
// two sides of an address translation.
func (l *Linker) mayJoin(x, s int32) bool {
	sg := l.sights.at(s)
	known, translated := false, false
	for o := l.exchs.at(x).first; o != 0; o = l.sights.at(o).next {
		og := l.sights.at(o)
		known = known || og.rec.Exchange == sg.rec.Exchange
		if og.rec.Point != sg.rec.Point {
			continue
		}
		sg.index = max(sg.index, og.index+1)
		if !bothSides(og, sg) {
			return false
		}
		translated = true
	}
	if known && translated {
		l.widen()
	}
	return known
}

// bothSides reports whether a point saw one packet before and after its
// addresses were translated: on the way it has been forwarded, so the TTL says
// which came first, and times must agree. A packet that only came again, or
// was made with the numbers of another, does not look like that.
func bothSides(a, b *sighting) bool {
	p, q := &a.rec, &b.rec
	if p.Client == q.Client && p.Server == q.Server || p.TTL == 0 || q.TTL == 0 || p.TTL == q.TTL || !a.open && q.Start > p.End {
		return false
	}
	return (p.TTL > q.TTL) == (p.Start <= q.Start) || p.Start == q.Start
}

// sameAddresses reports whether two sightings are between the same hosts, on
// the same port of the server.
func sameAddresses(a, b *Facts) bool { return a.Client.Addr == b.Client.Addr && a.Server == b.Server }

// appendWhy tells what a sighting has in common with the one nearer the client,
// if that is not its key.
func (l *Linker) appendWhy(b []byte, v *view) []byte {
	for s := l.exchs.at(v.x).first; s != 0; s = l.sights.at(s).next {
		if l.sights.at(s).next == v.s {
			return appendShift(b, l.sights.at(s), l.sights.at(v.s))
		}
	}
	return b
}

// appendShift tells by how much the numbers of a sighting differ from those of
// another, where that is why they were hard to recognise.
func appendShift(b []byte, s, t *sighting) []byte {
	from, to := &s.rec, &t.rec
	switch {
	case from.Exchange == to.Exchange:
		return b
	case s.half == responseHalf || t.half == responseHalf:
		return append(b, "; the response begins where the request acknowledged"...)
	case from.Flags&to.Flags&TCP == 0:
		return append(b, "; same transaction, client and question"...)
	case from.Client == to.Client && from.Trail.Head == to.Trail.Head && from.Flags&to.Flags&HasSeq != 0:
		b = append(b, "; sequence numbers shifted by "...)
		b = strconv.AppendInt(b, int64(int32(to.SeqRequest-from.SeqRequest)), 10)
		b = append(b, " and "...)
		return strconv.AppendInt(b, int64(int32(to.Trail.Ack-from.Trail.Ack)), 10)
	}
	return append(b, "; same payload on another connection"...)
}
