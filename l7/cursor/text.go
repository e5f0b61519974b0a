package cursor

import (
	"bytes"
	"encoding/binary"
	"math/bits"
)

// Byte classes of RFC 9110, 5.6.2 and RFC 5234, B.1.
const (
	tchar  = 1 << iota // token characters
	alpha              // A-Z a-z
	digit              // 0-9
	xdigit             // 0-9 A-F a-f
	vchar              // visible ASCII, and obs-text from 0x80 on
	cntrl              // control characters less HTAB
)

var class = func() (t [256]uint8) {
	for c := range t {
		b := byte(c)
		switch {
		case b >= '0' && b <= '9':
			t[c] = tchar | digit | xdigit | vchar
		case b >= 'A' && b <= 'Z', b >= 'a' && b <= 'z':
			t[c] = tchar | alpha | vchar
		case b > ' ' && b < 0x7f, b >= 0x80:
			t[c] = vchar
		case b < ' ' && b != '\t', b == 0x7f:
			t[c] = cntrl
		}
		if b >= 'A' && b <= 'F' || b >= 'a' && b <= 'f' {
			t[c] |= xdigit
		}
	}
	for _, b := range []byte("!#$%&'*+-.^_`|~") {
		t[b] |= tchar
	}
	return t
}()

// IsToken reports whether c may stand in a token (RFC 9110, 5.6.2).
func IsToken(c byte) bool { return class[c]&tchar != 0 }

// IsAlpha reports whether c is an ASCII letter.
func IsAlpha(c byte) bool { return class[c]&alpha != 0 }

// IsDigit reports whether c is an ASCII decimal digit.
func IsDigit(c byte) bool { return class[c]&digit != 0 }

// IsHex reports whether c is an ASCII hexadecimal digit.
func IsHex(c byte) bool { return class[c]&xdigit != 0 }

// IsVisible reports whether c is printable ASCII other than SP, or obs-text.
func IsVisible(c byte) bool { return class[c]&vchar != 0 }

// IsControl reports whether c is a control character other than HTAB.
func IsControl(c byte) bool { return class[c]&cntrl != 0 }

// Token reports whether b is a token: not empty, token characters only.
func Token(b []byte) bool {
	for _, c := range b {
		if class[c]&tchar == 0 {
			return false
		}
	}
	return len(b) > 0
}

// TokenLen is the length of the longest token at the start of b.
func TokenLen(b []byte) int {
	for i, c := range b {
		if class[c]&tchar == 0 {
			return i
		}
	}
	return len(b)
}

// EqualFold compares b with lower, which must be in lower case, without regard
// to ASCII case.
func EqualFold(b []byte, lower string) bool {
	if len(b) != len(lower) {
		return false
	}
	for i, c := range b {
		if c != lower[i] && (c < 'A' || c > 'Z' || c|0x20 != lower[i]) {
			return false
		}
	}
	return true
}

// HasPrefixFold is EqualFold on the first len(lower) bytes of b.
func HasPrefixFold(b []byte, lower string) bool {
	return len(b) >= len(lower) && EqualFold(b[:len(lower)], lower)
}

// TrimOWS removes SP and HTAB at both ends (RFC 9110, 5.6.3).
func TrimOWS(b []byte) []byte {
	for len(b) > 0 && (b[0] == ' ' || b[0] == '\t') {
		b = b[1:]
	}
	for len(b) > 0 && (b[len(b)-1] == ' ' || b[len(b)-1] == '\t') {
		b = b[:len(b)-1]
	}
	return b
}

// Line cuts the first line off b: line is without its CRLF or LF, size is what
// line and line end take. ok is false when b holds no line end.
func Line(b []byte) (line []byte, size int, ok bool) {
	i := bytes.IndexByte(b, '\n')
	if i < 0 {
		return nil, 0, false
	}
	if i > 0 && b[i-1] == '\r' {
		return b[:i-1], i + 1, true
	}
	return b[:i], i + 1, true
}

// Cut splits b at the first sep; rest is nil when there is none.
func Cut(b []byte, sep byte) (head, rest []byte) {
	if i := bytes.IndexByte(b, sep); i >= 0 {
		return b[:i], b[i+1:]
	}
	return b, nil
}

// Index8 is the place of the first c among the first n bytes of b, -1 if there
// is none. It looks at eight bytes at a time, which costs less than
// bytes.IndexByte where c is expected within the first 16.
func Index8(b []byte, n int, c byte) int {
	const ones, tops = 0x0101010101010101, 0x8080808080808080
	each := ones * uint64(c)
	i := 0
	for ; i < n && i+8 <= len(b); i += 8 {
		x := binary.LittleEndian.Uint64(b[i:]) ^ each
		if z := (x - ones) &^ x & tops; z != 0 {
			if i += bits.TrailingZeros64(z) / 8; i < n {
				return i
			}
			return -1
		}
	}
	for ; i < n; i++ {
		if b[i] == c {
			return i
		}
	}
	return -1
}
