package mysql

import "encoding/binary"

// A packet is a header and a payload (MySQL, "MySQL Packets").
const (
	headLen   = 4         // payload length (3 bytes, little endian), sequence number
	maxPacket = 1<<24 - 1 // payload that goes on in the next packet
)

// header is a packet's.
type header struct {
	size int // of the payload
	seq  uint8
}

// head reads a header; b has at least four bytes.
func head(b []byte) header {
	return header{size: int(b[0]) | int(b[1])<<8 | int(b[2])<<16, seq: b[3]}
}

// reader takes values from a payload. After a value that is not there it is
// empty and bad.
type reader struct {
	b   []byte
	bad bool
}

func (r *reader) take(n int) []byte {
	if n < 0 || n > len(r.b) {
		r.b, r.bad = nil, true
		return nil
	}
	v := r.b[:n]
	r.b = r.b[n:]
	return v
}

func (r *reader) u8() uint8 {
	if v := r.take(1); v != nil {
		return v[0]
	}
	return 0
}

func (r *reader) u16() uint16 {
	if v := r.take(2); v != nil {
		return binary.LittleEndian.Uint16(v)
	}
	return 0
}

func (r *reader) u32() uint32 {
	if v := r.take(4); v != nil {
		return binary.LittleEndian.Uint32(v)
	}
	return 0
}

// lenenc reads a length-encoded integer (MySQL, "Integer Types").
func (r *reader) lenenc() uint64 {
	switch c := r.u8(); c {
	case 0xfc:
		return uint64(r.u16())
	case 0xfd:
		if v := r.take(3); v != nil {
			return uint64(v[0]) | uint64(v[1])<<8 | uint64(v[2])<<16
		}
		return 0
	case 0xfe:
		if v := r.take(8); v != nil {
			return binary.LittleEndian.Uint64(v)
		}
		return 0
	case 0xfb, 0xff: // NULL and error: no integers
		r.b, r.bad = nil, true
		return 0
	default:
		return uint64(c)
	}
}

// text reads a length-encoded string.
func (r *reader) text() []byte {
	n := r.lenenc()
	if n > uint64(len(r.b)) {
		r.b, r.bad = nil, true
		return nil
	}
	return r.take(int(n))
}

// terminated reads up to a NUL, or all there is.
func (r *reader) terminated() []byte {
	for i, c := range r.b {
		if c == 0 {
			v := r.b[:i]
			r.b = r.b[i+1:]
			return v
		}
	}
	v := r.b
	r.b, r.bad = nil, true
	return v
}
