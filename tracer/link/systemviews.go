package link

import (
	"strconv"

	"github.com/wirespan/wirespan/l7"
	"github.com/wirespan/wirespan/tracer/executor"
	"github.com/wirespan/wirespan/tracer/span"
	"github.com/wirespan/wirespan/tracer/tag/identity"
)

// whose says that a span is of a process, not of a capture point.
type whose uint8

const (
	noSide whose = iota
	askingSide
	servingSide
)

func (h whose) kind() span.Kind {
	if h == servingSide {
		return span.Server
	}
	return span.Client
}

// appNames are the values of wirespan.observation for processes. They stand for
// the capture point in the ids of their spans, too.
var appNames = [...]string{askingSide: "c-app", servingSide: "s-app"}

// has reports whether it is known what a process did of an exchange's request.
func (l *Linker) has(x int32, h whose) bool {
	d := l.partOf(x, h == servingSide)
	return d != nil && d.request.begin != 0
}

// numSides is the number of processes that have a span of an exchange.
func (l *Linker) numSides(x int32) (n int) {
	if l.exchs.at(x).sides == (sides{}) {
		return 0
	}
	for _, h := range [...]whose{askingSide, servingSide} {
		if l.has(x, h) {
			n++
		}
	}
	return n
}

// sideID is the id of the span of a process. What was recorded elsewhere has
// the ids of whoever recorded it.
func (l *Linker) sideID(x int32, h whose) span.SpanID {
	agent := l.cfg.Agent
	if d := l.partOf(x, h == servingSide); d != nil && l.system.hosts[d.host].Agent != "" {
		agent = l.system.hosts[d.host].Agent
	}
	return span.SpanIDOf(l.exchs.at(x).key, agent, appNames[h], 0)
}

// addSide lists the span of a process, if it is known what it did.
func (w *writer) addSide(x int32, h whose) {
	l := w.l
	if !l.has(x, h) {
		return
	}
	e := l.exchs.at(x)
	v := view{x: x, s: e.first, side: h, kind: h.kind(), id: l.sideID(x, h)}
	if h == servingSide {
		v.s = e.last
	}
	if r := &l.sights.at(v.s).rec; h == servingSide && !sided(r.Class) && kindOf(r) != span.Server {
		v.kind = span.Internal // a database's span is the client's (SPANS.md)
	} else if h == askingSide && r.Kind != 0 && r.Class != l7.ClassDB {
		v.kind = r.Kind
	}
	w.views = append(w.views, v)
}

// startOf is when a span begins, on the base of all clocks.
func (w *writer) startOf(v *view) int64 {
	if v.side != noSide {
		start, _ := w.l.sideTimes(v)
		return start - w.l.offBase(&w.l.sights.at(v.s).rec)
	}
	return w.l.onBase(&w.l.sights.at(v.s).rec)
}

// thread is who stands for a process's part: whoever asked, or who read the last
// of what was asked, and deals with it.
func (d *side) thread(h whose) executor.Thread {
	if h == servingSide {
		return d.request.last
	}
	return d.request.first
}

// resourceOf returns who is at the side that a span describes: the process
// that moved the bytes, if that is known.
func (l *Linker) resourceOf(v *view, r *Facts, as span.Kind) *identity.Identity {
	if d := l.partOf(v.x, as != span.Client); d != nil {
		if id := l.whoOf(r, as == span.Client, d.thread(whoseOf(as)).TGID); id != nil {
			return id
		}
	}
	return l.resource(r, as)
}

func whoseOf(as span.Kind) whose {
	if as == span.Client {
		return askingSide
	}
	return servingSide
}

// sideTimes are the times of a process's span. The kernel tells when a call was
// done, which for the one that asks is after its bytes were seen, and for the
// one that serves may be after its answer was: the span of the one that asks
// holds what packets show, and that of the other lies within it.
func (l *Linker) sideTimes(v *view) (start, end int64) {
	d, r := l.partOf(v.x, v.side == servingSide), &l.sights.at(v.s).rec
	start, end = d.request.begin, max(d.request.end, d.response.end)
	if v.side == askingSide {
		return min(start, r.Start), max(end, r.End)
	}
	start = max(start, r.Start)
	if r.End != 0 {
		end = min(end, r.End)
	}
	return start, max(start, end)
}

// queues are the times that a message waited in the socket: what a process
// wrote until it was on the wire, and what came until it was read. 0: not known,
// or not at all.
func (d *side) queues(r *Facts, h whose) (receive, send int64) {
	in, out := &d.request, &d.response
	arrived, left := r.RequestEnd, r.ResponseStart
	if h == askingSide {
		in, out = out, in
		arrived, left = r.End, r.Start
	}
	if in.end != 0 && arrived != 0 && !(h == askingSide && r.Outcome != Answered) {
		receive = max(0, in.end-arrived)
	}
	if out.begin != 0 && left != 0 {
		send = max(0, left-out.begin)
	}
	return receive, send
}

// sizes appends how much the process read and wrote, as far as that is known.
func (d *side) sizes(a span.Attrs, h whose) span.Attrs {
	in, out := d.request.bytes, d.response.bytes
	if h == askingSide {
		in, out = out, in
	}
	if in > 0 {
		a = span.AppendInt(a, span.KeySysReceived, int64(in))
	}
	if out > 0 {
		a = span.AppendInt(a, span.KeySysSent, int64(out))
	}
	return a
}

// sideAttributes appends what is known of a process's part in an exchange. What
// was said is on the span of the packets.
func (w *writer) sideAttributes(v *view, r *Facts, host []byte) {
	l := w.l
	d := l.partOf(v.x, v.side == servingSide)
	a := w.attrs
	a = span.AppendString(a, span.KeySignal, "SYS")
	a = span.AppendString(a, span.KeyObservation, appNames[v.side])
	a = span.AppendHex(a, span.KeyExchange, l.exchs.at(v.x).key)
	a = w.endpoints(a, v, r, host)
	if int(r.Proto) < len(l.cfg.Protos) {
		a = span.AppendString(a, span.KeyNetworkProtocolName, l.cfg.Protos[r.Proto])
	}
	who := d.thread(v.side)
	if key, ok := l.cfg.Keys.Lookup("process.pid"); ok { // of resources, too
		a = span.AppendInt(a, key, int64(who.TGID))
	}
	a = span.AppendInt(a, span.KeyThreadID, int64(who.TID))
	if who.Goroutine != 0 {
		a = span.AppendInt(a, span.KeySysGoroutine, int64(who.Goroutine))
	}
	a = span.AppendString(a, span.KeySysTier, l.system.hosts[d.host].Tier.String())
	if v.side == askingSide && d.label.Class != 0 {
		a = span.AppendString(a, span.KeySysClass, d.label.Class.String())
	}
	a = d.sizes(a, v.side)
	receive, send := d.queues(r, v.side)
	if receive > 0 {
		a = span.AppendInt(a, span.KeySysQueueReceive, receive)
	}
	if send > 0 {
		a = span.AppendInt(a, span.KeySysQueueSend, send)
	}
	a = w.outcome(a, v, r)
	w.attrs = w.linkAttrs(a, v)
}

// executorText tells what joins a call with the request it was made for.
func (l *Linker) executorText(b []byte, x int32, c *candidate) []byte {
	d := l.partOf(x, false)
	if d == nil {
		return append(b, "the same process"...)
	}
	b = strconv.AppendUint(append(b, "process "...), uint64(d.request.first.TGID), 10)
	if c.rule == Goroutine {
		b = strconv.AppendUint(append(b, " goroutine "...), d.request.first.Goroutine, 10)
	} else {
		b = strconv.AppendUint(append(b, " thread "...), uint64(d.request.first.TID), 10)
	}
	b = append(append(b, ' '), executorWords[executor.Rule(c.step)%executor.Rule(len(executorWords))]...)
	return append(append(append(b, " ("...), d.label.Class.String()...), ')')
}

// executorWords say what a rule of tracer/executor found.
var executorWords = [...]string{
	executor.Alone:     "served nothing else",
	executor.Slice:     "had read of it last",
	executor.Connected: "served it when it opened the connection",
	executor.Answered:  "answered it next",
	executor.Woken:     "was woken by the one that served it",
	executor.Sole:      "is of a process that served nothing else",
	executor.Ordered:   "keeps the order of what it reads",
	executor.Returned:  "had its result go to the one that serves it",
	executor.Resumed:   "went on with what it had read, as this program's threads do",
}
