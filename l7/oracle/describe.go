package oracle

import (
	"bytes"

	"github.com/wirespan/wirespan/l7"
	"github.com/wirespan/wirespan/l7/sqltext"
)

var (
	opPrepare = []byte("PREPARE")
	opFetch   = []byte("FETCH")
	opCall    = []byte("CALL")
	nameCall  = []byte("CALL ")
)

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
