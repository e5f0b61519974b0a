package tds

import (
	"strconv"

	"github.com/wirespan/wirespan/l7"
)

// well are the procedures that have numbers (2.2.6.6, ProcID).
var well = [...][]byte{
	1: []byte("sp_cursor"), 2: []byte("sp_cursoropen"), 3: []byte("sp_cursorprepare"), 4: []byte("sp_cursorexecute"),
	5: []byte("sp_cursorprepexec"), 6: []byte("sp_cursorunprepare"), 7: []byte("sp_cursorfetch"), 8: []byte("sp_cursoroption"),
	9: []byte("sp_cursorclose"), 10: []byte("sp_executesql"), 11: []byte("sp_prepare"), 12: []byte("sp_execute"),
	13: []byte("sp_prepexec"), 14: []byte("sp_prepexecrpc"), 15: []byte("sp_unprepare"),
}

// role is what a procedure does with statements.
type role struct {
	text    int // parameter that is a statement, from 1 on
	handle  int // parameter that is the number of one
	prepare bool
	only    bool // prepares without executing
	forget  bool
}

// roleOf knows the procedures that drivers use (2.2.6.6 and the reference of
// the server's system stored procedures).
func roleOf(name []byte) role {
	switch string(name) {
	case "sp_executesql":
		return role{text: 1}
	case "sp_prepexec":
		return role{text: 3, prepare: true}
	case "sp_prepare":
		return role{text: 3, prepare: true, only: true}
	case "sp_execute":
		return role{handle: 1}
	case "sp_unprepare":
		return role{handle: 1, forget: true}
	case "sp_cursoropen":
		return role{text: 2}
	case "sp_cursorprepexec":
		return role{text: 4, prepare: true}
	case "sp_cursorprepare":
		return role{text: 3, prepare: true, only: true}
	case "sp_cursorexecute":
		return role{handle: 1}
	case "sp_cursorunprepare":
		return role{handle: 1, forget: true}
	}
	return role{}
}

// call describes a request that calls a procedure (2.2.6.6): a well-known one
// stands for the statement it carries, or that was prepared.
func (p *parser) call(s *session, m *l7.Message, b []byte) {
	name, b := p.callee(b)
	r := roleOf(name)
	switch {
	case r.text > 0:
		sql, ok := p.parameter(b, r.text)
		if !ok {
			break
		}
		if len(name) > 0 {
			m.Str(keyProcedure, name)
		}
		if !r.prepare {
			p.statement(m, p.decode(sql), opExecute)
			return
		}
		st := &statement{text: p.reader().Read(p.decode(sql)).Clone()}
		s.wait.statement = st
		if r.only {
			p.prepared(m, st)
		} else {
			p.execution(m, st)
		}
		return
	case r.handle > 0:
		v, ok := p.parameter(b, r.handle)
		if !ok || len(v) != 4 {
			break
		}
		h := u32(v)
		p.name = strconv.AppendUint(p.name[:0], uint64(h), 10)
		m.Str(keyStatement, p.name)
		m.Str(keyProcedure, name)
		if r.forget {
			delete(p.shelf.byHandle, h)
			m.Op, m.Resource = opExecute, name
			m.Str(keyOperation, opExecute)
			return
		}
		p.execution(m, p.shelf.byHandle[h])
		return
	}
	p.procedure(m, name)
}

// procedure describes a call by the procedure's name.
func (p *parser) procedure(m *l7.Message, name []byte) {
	m.Op, m.Resource = opExecute, name
	m.Str(keyOperation, opExecute)
	if len(name) > 0 {
		m.Str(keyProcedure, name)
	}
}

// callee reads the name or number of the procedure; the rest begins with the
// first parameter.
func (p *parser) callee(b []byte) (name, rest []byte) {
	if len(b) < 6 {
		return nil, nil
	}
	n := u16(b)
	if n == 0xffff {
		if id := u16(b[2:]); id < len(well) {
			name = well[id]
		}
		return name, b[6:]
	}
	end := 2 + 2*n
	if n > 1046 || len(b) < end+2 {
		return nil, nil
	}
	p.name = appendUTF8(p.name[:0], b[2:end])
	return wellKnown(p.name), b[end+2:]
}

// wellKnown cuts quotes and database off the name of a procedure that has a
// role: sys.sp_executesql.
func wellKnown(name []byte) []byte {
	for i := len(name) - 1; i >= 0; i-- {
		if name[i] == '.' {
			if roleOf(name[i+1:]) != (role{}) {
				return name[i+1:]
			}
			break
		}
	}
	return name
}

// parameter returns the value of the n-th parameter, without its lengths.
func (p *parser) parameter(b []byte, n int) (v []byte, ok bool) {
	for ; n > 0; n-- {
		at := names(b, 0, 1) // its name
		if at == 0 || len(b) <= at {
			return nil, false
		}
		at++ // StatusFlags
		c, l := typeInfo(b[at:], p.collations())
		if l <= 0 {
			return nil, false
		}
		if c.form == textPtr {
			c.form = longLen // no pointer in calls
		}
		at += l
		var size int
		if v, size = p.value(b[at:], c); size < 0 {
			return v, n == 1 && len(v) > 0
		}
		b = b[at+size:]
	}
	return v, true
}

// value is what a value holds, and its size; -1 if it is cut short, or in
// several chunks.
func (p *parser) value(b []byte, c column) (v []byte, size int) {
	if c.form == partial {
		return chunks(b)
	}
	size = valueSize(b, c)
	head := 0
	switch c.form {
	case byteLen:
		head = 1
	case shortLen:
		head = 2
	case longLen:
		head = 4
	}
	if size < head || size == 0 && c.form != unwritten || len(b) < head {
		return nil, -1
	}
	if len(b) < size {
		return b[head:], -1
	}
	return b[head:size], size
}

// chunks is the first chunk of a value that comes in them, and the size of all.
func chunks(b []byte) (v []byte, size int) {
	if len(b) < 12 {
		return nil, -1
	}
	if u32(b) == 0xffffffff && u32(b[4:]) == 0xffffffff {
		return nil, 8
	}
	at := 8
	for len(b) >= at+4 {
		n := u32(b[at:])
		at += 4
		if n == 0 {
			return v, at
		}
		if uint64(n) > uint64(len(b)-at) {
			if v == nil {
				v = b[at:]
			}
			break
		}
		if v == nil {
			v = b[at : at+int(n)]
		}
		at += int(n)
	}
	return v, -1
}
