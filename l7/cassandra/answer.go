package cassandra

import (
	"strconv"

	"github.com/wirespan/wirespan/l7"
)

// Kinds of results (section 4.2.5), and flags of their metadata.
const (
	resultRows     = 2
	resultKeyspace = 3
	resultPrepared = 4

	metaGlobal = 0x01
	metaPaging = 0x02
	metaNone   = 0x04
	metaNewID  = 0x08
)

// answer tells a response or an event.
func (p *parser) answer(f *frame, r *fields, out *l7.Emitter) *l7.Message {
	kind := l7.Response
	if f.op == opEvent {
		kind = l7.Pushed
	}
	m := out.Begin(kind)
	m.Match, m.Version = uint64(f.stream), versions[f.version]
	m.Size, m.HeadSize = int64(f.size-headLen), headLen
	m.Status = l7.OK
	m.Str(keySystem, system)
	if f.flags&flagTracing != 0 {
		p.tracing(r, m)
	}
	if f.flags&flagWarning != 0 {
		warnings(r, m)
	}
	if f.flags&flagPayload != 0 {
		p.payload(r, m)
	}
	switch f.op {
	case opError:
		p.answered(f.stream)
		p.failure(r, m)
	case opResult:
		p.result(f, r, m)
	case opEvent:
		m.Status = l7.Unset
		m.Op, m.Resource = operations[opEvent], r.text()
		m.Str(keyOperation, m.Op)
	}
	return m
}

// tracing tells the id of a trace session, as UUIDs are written.
func (p *parser) tracing(r *fields, m *l7.Message) {
	const digits = "0123456789abcdef"
	v := r.take(16)
	if v == nil {
		return
	}
	b := p.trace[:0]
	for i, c := range v {
		if i == 4 || i == 6 || i == 8 || i == 10 {
			b = append(b, '-')
		}
		b = append(b, digits[c>>4], digits[c&15])
	}
	m.Str(keyTrace, b)
}

// warnings counts them: their texts quote statements.
func warnings(r *fields, m *l7.Message) {
	n := r.short16()
	for i := 0; i < n && !r.short; i++ {
		r.text()
	}
	if n > 0 {
		m.Int(keyWarnings, int64(n))
	}
}

// failure tells an ERROR; its text quotes the statement and is not shown.
func (p *parser) failure(r *fields, m *l7.Message) {
	m.Status = l7.ServerError
	code := r.integer()
	if r.short {
		return
	}
	m.Code = int32(code)
	p.code = strconv.AppendInt(p.code[:0], int64(code), 10)
	m.Str(keyCode, p.code)
	n := len(p.code)
	p.code = append(p.code, errorName(uint32(code))...)
	if m.Error = p.code[n:]; len(m.Error) == 0 {
		m.Error = p.code
	}
}

// result reads a RESULT.
func (p *parser) result(f *frame, r *fields, m *l7.Message) {
	text := p.answered(f.stream)
	switch r.integer() {
	case resultRows:
		p.rows(r, m)
	case resultKeyspace:
		k := r.text()
		if len(k) > 2 && k[0] == '"' && k[len(k)-1] == '"' { // as USE has it, which some servers return
			k = k[1 : len(k)-1]
		}
		if len(k) > 0 && len(k) <= maxID {
			p.keyspace = append(p.keyspace[:0], k...)
		}
	case resultPrepared:
		if id := r.text(); text != nil {
			p.prepared.put(id, text)
		}
	}
}

// Bounds of metadata.
const (
	maxColumns = 1024
	maxNested  = 8
)

// rows passes over the metadata to the number of rows.
func (p *parser) rows(r *fields, m *l7.Message) {
	flags, columns := r.integer(), r.integer()
	if flags&metaPaging != 0 {
		r.bytes()
	}
	if flags&metaNewID != 0 {
		r.text()
	}
	if columns < 0 || columns > maxColumns {
		return
	}
	if flags&metaNone == 0 {
		if flags&metaGlobal != 0 {
			if k := r.text(); len(k) > 0 {
				m.Str(keyNamespace, k)
			}
			r.text()
		}
		for range columns {
			if flags&metaGlobal == 0 {
				r.text()
				r.text()
			}
			r.text()
			option(r, 0)
			if r.short {
				return
			}
		}
	}
	if n := r.integer(); !r.short && n >= 0 {
		m.Int(keyRows, int64(n))
	}
}

// option passes over a type (section 4.2.5.2).
func option(r *fields, depth int) {
	if depth > maxNested {
		r.take(-1)
		return
	}
	switch r.short16() {
	case 0x00: // custom
		r.text()
	case 0x20, 0x22: // list, set
		option(r, depth+1)
	case 0x21: // map
		option(r, depth+1)
		option(r, depth+1)
	case 0x30: // user defined
		r.text()
		r.text()
		for i, n := 0, r.short16(); i < n && !r.short; i++ {
			r.text()
			option(r, depth+1)
		}
	case 0x31: // tuple
		for i, n := 0, r.short16(); i < n && !r.short; i++ {
			option(r, depth+1)
		}
	}
}
