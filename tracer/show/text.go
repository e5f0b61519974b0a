package show

import (
	"strconv"
	"unicode"
	"unicode/utf8"
)

const lowerHex = "0123456789abcdef"

// appendEscaped adds captured text in a form that is safe on a terminal:
// control, format and unassigned characters and invalid UTF-8 become
// backslash escapes; with ascii everything beyond ASCII does.
func appendEscaped(dst, s []byte, ascii bool) []byte {
	for i := 0; i < len(s); {
		c := s[i]
		if c >= ' ' && c < 0x7f {
			dst = append(dst, c)
			i++
			continue
		}
		r, w := utf8.DecodeRune(s[i:])
		switch {
		case r == '\n':
			dst = append(dst, `\n`...)
		case r == '\r':
			dst = append(dst, `\r`...)
		case r == '\t':
			dst = append(dst, `\t`...)
		case c < utf8.RuneSelf || r == utf8.RuneError && w == 1:
			dst = append(dst, '\\', 'x', lowerHex[c>>4], lowerHex[c&15])
		case !ascii && unicode.IsPrint(r):
			dst = append(dst, s[i:i+w]...)
		default:
			dst = append(dst, `\u{`...)
			dst = strconv.AppendUint(dst, uint64(r), 16)
			dst = append(dst, '}')
		}
		i += w
	}
	return dst
}

// runeWidth is the number of columns of a printable character.
func runeWidth(r rune) int {
	switch {
	case r < 0x300:
		return 1
	case unicode.In(r, unicode.Mn, unicode.Me):
		return 0
	case r >= 0x1100 && r <= 0x115f, r >= 0x2e80 && r <= 0xa4cf && r != 0x303f, r >= 0xac00 && r <= 0xd7a3,
		r >= 0xf900 && r <= 0xfaff, r >= 0xfe30 && r <= 0xfe6f, r >= 0xff00 && r <= 0xff60, r >= 0xffe0 && r <= 0xffe6,
		r >= 0x1f300 && r <= 0x1f64f, r >= 0x1f680 && r <= 0x1f6ff, r >= 0x1f900 && r <= 0x1faff, r >= 0x20000 && r <= 0x3fffd:
		return 2
	}
	return 1
}

// columns is the width of escaped text.
func columns(s []byte) (n int) {
	for i := 0; i < len(s); {
		if s[i] < utf8.RuneSelf {
			n++
			i++
			continue
		}
		r, w := utf8.DecodeRune(s[i:])
		n += runeWidth(r)
		i += w
	}
	return n
}

// head returns the longest beginning of s that fits into n columns.
func head(s []byte, n int) []byte {
	for i := 0; i < len(s); {
		r, w := utf8.DecodeRune(s[i:])
		if n -= runeWidth(r); n < 0 {
			return s[:i]
		}
		i += w
	}
	return s
}

// tail returns the longest end of s that fits into n columns.
func tail(s []byte, n int) []byte {
	for i := len(s); i > 0; {
		r, w := utf8.DecodeLastRune(s[:i])
		if n -= runeWidth(r); n < 0 {
			return s[i:]
		}
		i -= w
	}
	return s
}

// appendFit adds escaped text in at most n columns, its middle left out where
// it is longer, and returns how many columns it took.
func appendFit(dst, s []byte, n int, ascii bool) ([]byte, int) {
	w := columns(s)
	if w <= n {
		return append(dst, s...), w
	}
	gap := "…"
	if ascii {
		gap = ".."
	}
	room := n - utf8.RuneCountInString(gap)
	if room < 2 {
		s = head(s, n)
		return append(dst, s...), columns(s)
	}
	a, b := head(s, (room+1)/2), tail(s, room/2)
	dst = append(append(append(dst, a...), gap...), b...)
	return dst, columns(a) + columns(b) + n - room
}

func appendSpaces(dst []byte, n int) []byte {
	for ; n > 0; n-- {
		dst = append(dst, ' ')
	}
	return dst
}

// appendDuration adds nanoseconds with four digits and a unit, at most eight
// columns.
func appendDuration(dst []byte, ns int64, ascii bool) []byte {
	switch {
	case ns < 0:
		return append(dst, '-')
	case ns < 1e3:
		return append(strconv.AppendInt(dst, ns, 10), "ns"...)
	case ns < 1e6-50:
		dst = appendScaled(dst, ns, 1e3)
		if ascii {
			return append(dst, "us"...)
		}
		return append(dst, "µs"...)
	case ns < 1e9-5e4:
		return append(appendScaled(dst, ns, 1e6), "ms"...)
	case ns < 60e9-5e6:
		return append(appendScaled(dst, ns, 1e9), 's')
	case ns < 3600e9-5e8:
		s := rounded(ns, 1e9)
		dst = append(strconv.AppendInt(dst, s/60, 10), 'm')
		return append(appendTwo(dst, s%60), 's')
	}
	m := min(rounded(ns, 60e9), 9999*60)
	dst = append(strconv.AppendInt(dst, m/60, 10), 'h')
	return append(appendTwo(dst, m%60), 'm')
}

// rounded is ns in a unit, rounded half up.
func rounded(ns, unit int64) int64 {
	if ns%unit >= unit/2 {
		return ns/unit + 1
	}
	return ns / unit
}

// appendScaled adds ns/unit with four significant digits.
func appendScaled(dst []byte, ns, unit int64) []byte {
	decimals := 3
	if ns >= 100*unit-unit/200 {
		decimals = 1
	} else if ns >= 10*unit-unit/2000 {
		decimals = 2
	}
	return strconv.AppendFloat(dst, float64(ns)/float64(unit), 'f', decimals, 64)
}

func appendTwo(dst []byte, n int64) []byte { return append(dst, byte('0'+n/10%10), byte('0'+n%10)) }
