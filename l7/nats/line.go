package nats

import (
	"bytes"

	"github.com/wirespan/wirespan/l7"
	"github.com/wirespan/wirespan/l7/cursor"
)

// Bounds.
const (
	maxLine    = 32 << 10 // INFO of a large cluster; other commands have 4 KiB (max_control_line)
	maxHeaders = 16 << 10 // headers that are looked at
	digestSize = 256      // bytes of a payload that its digest covers
	maxPayload = 64 << 20 // server's largest max_payload
	window     = maxLine + maxHeaders + 1024
	maxArgs    = 5
)

// verb is a command.
type verb uint8

const (
	unknown verb = iota
	info
	connect
	pub
	hpub
	sub
	unsub
	msg
	hmsg
	ping
	pong
	ok
	fault
)

// names are the commands as they are sent; they are read in any case.
var names = [...][]byte{
	info: []byte("INFO"), connect: []byte("CONNECT"), pub: []byte("PUB"), hpub: []byte("HPUB"), sub: []byte("SUB"), unsub: []byte("UNSUB"),
	msg: []byte("MSG"), hmsg: []byte("HMSG"), ping: []byte("PING"), pong: []byte("PONG"), ok: []byte("+OK"), fault: []byte("-ERR"),
}

// mayCome reports whether a command travels in a direction.
func (v verb) mayCome(dir l7.Dir) bool {
	switch v {
	case ping, pong:
		return true
	case info, msg, hmsg, ok, fault:
		return dir == l7.ToClient
	}
	return dir == l7.ToServer
}

// line is a command, borrowed.
type line struct {
	verb    verb
	word    []byte // the command as it is on the wire
	args    [maxArgs][]byte
	n       int
	rest    []byte // everything behind the command
	subject []byte
	reply   []byte
	group   []byte
	sid     []byte
	headers int
	size    int // headers and payload
	max     int
	end     int // bytes, line end included
}

// outcome of reading from bytes that may end too early.
type outcome uint8

const (
	good outcome = iota
	more
	bad
)

// readLine reads a command with its line end.
func readLine(b []byte) (l line, o outcome) {
	text, size, found := cursor.Line(b[:min(len(b), maxLine)])
	if !found {
		if len(b) >= maxLine || !startsWord(b) {
			return l, bad
		}
		return l, more
	}
	l.end = size
	text = bytes.TrimRight(text, " \t")
	i := bytes.IndexAny(text, " \t")
	if i < 0 {
		i = len(text)
	}
	l.word, l.rest = text[:i], cursor.TrimOWS(text[i:])
	for v := info; v <= fault; v++ {
		if len(l.word) == len(names[v]) && bytes.EqualFold(l.word, names[v]) {
			l.verb = v
		}
	}
	if l.verb == unknown || !l.arguments() {
		return l, bad
	}
	return l, good
}

// startsWord reports whether b may begin a command: its first word is short.
func startsWord(b []byte) bool {
	for i, c := range b[:min(len(b), 8)] {
		if !(cursor.IsAlpha(c) || i == 0 && (c == '+' || c == '-')) {
			return i > 2 && (c == ' ' || c == '\t' || c == '\r')
		}
	}
	return len(b) <= 8
}

// arguments reads what a command has behind its name.
func (l *line) arguments() bool {
	switch l.verb {
	case info, connect:
		return len(l.rest) > 1 && l.rest[0] == '{'
	case ping, pong, ok:
		return len(l.rest) == 0
	case fault:
		return len(l.rest) > 0
	}
	for rest := l.rest; len(rest) > 0; l.n++ {
		if l.n == maxArgs {
			return false
		}
		i := bytes.IndexAny(rest, " \t")
		if i < 0 {
			i = len(rest)
		}
		l.args[l.n] = rest[:i]
		rest = cursor.TrimOWS(rest[i:])
	}
	if l.n == 0 || !subjectFits(l.args[0]) {
		return false
	}
	return l.assign()
}

// assign names the arguments of the commands that have a subject.
func (l *line) assign() bool {
	a, n := l.args[:], l.n
	number := func(b []byte) (int, bool) {
		v, ok := cursor.Decimal(b)
		return int(v), ok && v <= maxPayload
	}
	fits, hfits := false, true
	switch l.verb {
	case pub, hpub, msg, hmsg:
		l.subject = a[0]
		if a, n = a[1:], n-1; l.verb >= msg && n > 0 {
			l.sid = a[0]
			a, n = a[1:], n-1
		}
		sizes := 1
		if l.verb == hpub || l.verb == hmsg {
			sizes = 2
		}
		if n == sizes+1 {
			l.reply = a[0]
			a, n = a[1:], n-1
		}
		if n != sizes {
			return false
		}
		if l.size, fits = number(a[sizes-1]); sizes == 2 {
			l.headers, hfits = number(a[0])
		}
		return fits && hfits && l.headers <= l.size && subjectFits(l.reply)
	case sub:
		l.subject, l.sid = a[0], a[n-1]
		if n == 3 {
			l.group = a[1]
		}
		return n == 2 || n == 3
	case unsub:
		l.sid, fits = a[0], true
		if n == 2 {
			l.max, fits = number(a[1])
		}
		return fits && n <= 2
	}
	return false
}

// subjectFits checks that b is printable, as subjects are in practice.
func subjectFits(b []byte) bool {
	for _, c := range b {
		if c <= ' ' || c == 0x7f {
			return false
		}
	}
	return true
}
