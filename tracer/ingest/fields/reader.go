package fields

import "errors"

// ErrMalformed says that bytes are no protobuf message.
var ErrMalformed = errors.New("malformed protobuf")

// Wire types (https://protobuf.dev/programming-guides/encoding/).
const (
	Varint = 0
	Fixed8 = 1 // 8 bytes
	Bytes  = 2
	group  = 3
	end    = 4
	Fixed4 = 5 // 4 bytes
)

const (
	maxNumber = 1<<29 - 1
	maxGroups = 10_000 // one in the other, as in protobuf-go
)

// Reader reads the fields of one message. Make it with New.
type Reader struct {
	rest string

	// Tag is number<<3 | wire type of the field that Next found.
	Tag uint64
	// Num is its value if it is a Varint, Fixed4 or Fixed8.
	Num uint64
	// Str is its value if it is Bytes: a part of the message.
	Str string

	bad bool
}

// New returns a Reader of a message.
func New(message string) Reader { return Reader{rest: message} }

// Err is ErrMalformed if Next ended where no message can end.
func (r *Reader) Err() error {
	if r.bad {
		return ErrMalformed
	}
	return nil
}

// Next reads a field. Groups are passed over. It returns false at the end, or when
// what follows is no field (Err).
func (r *Reader) Next() bool {
	for len(r.rest) > 0 && !r.bad {
		r.Tag = r.varint()
		if n := r.Tag >> 3; r.bad || n == 0 || n > maxNumber {
			r.bad = true
			return false
		}
		switch r.Tag & 7 {
		case Varint:
			r.Num = r.varint()
		case Bytes:
			r.Str = r.take(r.varint())
		case Fixed8:
			r.Num = fixed(r.take(8))
		case Fixed4:
			r.Num = fixed(r.take(4))
		case group:
			r.skip(r.Tag>>3, maxGroups)
			continue
		default:
			r.bad = true
		}
		return !r.bad
	}
	return false
}

// skip passes over a group, whose beginning was read.
func (r *Reader) skip(number uint64, depth int) {
	for !r.bad {
		tag := r.varint()
		n := tag >> 3
		if len(r.rest) == 0 && tag&7 != end || n == 0 || n > maxNumber || depth == 0 {
			break
		}
		switch tag & 7 {
		case Varint:
			r.varint()
		case Bytes:
			r.take(r.varint())
		case Fixed8:
			r.take(8)
		case Fixed4:
			r.take(4)
		case group:
			r.skip(n, depth-1)
		case end:
			r.bad = r.bad || n != number
			return
		default:
			r.bad = true
		}
	}
	r.bad = true
}

// varint takes a number of up to ten bytes.
func (r *Reader) varint() uint64 {
	if len(r.rest) > 0 && r.rest[0] < 0x80 {
		v := uint64(r.rest[0])
		r.rest = r.rest[1:]
		return v
	}
	var v uint64
	for i := range min(len(r.rest), 10) {
		c := r.rest[i]
		if i == 9 && c > 1 {
			break
		}
		v |= uint64(c&0x7f) << (7 * i)
		if c < 0x80 {
			r.rest = r.rest[i+1:]
			return v
		}
	}
	r.bad = true
	return 0
}

// take takes n bytes.
func (r *Reader) take(n uint64) string {
	if r.bad || n > uint64(len(r.rest)) {
		r.bad = true
		return ""
	}
	s := r.rest[:n]
	r.rest = r.rest[n:]
	return s
}

// fixed is the number in 4 or 8 bytes, little endian; 0 for none.
func fixed(s string) uint64 {
	switch len(s) {
	case 8:
		return uint64(s[0]) | uint64(s[1])<<8 | uint64(s[2])<<16 | uint64(s[3])<<24 |
			uint64(s[4])<<32 | uint64(s[5])<<40 | uint64(s[6])<<48 | uint64(s[7])<<56
	case 4:
		return uint64(s[0]) | uint64(s[1])<<8 | uint64(s[2])<<16 | uint64(s[3])<<24
	}
	return 0
}
