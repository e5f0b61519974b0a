package otlp

import (
	"encoding/binary"
	"slices"
	"strconv"
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

// asciiMask has, for a length up to 16, the bits of two words that are zero
// when that many bytes are ASCII.
var asciiMask = func() (m [17][2]uint64) {
	for n := range m {
		for i := range n {
			m[n][i/8] |= 0x80 << (i % 8 * 8)
		}
	}
	return m
}()

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

// octet is the decimal text of a byte with a dot behind it, the first
// character in the lowest byte, and its length with the dot.
type octet struct{ text, n uint32 }

// octets has the text of every byte.
var octets = func() (t [256]octet) {
	for i := range t {
		s := append(strconv.AppendUint(nil, uint64(i), 10), '.')
		for k, c := range s {
			t[i].text |= uint32(c) << (8 * k)
		}
		t[i].n = uint32(len(s))
	}
	return t
}()

// putIPv4 writes a dotted address and returns its length; what follows it in b
// is spoilt.
func putIPv4(b *[20]byte, a *[4]byte) int {
	o, p, q, r := &octets[a[0]], &octets[a[1]], &octets[a[2]], &octets[a[3]]
	second := o.n & 15
	third := (second + p.n) & 15
	fourth := (third + q.n) & 15
	binary.LittleEndian.PutUint32(b[:], o.text)
	binary.LittleEndian.PutUint32(b[second:], p.text)
	binary.LittleEndian.PutUint32(b[third:], q.text)
	binary.LittleEndian.PutUint32(b[fourth:], r.text)
	return int(fourth + r.n - 1)
}
