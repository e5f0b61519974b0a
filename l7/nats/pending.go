package nats

import "github.com/wirespan/wirespan/l7/ids"

// Bounds of what is remembered.
const (
	maxPending = 4096
	maxSubs    = 1024
)

// Reasons to wait.
const (
	forOK    = iota // +OK or -ERR, in order
	forReply        // a message to the reply subject
	forPong         // of the server
	forPing         // of the client
)

// wait is a command that waits for its answer.
type wait struct {
	kind  uint8
	old   bool   // answers may have been lost since
	key   uint64 // hash of the reply subject
	match uint64
}

// waits are the commands that wait, oldest first.
type waits struct {
	list []wait
	last uint64
}

// next is a Match that nothing had.
func (w *waits) next() uint64 { w.last++; return w.last }

func (w *waits) add(kind uint8, key uint64) uint64 {
	if len(w.list) >= maxPending {
		w.list = w.list[:copy(w.list, w.list[1:])]
	}
	m := w.next()
	w.list = append(w.list, wait{kind: kind, key: key, match: m})
	return m
}

// take finds the oldest command that waits; where answers were lost, the
// oldest that was sent since.
func (w *waits) take(kind uint8, key uint64) (match uint64, found bool) {
	at := -1
	for i := range w.list {
		if x := &w.list[i]; x.kind == kind && x.key == key && (at < 0 || w.list[at].old) {
			at = i
		}
	}
	if at < 0 {
		return w.next(), false
	}
	match = w.list[at].match
	w.list = append(w.list[:at], w.list[at+1:]...)
	return match, true
}

// forget drops the commands that wait in order.
func (w *waits) forget(kind uint8) {
	out := w.list[:0]
	for i := range w.list {
		if w.list[i].kind != kind {
			out = append(out, w.list[i])
		}
	}
	w.list = out
}

// age notes that answers may have been lost.
func (w *waits) age() {
	for i := range w.list {
		w.list[i].old = true
	}
}

// subscription is a subject that the client listens to.
type subscription struct {
	sid     uint64 // hash
	subject []byte
	group   []byte
}

// subscribe remembers a subscription.
func (p *parser) subscribe(l *line) {
	sid := ids.Digest(l.sid)
	p.unsubscribe(sid)
	n := len(p.subs)
	if n >= maxSubs {
		return
	}
	if n < cap(p.subs) {
		p.subs = p.subs[:n+1]
	} else {
		p.subs = append(p.subs, subscription{})
	}
	s := &p.subs[n]
	s.sid, s.subject, s.group = sid, append(s.subject[:0], l.subject...), append(s.group[:0], l.group...)
}

// unsubscribe forgets one.
func (p *parser) unsubscribe(sid uint64) {
	for i := range p.subs {
		if p.subs[i].sid == sid {
			last := len(p.subs) - 1
			p.subs[i], p.subs[last] = p.subs[last], p.subs[i]
			p.subs = p.subs[:last]
			return
		}
	}
}

// find is the subscription of a message; nil if it was made before the capture.
func (p *parser) find(sid []byte) *subscription {
	h := ids.Digest(sid)
	for i := range p.subs {
		if p.subs[i].sid == h {
			return &p.subs[i]
		}
	}
	return nil
}

// listens reports whether an answer to a subject comes back on this connection.
func (p *parser) listens(subject []byte) bool {
	for i := range p.subs {
		if matches(p.subs[i].subject, subject) {
			return true
		}
	}
	return len(subject) > 7 && string(subject[:7]) == "_INBOX."
}

// matches compares a subject with one that may have wildcards: * for a token,
// > for all that follow.
func matches(pattern, subject []byte) bool {
	for len(pattern) > 0 && len(subject) > 0 {
		switch {
		case pattern[0] == '>':
			return true
		case pattern[0] == '*':
			pattern = pattern[1:]
			for len(subject) > 0 && subject[0] != '.' {
				subject = subject[1:]
			}
		case pattern[0] == subject[0]:
			pattern, subject = pattern[1:], subject[1:]
		default:
			return false
		}
	}
	return len(pattern) == len(subject)
}
