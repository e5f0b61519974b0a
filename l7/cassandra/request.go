package cassandra

import (
	"bytes"

	"github.com/wirespan/wirespan/l7"
	"github.com/wirespan/wirespan/l7/sqltext"
)

// Flags of queries (section 4.1.4), and of PREPARE in version 5.
const (
	queryValues   = 0x01
	queryPage     = 0x04
	queryState    = 0x08
	querySerial   = 0x10
	queryTime     = 0x20
	queryNames    = 0x40
	queryKeyspace = 0x80
	prepKeyspace  = 0x01
)

// Bounds of what is read of a request.
const (
	maxValues = 1024
	maxBatch  = 64      // statements whose texts are shown
	maxText   = 8 << 10 // of a batch
	maxPairs  = 16      // of a custom payload or of options
)

// request tells a request.
func (p *parser) request(f *frame, r *fields, out *l7.Emitter) *l7.Message {
	m := out.Begin(l7.Request)
	m.Match, m.Version = uint64(f.stream), versions[f.version]
	m.Size, m.HeadSize = int64(f.size-headLen), headLen
	m.Str(keySystem, system)
	if f.flags&flagPayload != 0 {
		p.payload(r, m)
	}
	space := p.keyspace
	switch f.op {
	case opQuery:
		p.cql.Read(r.long()).Describe(m, cqlKeys())
		space = p.parameters(f, r, m, space)
	case opPrepare:
		space = p.prepare(f, r, m, space)
	case opExecute:
		t := p.prepared.get(r.text())
		if f.version >= 5 {
			r.text() // id of the result's metadata
		}
		if t != nil {
			t.Describe(m, cqlKeys())
		}
		space = p.parameters(f, r, m, space)
	case opBatch:
		p.readBatch(f, r, m)
	case opStartup:
		p.startup(r)
	}
	if len(m.Op) == 0 {
		m.Op = operations[f.op]
		m.Str(keyOperation, m.Op)
	}
	if len(space) > 0 {
		m.Str(keyNamespace, space)
	}
	return m
}

// payload looks for ids in a custom payload (section 2.2, flag 0x04).
func (p *parser) payload(r *fields, m *l7.Message) {
	n := r.short16()
	for i := 0; i < n && !r.short; i++ {
		k, v := r.text(), r.bytes()
		if i >= maxPairs || len(v) == 0 || len(v) > 512 {
			continue
		}
		if class := p.opts.IDs.Match(k); class != l7.IDNone {
			m.ID(class, k, v)
		}
	}
}

// startup takes the codec.
func (p *parser) startup(r *fields) {
	n := r.short16()
	for i := 0; i < n && i < maxPairs && !r.short; i++ {
		k, v := r.text(), r.text()
		if string(k) != "COMPRESSION" {
			continue
		}
		switch {
		case bytes.EqualFold(v, []byte("lz4")):
			p.codec = codecLZ4
		case bytes.EqualFold(v, []byte("snappy")):
			p.codec = codecSnappy
		}
	}
}

// level tells a consistency.
func level(r *fields, m *l7.Message) {
	if n := r.short16(); !r.short && n < len(consistencies) {
		m.Str(keyConsistency, consistencies[n])
	}
}

// parameters reads what follows a statement and gives the keyspace.
func (p *parser) parameters(f *frame, r *fields, m *l7.Message, space []byte) []byte {
	level(r, m)
	flags := 0
	if f.version >= 5 {
		flags = r.integer()
	} else {
		flags = r.octet()
	}
	if flags&queryValues != 0 && !values(r, flags&queryNames != 0) {
		return space
	}
	if flags&queryPage != 0 {
		if n := r.integer(); !r.short {
			m.Int(keyPage, int64(n))
		}
	}
	if flags&queryState != 0 {
		r.bytes()
	}
	if flags&querySerial != 0 {
		r.short16()
	}
	if flags&queryTime != 0 {
		r.take(8)
	}
	if f.version >= 5 && flags&queryKeyspace != 0 {
		if k := r.text(); len(k) > 0 {
			return k
		}
	}
	return space
}

// values passes over bound values.
func values(r *fields, names bool) bool {
	n := r.short16()
	if n > maxValues {
		return false
	}
	for range n {
		if names {
			r.text()
		}
		r.bytes()
	}
	return !r.short
}

// prepare reads a PREPARE.
func (p *parser) prepare(f *frame, r *fields, m *l7.Message, space []byte) []byte {
	t := p.cql.Read(r.long())
	t.DescribeAs(m, cqlKeys(), operations[opPrepare])
	p.name = append(append(append(p.name[:0], operations[opPrepare]...), ' '), t.Summary...)
	m.Name = p.name
	p.answered(f.stream)
	p.wait(f.stream, t.Clone())
	if f.version >= 5 && r.integer()&prepKeyspace != 0 {
		if k := r.text(); len(k) > 0 {
			return k
		}
	}
	return space
}

// readBatch reads the texts of a BATCH (section 4.1.7).
func (p *parser) readBatch(f *frame, r *fields, m *l7.Message) {
	r.octet() // logged, unlogged, counter
	n := r.short16()
	b := &p.batch
	*b = sqltext.Statement{Query: b.Query[:0], Summary: b.Summary[:0], Table: b.Table[:0], IDs: b.IDs[:0]}
	for i := 0; i < n && !r.short; i++ {
		var t *sqltext.Statement
		if r.octet() == 0 {
			if text := r.long(); i < maxBatch {
				t = p.cql.Read(text)
			}
		} else if id := r.text(); i < maxBatch {
			t = p.prepared.get(id)
		}
		if t != nil {
			p.add(t)
		}
		if !values(r, false) {
			break
		}
	}
	b.DescribeAs(m, cqlKeys(), operations[opBatch])
	m.Int(keyBatch, int64(n))
	if len(b.Summary) > 0 {
		m.Name = b.Summary
	}
	if !r.short {
		level(r, m)
	}
}

// add joins a statement to those of the batch.
func (p *parser) add(t *sqltext.Statement) {
	b := &p.batch
	if len(b.Query) > 0 {
		b.Query = append(b.Query, "; "...)
	} else {
		b.Summary = append(append(append(b.Summary, operations[opBatch]...), ' '), t.Summary...)
		b.Table = append(b.Table, t.Table...)
	}
	if len(b.IDs) < maxPairs {
		b.IDs = ownIDs(b.IDs, t.IDs)
	}
	if !bytes.Equal(b.Table, t.Table) {
		b.Table = b.Table[:0]
	}
	b.Query = append(b.Query, t.Query[:min(len(t.Query), max(0, maxText-len(b.Query)))]...)
}

// ownIDs copies ids: the reader gives them for one text only.
func ownIDs(dst, src []l7.ID) []l7.ID {
	for _, id := range src {
		dst = append(dst, l7.ID{Class: id.Class, Name: bytes.Clone(id.Name), Value: bytes.Clone(id.Value)})
	}
	return dst
}
