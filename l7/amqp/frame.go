package amqp

import "github.com/wirespan/wirespan/l7"

// Frame types (4.2.3).
const (
	frameMethod    = 1
	frameHeader    = 2
	frameBody      = 3
	frameHeartbeat = 8 // 4.2.7; 4 in the text of the specification, an erratum
	frameEnd       = 0xce
)

// Bounds of what is looked at and kept.
const (
	window     = 96 << 10
	frameHead  = 7
	maxMethod  = 16 << 10 // arguments that are looked at
	maxHeader  = 32 << 10 // content header that is looked at
	maxFrame   = 1 << 28
	digestSize = 256 // bytes of a body that its digest covers
)

// frame is the head of a frame.
type frame struct {
	kind    byte
	channel uint16
	size    int
}

// outcome of reading from bytes that may end too early.
type outcome uint8

const (
	good outcome = iota
	more
	bad
)

// readFrame reads the head of a frame.
func readFrame(b []byte) (f frame, o outcome) {
	if len(b) == 0 {
		return f, more
	}
	switch f.kind = b[0]; f.kind {
	case frameMethod, frameHeader, frameBody, frameHeartbeat:
	default:
		return f, bad
	}
	if len(b) < frameHead {
		return f, more
	}
	f.channel = uint16(b[1])<<8 | uint16(b[2])
	f.size = int(b[3])<<24 | int(b[4])<<16 | int(b[5])<<8 | int(b[6])
	switch {
	case f.size > maxFrame, f.kind == frameHeartbeat && f.size != 0, f.kind == frameMethod && f.size < 4, f.kind == frameHeader && f.size < 14:
		return f, bad
	case f.kind != frameMethod && f.kind != frameHeartbeat && f.channel == 0:
		return f, bad
	}
	return f, good
}

// fields reads arguments one after another. Once one does not fit, all are
// empty and ok is false.
type fields struct {
	b    []byte
	ok   bool
	bits byte // the bit fields of the byte that was read last
}

func (f *fields) take(n int) []byte {
	if !f.ok || n < 0 || n > len(f.b) {
		f.ok = false
		return nil
	}
	v := f.b[:n]
	f.b = f.b[n:]
	return v
}

func (f *fields) byte() byte {
	if v := f.take(1); f.ok {
		return v[0]
	}
	return 0
}

func (f *fields) number(n int) (v uint64) {
	for _, c := range f.take(n) {
		v = v<<8 | uint64(c)
	}
	return v
}

// short reads a short string, long a long string or a table (4.2.5).
func (f *fields) short() []byte { return f.take(int(f.byte())) }
func (f *fields) long() []byte  { return f.take(int(f.number(4))) }

// octet reads a byte of bit fields, bit gives the n-th of them.
func (f *fields) octet()         { f.bits = f.byte() }
func (f *fields) bit(n int) bool { return f.bits>>n&1 == 1 }

// pass reads over a value of a table (4.2.1, with the types that RabbitMQ uses).
func (f *fields) pass(kind byte) {
	switch kind {
	case 't', 'b', 'B':
		f.take(1)
	case 's', 'u', 'U':
		f.take(2)
	case 'I', 'i', 'f':
		f.take(4)
	case 'L', 'l', 'd', 'T':
		f.take(8)
	case 'D':
		f.take(5)
	case 'S', 'x', 'F', 'A':
		f.long()
	case 'V':
	default:
		f.ok = false
	}
}

// identify takes IDs from a table of headers.
func (p *parser) identify(m *l7.Message, table []byte) {
	f := fields{b: table, ok: true}
	for f.ok && len(f.b) > 0 {
		name, kind := f.short(), f.byte()
		if !f.ok {
			return
		}
		if kind != 'S' {
			f.pass(kind)
			continue
		}
		value := f.long()
		if c := p.ids.Match(name); f.ok && c != l7.IDNone {
			m.ID(c, name, value)
		}
	}
}
