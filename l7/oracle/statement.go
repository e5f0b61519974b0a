package oracle

import "encoding/binary"

// Options of OALL8 (TNS_EXEC_OPTION_..).
const (
	optionParse   = 0x01
	optionExecute = 0x20
	optionFetch   = 0x40
)

// maxTextHead is how many bytes there may be in front of a statement's text.
const (
	maxTextHead = 128
	maxWideHead = 512
)

// execution is what an OALL8 says.
type execution struct {
	options int
	cursor  int
	text    []byte // of the statement
	short   bool   // the text goes on behind what was collected
}

// all8 reads an OALL8.
func (p *parser) all8(b []byte) (e execution, ok bool) {
	if isWide(b) {
		p.wide = true
		return p.wideAll8(b), true
	}
	r := reader{b: b}
	e.options, e.cursor = r.ub4(), r.ub4()
	has := r.byte() != 0
	n := r.ub4()
	if r.bad {
		return e, false
	}
	if has && n > 0 {
		e.text, e.short = p.find(r.rest(), n)
	}
	return e, true
}

// isWide reports whether an OALL8 is of an OCI client: options and cursor have
// four bytes each, and a pointer follows.
func isWide(b []byte) bool {
	return len(b) > 20 && b[3] == 0 && b[2] < 0x40 && (pointer(b[8:]) > 0 || (b[0] > 4 || b[1] == 0) && binary.LittleEndian.Uint64(b[8:]) == 0)
}

// pointer is the size of a pointer that OCI clients send for one that is set, 0
// if b begins with none.
func pointer(b []byte) int {
	switch {
	case len(b) < 8 || binary.LittleEndian.Uint32(b) != 0xfffffffe:
		return 0
	case binary.LittleEndian.Uint32(b[4:]) == 0xffffffff:
		return 8
	}
	return 4
}

// wideAll8 reads options, cursor, and the text wherever it is.
func (p *parser) wideAll8(b []byte) (e execution) {
	e.options, e.cursor = int(binary.LittleEndian.Uint32(b)), int(binary.LittleEndian.Uint32(b[4:]))
	if n := pointer(b[8:]); n > 0 && len(b) > 12+n {
		e.text = p.search(b[12+n:], int(binary.LittleEndian.Uint32(b[8+n:])))
	}
	return e
}

// find looks for a text of n bytes behind the numbers of an OALL8: with its
// length in front, in chunks, or, of old clients, alone. What is in front of it
// depends on the version, but is no text.
func (p *parser) find(b []byte, n int) (text []byte, short bool) {
	for i := 0; i < len(b) && i < maxTextHead; i++ {
		c := int(b[i])
		switch {
		case c == longForm && begins(b[i+1:], n, true):
			return p.join(b[i+1:], n)
		case c == n && begins(b[i+1:], n, false):
			return whole(b[i+1:], n)
		case (c == 0x40 || c == 0xff) && n > c && begins(b[i+1:], c, false):
			return p.join(b[i:], n)
		case isStart(b[i]) && i > 0 && b[i-1] < ' ' && begins(b[i:], n, false):
			return whole(b[i:], n)
		}
	}
	return nil, len(b) < maxTextHead
}

// begins reports whether a text of n bytes begins b, or, in chunks, the length
// of a chunk and a text.
func begins(b []byte, n int, chunks bool) bool {
	if chunks {
		c, size := chunk(b, n, true)
		if size == 0 {
			c, size = chunk(b, n, false)
		}
		return size > 0 && begins(b[size:], c, false)
	}
	if n < 1 || len(b) == 0 || !isStart(b[0]) {
		return false
	}
	for _, c := range b[:min(n, len(b), 16)] {
		if !isText(c) {
			return false
		}
	}
	return n > len(b) || isText(b[n-1]) || b[n-1] == 0
}

// chunk reads the length of a chunk of a text of which n bytes are to come: a
// number with its length in front, or a byte.
func chunk(b []byte, n int, big bool) (c, size int) {
	if !big {
		if len(b) < 1 || int(b[0]) > n || b[0] == 0 {
			return 0, 0
		}
		return int(b[0]), 1
	}
	r := reader{b: b}
	if c = r.ub4(); r.bad || c == 0 || c > n || r.at < 2 {
		return 0, 0
	}
	return c, r.at
}

// join puts the chunks of a text of n bytes together.
func (p *parser) join(b []byte, n int) (text []byte, short bool) {
	p.joined = p.joined[:0]
	big := false
	if c, size := chunk(b, n, true); size > 0 && begins(b[size:], c, false) {
		big = true
	}
	for left := n; left > 0; {
		c, size := chunk(b, left, big)
		if size == 0 {
			return p.joined, len(b) == 0
		}
		b = b[size:]
		p.joined = append(p.joined, b[:min(c, len(b))]...)
		if c > len(b) {
			return p.joined, true
		}
		b, left = b[c:], left-c
	}
	return p.joined, false
}

// whole returns the first n bytes.
func whole(b []byte, n int) (text []byte, short bool) {
	return b[:min(n, len(b))], n > len(b)
}

// search looks for a text of about n bytes in the call of an OCI client: with
// its length in front, or in chunks. n may count more bytes per character.
func (p *parser) search(b []byte, n int) []byte {
	if n <= 0 || n > 1<<20 {
		return nil
	}
	for i := 0; i+1 < len(b) && i < maxWideHead; i++ {
		c := int(b[i])
		switch {
		case c == longForm && b[i+1] >= 0x20 && begins(b[i+2:], min(int(b[i+1]), n), false) && isKeyword(b[i+2:]):
			text, _ := p.joinWide(b[i+1:], n)
			return text
		case c >= 4 && c <= n && c < longForm && len(b) > i+c && begins(b[i+1:], c, false) && isKeyword(b[i+1:]):
			return b[i+1 : i+1+c]
		}
	}
	return nil
}

// joinWide puts chunks together whose end is a length of 0.
func (p *parser) joinWide(b []byte, n int) (text []byte, short bool) {
	p.joined = p.joined[:0]
	for len(b) > 0 && b[0] != 0 && len(p.joined) < n {
		c := int(b[0])
		b = b[1:]
		p.joined = append(p.joined, b[:min(c, len(b))]...)
		if c > len(b) {
			return p.joined, true
		}
		b = b[c:]
	}
	return p.joined, false
}

// isText reports whether a byte may be part of a statement.
func isText(c byte) bool { return c >= ' ' && c != 0x7f || c == '\n' || c == '\r' || c == '\t' }

// isStart reports whether a statement may begin with a byte.
func isStart(c byte) bool {
	switch c {
	case '(', '/', '-', '{', ' ', '\n', '\r', '\t', '<', '"':
		return true
	}
	c |= 0x20
	return c >= 'a' && c <= 'z'
}

// isKeyword reports whether a statement begins b: an operation, a comment or a
// parenthesis.
func isKeyword(b []byte) bool {
	for len(b) > 0 && (b[0] <= ' ' || b[0] == '(') {
		b = b[1:]
	}
	if len(b) > 1 && (b[0] == '/' && b[1] == '*' || b[0] == '-' && b[1] == '-' || b[0] == '<' && b[1] == '<') {
		return true
	}
	n := 0
	var word [10]byte
	for n < len(b) && n < len(word) && (b[n]|0x20) >= 'a' && (b[n]|0x20) <= 'z' {
		word[n] = b[n] | 0x20
		n++
	}
	switch string(word[:n]) {
	case "select", "with", "insert", "update", "delete", "merge", "begin", "declare", "create", "alter", "drop", "truncate", "grant", "revoke",
		"commit", "rollback", "savepoint", "set", "lock", "explain", "call", "analyze", "comment", "rename", "purge", "flashback", "audit", "noaudit":
		return true
	}
	return false
}
