package unpack

import "encoding/binary"

// LZ4 appends to dst what a block of lz4, without frame, holds, as far as it goes
// and dst has room (https://github.com/lz4/lz4/blob/dev/doc/lz4_Block_format.md).
func LZ4(dst, b []byte) []byte {
	from := len(dst)
	for len(b) > 0 && len(dst) < cap(dst) {
		tag := b[0]
		n, rest, ok := length(int(tag>>4), b[1:])
		if !ok {
			return dst
		}
		k := min(n, len(rest), cap(dst)-len(dst))
		dst = append(dst, rest[:k]...)
		if n+2 > len(rest) || k < n {
			return dst
		}
		back := int(binary.LittleEndian.Uint16(rest[n:]))
		n, b, ok = length(int(tag&15), rest[n+2:])
		if !ok || back == 0 || back > len(dst)-from {
			return dst
		}
		dst = again(dst, back, n+4)
	}
	return dst
}

// length reads the bytes that a length of 15 goes on in.
func length(n int, b []byte) (int, []byte, bool) {
	if n < 15 {
		return n, b, true
	}
	for i, c := range b {
		n += int(c)
		if c != 255 {
			return n, b[i+1:], true
		}
	}
	return 0, nil, false
}
