package rocketmq

import "unicode/utf8"

// scanner reads the JSON of a head. It is lenient where it does not matter:
// what a value is that nobody asks for is not judged.
type scanner struct {
	b   []byte
	off int
	bad bool
}

// space passes over white space and returns the next byte, 0 at the end.
func (s *scanner) space() byte {
	for ; s.off < len(s.b); s.off++ {
		switch c := s.b[s.off]; c {
		case ' ', '\t', '\r', '\n':
		default:
			return c
		}
	}
	return 0
}

// take passes over c.
func (s *scanner) take(c byte) bool {
	if s.space() != c {
		return false
	}
	s.off++
	return true
}

// next goes to the next name of an object and returns it, as it is written. ok
// is false at the end of the object.
func (s *scanner) next(first bool) (name []byte, ok bool) {
	if s.take('}') {
		return nil, false
	}
	if !first && !s.take(',') {
		s.bad = true
		return nil, false
	}
	name, ok = s.text()
	if !ok || !s.take(':') {
		s.bad = true
		return nil, false
	}
	return name, true
}

// text reads a string, as it is written, without its quotes.
func (s *scanner) text() ([]byte, bool) {
	if !s.take('"') {
		return nil, false
	}
	for i := s.off; i < len(s.b); i++ {
		switch s.b[i] {
		case '"':
			v := s.b[s.off:i]
			s.off = i + 1
			return v, true
		case '\\':
			i++
		}
	}
	return nil, false
}

// value reads any value: a string without its quotes, others as they are.
func (s *scanner) value() []byte {
	switch s.space() {
	case '"':
		v, ok := s.text()
		s.bad = s.bad || !ok
		return v
	case '{', '[':
		return s.nested()
	}
	from := s.off
	for ; s.off < len(s.b); s.off++ {
		switch s.b[s.off] {
		case ',', '}', ']', ' ', '\t', '\r', '\n':
			return s.b[from:s.off]
		}
	}
	s.bad = true
	return nil
}

// nested passes over an object or array.
func (s *scanner) nested() []byte {
	from, depth := s.off, 0
	for s.off < len(s.b) {
		switch s.b[s.off] {
		case '"':
			if _, ok := s.text(); !ok {
				s.bad = true
				return nil
			}
			continue
		case '{', '[':
			depth++
		case '}', ']':
			depth--
		}
		s.off++
		if depth == 0 {
			return s.b[from:s.off]
		}
	}
	s.bad = true
	return nil
}

// unescape appends a string as it is meant (RFC 8259, section 7). Surrogates
// that are no pair become U+FFFD.
func unescape(dst, b []byte) []byte {
	for i := 0; i < len(b); i++ {
		if b[i] != '\\' || i+1 == len(b) {
			dst = append(dst, b[i])
			continue
		}
		i++
		switch c := b[i]; c {
		case 'b':
			dst = append(dst, '\b')
		case 'f':
			dst = append(dst, '\f')
		case 'n':
			dst = append(dst, '\n')
		case 'r':
			dst = append(dst, '\r')
		case 't':
			dst = append(dst, '\t')
		case 'u':
			r, n := hex4(b[i+1:])
			i += n
			if r >= 0xd800 && r < 0xdc00 && len(b) > i+2 && b[i+1] == '\\' && b[i+2] == 'u' {
				if low, k := hex4(b[i+3:]); low >= 0xdc00 && low < 0xe000 {
					r = (r-0xd800)<<10 + (low - 0xdc00) + 0x10000
					i += 2 + k
				}
			}
			dst = utf8.AppendRune(dst, r)
		default:
			dst = append(dst, c)
		}
	}
	return dst
}

// hex4 reads up to four hexadecimal digits.
func hex4(b []byte) (r rune, n int) {
	for ; n < 4 && n < len(b); n++ {
		c := b[n]
		switch {
		case c >= '0' && c <= '9':
			c -= '0'
		case c >= 'a' && c <= 'f':
			c -= 'a' - 10
		case c >= 'A' && c <= 'F':
			c -= 'A' - 10
		default:
			return r, n
		}
		r = r<<4 | rune(c)
	}
	return r, n
}
