package http2

import "encoding/binary"

// prefixLen is the length of what precedes each message (gRPC over HTTP/2,
// "Length-Prefixed-Message"): a flag byte and the length in four.
const prefixLen = 5

// flagPacked in the first byte says that the message is compressed.
const flagPacked = 0x01

// flagTrailers in the first byte marks the trailers of gRPC-Web
// (https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-WEB.md).
const flagTrailers = 0x80

// messages counts the messages of one direction of a call.
type messages struct {
	n      int64
	left   int64 // of the message that is passed over
	prefix [prefixLen]byte
	have   uint8 // bytes of prefix
	last   bool  // what is passed over are the trailers of gRPC-Web
	lost   bool  // bytes are missing: nothing is counted
}

// walk takes bytes of a body, as far as one step goes: a prefix or a message.
func (m *messages) walk(b []byte) int {
	if m.lost {
		return len(b)
	}
	if m.left > 0 {
		n := min(m.left, int64(len(b)))
		m.left -= n
		return int(n)
	}
	n := copy(m.prefix[m.have:], b)
	if m.have += uint8(n); m.have == prefixLen {
		m.have = 0
		m.left = int64(binary.BigEndian.Uint32(m.prefix[1:]))
		if m.last = m.prefix[0]&flagTrailers != 0; !m.last {
			m.n++
		}
	}
	return n
}

// ahead is how many of the next n bytes need not be seen.
func (m *messages) ahead(n int64) int64 {
	switch {
	case m.lost:
		return n
	case m.last:
		return 0
	}
	return min(n, m.left)
}

// pass says that n bytes were not seen.
func (m *messages) pass(n int64) {
	if m.left -= n; m.left < 0 {
		m.left, m.lost = 0, true
	}
}
