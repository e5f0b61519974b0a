package otlp

import (
	"encoding/binary"
	"slices"
	"strconv"

	"github.com/wirespan/wirespan/tracer/span"
)

const (
	openerRoom = 95 // the longest opening of an attribute that is copied in one go
	plainText  = 64 // the longest string that appendPlain takes
	pairRoom   = openerRoom + plainText + 24
	closing    = '"' | '}'<<8 | '}'<<16 | ','<<24
	spaces     = ' ' * lowBits
)

// opener is what precedes the value of an attribute; n is 0 when it does not
// fit.
type opener struct {
	n uint8
	b [openerRoom]byte
}

// openers are those of an attribute, for the types that are written most.
type openers struct{ text, int opener }

func newOpeners(name string) (o openers) {
	o.text.set(name + `stringValue":"`)
	o.int.set(name + `intValue":"`)
	return o
}

func (o *opener) set(s string) {
	if len(s) <= openerRoom {
		o.n = uint8(copy(o.b[:], s))
	}
}

// appendPlain adds attributes as long as they are short strings without
// anything to escape, integers, addresses of IPv4 or hexadecimal numbers, and
// returns the others. It reads the encoding of span.Attrs directly, since here
// every nanosecond is paid once per attribute.
func (e *JSONEncoder) appendPlain(b []byte, a span.Attrs) ([]byte, span.Attrs) {
	for len(a) >= 4 {
		key := int(binary.LittleEndian.Uint16(a))
		if key >= len(e.openers) {
			break
		}
		if cap(b)-len(b) < pairRoom {
			b = slices.Grow(b, 16*pairRoom)
		}
		o := &e.openers[key].text
		t := span.Type(a[2])
		if t == span.TypeInt {
			o = &e.openers[key].int
		}
		out := (*[pairRoom]byte)(b[len(b):][:pairRoom])
		*(*[openerRoom]byte)(out[:]) = o.b
		at := int(o.n & 127)
		n, used := plainValue(out[at:], t, a)
		if at == 0 || used == 0 {
			break
		}
		binary.LittleEndian.PutUint32(out[at+n:], closing)
		b, a = b[:len(b)+at+n+4], a[used:]
	}
	return b, a
}

// plainValue writes the value of the first attribute of a, and returns its
// length and that of the attribute, 0 if it is not plain. It may spoil what
// follows the value.
func plainValue(out []byte, t span.Type, a span.Attrs) (n, used int) {
	switch t {
	case span.TypeString:
		size := int(a[3])
		if size > plainText || len(a) < 4+size || !copyPlain(out, a[4:], size) {
			return 0, 0
		}
		return size, 4 + size
	case span.TypeInt:
		return len(strconv.AppendInt(out[:0], int64(binary.LittleEndian.Uint64(a[3:])), 10)), 11
	case span.TypeHex:
		putHex64(out, binary.LittleEndian.Uint64(a[3:]))
		return 16, 11
	case span.TypeAddr:
		if addr := a[3:19]; is4in6(addr) {
			return putIPv4((*[20]byte)(out), (*[4]byte)(addr[12:])), 19
		}
	}
	return 0, 0
}

// copyPlain copies n bytes of src to dst, which has room for whole words, and
// reports whether none must be escaped.
func copyPlain(dst, src []byte, n int) bool {
	var bad uint64
	k := 0
	for ; k+8 <= n; k += 8 {
		w := binary.LittleEndian.Uint64(src[k:])
		binary.LittleEndian.PutUint64(dst[k:], w)
		bad |= special(w)
	}
	if k < n {
		w := tail(src[k:], n-k)
		binary.LittleEndian.PutUint64(dst[k:], w)
		bad |= special(w)
	}
	return bad == 0
}

// tail returns the first n bytes of b, less than 8, with spaces behind them.
func tail(b []byte, n int) uint64 {
	mask := uint64(1)<<(8*n) - 1
	if len(b) >= 8 {
		return binary.LittleEndian.Uint64(b)&mask | spaces&^mask
	}
	w := uint64(spaces)
	for i, c := range b[:n] {
		w = w&^(0xff<<(8*i)) | uint64(c)<<(8*i)
	}
	return w
}
