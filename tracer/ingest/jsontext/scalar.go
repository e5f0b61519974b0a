package jsontext

import (
	"math"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// String takes a string. It is a part of the text if it has no escapes; what is not
// UTF-8 in it becomes U+FFFD.
func (r *Reader) String() string {
	switch r.Kind() {
	case '"':
		s, escaped := r.quoted()
		if escaped {
			s = r.unescape(s)
		}
		if !utf8.ValidString(s) {
			s = strings.ToValidUTF8(s, "\uFFFD")
		}
		return s
	case 'n':
		r.word("null")
	case 0:
	default:
		r.fail("want a string")
	}
	return ""
}

// quoted takes a string with its escapes.
func (r *Reader) quoted() (s string, escaped bool) {
	r.at++
	for i := r.at; i < len(r.s); i++ {
		switch c := r.s[i]; {
		case c == '"':
			s = r.s[r.at:i]
			r.at = i + 1
			if escaped {
				r.checkEscapes(s)
			}
			return s, escaped
		case c == '\\':
			escaped = true
			i++
		case c < ' ':
			r.at = i
			r.fail("control character in a string")
			return "", false
		}
	}
	r.at = len(r.s)
	r.fail("%w", errEnd)
	return "", false
}

// checkEscapes makes a fault of escapes that there are not.
func (r *Reader) checkEscapes(s string) {
	for i := 0; i < len(s); i++ {
		if s[i] != '\\' {
			continue
		}
		i++
		if s[i] == 'u' {
			if _, ok := hex4(s[i+1:]); !ok {
				r.fail("\\u without four hex digits")
				return
			}
			i += 4
		} else if strings.IndexByte(`"\/bfnrt`, s[i]) < 0 {
			r.fail("no such escape: \\%c", s[i])
			return
		}
	}
}

// unescape resolves escapes; a half of a surrogate pair becomes U+FFFD.
func (r *Reader) unescape(s string) string {
	if r.err != nil {
		return ""
	}
	var b strings.Builder
	b.Grow(len(s))
	for i := 0; i < len(s); i++ {
		if s[i] != '\\' {
			b.WriteByte(s[i])
			continue
		}
		i++
		if k := strings.IndexByte("bfnrt", s[i]); k >= 0 {
			b.WriteByte("\b\f\n\r\t"[k])
			continue
		}
		if s[i] != 'u' {
			b.WriteByte(s[i])
			continue
		}
		c, _ := hex4(s[i+1:])
		i += 4
		if utf16.IsSurrogate(c) {
			low := rune(0)
			if strings.HasPrefix(s[i+1:], `\u`) {
				low, _ = hex4(s[i+3:])
			}
			if c = utf16.DecodeRune(c, low); c != utf8.RuneError {
				i += 6
			}
		}
		b.WriteRune(c)
	}
	return b.String()
}

// hex4 reads four hex digits.
func hex4(s string) (c rune, ok bool) {
	if len(s) < 4 {
		return 0, false
	}
	for i := range 4 {
		switch d := s[i]; {
		case d >= '0' && d <= '9':
			c = c<<4 | rune(d-'0')
		case d|0x20 >= 'a' && d|0x20 <= 'f':
			c = c<<4 | rune(d|0x20-'a'+10)
		default:
			return 0, false
		}
	}
	return c, true
}

// number takes a number as it is written (RFC 8259, section 6).
func (r *Reader) number() string {
	at := r.at
	if r.s[r.at] == '-' {
		r.at++
	}
	switch {
	case r.at < len(r.s) && r.s[r.at] == '0':
		r.at++
	case !r.digits():
		return ""
	}
	if r.at < len(r.s) && r.s[r.at] == '.' {
		r.at++
		if !r.digits() {
			return ""
		}
	}
	if r.at < len(r.s) && r.s[r.at]|0x20 == 'e' {
		r.at++
		if r.at < len(r.s) && (r.s[r.at] == '+' || r.s[r.at] == '-') {
			r.at++
		}
		if !r.digits() {
			return ""
		}
	}
	return r.s[at:r.at]
}

// digits takes one digit or more.
func (r *Reader) digits() bool {
	at := r.at
	for r.at < len(r.s) && r.s[r.at] >= '0' && r.s[r.at] <= '9' {
		r.at++
	}
	if r.at == at {
		r.fail("want a digit")
		return false
	}
	return true
}

// Number takes a number, or a number in a string, as it is written; empty for null.
func (r *Reader) Number() string {
	switch r.Kind() {
	case '0':
		return r.number()
	case '"':
		return r.String()
	case 'n':
		r.word("null")
	case 0:
	default:
		r.fail("want a number")
	}
	return ""
}

// Int takes a whole number, also in a string.
func (r *Reader) Int() int64 {
	s := r.Number()
	if s == "" {
		return 0
	}
	n, err := strconv.ParseInt(s, 10, 64)
	if err == nil {
		return n
	}
	if f, err := strconv.ParseFloat(s, 64); err == nil && f == math.Trunc(f) && math.Abs(f) < 1<<63 {
		return int64(f)
	}
	r.fail("%.40q is no whole number of 64 bits", s)
	return 0
}

// Uint takes a whole number that is not negative, also in a string.
func (r *Reader) Uint() uint64 {
	s := r.Number()
	if s == "" {
		return 0
	}
	n, err := strconv.ParseUint(s, 10, 64)
	if err == nil {
		return n
	}
	if f, err := strconv.ParseFloat(s, 64); err == nil && f == math.Trunc(f) && f >= 0 && f < 1<<64 {
		return uint64(f)
	}
	r.fail("%.40q is no whole number of 64 bits", s)
	return 0
}

// Float takes a number, also in a string: "NaN", "Infinity" and "-Infinity" are
// numbers there.
func (r *Reader) Float() float64 {
	s := r.Number()
	if s == "" {
		return 0
	}
	f, err := strconv.ParseFloat(s, 64)
	if err != nil && !math.IsInf(f, 0) {
		r.fail("%.40q is no number", s)
		return 0
	}
	return f
}
