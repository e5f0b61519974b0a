package template

import (
	"bytes"

	"github.com/wirespan/wirespan/l7"
)

// maxHead is the longest head, line end included; it is the window, too.
const maxHead = 1 << 10

// detect looks at the first line. A line that is whole decides; a piece of one
// can only be refused.
func detect(dir l7.Dir, b []byte) l7.Verdict {
	i := bytes.IndexByte(b, '\n')
	if i < 0 {
		if len(b) >= maxHead || !begins(dir, b) {
			return l7.No
		}
		return l7.NeedMore
	}
	if _, ok := readHead(dir, b[:i+1]); !ok {
		return l7.No
	}
	if dir == l7.ToClient {
		return l7.Maybe // three digits and a number: other protocols have that too
	}
	return l7.Yes
}

// begins reports whether b may be the start of a head.
func begins(dir l7.Dir, b []byte) bool {
	if dir == l7.ToServer {
		return prefixed(b, "ASK ") || prefixed(b, "TELL ")
	}
	for i, c := range b[:min(len(b), 3)] {
		if c < '0' || c > '9' || i == 0 && (c < '2' || c > '5') {
			return false
		}
	}
	return len(b) < 4 || b[3] == ' '
}

// prefixed reports whether b and word agree as far as both go.
func prefixed(b []byte, word string) bool {
	n := min(len(b), len(word))
	return string(b[:n]) == word[:n]
}
