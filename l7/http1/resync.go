package http1

import (
	"bytes"

	"github.com/wirespan/wirespan/l7"
	"github.com/wirespan/wirespan/l7/cursor"
)

// Resync looks for a start line that is followed by a header line or an empty
// line, at the start of b or behind a byte that may end a body: what looks like a
// message within text is not one.
func (p *parser) Resync(dir l7.Dir, b []byte) (off int, ok bool) {
	h := &p.half[dir]
	switch h.state {
	case inFrames, blind:
		h.state = blind
		return 0, true
	case tunnel:
		return 0, true
	}
	if h.broken {
		return len(b), false
	}
	for off = 0; off < len(b); off++ {
		if off > 0 && !boundary(dir, b[off-1]) {
			continue
		}
		switch startsMessage(dir, b[off:]) {
		case l7.Yes:
			h.restart()
			h.strict = true
			return off, true
		case l7.NeedMore:
			return off, false
		}
	}
	return len(b), false
}

// boundary reports whether a message may begin behind c: a body may end with
// anything, but text that quotes a message has a space or a quote there, and
// behind a letter a method may be the end of a longer word.
func boundary(dir l7.Dir, c byte) bool {
	switch c {
	case ' ', '\t', '"', '\'', '`':
		return false
	case '-', '_':
		return dir == l7.ToClient
	}
	return dir == l7.ToClient || c < 'A' || c > 'Z'
}

// startsMessage is the strict form of detection. Every scan in it ends at the
// next space or line end, so that a search over b stays linear.
func startsMessage(dir l7.Dir, b []byte) l7.Verdict {
	var v l7.Verdict
	if dir == l7.ToClient {
		v = detectStatus(b)
	} else {
		v = strictRequest(b)
	}
	if v != l7.Yes {
		return v
	}
	line := b[:min(len(b), longest)]
	_, n, ok := cursor.Line(line)
	if !ok {
		return waitFor(len(b))
	}
	next := b[n:]
	if len(next) == 0 {
		return l7.NeedMore
	}
	if next[0] == '\n' || next[0] == '\r' {
		return l7.Yes
	}
	name := cursor.TokenLen(next[:min(len(next), 256)])
	switch {
	case name == len(next):
		return l7.NeedMore
	case name > 0 && next[name] == ':':
		return l7.Yes
	}
	return l7.No
}

func waitFor(n int) l7.Verdict {
	if n >= longest {
		return l7.No
	}
	return l7.NeedMore
}

// strictRequest wants a known method, a target without spaces, and the version
// at the end of the line.
func strictRequest(b []byte) l7.Verdict {
	n := cursor.TokenLen(b[:min(len(b), maxMethod+1)])
	if n == len(b) && n <= maxMethod {
		if n > 0 && b[0] >= 'A' && b[0] <= 'Z' {
			return l7.NeedMore
		}
		return l7.No
	}
	if n == 0 || n > maxMethod || b[n] != ' ' || !knownMethod(b[:n]) {
		return l7.No
	}
	target := b[n+1 : min(len(b), longest)]
	end := 0
	for end < len(target) && cursor.IsVisible(target[end]) {
		end++
	}
	if end == len(target) {
		return waitFor(len(b))
	}
	if end == 0 || target[end] != ' ' {
		return l7.No
	}
	switch c := target[0]; {
	case c == '/' || c == '*' || bytes.Contains(target[:end], []byte("://")) || string(b[:n]) == "CONNECT":
	default:
		return l7.No
	}
	rest := target[end:]
	rest = rest[:min(len(rest), versionSize+1)]
	switch {
	case !prefixOf(rest, " HTTP/1.d"):
		return l7.No
	case len(rest) <= versionSize:
		return l7.NeedMore
	}
	return l7.Yes
}
