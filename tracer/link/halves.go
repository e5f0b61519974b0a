package link

import "github.com/wirespan/wirespan/tracer/span"

// Where requests and responses take different ways, a point sees one half of
// an exchange. Requests are found by their key as usual. A response has
// another one; what joins it to its request is TCP: it begins where the
// request's segment acknowledged, and acknowledges the end of the request.

// awaitHalf brings a request that was opened together with a response that is
// waiting for it.
func (l *Linker) awaitHalf(x int32, ack uint32) {
	if l.field.orphans == 0 {
		return
	}
	for e, n := l.ix.first(ackKey(ack)), 0; e != 0 && n < scanBound; e, n = l.ix.next(e), n+1 {
		if y := l.ix.exchange(e); y != x && l.isOrphan(y) {
			l.pairHalves(x, y)
		}
	}
}

// courtHalf does so for an exchange that has ended.
func (l *Linker) courtHalf(x int32, r *Facts) {
	e := l.exchs.at(x)
	switch {
	case r.Flags&HasSeqResp == 0:
	case r.Outcome == Orphan:
		e.orphan = true
		l.field.orphans++
		l.addKey(x, ackKey(r.SeqResponse))
		for o, n := l.ix.first(ackKey(r.SeqResponse)), 0; o != 0 && n < scanBound; o, n = l.ix.next(o), n+1 {
			if y := l.ix.exchange(o); y != x && !l.isOrphan(y) {
				l.pairHalves(x, y)
			}
		}
	case e.loose && r.Outcome == Answered && r.SeqResponse != r.Trail.Ack:
		l.addKey(x, ackKey(r.SeqResponse))
		l.awaitHalf(x, r.SeqResponse)
	}
}

func (l *Linker) pairHalves(x, y int32) {
	if l.exchs.at(x).fixed || l.exchs.at(y).fixed || l.shareAHalf(x, y) {
		return
	}
	l.accompany(x, y)
	l.exchs.at(x).courted, l.exchs.at(y).courted = true, true
}

// shareAHalf reports whether a point saw both exchanges, so that they are two. A
// request and a response there may be one for all that on two connections. They
// go between the client and two servers: on the loopback a connection that
// REDIRECT or DNAT took has the address behind the translation on its way there
// and the one before it on its way back. Or between the same two, but only one
// of them in a tunnel: a balancer sends requests on by IPIP, and the server
// answers the client itself.
func (l *Linker) shareAHalf(x, y int32) bool {
	for s := l.exchs.at(x).first; s != 0; s = l.sights.at(s).next {
		for t := l.exchs.at(y).first; t != 0; t = l.sights.at(t).next {
			a, b := l.sights.at(s), l.sights.at(t)
			if a.rec.Point == b.rec.Point && (oneConnection(&a.rec, &b.rec) || !a.completes(b) && !b.completes(a)) {
				return true
			}
		}
	}
	return false
}

// oneConnection reports whether two sightings at one point may be of the same
// connection, or have different clients.
func oneConnection(a, b *Facts) bool {
	return a.Client != b.Client || a.Server == b.Server && a.ConnStart == b.ConnStart
}

// completes reports whether s saw a response only, and r a request only, as far
// as is known by now.
func (s *sighting) completes(r *sighting) bool {
	return s.rec.Outcome == Orphan && (r.open || r.rec.Outcome == None)
}

func (l *Linker) isOrphan(x int32) bool {
	e := l.exchs.at(x)
	return e.first != 0 && l.sights.at(e.first).rec.Outcome == Orphan
}

// requestOf returns the exchange that an orphan response belongs to, 0 if it is
// none, or there is not exactly one.
func (l *Linker) requestOf(x int32) (y int32) {
	if !l.isOrphan(x) {
		return 0
	}
	r := &l.sights.at(l.exchs.at(x).first).rec
	n := 0
	for e := l.ix.first(ackKey(r.SeqResponse)); e != 0; e = l.ix.next(e) {
		if n++; n > scanBound {
			return 0
		}
		o := l.ix.exchange(e)
		if o == x || o == y || l.isOrphan(o) || l.exchs.at(o).open > 0 || l.root(o) != l.root(x) || l.shareAHalf(x, o) || !l.answers(o, r) {
			continue
		}
		if y != 0 {
			return 0
		}
		y = o
	}
	return y
}

// marryHalf makes one exchange of a request and its response. With the times of
// both, the IDs of the response say more than they did alone: what a proxy made
// up, sent on and returned.
func (l *Linker) marryHalf(x, orphan int32) {
	last := l.exchs.at(orphan).last
	l.merge(x, orphan)
	l.stats.Halves++
	l.completeHalves(x)
	if r := &l.sights.at(last).rec; r.Pieces.has(ResponseIDs) {
		l.relateIDs(x, l.piece(r, ResponseIDs), false)
	}
}

// answers reports whether an orphan response is that of an exchange.
func (l *Linker) answers(x int32, r *Facts) bool {
	for s := l.exchs.at(x).first; s != 0; s = l.sights.at(s).next {
		q := &l.sights.at(s).rec
		begins := q.Trail.Ack
		if q.Flags&HasSeqResp != 0 {
			begins = q.SeqResponse
		}
		switch ends := q.Trail.Next; {
		case q.Flags&HasSeq == 0 || begins != r.SeqResponse:
		case ends != 0 && ends == r.Trail.Ack:
			return true
		case q.Client == r.Client && q.Server == r.Server && int32(r.Trail.Ack-q.SeqRequest) > 0 && (ends == 0 || int32(ends-r.Trail.Ack) >= 0):
			return true // answered before all of the request was there
		}
	}
	return false
}

// completeHalves gives sightings that saw one half of an exchange what others saw of
// the other half. Times come along where the clocks can be compared.
func (l *Linker) completeHalves(x int32) {
	var asked, answered int32
	lack := false
	for s := l.exchs.at(x).first; s != 0; s = l.sights.at(s).next {
		switch l.sights.at(s).rec.Outcome {
		case Answered:
			asked, answered = s, s
		case None:
			lack = true
			if asked == 0 {
				asked = s
			}
		case Orphan:
			lack = true
			if answered == 0 {
				answered = s
			}
		}
	}
	if !lack || asked == 0 || answered == 0 {
		return
	}
	for s := l.exchs.at(x).first; s != 0; s = l.sights.at(s).next {
		if o := l.otherHalf(x, s); o != 0 {
			l.completeRequest(l.sights.at(s), l.sights.at(o))
			l.completeResponse(l.sights.at(o), l.sights.at(s))
		}
	}
	for s := l.exchs.at(x).first; s != 0; s = l.sights.at(s).next {
		switch l.sights.at(s).rec.Outcome {
		case None:
			l.completeRequest(l.sights.at(s), l.sights.at(answered))
		case Orphan:
			l.completeResponse(l.sights.at(s), l.sights.at(asked))
		}
	}
}

// otherHalf returns the response that the point of a request saw on another
// connection, 0 if there is none: by one clock, it tells times best.
func (l *Linker) otherHalf(x, s int32) int32 {
	r := &l.sights.at(s).rec
	if r.Outcome != None {
		return 0
	}
	for o := l.exchs.at(x).first; o != 0; o = l.sights.at(o).next {
		if q := &l.sights.at(o).rec; q.Outcome == Orphan && q.Point == r.Point {
			return o
		}
	}
	return 0
}

// completeRequest gives a request the response that another point saw.
func (l *Linker) completeRequest(s, from *sighting) {
	r, o := &s.rec, &from.rec
	s.half = requestHalf
	if shift, ok := l.fits(r, o, o.ResponseStart); ok {
		r.ResponseStart, r.End = o.ResponseStart+shift, o.End+shift
	}
	r.Outcome, r.Status, r.Code = Answered, o.Status, o.Code
	r.Flags &^= Failed
	var list [NumPieces][]byte
	l.pieces(&list, r)
	attrs := l.joinAttrs(l.piece(r, Attrs), l.piece(o, Attrs), false)
	list[Attrs], list[ErrorType], list[ResponseIDs] = attrs, l.piece(o, ErrorType), l.piece(o, ResponseIDs)
	l.replace(r, &list)
}

// completeResponse gives a response the request that another point saw.
func (l *Linker) completeResponse(s, from *sighting) {
	r, o := &s.rec, &from.rec
	s.half = responseHalf
	if shift, ok := l.fits(r, o, o.Start); ok && o.Start+shift <= r.Start {
		r.Start = o.Start + shift
		if o.RequestEnd != 0 {
			r.RequestEnd = o.RequestEnd + shift
		}
	}
	r.Outcome = Answered
	r.Class, r.Kind = o.Class, o.Kind
	r.SeqRequest = o.SeqRequest
	r.Flags |= o.Flags & HasSeq
	var list [NumPieces][]byte
	l.pieces(&list, r)
	attrs := l.joinAttrs(l.piece(r, Attrs), l.piece(o, Attrs), true)
	list[Attrs], list[Name], list[Template], list[Host] = attrs, l.piece(o, Name), l.piece(o, Template), l.piece(o, Host)
	l.replace(r, &list)
}

// fits returns what brings a time of o's point to the clock of r's, and
// whether the two can be compared: an answer comes after its question, and not
// much later than any waits for one.
func (l *Linker) fits(r, o *Facts, at int64) (shift int64, ok bool) {
	shift, _, ok = l.between(o.Point, r.Point, at)
	if ok {
		return shift, true
	}
	ask, answer := r, o
	if r.Outcome == Orphan {
		ask, answer = o, r
	}
	d := answer.ResponseStart - ask.Start
	return 0, d >= 0 && d <= int64(l.cfg.MaxOpen)
}

// pieces lists the byte strings of a sighting.
func (l *Linker) pieces(list *[NumPieces][]byte, r *Facts) {
	for i := range list {
		list[i] = l.piece(r, Piece(i))
	}
}

// joinAttrs returns the attributes of a sighting and of another one, but for what
// tells of the other one's packets. Where both have one, its own counts, or the
// other's. The result is valid until the next call.
func (l *Linker) joinAttrs(own, other []byte, othersFirst bool) []byte {
	if othersFirst {
		l.joined = appendAttrs(appendAttrs(l.joined[:0], other, nil, true), own, other, false)
	} else {
		l.joined = appendAttrs(appendAttrs(l.joined[:0], own, nil, false), other, own, true)
	}
	return l.joined
}

// appendAttrs appends attributes that are not among others; of those of another
// sighting, what tells of its packets is left out.
func appendAttrs(out []byte, from, but span.Attrs, foreign bool) []byte {
	for len(from) > 0 {
		at, rest := from.Next()
		_, there := but.Find(at.Key)
		if packets := ofPackets(at.Key); packets && !foreign || !packets && !there {
			out = append(out, from[:len(from)-len(rest)]...)
		}
		from = rest
	}
	return out
}

// ofPackets reports whether an attribute tells of the packets of one sighting,
// so that another one has no part in it.
func ofPackets(k span.Key) bool {
	switch k {
	case span.KeyLossBytes, span.KeyVLAN, span.KeyTunnelKind, span.KeyTunnelID, span.KeyTunnelSource, span.KeyTunnelDestination, span.KeyTunnelVLAN,
		span.KeyTCPRetransmissions, span.KeyTCPOutOfOrder, span.KeyTCPZeroWindows:
		return true
	}
	return false
}

// replace puts new byte strings in the place of those of a sighting.
func (l *Linker) replace(r *Facts, list *[NumPieces][]byte) {
	b := Batch{Bytes: l.joinedPieces[:0]}
	p := b.Put(list)
	l.joinedPieces = b.Bytes
	old := r.Pieces.whole()
	p.pos = l.bytes.put(b.View(p.whole())).pos
	r.Pieces = p
	l.bytes.drop(old)
}
