package redact

import "bytes"

// maxNesting is how deep JSON inside strings of JSON is followed; deeper text
// is searched as URL text is.
const maxNesting = 3

// appendJSON adds JSON text that need be neither complete nor valid. level is
// how often it has been escaped: at level 1 a quote is \", at level 2 \\\".
func (r *Redactor) appendJSON(dst, b []byte, level int) []byte {
	copied := 0
	for i := 0; ; {
		_, begin, ok := nextQuote(b, i, level)
		if !ok {
			break
		}
		end, after, ok := nextQuote(b, begin, level)
		if !ok { // cut off inside a string
			dst = append(dst, b[copied:begin]...)
			return r.appendText(dst, b[begin:], level)
		}
		colon := skipSpace(b, after)
		if colon < len(b) && b[colon] == ':' {
			i = skipSpace(b, colon+1)
			if i < len(b) && r.keyMatches(b[begin:end]) && !bytes.HasPrefix(b[i:], []byte("null")) {
				dst = append(dst, b[copied:i]...)
				i = valueEnd(b, i, level)
				copied = i
				dst = appendQuote(dst, level)
				dst = append(dst, Replacement...)
				dst = appendQuote(dst, level)
			}
			continue
		}
		dst = append(dst, b[copied:begin]...)
		dst = r.appendText(dst, b[begin:end], level)
		copied, i = end, after
	}
	return append(dst, b[copied:]...)
}

// appendText adds the content of a string.
func (r *Redactor) appendText(dst, text []byte, level int) []byte {
	i := skipSpace(text, 0)
	if i < len(text) && (text[i] == '{' || text[i] == '[') && level+1 < maxNesting {
		return r.appendJSON(dst, text, level+1)
	}
	s := scanner{r: r, b: text}
	return s.scan(dst, 0)
}

// keyMatches compares a key with its escapes (RFC 8259, 7) undone.
func (r *Redactor) keyMatches(key []byte) bool {
	if bytes.IndexByte(key, '\\') < 0 {
		return r.keys.match(key)
	}
	var buf [maxName]byte
	plain := buf[:0]
	for i := 0; i < len(key) && len(plain) < maxName-4; {
		if key[i] != '\\' {
			plain = append(plain, key[i])
			i++
			continue
		}
		for i < len(key) && key[i] == '\\' {
			i++
		}
		if i+5 <= len(key) && key[i] == 'u' {
			if v, ok := hex4(key[i+1:]); ok {
				plain = append(plain, string(v)...)
				i += 5
				continue
			}
		}
		if i < len(key) { // \/ and \" stand for themselves, \n and its kin are no part of any name
			if key[i] == '/' {
				plain = append(plain, '/')
			}
			i++
		}
	}
	return r.keys.match(plain)
}

func hex4(b []byte) (v rune, ok bool) {
	for _, c := range b[:4] {
		h := hexValue(c)
		if h > 15 {
			return 0, false
		}
		v = v<<4 | rune(h)
	}
	return v, true
}

// valueEnd finds the end of the value that begins at i, or of the input.
func valueEnd(b []byte, i, level int) int {
	if open, begin, ok := nextQuote(b, i, level); ok && open == i {
		if _, after, ok := nextQuote(b, begin, level); ok {
			return after
		}
		return len(b)
	}
	if b[i] == '{' || b[i] == '[' {
		return nestedEnd(b, i, level)
	}
	stop := ",}] \t\r\n"
	if c := b[i]; c != '-' && (c < '0' || c > '9') && c != 't' && c != 'f' {
		stop = "\n" // not JSON: the secret may contain anything
	}
	if n := bytes.IndexAny(b[i:], stop); n >= 0 {
		return i + n
	}
	return len(b)
}

// nestedEnd finds the end of an object or array.
func nestedEnd(b []byte, i, level int) int {
	depth := 0
	for i < len(b) {
		switch b[i] {
		case '{', '[':
			depth++
		case '}', ']':
			if depth--; depth == 0 {
				return i + 1
			}
		case '"', '\\':
			if open, begin, ok := nextQuote(b, i, level); ok && open == i {
				_, after, ok := nextQuote(b, begin, level)
				if !ok {
					return len(b)
				}
				i = after
				continue
			}
		}
		i++
	}
	return i
}

// nextQuote finds a quote of the given level from i on: one with 2^level-1
// backslashes, or with further escaped backslashes before these.
func nextQuote(b []byte, i, level int) (at, after int, ok bool) {
	low := i
	for {
		n := bytes.IndexByte(b[i:], '"')
		if n < 0 {
			return 0, 0, false
		}
		q := i + n
		run := 0
		for q-run > low && b[q-run-1] == '\\' {
			run++
		}
		want := 1<<level - 1
		if run%(2<<level) == want {
			return q - want, q + 1, true
		}
		i = q + 1
	}
}

func appendQuote(dst []byte, level int) []byte {
	for range 1<<level - 1 {
		dst = append(dst, '\\')
	}
	return append(dst, '"')
}

// skipSpace goes past white space, plain or escaped.
func skipSpace(b []byte, i int) int {
	for i < len(b) {
		switch b[i] {
		case ' ', '\t', '\r', '\n':
			i++
		case '\\':
			j := i
			for j < len(b) && b[j] == '\\' {
				j++
			}
			if j == len(b) || b[j] != 'n' && b[j] != 'r' && b[j] != 't' {
				return i
			}
			i = j + 1
		default:
			return i
		}
	}
	return i
}
