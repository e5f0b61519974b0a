package http2

import (
	"github.com/wirespan/wirespan/l7"
	"github.com/wirespan/wirespan/l7/cursor"
)

// maxTrailers is how many bytes of trailers are read from a body.
const maxTrailers = 4 << 10

// web reads the trailers of gRPC-Web, which are the last message of the body as
// lines of HTTP/1 (https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-WEB.md,
// "Protocol differences vs gRPC over HTTP2"). They must lie in one frame, of
// which left bytes are to come; n is how many were taken, or need says how many
// must be there.
func (p *parser) web(s *stream, dir l7.Dir, b []byte, left int) (n, need int) {
	m := &s.msgs[dir]
	size := int(m.left)
	if size == 0 || size > left || size > maxTrailers {
		m.last = false // passed over as a message
		return m.walk(b[:min(left, len(b))]), 0
	}
	if len(b) < size {
		return 0, size
	}
	m.last, m.left = false, 0
	for lines := b[:size]; len(lines) > 0; {
		line, end, ok := cursor.Line(lines)
		if !ok {
			line, end = lines, len(lines)
		}
		lines = lines[end:]
		name, value := cursor.Cut(line, ':')
		switch value = cursor.TrimOWS(value); {
		case cursor.EqualFold(name, "grpc-status"):
			if v, ok := cursor.Decimal(value); ok && v < 1<<30 {
				s.web = int32(v)
			}
		case cursor.EqualFold(name, "grpc-message"):
			p.webText = value
		}
	}
	return size, 0
}
