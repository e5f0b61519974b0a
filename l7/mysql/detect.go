package mysql

import (
	"encoding/binary"

	"github.com/wirespan/wirespan/l7"
	"github.com/wirespan/wirespan/l7/cursor"
)

// detect looks at the first packet: greeting and login are certain, and so are
// statements that begin with a keyword and definitions of columns. What is left
// is plausible at best.
func detect(dir l7.Dir, b []byte) l7.Verdict {
	if len(b) <= headLen {
		if len(b) == headLen && (b[3] > 3 || head(b).size == 0) {
			return l7.No
		}
		return l7.NeedMore
	}
	h := head(b)
	body := b[headLen:min(len(b), headLen+h.size)]
	if h.size == 0 {
		return l7.No
	}
	var v l7.Verdict
	if dir == l7.ToServer {
		v = detectClient(h, body)
	} else {
		v = detectServer(h, body, b)
	}
	if v != l7.No {
		return v
	}
	return detectPacked(dir, b)
}

// detectPacked asks whether compressed packets begin: a capture that began in
// mid-stream.
func detectPacked(dir l7.Dir, b []byte) l7.Verdict {
	switch looksPacked(dir, b) {
	case undecided:
		return l7.NeedMore
	case no:
		return l7.No
	}
	if n := packedSize(b); n > 0 {
		return l7.Maybe
	}
	if in := b[packedHead:]; len(in) > headLen {
		h := head(in)
		return detect(dir, in[:min(len(in), headLen+h.size)])
	}
	return l7.NeedMore
}

func detectClient(h header, body []byte) l7.Verdict {
	if h.seq != 0 {
		if h.seq > 3 || h.size < loginMin {
			return l7.No
		}
		if len(body) >= 4 && binary.LittleEndian.Uint32(body)&cap41 == 0 {
			return l7.No
		}
		if len(body) < loginMin {
			return l7.NeedMore
		}
		if isLogin(h, body) {
			return l7.Yes
		}
		return l7.No
	}
	return beginsCommand(h, body)
}

// beginsCommand is the verdict on a command. Payloads that hold numbers only say
// so little that nothing is read out of them.
func beginsCommand(h header, body []byte) l7.Verdict {
	code := body[0]
	if !fits(code, h.size) {
		return l7.No
	}
	switch c := &commands[code]; {
	case code == comQuery, code == comStmtPrepare:
		return beginsText(body[1:], len(body) == h.size)
	case c.min == c.max, code == comInitDB, code == comCreateDB, code == comDropDB, code == comFieldList, code == comChangeUser:
		if !sensible(code, body[1:]) {
			return l7.No
		}
		if len(body) < h.size {
			return l7.NeedMore
		}
		return l7.Maybe
	case len(body) < min(h.size, 10):
		return l7.NeedMore
	}
	ok := false
	switch code {
	case comStmtExecute: // one iteration; flags of cursors
		ok = body[5] <= 15 && binary.LittleEndian.Uint32(body[6:]) == 1
	case comBulkExecute: // flags
		ok = body[5]&0x3f == 0 && body[6] == 0
	case comLongData: // few statements, few parameters
		ok = body[4] == 0 && body[3] == 0 && body[6] < 16
	}
	if ok {
		return l7.Maybe
	}
	return l7.No
}

// sensible reports whether what there is of a payload makes sense: names are
// text, ids of statements small.
func sensible(code byte, b []byte) bool {
	switch code {
	case comInitDB, comCreateDB, comDropDB:
		return printable(b)
	case comFieldList, comChangeUser:
		r := reader{b: b}
		name := r.terminated()
		return len(name) > 0 && printable(name) && (code == comChangeUser && (len(r.b) == 0 || r.b[0] <= 64) || code == comFieldList && printable(r.b))
	case comStmtClose, comStmtReset, comStmtFetch:
		return len(b) < 4 || b[3] == 0
	}
	return true
}

// beginsText is the verdict on a statement, in front of which there may be query
// attributes.
func beginsText(b []byte, whole bool) l7.Verdict {
	if len(b) < 2 {
		return l7.NeedMore
	}
	if b[0] <= 8 && b[1] == 1 {
		if b[0] > 0 {
			return l7.Maybe
		}
		b = b[2:]
	}
	i := 0
	for i < len(b) && (b[i] == ' ' || b[i] == '\t' || b[i] == '\r' || b[i] == '\n' || b[i] == '(' || b[i] == ';') {
		i++
	}
	b = b[i:]
	n := 0
	for n < len(b) && cursor.IsAlpha(b[n]) {
		n++
	}
	switch {
	case n == len(b) && !whole && n < 12:
		return l7.NeedMore
	case n > 0 && keyword(b[:n]):
		return l7.Yes
	case n > 0 && printable(b[:min(len(b), 32)]), len(b) > 1 && (b[0] == '/' && b[1] == '*' || b[0] == '-' && b[1] == '-' || b[0] == '#'):
		return l7.Maybe
	}
	return l7.No
}

// keyword reports whether a word begins statements.
func keyword(w []byte) bool {
	for _, k := range [...]string{
		"select", "insert", "update", "delete", "replace", "set", "show", "use", "begin", "commit", "rollback", "start", "create", "alter",
		"drop", "truncate", "call", "with", "desc", "describe", "explain", "prepare", "execute", "lock", "unlock", "load", "grant", "kill",
		"flush", "analyze", "optimize", "savepoint", "release", "rename", "xa", "do", "handler", "deallocate", "check", "repair",
	} {
		if cursor.EqualFold(w, k) {
			return true
		}
	}
	return false
}

// printable reports whether bytes may be text of any character set.
func printable(b []byte) bool {
	for _, c := range b {
		if c < ' ' && c != '\t' && c != '\n' && c != '\r' || c == 0x7f {
			return false
		}
	}
	return true
}

func detectServer(h header, body, b []byte) l7.Verdict {
	switch {
	case h.seq == 0:
		return detectGreeting(h, body)
	case h.seq != 1:
		return l7.No
	case body[0] == markErr:
		switch {
		case h.size < 3:
			return l7.No
		case len(body) < 9 && len(body) < h.size:
			return l7.NeedMore
		case h.size >= 9 && body[3] == '#' && printable(body[4:9]):
			return l7.Yes
		}
		return l7.No
	case body[0] == markOK:
		return detectOK(h, body)
	}
	if !beginsReply(h, body) || body[0] == markEOF || body[0] == markFile || len(body) < h.size {
		return l7.No
	}
	next := b[headLen+h.size:] // of the first column
	if len(next) < headLen+4 {
		return l7.NeedMore
	}
	if next[3] == 2 && string(next[headLen:headLen+4]) == "\x03def" {
		return l7.Yes
	}
	return l7.No
}

// detectOK is the verdict on an OK packet, or on the answer to a PREPARE.
func detectOK(h header, body []byte) l7.Verdict {
	switch {
	case h.size < 7 || !beginsReply(h, body):
		return l7.No
	case len(body) < min(h.size, 12):
		return l7.NeedMore
	}
	return l7.Maybe
}

// detectGreeting is the verdict on the first packet of a server.
func detectGreeting(h header, body []byte) l7.Verdict {
	if body[0] == markErr {
		switch {
		case h.size < 5 || h.size > 512:
			return l7.No
		case len(body) < h.size:
			return l7.NeedMore
		case printable(body[3:]) && body[2] >= 3 && body[2] <= 15: // numbers of 1000 to 4095
			return l7.Yes
		}
		return l7.No
	}
	if body[0] != 10 || h.size < 40 || h.size > 512 {
		return l7.No
	}
	if len(body) < h.size {
		return l7.NeedMore
	}
	if isGreeting(h, body) {
		return l7.Yes
	}
	return l7.No
}

// isGreeting reports whether a payload, of which there may be only the
// beginning, is a greeting or a refusal.
func isGreeting(h header, body []byte) bool {
	if body[0] == markErr {
		return true
	}
	if body[0] != 10 || h.size < 40 || h.size > 512 {
		return false
	}
	r := reader{b: body[1:]}
	version := r.terminated()
	if len(body) < h.size && r.bad {
		return printable(version)
	}
	return len(version) > 0 && len(version) < 128 && printable(version) && (len(r.b) < 13 || r.b[12] == 0)
}
