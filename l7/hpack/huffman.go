package hpack

import (
	"encoding/binary"
	"slices"
)

// Decoding looks up lookBits bits at a time, in which there are up to two
// symbols; codes that are longer are found by their size (they are few: RFC
// 7541, appendix B, gives the frequent symbols five to eight bits).
const (
	lookBits = 12
	longest  = 30 // of all codes
)

// look holds, by the next lookBits bits, up to two symbols: the bits of both in
// 0-7, the first symbol in 8-15, the second in 16-23, how many there are in
// 24-27, the bits of the first in 28-31; 0 for codes that are longer.
var look = func() (t [1 << lookBits]uint32) {
	for a := range codes {
		n := uint(codeSizes[a])
		if n > lookBits {
			continue
		}
		first := codes[a] << (lookBits - n)
		for i := range uint32(1) << (lookBits - n) {
			t[first+i] = uint32(n) | uint32(a)<<8 | 1<<24 | uint32(n)<<28
		}
		for b := range codes {
			m := uint(codeSizes[b])
			if n+m > lookBits {
				continue
			}
			second := first | codes[b]<<(lookBits-n-m)
			for i := range uint32(1) << (lookBits - n - m) {
				t[second+i] = uint32(n+m) | uint32(a)<<8 | uint32(b)<<16 | 2<<24 | uint32(n)<<28
			}
		}
	}
	return t
}()

// long describes the codes of one size above lookBits: they are consecutive.
type long struct {
	first   uint32
	symbols []byte
}

var longs = func() (t [longest + 1]long) {
	for s, n := range codeSizes {
		if l := &t[n]; n > lookBits {
			if len(l.symbols) == 0 || codes[s] < l.first {
				l.first = codes[s]
			}
			l.symbols = append(l.symbols, byte(s))
		}
	}
	for n := range t {
		slices.SortFunc(t[n].symbols, func(a, b byte) int { return int(codes[a]) - int(codes[b]) })
	}
	return t
}()

// appendHuffman decodes b to the end of dst (RFC 7541, 5.2). ok is false when
// there is a code that stands for nothing, or the padding is wrong.
func appendHuffman(dst, b []byte) (out []byte, ok bool) {
	most := len(b)*8/5 + 2 // two symbols are written, whether there are two or not
	dst = slices.Grow(dst, most)
	n, text := 0, dst[len(dst):len(dst)+most]
	var acc uint64 // the next bits, from the highest on
	var bits uint  // how many there are
	for len(b) >= 8 {
		// What is below bits is the same bits already.
		acc |= binary.BigEndian.Uint64(b) >> bits
		b = b[(63-bits)>>3:]
		bits |= 56
		left := bits
		for range 4 { // of at most lookBits bits each
			e := look[acc>>(64-lookBits)]
			if e == 0 {
				break
			}
			binary.LittleEndian.PutUint16(text[n:], uint16(e>>8))
			acc <<= e & 63
			left -= uint(e & 63)
			n += int(e >> 24 & 15)
		}
		if bits = left; bits < longest || look[acc>>(64-lookBits)] != 0 {
			continue
		}
		c, size := longCode(uint32(acc >> 32))
		if size == 0 {
			return dst, false
		}
		text[n] = c
		n++
		acc <<= size
		bits -= size
	}
	n, ok = tail(text, n, acc, bits, b)
	return dst[:len(dst)+n], ok
}

// tail decodes the bits that are left and the last bytes.
func tail(text []byte, n int, acc uint64, bits uint, b []byte) (int, bool) {
	for {
		for bits <= 56 && len(b) > 0 {
			acc |= uint64(b[0]) << (56 - bits)
			bits += 8
			b = b[1:]
		}
		if bits < lookBits {
			return padding(text, n, acc, bits)
		}
		for bits >= lookBits {
			e := look[acc>>(64-lookBits)]
			if e == 0 {
				c, size := longCode(uint32(acc >> 32))
				if size > bits && len(b) > 0 {
					break
				}
				if size == 0 || size > bits {
					return n, false
				}
				e = uint32(c)<<8 | uint32(size) | 1<<24
			}
			text[n], text[n+1] = byte(e>>8), byte(e>>16)
			acc <<= e & 63
			bits -= uint(e & 63)
			n += int(e >> 24 & 15)
		}
	}
}

// padding decodes less than lookBits bits, the last of which are ones that mean
// nothing.
func padding(text []byte, n int, acc uint64, bits uint) (int, bool) {
	for {
		padded := acc | ^uint64(0)>>bits
		if bits < 8 && padded == ^uint64(0) {
			return n, true
		}
		e := look[padded>>(64-lookBits)]
		size := uint(e >> 28) // one symbol at a time: the second may be padding
		if e == 0 || size > bits {
			return n, false
		}
		text[n] = byte(e >> 8)
		n++
		acc <<= size
		bits -= size
	}
}

// longCode finds the code of more than lookBits bits that acc begins with; size
// is 0 if there is none.
func longCode(acc uint32) (symbol byte, size uint) {
	for n := uint(lookBits + 1); n <= longest; n++ {
		l := &longs[n]
		if i := acc>>(32-n) - l.first; i < uint32(len(l.symbols)) {
			return l.symbols[i], n
		}
	}
	return 0, 0
}
