package hpack

// Scan measures the first representation of a block without a table and without
// decoding strings: size bytes. index is that of the field (indexed is true) or
// of its name; 0 means that the name is written out, or that it is a table size
// update. ok is false when b is cut short or damaged.
func Scan(b []byte) (index uint64, indexed bool, size int, ok bool) {
	if len(b) == 0 {
		return 0, false, 0, false
	}
	c := b[0]
	switch {
	case c >= 0x80:
		index, size = integer(b, 0x7f)
		return index, true, size, index > 0 && size > 0
	case c >= 0x40:
		index, size = integer(b, 0x3f)
	case c >= 0x20:
		_, size = integer(b, 0x1f)
		return 0, false, size, size > 0
	default:
		index, size = integer(b, 0x0f)
	}
	if size == 0 {
		return 0, false, 0, false
	}
	strings := 1
	if index == 0 {
		strings = 2
	}
	for range strings {
		v, n := integer(b[size:], 0x7f)
		if n == 0 || v > uint64(len(b)-size-n) {
			return 0, false, 0, false
		}
		size += n + int(v)
	}
	return index, false, size, true
}
