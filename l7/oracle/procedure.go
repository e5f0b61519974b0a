package oracle

import (
	"bytes"

	"github.com/wirespan/wirespan/l7/cursor"
)

// called is the procedure that a statement calls and does nothing else:
// BEGIN shop.place(:1); END; or CALL shop.place(:1), also with a result
// (BEGIN :1 := shop.price(:2); END;).
func called(b []byte) []byte {
	b = blanks(b)
	block := false
	switch {
	case keyword(b, "begin"):
		b, block = blanks(b[5:]), true
	case keyword(b, "call"):
		b = blanks(b[4:])
	default:
		return nil
	}
	if i := bytes.Index(b, []byte(":=")); i > 0 && b[0] == ':' && i < maxName {
		b = blanks(b[i+2:])
	}
	n := 0
	for n < len(b) && n < maxName && inName(b[n]) {
		n++
	}
	name := b[:n]
	if n == 0 || cursor.IsDigit(b[0]) {
		return nil
	}
	if rest := blanks(b[n:]); len(rest) == 0 || rest[0] != '(' && rest[0] != ';' {
		return nil
	}
	if block && (bytes.Count(b, []byte(";")) > 2 || cursor.EqualFold(name, "null")) {
		return nil
	}
	return name
}

// keyword reports whether a word begins b.
func keyword(b []byte, lower string) bool {
	return cursor.HasPrefixFold(b, lower) && len(b) > len(lower) && !inName(b[len(lower)])
}

func inName(c byte) bool {
	return cursor.IsAlpha(c) || cursor.IsDigit(c) || c == '_' || c == '.' || c == '$' || c == '#' || c == '"' || c == '@'
}
