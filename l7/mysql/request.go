package mysql

import (
	"bytes"

	"github.com/wirespan/wirespan/l7"
	"github.com/wirespan/wirespan/l7/sqltext"
)

var (
	systemMySQL   = []byte("mysql")
	systemMariaDB = []byte("mariadb")
)

// request reads a packet of the client.
func (p *parser) request(h header, b []byte, out *l7.Emitter) (l7.Step, error) {
	s := &p.side[l7.ToServer]
	switch {
	case s.big:
		s.big = h.size == maxPacket
		return pass(h)
	case p.data:
		p.data = h.size > 0 // an empty packet ends the file
		return pass(h)
	case p.res.state == events:
		return pass(h) // acknowledgements of a replica
	case h.seq != 0 && p.phase != ready:
		return p.login(h, b, out)
	case h.seq != 0 && p.authenticates():
		return pass(h)
	case h.seq != 0 || h.size == 0:
		return l7.Step{}, p.lost()
	case len(b) == headLen:
		return l7.Step{Need: headLen + 1}, nil
	case !fits(b[headLen], h.size):
		return l7.Step{}, p.lost()
	}
	n := headLen + min(h.size, maxText)
	if len(b) < n {
		return l7.Step{Need: n}, nil
	}
	s.big = h.size == maxPacket
	p.command(h, b[headLen:n], out)
	return l7.Step{Consumed: n, Skip: int64(headLen + h.size - n)}, nil
}

// passes reports whether packets of the client are no commands now.
func (p *parser) passes() bool {
	return p.side[l7.ToServer].big || p.data || p.res.state == events
}

// authenticates reports whether a login or change of user is under way, or may
// be, because its answer was lost.
func (p *parser) authenticates() bool {
	for i := range p.queue {
		if commands[p.queue[i].code].answer == ansAuth {
			return true
		}
	}
	return false
}

// command emits a command; body may be cut short.
func (p *parser) command(h header, body []byte, out *l7.Emitter) {
	code := body[0]
	p.phase = ready
	kind := l7.Request
	if commands[code].answer == ansNone {
		kind = l7.OneWay
	}
	m := p.begin(l7.ToServer, kind, out)
	w := p.describeCommand(m, code, body[1:])
	w.changes = changes(m.Op)
	w.code, w.seq, w.any = code, h.seq+1, w.any || h.size == maxPacket
	w.sent, w.acked = m.First.Seq, m.First.Ack
	p.system(m)
	if code != comInitDB {
		p.namespace(m)
	}
	if kind == l7.Request {
		p.wait(w)
	}
	p.emit(l7.ToServer, out)
}

// request1 emits a request that has nothing but a name.
func (p *parser) request1(m *l7.Message, h header, code byte, out *l7.Emitter) {
	p.phase = ready
	p.operation(m, code)
	p.system(m)
	p.namespace(m)
	p.wait(waiting{code: code, seq: h.seq + 1, any: true, sent: m.First.Seq, acked: m.First.Ack})
	p.emit(l7.ToServer, out)
}

// wait adds a command to those that wait; when there are too many, the oldest
// is given up.
func (p *parser) wait(w waiting) {
	if len(p.queue) >= maxWaiting {
		p.queue = p.queue[:copy(p.queue, p.queue[1:])]
	}
	p.queue = append(p.queue, w)
}

// system adds the database system.
func (p *parser) system(m *l7.Message) {
	if p.maria {
		m.Str(keySystem, systemMariaDB)
	} else {
		m.Str(keySystem, systemMySQL)
	}
}

// namespace adds the default database.
func (p *parser) namespace(m *l7.Message) {
	if len(p.schema) > 0 {
		m.Str(keyNamespace, p.schema)
	}
}

// changes reports whether an operation has a number of rows it changed.
func changes(op []byte) bool {
	switch string(op) {
	case "INSERT", "UPDATE", "DELETE", "REPLACE", "LOAD", "WITH", "BULK EXECUTE STATEMENT":
		return true
	}
	return false
}

// operation names a message after a command.
func (p *parser) operation(m *l7.Message, code byte) {
	m.Op = names[code]
	m.Str(keyOperation, m.Op)
}

// describeCommand adds what a command says and returns what its answer needs.
func (p *parser) describeCommand(m *l7.Message, code byte, b []byte) (w waiting) {
	switch code {
	case comQuery:
		st := p.read(p.attributes(m, b))
		p.describeText(m, code, st)
		w.schema = used(st)
	case comStmtPrepare:
		st := p.read(b)
		w.text = st.Clone()
		p.describePrepare(m, st)
	case comStmtExecute, comBulkExecute, comLongData, comStmtClose, comStmtReset, comStmtFetch:
		p.describeStatement(m, code, b)
	case comInitDB, comCreateDB, comDropDB:
		p.operation(m, code)
		p.describeSchema(m, code, b)
		if code == comInitDB {
			w.schema = bytes.Clone(b[:min(len(b), maxSchema)])
		}
	case comFieldList:
		p.operation(m, code)
		r := reader{b: b[:min(len(b), maxSchema)]}
		m.Resource = r.terminated()
		m.Str(keyCollection, m.Resource)
	case comChangeUser:
		p.operation(m, code)
		r := reader{b: b}
		r.terminated() // user
		r.take(int(r.u8()))
		w.schema, w.any = bytes.Clone(limit(r.terminated(), maxSchema)), true
		if w.schema == nil {
			w.schema = []byte{} // none any more
		}
	default:
		p.operation(m, code)
	}
	return w
}

// describeSchema names the database a command acts on.
func (p *parser) describeSchema(m *l7.Message, code byte, b []byte) {
	name := limit(b, maxSchema)
	m.Resource = name
	m.Str(keyQuery, name)
	verb := commands[code].name
	if code == comInitDB {
		verb = "USE"
	}
	p.name = append(append(append(p.name[:0], verb...), ' '), name...)
	m.Name = p.name
	m.Str(keySummary, p.name)
	if code == comInitDB {
		m.Str(keyNamespace, name)
	}
}

// read reads a statement's text.
func (p *parser) read(sql []byte) *sqltext.Statement {
	if p.sql == nil {
		p.sql = sqltext.NewReader(sqltext.MySQL, p.opts.IDs)
	}
	p.sql.PlainBackslash = p.res.plain
	return p.sql.Read(sql)
}

// describeText adds a statement; what is no SQL goes by the command's name.
func (p *parser) describeText(m *l7.Message, code byte, st *sqltext.Statement) {
	st.Describe(m, sqlKeys())
	if len(m.Op) == 0 {
		p.operation(m, code)
	}
}

// describePrepare adds the statement that is prepared: the operation is to
// prepare it.
func (p *parser) describePrepare(m *l7.Message, st *sqltext.Statement) {
	st.DescribeAs(m, sqlKeys(), names[comStmtPrepare])
	if len(st.Summary) > 0 {
		p.name = append(append(p.name[:0], "PREPARE "...), st.Summary...)
		m.Name = p.name
	}
}

// used is the database that a statement changes to (USE x), in memory of its
// own; nil if it does not.
func used(st *sqltext.Statement) []byte {
	if string(st.Op) != "USE" {
		return nil
	}
	if _, name, ok := bytes.Cut(st.Summary, []byte("USE ")); ok && bytes.IndexByte(name, ' ') < 0 {
		return bytes.Clone(limit(name, maxSchema))
	}
	return nil
}

func limit(b []byte, n int) []byte { return b[:min(len(b), n)] }
