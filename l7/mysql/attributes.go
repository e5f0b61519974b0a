package mysql

import (
	"github.com/wirespan/wirespan/l7"
)

// maxAttributes bounds the query attributes that are read of one command.
const maxAttributes = 256

// paramsCounted in the flags of an execution: the number of parameters follows
// (MySQL, "COM_STMT_EXECUTE").
const paramsCounted = 1 << 3

// attributes reads the query attributes in front of a statement (MySQL,
// "COM_QUERY") and returns the statement. Beside the capabilities, which drivers
// set without need, their number of sets tells: it is 1, which is in no text.
func (p *parser) attributes(m *l7.Message, b []byte) []byte {
	if p.caps.known && p.caps.server != 0 && !p.caps.has(capAttributes) {
		return b
	}
	r := reader{b: b}
	n, sets := r.lenenc(), r.lenenc()
	if r.bad || sets != 1 || n > maxAttributes {
		return b
	}
	if n > 0 {
		p.parameters(m, &r, n)
	}
	if r.bad {
		return nil // the text is behind what could not be read
	}
	return r.b
}

// executeAttributes reads the named parameters of an execution.
func (p *parser) executeAttributes(m *l7.Message, b []byte) {
	if !p.caps.has(capAttributes) {
		return
	}
	r := reader{b: b}
	r.take(4)
	flags := r.u8()
	r.take(4) // iterations
	if flags&paramsCounted == 0 {
		return
	}
	if n := r.lenenc(); n > 0 {
		p.parameters(m, &r, n)
	}
}

// parameters reads n of them: a bitmap of NULLs, types and names, values. Those
// with the name of an id are one.
func (p *parser) parameters(m *l7.Message, r *reader, n uint64) {
	if n > maxAttributes {
		r.b, r.bad = nil, true
		return
	}
	nulls := r.take(int(n+7) / 8)
	if r.u8() == 0 { // types and names as before
		r.b, r.bad = nil, true
		return
	}
	var kinds [maxAttributes]byte
	var ids [maxAttributes]struct {
		class l7.IDClass
		name  []byte
	}
	for i := range kinds[:n] {
		kinds[i] = uint8(r.u16())
		name := r.text()
		ids[i].class, ids[i].name = p.opts.IDs.Match(name), name
	}
	for i := range kinds[:n] {
		if r.bad || nulls[i/8]>>(i%8)&1 != 0 {
			continue
		}
		v := value(r, kinds[i])
		switch c := ids[i].class; c {
		case l7.IDNone, l7.IDForwarded:
		default:
			if len(v) > 0 && textual(kinds[i]) {
				m.ID(c, ids[i].name, limit(v, 512))
			}
		}
	}
}

// value reads a value of the binary protocol (MySQL, "Binary Protocol Value").
func value(r *reader, kind byte) []byte {
	switch kind {
	case 0x01: // TINY
		return r.take(1)
	case 0x02, 0x0d: // SHORT, YEAR
		return r.take(2)
	case 0x03, 0x04, 0x09: // LONG, FLOAT, INT24
		return r.take(4)
	case 0x05, 0x08: // DOUBLE, LONGLONG
		return r.take(8)
	case 0x06: // NULL
		return nil
	case 0x07, 0x0a, 0x0b, 0x0c: // TIMESTAMP, DATE, TIME, DATETIME
		return r.take(int(r.u8()))
	default:
		return r.text()
	}
}

// textual reports whether values of a type are strings: VARCHAR, the BLOBs,
// VAR_STRING, STRING.
func textual(kind byte) bool { return kind == 0x0f || kind >= 0xf9 && kind <= 0xfe }
