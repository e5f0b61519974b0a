package link

import "github.com/wirespan/wirespan/l7"

// Confidence of a sole candidate, with a new ID made up by a proxy and without
// (DESIGN.md, section 7, rule 7).
const (
	soleProxy = 0.8
	soleOnly  = 0.5
	repeated  = 0.95 // the only open request that is not yet passed on and has the same target and client
)

// soleCandidate looks for the one request that can have caused x: the only one
// open at the instance that sends x, or the only one that a proxy there can be
// passing on.
func (l *Linker) soleCandidate(x int32, r *Record) {
	var open, same int
	var sole, proxied int32
	n := 0
	for e := l.ix.first(openKey(r.Client.Addr)); e != 0; e = l.ix.next(e) {
		if n++; n > scanBound {
			return
		}
		p := l.ix.exchange(e)
		if p == x || l.exchs.at(p).held || l.contains(p, x) == outside {
			continue
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

// passesOn reports whether x looks like p sent on by a proxy: same method and
// target, an ID or context that only x carries or none at all, and, if x names
// the client it is forwarded for, p's client.
func (l *Linker) passesOn(p, x int32, r *Record) bool {
	pr := &l.sights.at(l.exchs.at(p).first).rec
	if r.Class != l7.ClassHTTP || r.Target == 0 || r.Target != pr.Target || l.exchs.at(p).passedOn {
		return false
	}
	if r.Forwarded != 0 {
		return r.Forwarded == AddrHash(&pr.Client.Addr) && pr.Flags&HasContext == 0
	}
	return false
}

func (l *Linker) carriesAny(x int32) bool {
	r := &l.sights.at(l.exchs.at(x).first).rec
	return r.IDs.len > 0 || r.Flags&HasContext != 0
}

// offerLookup notes the answers of a DNS response for the calls to come.
func (l *Linker) offerLookup(x int32, r *Record) {
	a := l.bytes.view(r.Answers)
	client := [16]byte(r.Client.Addr)
	for i := range len(a) / answerSize {
		addr, _ := answerAt(a, i)
		l.addKey(x, lookupKey(&client, &addr))
	}
	l.names.learn(a, l.bytes.view(r.Host))
}

// useLookup finds the lookup that a call used: same client, an answer that is
// the call's server, within its life, and not used before.
func (l *Linker) useLookup(x int32, r *Record) {
	e := l.exchs.at(x)
	if e.tookLookup {
		return
	}
	client, server := [16]byte(r.Client.Addr), [16]byte(r.Server.Addr)
	began := r.Start
	if r.Flags&Handshake != 0 {
		began = r.ConnStart
	}
	for i := l.ix.first(lookupKey(&client, &server)); i != 0; i = l.ix.next(i) {
		d := l.ix.exchange(i)
		dr := &l.sights.at(l.exchs.at(d).first).rec
		if l.exchs.at(d).dns != 0 || dr.Point != r.Point || began < dr.End || began > dr.End+l.lookupLife(l.exchs.at(d).first) {
			continue
		}
		l.exchs.at(d).dns = x
		e.tookLookup = true
		l.unite(d, x)
		l.adoptTwin(d, x, dr)
		return
	}
}

// adoptTwin gives the other address family's lookup of the same name, asked by
// the same client at the same time, the same parent.
func (l *Linker) adoptTwin(d, x int32, dr *Record) {
	if dr.Target == 0 {
		return
	}
	for i := l.ix.first(mix(dr.Target, domTwin)); i != 0; i = l.ix.next(i) {
		t := l.ix.exchange(i)
		tr := &l.sights.at(l.exchs.at(t).first).rec
		if t != d && l.exchs.at(t).dns == 0 && tr.Client.Addr == dr.Client.Addr && tr.Point == dr.Point &&
			abs(tr.Start-dr.Start) < maxLookup {
			l.exchs.at(t).dns = x
			l.unite(t, x)
		}
	}
}

func abs(v int64) int64 { return max(v, -v) }
