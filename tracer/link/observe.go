package link

import (
	"github.com/wirespan/wirespan/flows"
	"github.com/wirespan/wirespan/tracer/span"
)

// observation is a place between the client and the server of an exchange
// (SPANS.md, wirespan.observation). The processes themselves, c-app and s-app,
// are those of system calls.
type observation uint8

const (
	atNet observation = iota
	atClientNIC
	atClientNode
	atGatewayIn
	atGatewayOut
	atServerNode
	atServerNIC
)

var observationNames = [...]string{"net", "c-nic", "c-node", "gw-in", "gw-out", "s-node", "s-nic"}

// tellsPlaces reports whether it can be said where points lie: there are
// several, or we know which addresses are ours.
func (l *Linker) tellsPlaces() bool { return l.field.wide || l.cfg.Owns != nil }

// observationOf returns the place of a sighting in the chain of its exchange,
// which is in order. On our own host it is the outermost sighting of the
// client's side that is nearest to the client, and so for the server; between
// hosts it is a gateway where addresses or connections change from one
// sighting to the next, or to those of the request that was passed on.
func (l *Linker) observationOf(x, s int32) observation {
	e := l.exchs.at(x)
	var before, after int32
	for o := e.first; o != 0; o = l.sights.at(o).next {
		if l.sights.at(o).next == s {
			before = o
		}
	}
	after = l.sights.at(s).next
	r := &l.sights.at(s).rec
	client, server := l.owns(&r.Client), l.owns(&r.Server)
	if client && server && before == 0 && after == 0 { // on one host, seen once
		client = kindOf(r) == span.Client
		server = !client
	}
	switch {
	case client && (before == 0 || !l.owns(&l.sights.at(before).rec.Client)):
		return atClientNIC
	case server && (after == 0 || !l.owns(&l.sights.at(after).rec.Server)):
		return atServerNIC
	case client:
		return atClientNode
	case server:
		return atServerNode
	case before != 0 && l.changes(before, s), before == 0 && l.passedOnTo(x):
		return atGatewayOut
	case after != 0 && l.changes(s, after), after == 0 && l.wasPassedOn(x):
		return atGatewayIn
	}
	return atNet
}

func (l *Linker) owns(e *flows.Endpoint) bool {
	return l.cfg.Owns != nil && l.cfg.Owns([16]byte(e.Addr))
}

// changes reports whether there is a gateway between two sightings.
func (l *Linker) changes(s, t int32) bool {
	a, b := &l.sights.at(s).rec, &l.sights.at(t).rec
	switch {
	case a.Client != b.Client || a.Server != b.Server:
		return true
	case l.sights.at(s).half == responseHalf || l.sights.at(t).half == responseHalf:
		return false // of a response, these numbers say something else
	}
	return a.Exchange != b.Exchange && a.Flags&b.Flags&(TCP|HasSeq) == TCP|HasSeq && (a.SeqRequest != b.SeqRequest || a.Trail.Ack != b.Trail.Ack)
}

// passedOnTo reports whether an exchange is its parent sent on by a proxy:
// the same method and target.
func (l *Linker) passedOnTo(x int32) bool {
	e := l.exchs.at(x)
	if e.parent == 0 || e.fixed {
		return false
	}
	p, c := &l.sights.at(l.exchs.at(e.parent).first).rec, &l.sights.at(e.first).rec
	return p.Target != 0 && p.Target == c.Target && p.Class == c.Class
}

// wasPassedOn reports whether an exchange has such a child in what leaves.
func (l *Linker) wasPassedOn(x int32) bool { return l.exchs.at(x).sentOn }

// noteSentOn marks the parents of what was passed on, before a group is
// written.
func (l *Linker) noteSentOn(m []int32) {
	if !l.tellsPlaces() {
		return
	}
	for _, x := range m {
		if l.passedOnTo(x) {
			l.exchs.at(l.exchs.at(x).parent).sentOn = true
		}
	}
}

// appendPlace adds where a sighting was made and what was seen there.
func (w *writer) appendPlace(a span.Attrs, v *view) span.Attrs {
	l := w.l
	if h := l.sights.at(v.s).half; h != whole {
		a = span.AppendString(a, span.KeyHalf, halfNames[h])
	}
	if l.tellsPlaces() && !v.synthetic && !w.form.Core {
		a = span.AppendString(a, span.KeyObservation, observationNames[l.observationOf(v.x, v.s)])
	}
	return a
}
