package link

import (
	"sync/atomic"
	"time"

	"github.com/wirespan/wirespan/l7"
	"github.com/wirespan/wirespan/tracer/span"
)

// Confidence of a sole candidate, with a new ID made up by a proxy and without
// (DESIGN.md, section 7, rule 7).
const (
	soleProxy = 0.8
	soleOnly  = 0.5
	repeated  = 0.95 // the only open request that is not yet passed on and has the same target and client
)

// Inference switches the rules that only timing supports (sole_candidate and
// inferred) off and on while the program runs: they look at all that is open at
// an instance, for each call that nothing else explains. The zero value leaves
// them on.
type Inference struct {
	off  atomic.Bool
	left atomic.Uint64
}

// Infer says whether parents are inferred from now on. Any goroutine may call it.
func (i *Inference) Infer(on bool) { i.off.Store(!on) }

// LeftOut is how many exchanges no parent was looked for.
func (i *Inference) LeftOut() uint64 { return i.left.Load() }

// leaves reports whether an exchange is not to be looked at, and counts it. Of
// nil, all are.
func (i *Inference) leaves() bool {
	if i == nil || !i.off.Load() {
		return false
	}
	i.left.Add(1)
	return true
}

// soleCandidate looks for the one request that can have caused x: the only one
// open at the instance that sends x, or the only one that a proxy there can be
// passing on.
func (l *Linker) soleCandidate(x int32, r *Facts) {
	if l.cfg.Inference.leaves() || unasked(r) {
		return
	}
	var open, same int
	var sole, proxied int32
	n := 0
	for e := l.ix.first(openKey(r.Client.Addr)); e != 0; e = l.ix.next(e) {
		if n++; n > scanBound {
			return
		}
		p := l.ix.exchange(e)
		if p == x || l.toBroker(p, r) {
			continue
		}
		switch l.contains(p, x) {
		case outside:
			continue
		case unknown:
			return // without common time nothing is inferred
		}
		open++
		sole = p
		if l.passesOn(p, x, r) {
			same++
			proxied = p
		}
	}
	new := l.exchs.at(x).carriedAlone
	switch {
	case open == 1 && new && !l.carriesAny(sole):
		l.propose(x, candidate{x: sole, rule: SoleCandidate, continuity: true, confidence: soleProxy})
	case same == 1:
		l.exchs.at(proxied).passedOn = true
		l.propose(x, candidate{x: proxied, rule: Inferred, continuity: true, confidence: repeated})
	case open == 1:
		l.propose(x, candidate{x: sole, rule: SoleCandidate, continuity: true, confidence: soleOnly})
	}
}

// unasked reports whether nothing that the client of an exchange was asked can
// have caused it: the server pushed it, or a broker hands out what somebody
// published.
func unasked(r *Facts) bool { return r.Outcome == Pushed || r.Kind == span.Consumer }

// toBroker reports whether p was sent to the broker that sends x, a message
// without answer: advisories and deliveries come when they come. What brokers
// ask of others, an authentication service for one, may be on behalf of p.
func (l *Linker) toBroker(p int32, x *Facts) bool {
	return x.Class == l7.ClassMessaging && x.Outcome == OneWay && l.factsOf(p).Class == l7.ClassMessaging
}

// passesOn reports whether x looks like p sent on by a proxy: same method and
// target, an ID or context that only x carries or none at all, and, if x names
// the client it is forwarded for, p's client.
func (l *Linker) passesOn(p, x int32, r *Facts) bool {
	pr := &l.sights.at(l.exchs.at(p).first).rec
	if r.Class != l7.ClassHTTP || r.Target == 0 || r.Target != pr.Target || l.exchs.at(p).passedOn {
		return false
	}
	if r.Forwarded != 0 {
		return r.Forwarded == AddrHash(&pr.Client.Addr) && pr.Flags&HasContext == 0
	}
	return false
}

// carriesAny reports whether a request has an ID or context.
func (l *Linker) carriesAny(x int32) bool {
	for s := l.exchs.at(x).first; s != 0; s = l.sights.at(s).next {
		if r := &l.sights.at(s).rec; r.IDs.len > 0 || r.Flags&HasContext != 0 {
			return true
		}
	}
	return false
}

// reconsider takes back that a proxy made up the ID of a child: the only open
// request had one itself, behind its head.
func (l *Linker) reconsider(c []candidate) {
	for i := range c {
		if c[i].rule == SoleCandidate && c[i].confidence == soleProxy && l.carriesLate(c[i].x) {
			c[i].confidence = soleOnly
		}
	}
}

// carriesLate reports whether there is an ID behind the head of a request.
func (l *Linker) carriesLate(x int32) bool {
	for s := l.exchs.at(x).first; s != 0; s = l.sights.at(s).next {
		b := l.piece(&l.sights.at(s).rec, ResponseIDs)
		for i := range len(b) / idSize {
			if id := idAt(b, i); !id.response && !id.message {
				return true
			}
		}
	}
	return false
}

// offerLookup notes the answers of a DNS response for the calls to come.
func (l *Linker) offerLookup(x int32, r *Facts) {
	a := l.piece(r, Answers)
	client := [16]byte(r.Client.Addr)
	for s := l.exchs.at(x).first; s != 0; s = l.sights.at(s).next {
		if o := l.sights.at(s); &o.rec != r && o.rec.Pieces.has(Answers) && o.rec.Client.Addr == r.Client.Addr {
			return // another point has told it
		}
	}
	for i := range len(a) / answerSize {
		addr, _ := answerAt(a, i)
		l.addKey(x, lookupKey(&client, &addr))
		l.lookups++
	}
	l.learnNames(a, r)
}

// learnNames takes the names that a DNS response gave to addresses.
func (l *Linker) learnNames(answers []byte, r *Facts) {
	if l.cfg.Who == nil {
		l.names.learn(answers, l.piece(r, Host))
		return
	}
	for i := range len(answers) / answerSize {
		addr, ttl := answerAt(answers, i)
		l.cfg.Who.Learn(r.End, addr, l.piece(r, Host), time.Duration(ttl)*time.Second)
	}
}

// useLookup finds the lookup that a call used: same client, an answer that is
// the call's server, within its life, and not used before.
func (l *Linker) useLookup(x int32, r *Facts) {
	e := l.exchs.at(x)
	if e.tookLookup || l.lookups == 0 {
		return
	}
	client, server := [16]byte(r.Client.Addr), [16]byte(r.Server.Addr)
	began := r.Start
	if r.Flags&Handshake != 0 {
		began = r.ConnStart
	}
	for i, n := l.ix.first(lookupKey(&client, &server)), 0; i != 0 && n < scanBound; i, n = l.ix.next(i), n+1 {
		d := l.ix.exchange(i)
		s := l.sightingAt(d, r.Point)
		if l.exchs.at(d).dns != 0 || s == 0 {
			continue
		}
		dr := &l.sights.at(s).rec
		if began < dr.End || began > dr.End+l.lookupLife(s, &server) {
			continue
		}
		l.exchs.at(d).dns = x
		e.tookLookup = true
		l.unite(d, x)
		l.adoptTwin(d, x, dr)
		return
	}
}

// sightingAt returns the finished sighting of an exchange at a point, 0 if
// there is none.
func (l *Linker) sightingAt(x int32, point uint16) int32 {
	for s := l.exchs.at(x).first; s != 0; s = l.sights.at(s).next {
		if sg := l.sights.at(s); sg.rec.Point == point && !sg.open {
			return s
		}
	}
	return 0
}

// adoptTwin gives the other address family's lookup of the same name, asked by
// the same client at the same time, the same parent.
func (l *Linker) adoptTwin(d, x int32, dr *Facts) {
	if dr.Target == 0 {
		return
	}
	for i, n := l.ix.first(mix(dr.Target, domTwin)), 0; i != 0 && n < scanBound; i, n = l.ix.next(i), n+1 {
		t := l.ix.exchange(i)
		tr := &l.sights.at(l.exchs.at(t).first).rec
		if t != d && l.exchs.at(t).dns == 0 && tr.Client.Addr == dr.Client.Addr && tr.Point == dr.Point &&
			tr.Variant != dr.Variant && abs(tr.Start-dr.Start) < maxLookup {
			l.exchs.at(t).dns = x
			l.unite(t, x)
		}
	}
}

func abs(v int64) int64 { return max(v, -v) }
