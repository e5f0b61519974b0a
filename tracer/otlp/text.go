package otlp

import (
	"encoding/binary"
	"slices"
	"unicode/utf8"
)

// highBits is set in every byte that is not ASCII.
const highBits = 0x8080808080808080

// copyASCII copies src to the start of dst, which must be as long, and reports
// whether all of it is ASCII.
func copyASCII(dst, src []byte) bool {
	n := len(src)
	if n < 8 {
		var all byte
		for i, c := range src {
			all |= c
			dst[i] = c
		}
		return all < utf8.RuneSelf
	}
	_ = dst[n-1]
	var all uint64
	for i := 0; i <= n-8; i += 8 {
		w := binary.LittleEndian.Uint64(src[i:])
		binary.LittleEndian.PutUint64(dst[i:], w)
		all |= w
	}
	w := binary.LittleEndian.Uint64(src[n-8:])
	binary.LittleEndian.PutUint64(dst[n-8:], w)
	return (all|w)&highBits == 0
}

// copy16 copies 16 bytes, of which n matter, and reports whether those are
// ASCII.
func copy16(dst, src []byte, n uint) bool {
	_, _ = dst[15], src[15]
	lo, hi := binary.LittleEndian.Uint64(src), binary.LittleEndian.Uint64(src[8:])
	binary.LittleEndian.PutUint64(dst, lo)
	binary.LittleEndian.PutUint64(dst[8:], hi)
	lo &= 1<<(8*n) - 1
	hi &= 1<<(8*(max(n, 8)-8)) - 1
	return (lo|hi)&highBits == 0
}

// appendValid adds s with U+FFFD for each run of bytes that is not UTF-8.
func appendValid(b, s []byte) []byte {
	b = slices.Grow(b, len(s)+utf8.UTFMax)
	bad := false
	for len(s) > 0 {
		r, n := utf8.DecodeRune(s)
		if r == utf8.RuneError && n == 1 {
			if !bad {
				b = utf8.AppendRune(b, utf8.RuneError)
			}
			bad, s = true, s[1:]
			continue
		}
		b, s, bad = append(b, s[:n]...), s[n:], false
	}
	return b
}

// hex32 spreads 32 bits into 8 hex digits, the highest digit in the lowest byte.
func hex32(v uint32) uint64 {
	x := uint64(v)
	x = (x & 0xffff0000 >> 16) | (x & 0xffff << 32)
	x = (x & 0x0000ff000000ff00 >> 8) | (x & 0x000000ff000000ff << 16)
	x = (x & 0x00f000f000f000f0 >> 4) | (x & 0x000f000f000f000f << 8)
	letter := (x + 0x0606060606060606) >> 4 & 0x0101010101010101
	return x + 0x3030303030303030 + letter*('a'-'0'-10)
}

// putHex64 writes 16 hex digits.
func putHex64(b []byte, v uint64) {
	_ = b[15]
	binary.LittleEndian.PutUint64(b, hex32(uint32(v>>32)))
	binary.LittleEndian.PutUint64(b[8:], hex32(uint32(v)))
}

// octet is the decimal text of a byte and its length.
type octet struct {
	text [3]byte
	n    uint8
}

// octets has the text of every byte.
var octets = func() (t [256]octet) {
	for i := range t {
		o := &t[i]
		for _, div := range [3]int{100, 10, 1} {
			if o.n > 0 || i >= div || div == 1 {
				o.text[o.n] = byte('0' + i/div%10)
				o.n++
			}
		}
	}
	return t
}()

// putIPv4 writes a dotted address and returns its length; b has 16 bytes.
func putIPv4(b, a []byte) int {
	_, _ = a[3], b[15]
	n := 0
	for i := range 4 {
		o := &octets[a[i]]
		b[n&15], b[(n+1)&15], b[(n+2)&15] = o.text[0], o.text[1], o.text[2]
		n += int(o.n)
		b[n&15] = '.'
		n++
	}
	return n - 1
}
