package cursor

import (
	"bytes"
	"unicode/utf8"
)

// TextMedia reports whether a body of this media type (RFC 9110, 8.3) and
// content coding may be text: so it is where nothing is said, and where it
// turns out to be.
func TextMedia(media, coding []byte) bool {
	if len(coding) > 0 && !EqualFold(coding, "identity") {
		return false
	}
	t, _ := Cut(media, ';')
	t = TrimOWS(t)
	if len(t) == 0 || HasPrefixFold(t, "text/") {
		return true
	}
	if !HasPrefixFold(t, "application/") {
		return false
	}
	t = t[len("application/"):]
	for _, s := range textTypes {
		if n := len(t) - len(s); n >= 0 && EqualFold(t[n:], s) && (n == 0 || bytes.IndexByte([]byte("+-."), t[n-1]) >= 0) {
			return true
		}
	}
	return false
}

// textTypes are subtypes, and what comes last in others: "problem+json".
var textTypes = [...]string{"json", "xml", "x-www-form-urlencoded", "javascript", "ecmascript", "graphql", "yaml", "ndjson", "sql", "query", "results"}

// Text returns b as far as it is whole characters, of a text that may be cut
// behind b; nil if it is no text.
func Text(b []byte, cut bool) []byte {
	for range utf8.UTFMax {
		if r, n := utf8.DecodeLastRune(b); r != utf8.RuneError || n > 1 || !cut || len(b) == 0 {
			break
		}
		b = b[:len(b)-1]
	}
	if len(b) == 0 || !utf8.Valid(b) {
		return nil
	}
	for _, c := range b {
		if IsControl(c) && c != '\t' && c != '\r' && c != '\n' && c != '\f' && c != 0x1b {
			return nil
		}
	}
	return b
}
