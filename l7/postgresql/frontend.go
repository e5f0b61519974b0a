package postgresql

import (
	"bytes"
	"encoding/binary"
	"strconv"

	"github.com/wirespan/wirespan/l7"
	"github.com/wirespan/wirespan/l7/sqltext"
)

var (
	opQuery    = []byte("QUERY")
	opFunction = []byte("FUNCTION")
	opExecute  = []byte("EXECUTE")
	opPrepare  = []byte("PREPARE")
	opBind     = []byte("BIND")
	opDescribe = []byte("DESCRIBE")
)

// partial is a unit of the extended protocol that has begun.
type partial struct {
	on     bool
	parsed bool
	bound  bool
	first  l7.Stamp
	last   byte
	of     bound // the statement, as far as it is known
}

// frontend reads messages of the client. What belongs to a request is
// consumed, everything else skipped, so that the engine finds the request's
// first bytes, of which it makes the exchange key, where the request begins.
func (p *parser) frontend(b []byte, out *l7.Emitter) (l7.Step, error) {
	i := 0
	for i < len(b) {
		rest := b[i:]
		if rest[0] == 0 {
			if i > 0 {
				return l7.Step{Consumed: i}, nil
			}
			return p.startup(b, out)
		}
		if len(rest) < header {
			return l7.Step{Consumed: i, Need: header}, nil
		}
		n, ok := size(&front, rest)
		if !ok {
			return l7.Step{Consumed: i}, p.astray()
		}
		s, err := p.message(rest, n, i, out)
		s.Consumed += i
		if err != nil || s.Skip > 0 || s.Need > 0 || s.Consumed == i || p.sent {
			return s, err
		}
		i = s.Consumed
	}
	return l7.Step{Consumed: i}, nil
}

// message reads the message of n bytes that begins b, i bytes behind the
// place of the Emitter. A zero Step asks for it again at that place.
func (p *parser) message(b []byte, n, i int, out *l7.Emitter) (l7.Step, error) {
	switch b[0] {
	case fQuery, fFunction, fParse:
		ends := p.part.on && (b[0] != fParse || p.part.parsed || p.part.bound)
		if i > 0 && (ends || !p.part.on) {
			return l7.Step{}, nil
		}
		if ends {
			return l7.Step{}, p.unit(0, out)
		}
	case fBind, fDescribe, fExecute:
		if !p.part.on && i > 0 {
			return l7.Step{}, nil
		}
	}
	switch b[0] {
	case fQuery:
		if want := min(n, maxText); len(b) < want {
			return l7.Step{Need: want}, nil
		}
		return p.query(b, n, out)
	case fFunction:
		return p.function(b, n, out)
	case fParse:
		return p.prepare(b, n, out)
	case fBind:
		return p.bind(b, n, i, out)
	case fDescribe, fClose:
		return p.describe(b, n, out)
	case fExecute:
		return p.execute(b, n, out)
	case fSync, fFlush:
		return p.sync(b[0], i, out)
	case fCopyData:
		p.copied += int64(n - header)
	}
	return l7.Step{Skip: int64(n)}, nil // passwords, too
}

// request begins the message of a request of n bytes, 0 if that does not
// matter, and notes what its answer will be.
func (p *parser) request(out *l7.Emitter, first l7.Stamp, k kind, n int) *l7.Message {
	m := out.Begin(l7.Request)
	m.First, m.Match = first, matchOf(first)
	m.Version = p.version
	o := at(first, k)
	o.end = first.Seq + uint32(n)
	p.ops.push(o) // a full queue is noticed by who calls
	p.copied = 0
	m.Str(keySystem, product)
	if len(p.database) > 0 {
		m.Str(keyNamespace, p.database)
	}
	return m
}

// matchOf is what request and response have in common. It is made of what is
// on the wire, for it becomes part of the exchange key.
func matchOf(first l7.Stamp) uint64 { return 1<<32 | uint64(first.Seq) }

// full is the error when more requests wait than are kept.
func (p *parser) full() error {
	if p.ops.n >= maxWaiting {
		return l7.ErrOpaque
	}
	return nil
}

// query reads a simple query (55.2.2), of which b may be the beginning only.
func (p *parser) query(b []byte, n int, out *l7.Emitter) (l7.Step, error) {
	p.found = true
	take := min(n, maxText, len(b))
	sql := bytes.TrimSuffix(b[header:take], []byte{0})
	m := p.request(out, out.Here(), simple, n)
	describe(m, p.reader().Read(sql), opQuery)
	p.emit(out, l7.ToServer)
	return l7.Step{Consumed: take, Skip: int64(n - take)}, p.full()
}

// describe puts a statement into a request.
func describe(m *l7.Message, st *sqltext.Statement, op []byte) {
	if st != nil {
		st.Describe(m, sqlKeys)
	}
	if len(m.Op) == 0 {
		m.Op = op
		m.Str(keyOperation, op)
	}
}

// function reads a function call (55.2.5).
func (p *parser) function(b []byte, n int, out *l7.Emitter) (l7.Step, error) {
	if len(b) < header+4 {
		return l7.Step{Need: header + 4}, nil
	}
	p.found = true
	m := p.request(out, out.Here(), simple, n)
	m.Op = opFunction
	m.Resource = strconv.AppendUint(p.names[:0], uint64(binary.BigEndian.Uint32(b[header:])), 10)
	m.Str(keyOperation, opFunction)
	p.emit(out, l7.ToServer)
	return l7.Step{Consumed: header + 4, Skip: int64(n - header - 4)}, p.full()
}

// begin opens a unit unless one is open.
func (p *parser) begin(t byte, out *l7.Emitter) {
	if !p.part.on {
		p.part = partial{on: true, first: out.Here()}
	}
	p.part.last = t
}

// prepare reads Parse (55.2.3).
func (p *parser) prepare(b []byte, n int, out *l7.Emitter) (l7.Step, error) {
	take := min(n, maxText)
	if len(b) < take {
		return l7.Step{Need: take}, nil
	}
	name, rest, ok := cstring(b[header:take])
	if !ok {
		return l7.Step{}, p.astray()
	}
	sql, _, _ := cstring(rest)
	p.begin(fParse, out)
	p.part.parsed = true
	st := p.shelf.put(name, p.reader().Read(sql))
	p.part.of = bound{st, st.life}
	return l7.Step{Consumed: take, Skip: int64(n - take)}, nil
}

// bind reads the names of Bind; the parameters are skipped.
func (p *parser) bind(b []byte, n, i int, out *l7.Emitter) (l7.Step, error) {
	if p.part.bound {
		if i > 0 {
			return l7.Step{}, nil
		}
		return l7.Step{}, p.unit(0, out)
	}
	want := min(n, header+2*maxName)
	if len(b) < want {
		return l7.Step{Need: want}, nil
	}
	portal, rest, ok := cstring(b[header:want])
	name, rest, ok2 := cstring(rest)
	if !ok || !ok2 {
		return l7.Step{}, p.astray()
	}
	p.begin(fBind, out)
	p.part.bound = true
	st := p.shelf.get(name)
	p.shelf.bind(portal, st)
	if st != nil {
		p.part.of = bound{st, st.life}
	}
	take := want - len(rest)
	return l7.Step{Consumed: take, Skip: int64(n - take)}, nil
}

// describe reads Describe and Close, which look alike.
func (p *parser) describe(b []byte, n int, out *l7.Emitter) (l7.Step, error) {
	if n > header+1+maxName {
		return l7.Step{}, p.astray()
	}
	if len(b) < n {
		return l7.Step{Need: n}, nil
	}
	what, name := b[header], bytes.TrimSuffix(b[header+1:n], []byte{0})
	if b[0] == fClose {
		if what == 'S' {
			p.shelf.close(name)
		} else {
			p.shelf.closePortal(name)
		}
		if p.part.on {
			return l7.Step{Consumed: n}, nil
		}
		return l7.Step{Skip: int64(n)}, nil
	}
	st := p.shelf.of(name)
	if what == 'S' {
		st = p.shelf.get(name)
	}
	p.begin(fDescribe, out)
	if st != nil {
		p.part.of = bound{st, st.life}
	}
	return l7.Step{Consumed: n}, nil
}

// execute reads Execute, which ends a unit.
func (p *parser) execute(b []byte, n int, out *l7.Emitter) (l7.Step, error) {
	if n > header+maxName+5 {
		return l7.Step{}, p.astray()
	}
	if len(b) < n {
		return l7.Step{Need: n}, nil
	}
	portal, _, ok := cstring(b[header:n])
	if !ok {
		return l7.Step{}, p.astray()
	}
	p.begin(fExecute, out)
	p.part.of = bound{}
	if st := p.shelf.of(portal); st != nil {
		p.part.of = bound{st, st.life}
	}
	return l7.Step{Consumed: n}, p.unit(fExecute, out)
}

// sync reads Sync and Flush, which end a unit that has no Execute.
func (p *parser) sync(t byte, i int, out *l7.Emitter) (l7.Step, error) {
	var err error
	if p.part.on {
		err = p.unit(0, out)
	}
	if t == fSync {
		o := at(out.Here(), boundary)
		o.end = o.seq + uint32(i+header)
		if !p.ops.push(o) {
			err = l7.ErrOpaque
		}
	}
	return l7.Step{Skip: header}, err
}

// unit emits the request of a unit that is complete.
func (p *parser) unit(last byte, out *l7.Emitter) error {
	u := p.part
	p.part = partial{}
	if last == 0 {
		last = u.last
	}
	p.found = true
	m := p.request(out, u.first, unit, 0)
	p.ops.at(p.ops.n - 1).last = last
	s := u.of.statement()
	var st *sqltext.Statement
	if s != nil {
		st = &s.st
		if len(s.name) > 0 {
			m.Str(keyStatement, s.name)
		}
	}
	switch {
	case last == fExecute:
		describe(m, st, opExecute)
	case u.parsed:
		p.preliminary(m, opPrepare, st)
	case u.bound:
		p.preliminary(m, opBind, st)
	default:
		p.preliminary(m, opDescribe, st)
	}
	p.emit(out, l7.ToServer)
	return p.full()
}

// preliminary names a unit that executes nothing: PREPARE SELECT orders.
func (p *parser) preliminary(m *l7.Message, op []byte, st *sqltext.Statement) {
	m.Op = op
	m.Str(keyOperation, op)
	if st == nil {
		return
	}
	m.Resource = st.Table
	m.Name = append(append(append(p.names[:0], op...), ' '), st.Summary...)
	m.Str(keyQuery, st.Query)
	m.Str(keySummary, st.Summary)
	if len(st.Table) > 0 {
		m.Str(keyCollection, st.Table)
	}
	for _, id := range st.IDs {
		m.ID(id.Class, id.Name, id.Value)
	}
}
