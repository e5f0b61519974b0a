package export

import "time"

// appendTime adds a time as RFC 3339 in UTC with all nine decimals.
func appendTime(dst []byte, ns int64) []byte {
	return time.Unix(0, ns).UTC().AppendFormat(dst, "2006-01-02T15:04:05.000000000Z")
}

// appendMillis adds nanoseconds as milliseconds with six decimals at most.
func appendMillis(dst []byte, ns int64) []byte { return appendDecimal(dst, ns, 1e6, 6) }

// appendMicros adds nanoseconds as microseconds with three decimals at most.
func appendMicros(dst []byte, ns int64) []byte { return appendDecimal(dst, ns, 1e3, 3) }

// appendDecimal adds n/unit exactly, unit being 10 to the power of digits.
func appendDecimal(dst []byte, n, unit int64, digits int) []byte {
	u := uint64(n)
	if n < 0 {
		dst, u = append(dst, '-'), -u
	}
	dst = appendUint(dst, u/uint64(unit))
	frac := u % uint64(unit)
	if frac == 0 {
		return dst
	}
	dst = append(dst, '.')
	for ; digits > 0 && frac > 0; digits-- {
		unit /= 10
		dst = append(dst, byte('0'+frac/uint64(unit)))
		frac %= uint64(unit)
	}
	return dst
}
