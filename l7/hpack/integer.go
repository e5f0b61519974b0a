package hpack

// maxInteger bounds integers. The largest are sizes of the table, which are bounded by
// a setting of 32 bits (RFC 9113, 6.5.2).
const maxInteger = 1<<32 - 1

// integer reads an integer with a prefix of the given mask (RFC 7541, 5.1); n is
// how many bytes it takes, 0 if it is cut short or too large.
func integer(b []byte, mask byte) (v uint64, n int) {
	if len(b) == 0 {
		return 0, 0
	}
	if v = uint64(b[0] & mask); v < uint64(mask) {
		return v, 1
	}
	for i, c := range b[1:] {
		if i > 4 {
			return 0, 0
		}
		v += uint64(c&0x7f) << (7 * i)
		if c < 0x80 {
			if v > maxInteger {
				return 0, 0
			}
			return v, i + 2
		}
	}
	return 0, 0
}
