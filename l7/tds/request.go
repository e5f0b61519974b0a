package tds

import (
	"bytes"

	"github.com/wirespan/wirespan/l7"
	"github.com/wirespan/wirespan/l7/sqltext"
)

var (
	opBatch   = []byte("BATCH")
	opBulk    = []byte("BULK LOAD")
	opExecute = []byte("EXECUTE")
	opPrepare = []byte("PREPARE")
	opOther   = []byte("TRANSACTION")
)

// transactions are requests to the transaction manager (2.2.6.9).
var transactions = [...][]byte{
	0: []byte("GET DTC ADDRESS"), 1: []byte("PROPAGATE"), 5: []byte("BEGIN"), 6: []byte("PROMOTE"),
	7: []byte("COMMIT"), 8: []byte("ROLLBACK"), 9: []byte("SAVE"),
}

// begin begins a request and notes that it waits for its answer.
func (p *parser) begin(s *session, k l7.Kind, first l7.Stamp, out *l7.Emitter) *l7.Message {
	m := out.Begin(k)
	m.First, m.Match, m.Version = first, matchOf(first), p.label
	if k == l7.Request {
		s.wait = op{on: true, seq: first.Seq, ack: first.Ack, end: first.Seq + s.request.size}
	}
	m.Str(keySystem, p.system())
	if s.several {
		m.Int(keySession, int64(s.id))
	}
	return m
}

// matchOf is what request and answer have in common. It is made of what is on
// the wire, for it becomes part of the exchange key.
func matchOf(first l7.Stamp) uint64 { return 1<<32 | uint64(first.Seq) }

// asked emits the request that is complete.
func (p *parser) asked(s *session, out *l7.Emitter) {
	r := &s.request
	r.on = false
	switch {
	case r.silent:
	case r.announced:
		s.wait.end = r.first.Seq + r.size
		m := out.Begin(l7.End)
		m.Match = matchOf(r.first)
		p.emit(out, l7.ToServer)
	case r.kind == typeAttention:
		s.wait.end = r.first.Seq + r.size
		m := p.begin(s, l7.OneWay, r.first, out)
		m.Op, m.HeadSize = opAttention, packetHead
		m.Str(keyOperation, opAttention)
		p.emit(out, l7.ToServer)
	default:
		p.describe(s, out)
	}
}

// describe emits a request by what was collected of it, unless that is the
// rest of one whose beginning was lost.
func (p *parser) describe(s *session, out *l7.Emitter) *l7.Message {
	r, b := &s.request, s.text
	body, headed := p.body(r.kind, b)
	if !headed && r.unsure {
		r.silent = true
		return nil
	}
	switch {
	case r.kind == typeOldLogin:
		p.oldVersion(b)
	case r.kind == typeSybase && p.version == 0:
		p.agreed(0x05000000)
	}
	m := p.begin(s, l7.Request, r.first, out)
	switch r.kind {
	case typeLogin:
		s.wait.login = true
		p.login(m, b)
		p.emit(out, l7.ToServer)
		return m
	case typeOldLogin:
		s.wait.login = true
		p.oldLogin(m)
		p.emit(out, l7.ToServer)
		return m
	}
	p.namespace(m)
	switch r.kind {
	case typeBatch:
		p.statement(m, p.decode(body), opBatch)
	case typeRPC:
		p.call(s, m, body)
	case typeTransaction:
		m.Op = opOther
		if len(body) >= 2 {
			if n := u16(body); n < len(transactions) && transactions[n] != nil {
				m.Op = transactions[n]
			}
		}
		m.Str(keyOperation, m.Op)
	case typeBulk:
		m.Op = opBulk
		m.Str(keyOperation, opBulk)
	case typeSybase:
		p.sybaseRequest(m, b)
	}
	p.emit(out, l7.ToServer)
	return m
}

// body is what follows ALL_HEADERS (2.2.5.3), which batches, calls and
// transaction requests have from version 7.2 on. headed is false if they ought
// to be there and are not.
func (p *parser) body(kind byte, b []byte) (rest []byte, headed bool) {
	switch kind {
	case typeBatch, typeRPC, typeTransaction:
	default:
		return b, true
	}
	if n := allHeaders(b); n > 0 {
		return b[n:], true
	}
	return b, p.version != 0 && !p.wide() || kind == typeBatch && (isUTF16(b) || isPlain(b))
}

// allHeaders is the size of ALL_HEADERS, 0 if b does not begin with it.
func allHeaders(b []byte) int {
	if len(b) < 4 {
		return 0
	}
	total := u32(b)
	if total < 4 || total > 1024 || int(total) > len(b) {
		return 0
	}
	for at := 4; at < int(total); {
		if at+6 > int(total) {
			return 0
		}
		n, kind := u32(b[at:]), u16(b[at+4:])
		if n < 6 || n > total || kind < 1 || kind > 3 {
			return 0
		}
		at += int(n)
	}
	return int(total)
}

// decode makes UTF-8 of a text, which is in UTF-16 from version 7.0 on.
func (p *parser) decode(b []byte) []byte {
	if p.sybase() || !isUTF16(b) && isPlain(b) {
		return b
	}
	p.text = appendUTF8(p.text[:0], b)
	return p.text
}

// reader is made when the first statement comes.
func (p *parser) reader() *sqltext.Reader {
	if p.sql == nil {
		p.sql = sqltext.NewReader(sqltext.MSSQL, p.ids)
	}
	return p.sql
}

// statement puts a text into a request; op names one without operation.
func (p *parser) statement(m *l7.Message, sql, op []byte) *sqltext.Statement {
	st := p.reader().Read(bytes.TrimRight(sql, "\x00"))
	p.bulk(st)
	st.Describe(m, sqlKeys)
	if len(m.Op) == 0 {
		m.Op = op
		m.Str(keyOperation, op)
	}
	return st
}

// sybaseRequest reads the first token of a request of version 5.0: LANGUAGE,
// DYNAMIC or DBRPC (TDS 5.0 Functional Specification).
func (p *parser) sybaseRequest(m *l7.Message, b []byte) {
	const language, dynamic, dbrpc = 0x21, 0xe7, 0xe6
	switch {
	case len(b) > 6 && b[0] == language:
		n := min(int(u32(b[1:])), len(b)-5)
		p.statement(m, b[6:5+max(n, 1)], opBatch)
	case len(b) > 4 && b[0] == dbrpc && len(b) >= 4+int(b[3]):
		p.procedure(m, b[4:4+int(b[3])])
	case len(b) > 6 && b[0] == dynamic:
		p.dynamic(m, b)
	default:
		m.Op = opBatch
		m.Str(keyOperation, opBatch)
	}
}

// dynamic reads DYNAMIC: type, status, name, statement.
func (p *parser) dynamic(m *l7.Message, b []byte) {
	const prepare, execImmediate = 1, 8
	n := 6 + int(b[5])
	if len(b) < n {
		n = len(b)
	}
	name := b[6:max(n, 6)]
	m.Str(keyStatement, name)
	if kind := b[3]; (kind == prepare || kind == execImmediate) && len(b) > n+2 {
		sql := b[n+2 : min(n+2+u16(b[n:]), len(b))]
		if kind == prepare {
			p.shelf.putNamed(name, p.reader().Read(sql))
			p.prepared(m, p.shelf.getNamed(name))
			return
		}
		p.statement(m, sql, opExecute)
		return
	}
	p.execution(m, p.shelf.getNamed(name))
}

// execution describes one of a statement that was prepared.
func (p *parser) execution(m *l7.Message, st *statement) {
	if st != nil {
		st.text.Describe(m, sqlKeys)
	}
	if len(m.Op) == 0 {
		m.Op = opExecute
		m.Str(keyOperation, opExecute)
	}
}

// prepared describes the preparation of a statement: PREPARE SELECT orders.
func (p *parser) prepared(m *l7.Message, st *statement) {
	m.Op = opPrepare
	m.Str(keyOperation, opPrepare)
	if st == nil {
		return
	}
	t := st.text
	m.Resource = t.Table
	p.name = append(append(append(p.name[:0], opPrepare...), ' '), t.Summary...)
	m.Name = p.name
	m.Str(keyQuery, t.Query)
	m.Str(keySummary, t.Summary)
	if len(t.Table) > 0 {
		m.Str(keyCollection, t.Table)
	}
	for _, id := range t.IDs {
		m.ID(id.Class, id.Name, id.Value)
	}
}
