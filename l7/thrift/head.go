package thrift

import "encoding/binary"

// outcome of reading a piece of the input.
type outcome uint8

const (
	more outcome = iota
	good
	bad
)

// mode says how messages are written on a connection.
type mode uint8

// Modes, as sums of an encoding and a transport.
const (
	strict  mode = iota // binary with version
	old                 // binary that begins with the name
	compact             // compact protocol
	framed  mode = 4
	header  mode = 8 // framed, with THeader

	encoding = strict | old | compact
)

// First bytes of a message: the version of the binary protocol, the id of the
// compact one.
const (
	strictMark  = 0x80
	compactMark = 0x82
)

// Message types, the same in all encodings.
const (
	call      = 1
	reply     = 2
	exception = 3
	oneway    = 4
)

// Bounds.
const (
	maxName  = 255
	maxFrame = 1 << 28
	maxInfo  = 4 << 10 // of a THeader
)

// head is the beginning of a message, borrowed from the input.
type head struct {
	mode mode
	kind uint8
	name []byte
	seq  uint32
	size int    // of everything up to the arguments
	body int64  // of the arguments; -1 if only walking finds their end
	info []byte // key-value pairs of a THeader
	dark bool   // arguments and name are compressed
}

// readHead reads the head of a message written in a mode.
func readHead(b []byte, m mode) (h head, o outcome) {
	h.mode, h.body = m, -1
	if m&(framed|header) == 0 {
		return h, h.read(b, 0)
	}
	if len(b) < 4 {
		return h, more
	}
	n := binary.BigEndian.Uint32(b)
	if n < 4 || n > maxFrame {
		return h, bad
	}
	at := 4
	if m&header != 0 {
		if at, o = h.transport(b, int64(n)); o != good {
			return h, o
		}
		if h.dark {
			h.size, h.body = at, int64(n)+4-int64(at)
			return h, good
		}
	}
	if o = h.read(b, at); o != good {
		if o == more && int64(len(b)) >= int64(n)+4 {
			return h, bad
		}
		return h, o
	}
	if h.body = int64(n) + 4 - int64(h.size); h.body < 1 {
		return h, bad
	}
	return h, good
}

// read reads name, type and sequence id at b[at:].
func (h *head) read(b []byte, at int) outcome {
	switch h.mode & encoding {
	case strict:
		return h.readStrict(b, at)
	case old:
		return h.readOld(b, at)
	}
	return h.readCompact(b, at)
}

func (h *head) readStrict(b []byte, at int) outcome {
	for i, want := range [3]byte{strictMark, 0x01, 0x00} {
		if at+i >= len(b) {
			return more
		}
		if b[at+i] != want {
			return bad
		}
	}
	if len(b) < at+8 {
		return more
	}
	n := binary.BigEndian.Uint32(b[at+4:])
	h.kind = b[at+3]
	if n == 0 || n > maxName || h.kind < call || h.kind > oneway {
		return bad
	}
	if o := h.take(b, at+8, int(n)); o != good {
		return o
	}
	if len(b) < h.size+4 {
		return more
	}
	h.seq = binary.BigEndian.Uint32(b[h.size:])
	h.size += 4
	return good
}

func (h *head) readOld(b []byte, at int) outcome {
	if len(b) < at+4 {
		return more
	}
	n := binary.BigEndian.Uint32(b[at:])
	if n == 0 || n > maxName {
		return bad
	}
	if o := h.take(b, at+4, int(n)); o != good {
		return o
	}
	if len(b) < h.size+5 {
		return more
	}
	h.kind, h.seq = b[h.size], binary.BigEndian.Uint32(b[h.size+1:])
	h.size += 5
	if h.kind < call || h.kind > oneway {
		return bad
	}
	return good
}

func (h *head) readCompact(b []byte, at int) outcome {
	if len(b) > at && b[at] != compactMark {
		return bad
	}
	if len(b) < at+2 {
		return more
	}
	h.kind = b[at+1] >> 5
	if b[at+1]&0x1f != 1 || h.kind < call || h.kind > oneway {
		return bad
	}
	seq, next, o := varint(b, at+2)
	if o != good {
		return o
	}
	n, next, o := varint(b, next)
	if o != good {
		return o
	}
	if n == 0 || n > maxName {
		return bad
	}
	h.seq = uint32(seq)
	return h.take(b, next, int(n))
}

// take takes the name of a method.
func (h *head) take(b []byte, at, n int) outcome {
	h.name = b[min(at, len(b)):min(at+n, len(b))]
	if !isName(h.name) {
		return bad
	}
	h.size = at + n
	if len(b) < h.size {
		return more
	}
	return good
}

// isName reports whether b is an identifier, or one behind a service and a
// colon (TMultiplexedProtocol).
func isName(b []byte) bool {
	for i, c := range b {
		if l := c | 0x20; (l < 'a' || l > 'z') && c != '_' && (i == 0 || c != ':' && c != '.' && c != '-' && c != '/' && c != '$' && (c < '0' || c > '9')) {
			return false
		}
	}
	return true
}

// varint reads an unsigned LEB128 number.
func varint(b []byte, at int) (n uint64, next int, o outcome) {
	for i := 0; i < 10; i++ {
		if at+i >= len(b) {
			return 0, 0, more
		}
		c := b[at+i]
		n |= uint64(c&0x7f) << (7 * i)
		if c < 0x80 {
			return n, at + i + 1, good
		}
	}
	return 0, 0, bad
}

// headerMagic begins a THeader behind the length of the frame.
const headerMagic = 0x0fff

// transport reads a THeader: flags, sequence id, size in words, protocol,
// transforms, key-value pairs. at is the place of the payload.
func (h *head) transport(b []byte, frame int64) (at int, o outcome) {
	for i, want := range [2]byte{headerMagic >> 8, headerMagic & 0xff} {
		if 4+i >= len(b) {
			return 0, more
		}
		if b[4+i] != want {
			return 0, bad
		}
	}
	if len(b) < 14 {
		return 0, more
	}
	h.seq = binary.BigEndian.Uint32(b[8:])
	at = 14 + 4*int(binary.BigEndian.Uint16(b[12:]))
	if at > maxInfo || int64(at) > frame+4 {
		return 0, bad
	}
	if len(b) < at {
		return 0, more
	}
	words := b[14:at]
	protocol, next, o := varint(words, 0)
	if o != good {
		return 0, bad
	}
	transforms, next, o := varint(words, next)
	if o != good || transforms > 8 {
		return 0, bad
	}
	switch protocol {
	case 0:
		h.mode = header | strict
	case 2:
		h.mode = header | compact
	default:
		h.dark = true
	}
	for range transforms {
		if _, next, o = varint(words, next); o != good {
			return 0, bad
		}
		h.dark = true
	}
	h.info = words[next:]
	return at, good
}
