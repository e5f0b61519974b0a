package memcached

import (
	"github.com/wirespan/wirespan/l7"
	"github.com/wirespan/wirespan/l7/cursor"
)

// detectText looks at the first line. A storage command and a value are like
// nothing else; other lines are plausible until the other side has spoken.
func detectText(dir l7.Dir, b []byte) l7.Verdict {
	raw, _, ok := cursor.Line(b)
	if !ok {
		if len(b) > maxLine/4 || !printable(b) || !begins(dir, b) {
			return l7.No
		}
		return l7.NeedMore
	}
	if !printable(raw) || !begins(dir, raw) {
		return l7.No
	}
	if dir == l7.ToServer {
		return detectLine(raw)
	}
	a, word, _ := answerOf(raw)
	switch {
	case a == foreign:
		return l7.No
	case a == value || a == bulk:
		return l7.Yes
	case a == list && string(word) == "STAT":
		return l7.Yes
	}
	switch string(word) {
	case "STORED", "NOT_STORED", "DELETED", "TOUCHED", "NOT_FOUND", "EXISTS", "CLIENT_ERROR", "SERVER_ERROR":
		return l7.Yes
	case "END", "VERSION", "HD", "EN", "MN":
		return l7.Maybe
	}
	return l7.NeedMore
}

// detectLine judges the first command.
func detectLine(raw []byte) l7.Verdict {
	l, ok := readLine(raw)
	switch {
	case !ok:
		return l7.No
	case l.form == store || l.form == swap || l.form == touchGet:
		return l7.Yes
	case l.form == leave || l.form == admin && len(l.keys) > 0:
		return l7.NeedMore
	case l.form == fetch && (l.keys[0] == '/' || len(l.keys) > maxLine):
		return l7.No
	}
	return l7.Maybe
}

// begins reports whether b may be the start of a command or reply.
func begins(dir l7.Dir, b []byte) bool {
	if dir == l7.ToServer {
		return b[0] >= 'a' && b[0] <= 'z'
	}
	return b[0] >= 'A' && b[0] <= 'Z' || b[0] >= '0' && b[0] <= '9'
}

// printable reports whether b is text; a CR at its end is one of a line end.
func printable(b []byte) bool {
	for i, c := range b {
		if (c < ' ' || c == 0x7f) && (c != '\r' || i != len(b)-1) {
			return false
		}
	}
	return len(b) > 0
}
