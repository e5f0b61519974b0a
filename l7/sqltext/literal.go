package sqltext

import (
	"bytes"

	"github.com/wirespan/wirespan/l7/cursor"
)

// quotedEnd is the place behind what is quoted at i; q twice stands for itself.
func quotedEnd(b []byte, i int, q byte, backslash bool) int {
	for i++; i < len(b); i++ {
		if !backslash {
			n := bytes.IndexByte(b[i:], q)
			if n < 0 {
				return len(b)
			}
			i += n
		}
		switch {
		case b[i] == '\\' && backslash:
			i++
		case b[i] != q:
		case i+1 < len(b) && b[i+1] == q:
			i++
		default:
			return i + 1
		}
	}
	return len(b)
}

// stringEnd is the place behind the ” string at i.
func (r *Reader) stringEnd(i int, plain bool) int { return quotedEnd(r.sql, i, '\'', !plain) }

// alternativeEnd is the place behind q'[x]' of Oracle, whose quote is at i.
func alternativeEnd(b []byte, i int) int {
	if i+1 >= len(b) {
		return len(b)
	}
	end := b[i+1]
	if n := bytes.IndexByte([]byte("[{(<"), end); n >= 0 {
		end = "]})>"[n]
	}
	for i += 2; i+1 < len(b); i++ {
		if b[i] == end && b[i+1] == '\'' {
			return i + 2
		}
	}
	return len(b)
}

// numberEnd is the place behind the number at i: 12, 1.5e-3, 0x1f.
func numberEnd(b []byte, i int) int {
	hex := i+1 < len(b) && b[i] == '0' && b[i+1]|0x20 == 'x'
	for ; i < len(b); i++ {
		c := b[i]
		switch {
		case inWord(c) || c == '.':
		case (c == '+' || c == '-') && !hex && b[i-1]|0x20 == 'e' && i+1 < len(b) && classes[b[i+1]] == digit:
		default:
			return i
		}
	}
	return i
}

// dollar reads a parameter ($1), a $tag$ string, or a lone dollar sign.
func (r *Reader) dollar() {
	b, i := r.sql, r.pos
	n := i + 1
	for n < len(b) && (classes[b[n]] == letter || classes[b[n]] == digit) {
		n++
	}
	switch {
	case n > i+1 && classes[b[i+1]] == digit: // a parameter, which is no literal
		r.sum.literal()
		r.pos = n
	case n < len(b) && b[n] == '$':
		tag := b[i : n+1]
		end := len(b)
		if k := bytes.Index(b[n+1:], tag); k >= 0 {
			end = n + 1 + k + len(tag)
		}
		r.literal(end)
	case n == len(b): // perhaps a tag that was cut
		r.literal(n)
	default:
		r.mark('$')
	}
}

// uuidLen is the length of a UUID in text (RFC 9562, section 4).
const uuidLen = 36

// uuid reports whether b begins with a UUID.
func uuid(b []byte) bool {
	if len(b) < uuidLen || len(b) > uuidLen && inWord(b[uuidLen]) {
		return false
	}
	for i, c := range b[:uuidLen] {
		if dashed := i == 8 || i == 13 || i == 18 || i == 23; dashed != (c == '-') || !dashed && !cursor.IsHex(c) {
			return false
		}
	}
	return true
}
