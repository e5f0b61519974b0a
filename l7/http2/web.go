package http2

import (
	"github.com/wirespan/wirespan/l7"
	"github.com/wirespan/wirespan/l7/cursor"
)

// maxTrailers is how many bytes of trailers are read from a body.
const maxTrailers = 4 << 10

// trailer takes bytes of the trailers of gRPC-Web, which are the last message of
// the body as lines of HTTP/1
// (https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-WEB.md, "Protocol
// differences vs gRPC over HTTP2"). It returns how many were taken.
func (p *parser) trailer(s *stream, dir l7.Dir, b []byte) int {
	m := &s.msgs[dir]
	n := int(min(m.left, int64(len(b))))
	if k := p.streams.keep(s); k != nil && int64(len(k.trail))+m.left <= maxTrailers {
		k.trail = append(k.trail, b[:n]...)
		k.whole = int64(n) == m.left
	}
	if m.left -= int64(n); m.left == 0 {
		m.last = false
	}
	return n
}

// webOutcome reads the status from trailers in the body, if all of them were
// seen.
func (p *parser) webOutcome(s *stream, m *l7.Message) {
	if s.kept == nil || !s.kept.whole {
		return
	}
	f := fields{rpcStatus: -1}
	for lines := s.kept.trail; len(lines) > 0; {
		line, end, ok := cursor.Line(lines)
		if !ok {
			line, end = lines, len(lines)
		}
		lines = lines[end:]
		name, value := cursor.Cut(line, ':')
		switch value = cursor.TrimOWS(value); {
		case cursor.EqualFold(name, "grpc-status"):
			if v, ok := cursor.Decimal(value); ok && v < 1<<30 {
				f.rpcStatus = int32(v)
			}
		case cursor.EqualFold(name, "grpc-message"):
			f.message = value
		}
	}
	p.outcome(&f, m)
}

// walkText takes bytes of a body in base64: all of them, for padding may come
// behind any piece that the sender flushed.
func (p *parser) walkText(s *stream, dir l7.Dir, b []byte) {
	m := &s.msgs[dir]
	k := s.kept
	var plain [192]byte
	for len(b) > 0 && !m.lost {
		n := min(len(b), 256)
		x, ok := k.web[dir].decode(plain[:0], b[:n])
		if b = b[n:]; !ok {
			m.lost = true
			return
		}
		for len(x) > 0 {
			x = x[p.message(s, dir, x):]
		}
	}
}

// message takes bytes of the messages of a call, as far as one step goes.
func (p *parser) message(s *stream, dir l7.Dir, b []byte) int {
	m := &s.msgs[dir]
	if m.last && !m.lost {
		return p.trailer(s, dir, b)
	}
	inside := m.left > 0 && !m.lost && m.prefix[0]&flagPacked == 0
	n := m.walk(b)
	if inside && p.wants(dir, s) {
		p.take(dir, s, b[:n])
	}
	return n
}

// base64 decodes RFC 4648, section 4, piece by piece; padding ends a group, and
// another may follow.
type base64 struct {
	bits uint32
	have uint8 // characters of the group
}

// decode appends to dst, which has room, what can be decoded of b; ok is false
// at a byte that is not of the alphabet.
func (d *base64) decode(dst, b []byte) (plain []byte, ok bool) {
	for _, c := range b {
		v := uint32(0)
		switch {
		case c >= 'A' && c <= 'Z':
			v = uint32(c - 'A')
		case c >= 'a' && c <= 'z':
			v = uint32(c-'a') + 26
		case c >= '0' && c <= '9':
			v = uint32(c-'0') + 52
		case c == '+' || c == '-':
			v = 62
		case c == '/' || c == '_':
			v = 63
		case c == '=':
			d.bits, d.have = 0, 0
			continue
		case c == '\r' || c == '\n':
			continue
		default:
			return dst, false
		}
		d.bits = d.bits<<6 | v
		if d.have = (d.have + 1) % 4; d.have != 1 {
			dst = append(dst, byte(d.bits>>((4-uint32(d.have))%4*2)))
		}
	}
	return dst, true
}
