package tag

import "bytes"

const (
	minHex    = 8  // shorter hexadecimal is often a word: "facade", "bad"
	minBase64 = 16 // shorter mixtures are often words with a number
)

type class uint8

const (
	other  class = iota
	digit        // 0-9
	letter       // a-z A-Z
	dash         // - _ +
	point        // . : , and = of padding
)

func classOf(c byte) class { return classes[c] }

var classes = func() (t [256]class) {
	for c := range t {
		t[c] = classify(byte(c))
	}
	return t
}()

func classify(c byte) class {
	switch {
	case c >= '0' && c <= '9':
		return digit
	case c|0x20 >= 'a' && c|0x20 <= 'z':
		return letter
	case c == '-' || c == '_' || c == '+':
		return dash
	case c == '.' || c == ':' || c == ',' || c == '=':
		return point
	}
	return other
}

// shape is what one pass over a segment counts.
type shape struct {
	digits, letters, dashes, points, others int
	dots                                    int
	hex                                     int // digits and letters up to f
	borders                                 int // places where a digit and a letter meet
}

func shapeOf(seg []byte) (s shape) {
	before := other
	for _, c := range seg {
		k := classOf(c)
		switch k {
		case digit:
			s.digits++
			s.hex++
		case letter:
			s.letters++
			if c|0x20 <= 'f' {
				s.hex++
			}
		case dash:
			s.dashes++
		case point:
			s.points++
			if c == '.' {
				s.dots++
			}
		default:
			s.others++
		}
		if before+k == digit+letter && before != k && before != other && k != other {
			s.borders++
		}
		before = k
	}
	return s
}

// looksLikeID decides by shape alone, so that the answer never depends on what
// was seen before:
//
//   - digits ("4711"), also with separators: dates ("2024-01-02"), ranges,
//     coordinates, IPv4 addresses; but "1.0" and "2.4.1" are versions and stay
//   - 8 or more hexadecimal digits, even if all are letters ("deadbeef"):
//     English has next to no such words
//   - UUIDs
//   - 16 or more characters of base64 (either alphabet) in which letters and
//     digits mix as words do not; "getUserAccountDetails", "product-catalog-v2"
//     and "s3-bucket-ec2-instance" stay
//   - e-mail addresses, '@' encoded or not
//
// "v1", "index.html" and "user-4711" stay.
func looksLikeID(seg []byte) bool {
	if len(seg) == 0 || len(seg) < minHex && word(seg) {
		return false
	}
	s := shapeOf(seg)
	n := len(seg)
	switch {
	case s.digits+s.dashes+s.points == n:
		return s.digits > 0 && !version(seg, s)
	case s.hex == n:
		return n >= minHex
	case uuid(seg):
		return true
	case email(seg):
		return true
	case n < minBase64 || s.others > 0:
		return false
	}
	body := bytes.TrimRight(seg, "=")
	if s.points > n-len(body) { // a point inside: a file or host name
		return false
	}
	if n-len(body) > 0 && n-len(body) <= 2 {
		return true
	}
	if s.dashes == 0 {
		return s.borders >= 2
	}
	return s.borders >= 3
}

// word reports whether a segment has letters, '-' and '_' only: too short for
// hexadecimal or base64, and no number or address.
func word(seg []byte) bool {
	for _, c := range seg {
		if (c|0x20 < 'a' || c|0x20 > 'z') && c != '-' && c != '_' {
			return false
		}
	}
	return true
}

// version reports numbers with one or two dots and nothing else.
func version(seg []byte, s shape) bool {
	return s.dashes == 0 && s.dots == s.points && s.dots > 0 && s.dots <= 2 && seg[0] != '.' && seg[len(seg)-1] != '.'
}

// uuid reports the form 8-4-4-4-12.
func uuid(seg []byte) bool {
	if len(seg) != 36 {
		return false
	}
	for i, c := range seg {
		if i == 8 || i == 13 || i == 18 || i == 23 {
			if c != '-' {
				return false
			}
		} else if k := classOf(c); k != digit && (k != letter || c|0x20 > 'f') {
			return false
		}
	}
	return true
}

// email reports local@domain, with the sign as such or percent-encoded.
// "@scope" of package registries is none.
func email(seg []byte) bool {
	at, w := bytes.IndexByte(seg, '@'), 1
	if at < 0 {
		at, w = bytes.Index(seg, []byte("%40")), 3
	}
	return at > 0 && at+w < len(seg)
}
