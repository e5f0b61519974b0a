package cassandra

import "encoding/binary"

// Codecs (section 5, "Compression"). Both are read by hand: libraries want a
// block whole, and a body may have 256 MB of which the start is looked at.

// unpackBody gives the start of a compressed body of versions 3 and 4 in dst, as
// much as it has room for. Where STARTUP was not seen, lz4 has a length in front.
func (p *parser) unpackBody(dst, b []byte) []byte {
	if p.codec == codecSnappy || p.codec == codecUnknown && !looksLZ4(b) {
		return unsnap(dst, b)
	}
	if len(b) < 4 {
		return dst
	}
	return unlz4(dst, b[4:])
}

type codec uint8

const (
	codecUnknown codec = iota
	codecLZ4
	codecSnappy
)

// looksLZ4 reports whether b begins with a length, which would be odd for snappy: zeros.
func looksLZ4(b []byte) bool { return len(b) >= 5 && b[0] == 0 && b[4] >= 0x10 }

// unlz4 reads an LZ4 block as far as it goes and dst has room
// (https://github.com/lz4/lz4/blob/dev/doc/lz4_Block_format.md).
func unlz4(dst, b []byte) []byte {
	for len(b) > 0 && len(dst) < cap(dst) {
		tag := b[0]
		n, rest, ok := lz4Length(int(tag>>4), b[1:])
		if !ok {
			return dst
		}
		k := min(n, len(rest), cap(dst)-len(dst))
		dst = append(dst, rest[:k]...)
		if n+2 > len(rest) || k < n {
			return dst
		}
		back := int(binary.LittleEndian.Uint16(rest[n:]))
		n, b, ok = lz4Length(int(tag&15), rest[n+2:])
		if !ok || back == 0 || back > len(dst) {
			return dst
		}
		for i := min(n+4, cap(dst)-len(dst)); i > 0; i-- {
			dst = append(dst, dst[len(dst)-back])
		}
	}
	return dst
}

// lz4Length reads the bytes that a length of 15 goes on in.
func lz4Length(n int, b []byte) (int, []byte, bool) {
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

// unsnap reads a block of snappy as far as it goes and dst has room
// (https://github.com/google/snappy/blob/main/format_description.txt).
func unsnap(dst, b []byte) []byte {
	_, n := binary.Uvarint(b)
	if n <= 0 {
		return dst
	}
	for b = b[n:]; len(b) > 0 && len(dst) < cap(dst); {
		tag := b[0]
		if tag&3 == 0 {
			size, head := literalSize(b)
			if head > len(b) {
				return dst
			}
			b = b[head:]
			k := min(size, len(b), cap(dst)-len(dst))
			dst = append(dst, b[:k]...)
			if k < size {
				return dst
			}
			b = b[size:]
			continue
		}
		size, back, head := copyOf(b)
		if head == 0 || back == 0 || back > len(dst) {
			return dst
		}
		for i := min(size, cap(dst)-len(dst)); i > 0; i-- {
			dst = append(dst, dst[len(dst)-back])
		}
		b = b[head:]
	}
	return dst
}

// literalSize is the length of a literal and of its tag.
func literalSize(b []byte) (size, head int) {
	n := int(b[0] >> 2)
	if n < 60 {
		return n + 1, 1
	}
	head = n - 60 + 2
	if head > len(b) {
		return 0, head
	}
	for i := head - 1; i > 0; i-- {
		size = size<<8 | int(b[i])
	}
	return size + 1, head
}

// copyOf is what a tag says to copy; head is 0 if it is cut.
func copyOf(b []byte) (size, back, head int) {
	switch tag := b[0]; {
	case tag&3 == 1 && len(b) >= 2:
		return int(tag>>2&7) + 4, int(tag>>5)<<8 | int(b[1]), 2
	case tag&3 == 2 && len(b) >= 3:
		return int(tag>>2) + 1, int(binary.LittleEndian.Uint16(b[1:])), 3
	case tag&3 == 3 && len(b) >= 5:
		return int(tag>>2) + 1, int(binary.LittleEndian.Uint32(b[1:])), 5
	}
	return 0, 0, 0
}
