package oracle

import (
	"bytes"

	"github.com/wirespan/wirespan/l7"
	"github.com/wirespan/wirespan/l7/sqltext"
)

var (
	opPrepare = []byte("PREPARE")
	opFetch   = []byte("FETCH")
	opLogin   = []byte("LOGIN")
	opCall    = []byte("CALL")
	nameCall  = []byte("CALL ")
)

// asks reads the head of a client's data packet: it begins a call, goes on with
// one, or is part of what is agreed upon before.
func (p *parser) asks(h *half, k packet, in, b []byte, out *l7.Emitter) (l7.Step, error) {
	r := &p.req
	if !r.on {
		switch in[0] {
		case ttiProtocol:
			p.found = true
			return l7.Step{Skip: int64(k.size)}, nil
		case ttiDataTypes:
			if want := min(k.size, 128); len(b) < want {
				return l7.Step{Need: want}, nil
			}
			p.offers(b[dataHead:min(len(b), k.size)])
			return l7.Step{Skip: int64(k.size)}, nil
		case ttiFunction, ttiPiggyback, ttiOneWay, ttiFastAuth:
		default: // more of a call that was read
			p.extend(l7.ToServer, out.Here(), k.size)
			return l7.Step{Skip: int64(k.size)}, nil
		}
		if p.ans.on && !p.piped { // it was over
			if p.finish(out); p.sent {
				return l7.Step{}, nil
			}
		}
		*r = request{on: true, first: out.Here(), unsure: h.lost}
		p.text = p.text[:0]
		h.lost = false
	}
	r.size += uint32(k.size)
	h.left = k.size - dataHead
	step := l7.Step{Consumed: dataHead}
	if r.announced && h.left > 1 {
		step.Skip = int64(h.left - 1)
		h.left = 1
	}
	return step, nil
}

// requested ends a packet of a request. A full one may be followed by others.
func (p *parser) requested(h *half, out *l7.Emitter) {
	r := &p.req
	more := p.full(h.packet) && h.flags&dataEndOfRequest == 0
	switch {
	case !r.on:
	case r.announced:
		if w := p.newest(); w != nil && w.seq == r.first.Seq {
			w.end = r.first.Seq + r.size
		}
		if !more {
			p.endRequest(out)
		}
	case more && !r.torn && len(p.text) < maxRequest && p.short():
	default:
		r.on, r.announced = more, more
		p.describe(more, out)
		if !p.sent {
			r.on = false
		}
	}
}

// endRequest ends a request that was announced.
func (p *parser) endRequest(out *l7.Emitter) {
	p.req.on = false
	m := out.Begin(l7.End)
	m.Match = 1<<32 | uint64(p.req.first.Seq)
	p.emit(out, l7.ToServer)
}

// short reports whether more of a request is wanted than was collected.
func (p *parser) short() bool {
	c, ok := p.read(p.text)
	if !ok {
		return true
	}
	if c.fn != funAll8 {
		return false
	}
	e, ok := p.all8(c.body)
	return !ok || e.short
}

// describe emits the request that was collected; more of it may come.
func (p *parser) describe(more bool, out *l7.Emitter) {
	r := &p.req
	c, ok := p.read(p.text)
	if !ok && r.unsure {
		return
	}
	p.first = r.first
	if w := p.newest(); ok && w != nil && w.challenge && c.fn == funAuth {
		w.challenge, w.end = false, r.first.Seq+r.size // its answer is the login's
		p.who(c)
		return
	}
	kind, w := l7.Request, (*op)(nil)
	if c.oneWay {
		kind, w = l7.OneWay, &op{seq: r.first.Seq}
	} else {
		if c.token != 0 && !p.piped { // the call that began the pipeline was lost
			p.forget()
			p.piped = true
		}
		w = p.await(r.first, r.size)
		w.token = c.token
	}
	m := p.begin(kind, w, out)
	m.HeadSize, m.More = packetHead, more
	p.namespace(m)
	if ok {
		m.Int(keyFunction, int64(c.fn))
		p.about(m, w, c)
	} else {
		p.named(m, unknownFunction)
	}
	if len(p.module) > 0 {
		m.Str(keyModule, p.module)
	}
	if len(p.action) > 0 {
		m.Str(keyAction, p.action)
	}
	for _, id := range c.ids[:c.count] {
		m.ID(id.Class, id.Name, id.Value)
	}
	p.emit(out, l7.ToServer)
}

// named gives a request its operation.
func (p *parser) named(m *l7.Message, name []byte) {
	m.Op = name
	m.Str(keyOperation, name)
}

// about describes a call.
func (p *parser) about(m *l7.Message, w *op, c call) {
	r := reader{b: c.body}
	switch c.fn {
	case funAll8:
		if e, ok := p.all8(c.body); ok {
			p.executes(m, w, e)
			return
		}
	case funReexecute, funExecFetch:
		if !p.wide {
			p.runs(m, w, r.ub4(), nil)
			return
		}
	case funFetch:
		if !p.wide {
			p.runs(m, w, r.ub4(), opFetch)
			return
		}
	case funParse, funParse7, funAll, funAll7:
		if text := p.search(c.body, len(c.body)); text != nil {
			p.states(m, w, text)
			return
		}
	case funKey, funAuth, funLogon, funLogonKey:
		w.login, w.fast = true, c.fast
		w.challenge = c.fn == funKey || c.fn == funLogonKey
		p.who(c)
		if len(p.user) > 0 {
			m.Str(keyUser, p.user)
		}
	case funLOB:
		if name := p.lob(c.body); name != nil {
			p.named(m, name)
			return
		}
	case funPipeEnd:
		p.piped = false
	}
	name := functions[c.fn]
	if name == nil {
		name = unknownFunction
	}
	p.named(m, name)
}

// reads is made when the first statement comes.
func (p *parser) reads() *sqltext.Reader {
	if p.sql == nil {
		p.sql = sqltext.NewReader(sqltext.Oracle, p.ids)
	}
	return p.sql
}

// executes describes an OALL8: a statement that comes with it, or one that the
// cursor has. It may be parsed only, or only fetched from.
func (p *parser) executes(m *l7.Message, w *op, e execution) {
	switch {
	case len(e.text) > 0 && e.options&optionExecute == 0 && e.options&optionParse != 0:
		st := p.reads().Read(bytes.TrimRight(e.text, "\x00"))
		w.kept.set(st)
		w.has = true
		p.also(m, &w.kept.plan, opPrepare)
	case len(e.text) > 0:
		p.states(m, w, e.text)
	case e.options&optionExecute == 0 && e.options&optionFetch != 0:
		p.runs(m, w, e.cursor, opFetch)
	default:
		p.runs(m, w, e.cursor, nil)
	}
}

// states describes a statement that is run.
func (p *parser) states(m *l7.Message, w *op, text []byte) {
	st := p.reads().Read(bytes.TrimRight(text, "\x00"))
	if name := called(text); len(name) > 0 {
		p.name = append(append(p.name[:0], nameCall...), name...)
		st.Op, st.Summary = p.name[:len(opCall)], p.name
	}
	w.kept.set(st)
	w.has, w.statement = true, true
	p.plan(m, w, st)
}

// plan describes an execution.
func (p *parser) plan(m *l7.Message, w *op, st *sqltext.Statement) {
	w.query, w.changes = queries(st.Op), changes(st.Op)
	st.Describe(m, sqlKeys)
	if len(m.Op) == 0 {
		p.named(m, functions[funAll8])
	}
	if bytes.Equal(st.Op, opCall) && len(st.Summary) > len(nameCall) {
		m.Str(keyProcedure, st.Summary[len(nameCall):])
	}
}

// runs describes what is done with a cursor: its statement is executed, or op.
func (p *parser) runs(m *l7.Message, w *op, cursor int, op []byte) {
	w.cursor, w.statement = cursor, true
	if cursor > 0 {
		m.Int(keyStatement, int64(cursor))
	}
	k := p.shelf.get(cursor)
	switch {
	case k == nil && op != nil:
		w.query = true
		p.named(m, op)
	case k == nil:
		p.named(m, functions[funAll8])
	case op != nil:
		w.query = true
		p.also(m, &k.plan, op)
	default:
		k.rows = 0
		p.plan(m, w, &k.plan)
	}
}

// also describes something else than a statement's execution: FETCH SELECT
// orders.
func (p *parser) also(m *l7.Message, st *sqltext.Statement, op []byte) {
	st.DescribeAs(m, sqlKeys, op)
	p.name = append(append(append(p.name[:0], op...), ' '), st.Summary...)
	m.Name = p.name
}

// lob is the name of an operation on large objects: two locators and their
// sizes come first.
func (p *parser) lob(b []byte) []byte {
	if p.wide {
		return nil
	}
	r := reader{b: b}
	r.skip(1)
	r.ub4()
	r.skip(1)
	r.ub4()
	r.ub4()
	r.ub4()
	r.skip(3)
	op := r.ub4()
	if r.bad {
		return nil
	}
	return lobName(op)
}

// who reads the user of a login.
func (p *parser) who(c call) {
	b := c.body
	if i := bytes.LastIndex(b[:min(len(b), 96)], pointers); i >= 0 { // of an OCI client
		p.wide = true
		r := reader{b: b, at: i + len(pointers)}
		if v, _ := r.clr(); isName(v) {
			p.user = append(p.user[:0], v...)
		}
		return
	}
	r := reader{b: b}
	r.skip(1)
	n := r.ub4()
	r.ub4() // mode
	r.skip(1)
	r.ub4() // number of pairs
	r.skip(2)
	rest := r.rest()
	if len(rest) > 0 && int(rest[0]) == n {
		rest = rest[1:]
	}
	if n > 0 && n <= len(rest) && isName(rest[:n]) {
		p.user = append(p.user[:0], rest[:n]...)
	}
}

// pointers is a pointer of an OCI client that is set.
var pointers = []byte{0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}

// isName reports whether v may be the name of a user.
func isName(v []byte) bool {
	if len(v) == 0 || len(v) > maxName {
		return false
	}
	for _, c := range v {
		if c <= ' ' || c == 0x7f {
			return false
		}
	}
	return true
}
