package oracle

import "github.com/wirespan/wirespan/l7/cursor"

// find returns the value of a key in text of Oracle Net's form
// (KEY=(KEY=value)...): the first that is no list. key is in lower case.
func find(b []byte, key string) []byte {
	for i := 0; i < len(b); i++ {
		if b[i] != '(' {
			continue
		}
		rest := blanks(b[i+1:])
		if !cursor.HasPrefixFold(rest, key) {
			continue
		}
		rest = blanks(rest[len(key):])
		if len(rest) == 0 || rest[0] != '=' {
			continue
		}
		rest = blanks(rest[1:])
		n := 0
		for n < len(rest) && n < maxName && rest[n] != ')' && rest[n] != '(' {
			n++
		}
		if v := cursor.TrimOWS(rest[:n]); len(v) > 0 {
			return v
		}
	}
	return nil
}

// blanks passes over white space.
func blanks(b []byte) []byte {
	for len(b) > 0 && (b[0] == ' ' || b[0] == '\t' || b[0] == '\n' || b[0] == '\r') {
		b = b[1:]
	}
	return b
}

// errorIn is the number of the error in a refusal: (ERR=12514), else the
// CODE of its stack.
func errorIn(b []byte) int {
	for _, key := range [...]string{"err", "code"} {
		if n, ok := cursor.Decimal(find(b, key)); ok && n < 100000 {
			return int(n)
		}
	}
	return 0
}

// isDescriptor reports whether a text of Oracle Net begins b.
func isDescriptor(b []byte) bool {
	b = blanks(b)
	return len(b) > 1 && b[0] == '(' && (cursor.IsAlpha(b[1]) || b[1] == ' ')
}
