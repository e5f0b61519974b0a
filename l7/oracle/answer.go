package oracle

import (
	"bytes"

	"github.com/wirespan/wirespan/l7"
)

// challenge is in answers that ask for the password.
var challenge = []byte("AUTH_VFR_DATA")

// answers reads the head of a server's data packet.
func (p *parser) answers(h *half, k packet, in, b []byte, out *l7.Emitter) (l7.Step, error) {
	if p.req.on && !p.req.torn { // nothing more of it will come
		if p.close(out); p.sent {
			return l7.Step{}, nil
		}
	}
	a := &p.ans
	w := p.oldest()
	if !a.on {
		r := reader{b: in}
		token := uint64(0)
		if r.byte() == ttiToken {
			token = r.number(8)
		}
		w = p.answering(token)
	}
	if in[0] == ttiProtocol && !a.on {
		if want := min(k.size, window); len(b) < want {
			return l7.Step{Need: want}, nil
		}
		p.supports(b[dataHead:min(len(b), k.size)])
		if w == nil || !w.fast {
			return l7.Step{Skip: int64(k.size)}, nil
		}
	}
	if in[0] == ttiDataTypes && !a.on {
		return l7.Step{Skip: int64(k.size)}, nil
	}
	switch {
	case !a.on:
		*a = answer{on: true, first: out.Here(), kind: in[0], torn: h.lost}
		a.orphan = w == nil || w.connect || !w.fits(a.first, p.half[l7.ToServer].holed)
		p.tail = p.tail[:0]
	case a.bytes >= bulk && !a.announced && !a.orphan:
		p.announce(out)
		return l7.Step{}, nil
	}
	h.lost = false
	h.left = k.size - dataHead
	a.bytes += int64(h.left)
	step := l7.Step{Consumed: dataHead}
	if over := h.left - maxTail; over > 0 {
		p.tail = p.tail[:0]
		step.Skip = int64(over)
		h.left = maxTail
	}
	return step, nil
}

// close ends a request whose last packet was full.
func (p *parser) close(out *l7.Emitter) {
	r := &p.req
	if r.announced {
		p.endRequest(out)
		return
	}
	r.announced = true
	p.describe(true, out)
	if !p.sent {
		r.on = false
	}
}

// keep keeps the last bytes of the answer.
func (p *parser) keep(b []byte) {
	if len(p.tail)+len(b) > 2*maxTail {
		n := min(len(p.tail), maxTail)
		p.tail = p.tail[:copy(p.tail, p.tail[len(p.tail)-n:])]
	}
	p.tail = append(p.tail, b[max(0, len(b)-maxTail):]...)
}

// answered ends a packet of an answer.
func (p *parser) answered(h *half, out *l7.Emitter) {
	a := &p.ans
	if !a.on || !p.ends(h) {
		return
	}
	a.on = false
	w := p.oldest()
	if a.orphan {
		if !p.out.known && p.out.code == 0 || bytes.Contains(p.tail, challenge) || w != nil && !p.piped && p.half[l7.ToClient].holed {
			return // the middle of one, or of what was negotiated
		}
		w = nil
	}
	if w != nil && w.challenge && p.out.code == 0 {
		return // the login goes on
	}
	k := l7.Response
	if a.announced {
		k = l7.End
	}
	m := out.Begin(k)
	p.fill(m, w)
	p.done(w)
	p.emit(out, l7.ToClient)
}

// ends reports whether the answer is over with the packet that was read, and
// what it says.
func (p *parser) ends(h *half) bool {
	a, b := &p.ans, p.tail
	p.out = outcome{}
	b = b[:max(0, len(b)-p.trailer)]
	marked := h.flags&dataEndOfResponse != 0
	if n := len(b); n > 0 && b[n-1] == ttiEnd && (marked || n == 1 || a.bytes > 1 && p.settled) {
		if marked = marked || n == 1; marked || p.says(b[:n-1]) {
			p.says(b[:n-1])
			return true
		}
	}
	if marked {
		p.says(b)
		return true
	}
	if p.full(h.packet) {
		return false
	}
	if p.says(b) {
		return true
	}
	return p.wide && p.settled
}

// says reads the outcome at the end of an answer.
func (p *parser) says(b []byte) bool {
	if p.wide {
		return p.out.readWide(b)
	}
	if fits, ok := p.out.read(b, max(p.field, p.record)); ok {
		if fits != 1 { // at least; an old one may fit by chance
			p.record = fits
		}
		return true
	}
	return p.status(b) || p.out.readWide(b)
}

// status reports whether the answer ends with a status: it is all there is, or
// stands behind what calls return that run no statement.
func (p *parser) status(b []byte) bool {
	a := &p.ans
	if a.kind == ttiStatus {
		return int64(len(b)) >= a.bytes-int64(p.trailer)-1 && status(b)
	}
	w := p.oldest()
	if a.orphan || w == nil || w.statement || a.kind != ttiParameter && a.kind != ttiLOB && a.kind != ttiServer && a.kind != ttiToken && a.kind != ttiProtocol {
		return false
	}
	for n := 2; n <= 9 && n <= len(b); n++ {
		if status(b[len(b)-n:]) {
			return true
		}
	}
	return false
}

// finish ends an answer whose end was not recognised: the client has spoken
// again. It is announced first, so that its end is where its bytes end.
func (p *parser) finish(out *l7.Emitter) {
	a := &p.ans
	w := p.oldest()
	if a.orphan || w == nil || w.challenge {
		a.on = false
		return
	}
	if !a.announced {
		p.announce(out)
		return
	}
	a.on = false
	p.out = outcome{}
	p.says(p.tail[:max(0, len(p.tail)-p.trailer)])
	m := out.Begin(l7.End)
	p.fill(m, w)
	p.done(w)
	p.emit(out, l7.ToClient)
}

// announce emits an answer that goes on.
func (p *parser) announce(out *l7.Emitter) {
	a := &p.ans
	a.announced = true
	m := out.Begin(l7.Response)
	m.Match, m.First, m.HeadSize, m.More = p.matchOf(p.oldest(), a.first), a.first, dataHead, true
	p.emit(out, l7.ToClient)
}

// fill puts what is known into the message of an answer to w, of an orphan if
// that is nil.
func (p *parser) fill(m *l7.Message, w *op) {
	a, o := &p.ans, &p.out
	m.Match, m.First, m.HeadSize = p.matchOf(w, a.first), a.first, dataHead
	if !a.torn || o.known {
		m.Status = l7.OK
	}
	failed := o.code != 0 && (o.code != noData || w != nil && !w.query)
	if failed {
		p.failed(m, o.code)
		if o.code < firstOfApplication || o.code > lastOfApplication {
			p.message = appendMessage(p.message[:0], o.text)
			m.Str(keyMessage, p.message)
		}
	}
	if w == nil {
		m.Version = p.label
		m.Str(keySystem, oracleDB)
		return
	}
	if w.cancelled {
		m.Bool(keyCancelled, true)
	}
	if w.login {
		w.challenge = false
	}
	if o.known && w.statement {
		p.count(m, w, failed)
	}
}

// count tells the rows, and keeps the statement under its cursor.
func (p *parser) count(m *l7.Message, w *op, failed bool) {
	o := &p.out
	k := p.shelf.get(w.cursor)
	switch {
	case w.has && o.cursor > 0 && !failed:
		if w.query {
			w.kept.rows = o.rows
			m.Int(keyReturned, int64(o.rows))
		}
		m.Int(keyStatement, int64(o.cursor))
		p.shelf.put(o.cursor, &w.kept)
	case w.query && !failed:
		rows := o.rows
		if k != nil { // the server counts from the execution on
			rows -= min(k.rows, rows)
			k.rows = o.rows
		} else if w.cursor != 0 {
			return
		}
		m.Int(keyReturned, int64(rows))
	}
	if w.changes && !failed {
		m.Int(keyAffected, int64(o.rows))
	}
}
