package redis

import (
	"bytes"

	"github.com/wirespan/wirespan/l7"
)

// Resync looks for the next command, or for the next reply behind a command
// that was sent after the loss: what comes before that may be the rest of an
// array, whose elements look like replies.
func (p *parser) Resync(dir l7.Dir, b []byte) (off int, ok bool) {
	if dir == l7.ToServer || p.sync == inStream {
		return findCommand(b)
	}
	if p.sync != noSync {
		return 0, true // the end mark is looked for
	}
	if p.blind && p.asked > 0 && p.asked == p.blindAt && !p.monitor {
		return findMessage(b)
	}
	for off < len(b) {
		switch plausible(b[off:]) {
		case good:
			p.blind = false
			return off, true
		case more:
			return off, false
		}
		i := bytes.Index(b[off:], []byte("\r\n"))
		if i < 0 {
			return max(len(b)-1, off), false
		}
		off += i + 2
	}
	return len(b), false
}

// findMessage looks for a message of a subscription.
func findMessage(b []byte) (off int, ok bool) {
	for off < len(b) {
		v := b[off:]
		if e, o := readElement(v); o == good && (e.kind == '>' || e.kind == '*' && e.children >= 3) {
			switch what, _, _, _ := str(v, e.head, longest); string(what) {
			case "message", "pmessage", "smessage":
				return off, true
			}
		}
		i := bytes.Index(v, []byte("\r\n"))
		if i < 0 {
			break
		}
		off += i + 2
	}
	return len(b), false
}

// findCommand looks for the start of a command that is an array.
func findCommand(b []byte) (off int, ok bool) {
	for off < len(b) {
		i := bytes.IndexByte(b[off:], '*')
		if i < 0 {
			return len(b), false
		}
		off += i
		switch v := detectArray(b[off:]); {
		case v == l7.Yes:
			return off, true
		case v == l7.NeedMore && len(b)-off < 2*longest:
			return off, false
		}
		off++
	}
	return len(b), false
}

// plausible reports whether a reply may begin here: of those that are one line,
// only what could be nothing else.
func plausible(b []byte) outcome {
	e, o := readElement(b)
	if o != good {
		if o == more && len(b) > 256 {
			return bad
		}
		return o
	}
	switch e.kind {
	case '.', ';':
		return bad
	case '+', '-', ',', '(':
		for _, c := range b[1 : e.head-2] {
			if c < ' ' || c >= 0x7f {
				return bad
			}
		}
	}
	return good
}
