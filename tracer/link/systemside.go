package link

import "github.com/wirespan/wirespan/tracer/executor"

// side is what a process did of an exchange: the one that asked, or the one
// that served.
type side struct {
	request, response turn
	id                uint64 // of the request's message
	label             executor.Label
	host              uint16
	waits             int32 // next exchange whose call was for the same request, which has no exchange yet
}

// turn is one message of an exchange as a process moved it.
type turn struct {
	begin, end  int64 // when the first and the last call were done; 0: not seen
	first, last executor.Thread
	calls       uint32
	bytes       uint32 // 0 if the message is of several exchanges, too
}

// turnOf returns one of the two turns.
func (d *side) turnOf(request bool) *turn {
	if request {
		return &d.request
	}
	return &d.response
}

// sides are the sides of an exchange in the slab, 0 for none.
type sides struct{ client, server int32 }

// partOf returns a side of an exchange, nil if nothing is known.
func (l *Linker) partOf(x int32, server bool) *side {
	i := l.exchs.at(x).sides.client
	if server {
		i = l.exchs.at(x).sides.server
	}
	if i == 0 {
		return nil
	}
	return l.system.sides.at(i)
}

// sideFor returns the side of an exchange that a message belongs to, nil if
// there is no room for it.
func (l *Linker) sideFor(x int32, serving bool) *side {
	y := &l.system
	at := &l.exchs.at(x).sides.client
	if serving {
		at = &l.exchs.at(x).sides.server
	}
	if *at == 0 {
		if y.sides.live() >= y.room {
			y.stats.Sideless++
			return nil
		}
		*at = y.sides.take()
		*y.sides.at(*at) = side{}
	}
	return y.sides.at(*at)
}

// joinAct makes a message, or more of it, part of an exchange. It reports false
// when there is no room.
func (l *Linker) joinAct(x int32, a *act, request bool) bool {
	y := &l.system
	serving := a.m.Role == executor.Serving
	d := l.sideFor(x, serving)
	if d == nil {
		return false
	}
	t := d.turnOf(request)
	l.holds(x, a, request)
	if a.x == 0 {
		y.stats.Joined++
		y.lone--
	}
	isNew := t.begin == 0
	if request && serving && isNew {
		l.serves(x, d, a)
	}
	a.x, d.host = x, a.host
	*t = turn{begin: a.m.Begin, end: a.m.End, first: a.m.First, last: a.m.Last, calls: a.m.Calls}
	if !a.common {
		t.bytes = a.m.Length
	}
	if request && !serving && a.label.Request != 0 && a.label != d.label {
		l.attribute(x, a.label)
	}
	return true
}

// holds notes that an exchange has its request, or its response, in a message.
// Of several it is not known how much of the message each has.
func (l *Linker) holds(x int32, a *act, request bool) {
	key := l.exchs.at(x).key
	if a.asked == 0 {
		a.asked = key
	}
	if a.asked == key || a.common {
		return
	}
	a.common = true
	serving := a.m.Role == executor.Serving
	if e := l.exchs.at(a.x); a.x == 0 || !e.used || e.key != a.asked {
		return // it has left
	}
	if d := l.partOf(a.x, serving); d != nil {
		d.turnOf(request).bytes = 0
		if request && serving && l.system.served[d.id] == a.x {
			delete(l.system.served, d.id)
			l.system.stats.Common++
		}
	}
}

// serves notes which exchange a request is that a process read. Where several
// were read in one message, as on HTTP/2 and by pipelining, calls that were made
// for that message are for one of them, and which is not known.
func (l *Linker) serves(x int32, d *side, a *act) {
	d.id = a.m.ID
	if a.common {
		l.system.stats.Common++
		return
	}
	l.system.served[d.id] = x
	l.settleEager(x, d.id)
}

// settleEager tells the calls that were for a request which exchange that is.
func (l *Linker) settleEager(x int32, id uint64) {
	y := &l.system
	c := y.eager[id]
	delete(y.eager, id)
	for c != 0 {
		d := l.partOf(c, false)
		next := d.waits
		d.waits = 0
		l.proposeServed(x, c, d.label)
		c = next
	}
}

// attribute notes for which request an exchange's call was made.
func (l *Linker) attribute(x int32, b executor.Label) {
	y := &l.system
	d := l.partOf(x, false)
	if d == nil || l.exchs.at(x).fixed {
		return
	}
	l.unwait(x, d)
	d.label = b
	if p := y.served[b.Request]; p != 0 {
		l.proposeServed(p, x, b)
		return
	}
	d.waits, y.eager[b.Request] = y.eager[b.Request], x
}

// unwait takes an exchange from those that wait for the request of its label.
func (l *Linker) unwait(x int32, d *side) {
	y := &l.system
	at, ok := y.eager[d.label.Request]
	if d.label.Request == 0 || !ok {
		return
	}
	if at == x {
		if y.eager[d.label.Request] = d.waits; d.waits == 0 {
			delete(y.eager, d.label.Request)
		}
	}
	for at != 0 && at != x {
		before := l.partOf(at, false)
		if before.waits == x {
			before.waits = d.waits
			break
		}
		at = before.waits
	}
	d.waits = 0
}

// proposeServed makes the exchange that a process served a candidate of one
// that it asked for.
func (l *Linker) proposeServed(p, c int32, b executor.Label) {
	if p == c || l.contains(p, c) == outside {
		return
	}
	rule := Thread
	if b.Goroutine {
		rule = Goroutine
	}
	l.system.stats.Used++
	l.propose(c, candidate{x: p, rule: rule, step: uint8(b.Rule), continuity: true, confidence: confidenceOf(b)})
}

// retract takes back the candidates of an exchange that executors named, but do
// not any more: the label was replaced, or it is no longer known which exchange
// the request was.
func (l *Linker) retract(x int32) {
	e := l.exchs.at(x)
	if e.kin == 0 {
		return
	}
	p := int32(0)
	if d := l.partOf(x, false); d != nil {
		p = l.system.served[d.label.Request]
	}
	k, n := l.kins.at(e.kin), uint8(0)
	for _, c := range k.list[:k.n] {
		if c.rule != Thread && c.rule != Goroutine || c.x == p {
			k.list[n] = c
			n++
		}
	}
	k.n = n
}

// confidenceOf maps classes to confidence (reference/ebpf.md, section 2.6).
// Threads wake each other for many reasons.
func confidenceOf(b executor.Label) float32 {
	switch {
	case b.Class == executor.Certain:
		return 0.99
	case b.Class == executor.Weak:
		return 0.5
	case b.Rule == executor.Woken && !b.Goroutine:
		return 0.7
	}
	return 0.95
}

// saidParent is the exchange that a process served when it made call x, 0 if
// that is not known.
func (l *Linker) saidParent(x int32) int32 {
	if d := l.partOf(x, false); d != nil && d.label.Class == executor.Certain {
		return l.system.served[d.label.Request]
	}
	return 0
}

// conflict reports whether the executor that made call x served something else
// than the parent that the wire names. The wire is believed, but less.
func (l *Linker) conflict(x int32, c *candidate) bool {
	p := l.saidParent(x)
	return p != 0 && p != c.x && (c.rule == HeaderID || c.rule == ContextTrace)
}

// doubted is how much less.
const doubted = 0.15

// mergeSides gives x what processes did of y, where nothing is known of x.
func (l *Linker) mergeSides(x, y int32) {
	to, from := &l.exchs.at(x).sides, &l.exchs.at(y).sides
	if to.client == 0 && from.client != 0 {
		l.unwait(y, l.system.sides.at(from.client))
		to.client, from.client = from.client, 0
		if d := l.system.sides.at(to.client); d.label.Request != 0 {
			l.attribute(x, d.label)
		}
	}
	if to.server == 0 && from.server != 0 {
		to.server, from.server = from.server, 0
		if id := l.system.sides.at(to.server).id; l.system.served[id] == y {
			l.system.served[id] = x
		}
	}
	l.freeSides(y)
}

// freeSides gives the sides of an exchange back.
func (l *Linker) freeSides(x int32) {
	y := &l.system
	e := l.exchs.at(x)
	if i := e.sides.client; i != 0 {
		l.unwait(x, y.sides.at(i))
		y.sides.put(i)
	}
	if i := e.sides.server; i != 0 {
		if id := y.sides.at(i).id; y.served[id] == x {
			delete(y.served, id)
		}
		y.sides.put(i)
	}
	e.sides = sides{}
}
