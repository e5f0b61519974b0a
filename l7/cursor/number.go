package cursor

import (
	"encoding/binary"
	"math/bits"
)

// Decimal reads all of b as an unsigned decimal number. ok is false when b is
// empty, holds anything but digits, or exceeds 64 bits.
func Decimal(b []byte) (n uint64, ok bool) {
	for _, c := range b {
		d := c - '0'
		if d > 9 {
			return 0, false
		}
		hi, lo := bits.Mul64(n, 10)
		sum, carry := bits.Add64(lo, uint64(d), 0)
		if hi|carry != 0 {
			return 0, false
		}
		n = sum
	}
	return n, len(b) > 0
}

// HexDigit is the value of a hexadecimal digit, or 0xff.
func HexDigit(c byte) byte {
	switch {
	case c >= '0' && c <= '9':
		return c - '0'
	case c >= 'a' && c <= 'f':
		return c - 'a' + 10
	case c >= 'A' && c <= 'F':
		return c - 'A' + 10
	}
	return 0xff
}

// Hex reads all of b as an unsigned hexadecimal number. ok is false when b is
// empty, holds anything but digits, or exceeds 64 bits.
func Hex(b []byte) (n uint64, ok bool) {
	for _, c := range b {
		d := HexDigit(c)
		if d > 15 || n>>60 != 0 {
			return 0, false
		}
		n = n<<4 | uint64(d)
	}
	return n, len(b) > 0
}

// HexBytes decodes b into the end of dst, zeros in front. ok is false, and dst
// in no defined state, when b is empty, too long, or not hexadecimal.
func HexBytes(dst, b []byte) (ok bool) {
	if len(b) == 0 || len(b) > 2*len(dst) {
		return false
	}
	skip := len(dst) - (len(b)+1)/2
	clear(dst[:skip])
	dst = dst[skip:]
	var bad byte
	if len(b)&1 != 0 {
		bad = hexValue[b[0]]
		dst[0] = bad
		dst, b = dst[1:], b[1:]
	}
	for i := range dst {
		hi, lo := hexValue[b[2*i]], hexValue[b[2*i+1]]
		bad |= hi | lo
		dst[i] = hi<<4 | lo
	}
	return bad <= 15
}

// LowerHex decodes b, twice as long as dst, of digits and lower case only. dst
// is in no defined state when ok is false.
func LowerHex(dst, b []byte) (ok bool) {
	if len(b) != 2*len(dst) {
		return false
	}
	var bad uint64
	for ; len(dst) >= 4; dst, b = dst[4:], b[8:] {
		v, wrong := lowerHex8(binary.LittleEndian.Uint64(b))
		bad |= wrong
		binary.LittleEndian.PutUint32(dst, v)
	}
	for i := range dst {
		hi, lo := hexValue[b[2*i]], hexValue[b[2*i+1]]
		bad |= uint64((hi|lo)&0xf0 | ^(b[2*i]&b[2*i+1])&0x20) // 0x20 is set in digits and lower case
		dst[i] = hi<<4 | lo
	}
	return bad == 0
}

// lowerHex8 decodes eight digits, the first in the lowest byte, into four bytes
// in the same order; wrong is not zero if one is no digit. What the nibbles
// would be written as is compared with what was there.
func lowerHex8(x uint64) (v uint32, wrong uint64) {
	const ones = 0x0101010101010101
	n := x&(0x0f*ones) + 9*(x>>6&ones)
	n &= 0x0f * ones
	letters := (n + 6*ones) >> 4 & ones
	wrong = x ^ (n + '0'*ones + 39*letters)
	n = (n<<4 | n>>8) & 0x00ff00ff00ff00ff
	n = (n | n>>8) & 0x0000ffff0000ffff
	return uint32(n | n>>16), wrong
}

// hexValue holds the value of hexadecimal digits, 0xff for other bytes.
var hexValue = func() (t [256]byte) {
	for c := range t {
		t[c] = 0xff
		switch {
		case c >= '0' && c <= '9':
			t[c] = byte(c - '0')
		case c >= 'a' && c <= 'f':
			t[c] = byte(c - 'a' + 10)
		case c >= 'A' && c <= 'F':
			t[c] = byte(c - 'A' + 10)
		}
	}
	return t
}()

// Uint16 reads two big-endian bytes of b at off; ok is false when b is short.
func Uint16(b []byte, off int) (n uint16, ok bool) {
	if off < 0 || off > len(b)-2 {
		return 0, false
	}
	return uint16(b[off])<<8 | uint16(b[off+1]), true
}

// Uint32 reads four big-endian bytes of b at off; ok is false when b is short.
func Uint32(b []byte, off int) (n uint32, ok bool) {
	if off < 0 || off > len(b)-4 {
		return 0, false
	}
	return uint32(b[off])<<24 | uint32(b[off+1])<<16 | uint32(b[off+2])<<8 | uint32(b[off+3]), true
}

// Uint64 reads eight big-endian bytes of b at off; ok is false when b is short.
func Uint64(b []byte, off int) (n uint64, ok bool) {
	if off < 0 || off > len(b)-8 {
		return 0, false
	}
	for _, c := range b[off : off+8] {
		n = n<<8 | uint64(c)
	}
	return n, true
}
