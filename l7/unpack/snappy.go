package unpack

import "encoding/binary"

// Snappy appends to dst what a block of snappy holds, as far as it goes and dst
// has room (https://github.com/google/snappy/blob/main/format_description.txt).
func Snappy(dst, b []byte) []byte {
	_, n := binary.Uvarint(b)
	if n <= 0 {
		return dst
	}
	from := len(dst)
	for b = b[n:]; len(b) > 0 && len(dst) < cap(dst); {
		if b[0]&3 == 0 {
			size, head := literal(b)
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
		size, back, head := repeat(b)
		if head == 0 || back <= 0 || back > len(dst)-from {
			return dst
		}
		dst = again(dst, back, size)
		b = b[head:]
	}
	return dst
}

// literal is the length of a literal and of its tag.
func literal(b []byte) (size, head int) {
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

// repeat is what a tag says to copy; head is 0 if it is cut.
func repeat(b []byte) (size, back, head int) {
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
