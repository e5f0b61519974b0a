package redis

import (
	"bytes"

	"github.com/wirespan/wirespan/l7"
	"github.com/wirespan/wirespan/l7/ids"
)

// notice reads what may come unasked: messages of subscriptions, confirmations
// of them, and what RESP3 pushes ("Pushes").
func (p *parser) notice(b []byte, e *element, out *l7.Emitter) (l7.Step, error) {
	v, o := peek(b)
	switch o {
	case more:
		return l7.Step{}, nil
	case bad:
		return l7.Step{}, p.lost()
	}
	what, _, next, ok := str(v, e.head, longest)
	if !ok {
		if e.kind == '>' {
			return p.pushed(b, v, e, nil, 0, out)
		}
		return p.answer(b, e, out)
	}
	switch string(what) {
	case "subscribe", "psubscribe", "ssubscribe", "unsubscribe", "punsubscribe", "sunsubscribe":
		if e.children == 3 {
			return p.confirmed(b, v, next, e, out)
		}
	case "message", "smessage":
		if e.children == 3 {
			return p.pushed(b, v, e, what, next, out)
		}
	case "pmessage":
		if _, _, channel, ok := str(v, next, maxKey); ok && e.children == 4 {
			return p.pushed(b, v, e, what, channel, out)
		}
	}
	switch front := p.queue.front(); {
	case e.kind == '>':
		return p.pushed(b, v, e, what, 0, out)
	case front.kind == unsubscribes && p.half[l7.ToClient].some:
		return p.subscribed(b[:0], out)
	}
	return p.answer(b, e, out)
}

// pushed emits a message that nobody asked for; its channel, if it has one, is
// at place at.
func (p *parser) pushed(b, v []byte, e *element, what []byte, at int, out *l7.Emitter) (l7.Step, error) {
	m := out.Begin(l7.Pushed)
	if !word(what) {
		what = pushOp
	}
	m.Op, m.Name, m.HeadSize = what, what, e.head
	m.Str(keySystem, system)
	m.Str(keyOperation, what)
	p.text = append(p.text[:0], what...)
	if channel, _, next, ok := str(v, at, maxKey); at > 0 && ok {
		p.text = append(appendVisible(append(p.text, ' '), channel), " ?"...)
		if s, size, _, ok := str(v, next, digestBytes); ok {
			m.Side = l7.Consumer
			p.message(m, idPubSub, ids.Digest(channel), s, size)
		}
	}
	m.Str(keyText, p.text)
	return p.whole(b, m, e, out)
}

var pushOp = []byte("push")

// confirmed reads a confirmation of a subscription. A command with several
// channels has as many; its response is all of them.
func (p *parser) confirmed(b, v []byte, at int, e *element, out *l7.Emitter) (l7.Step, error) {
	nobody := at < len(v) && len(v)-at >= 3 && (string(v[at:at+3]) == "$-1" || v[at] == '_')
	if nobody {
		at += 5
		if v[at-5] == '_' {
			at -= 2
		}
	} else if _, _, next, ok := str(v, at, 0); ok {
		at = next
	}
	left := int64(-1)
	if at < len(v) && v[at] == ':' {
		left, _, _ = number(v, at+1)
	}
	over := nobody || p.count(b[e.head:], left)
	front := p.queue.front()
	h := &p.half[l7.ToClient]
	if front.kind != subscribes && front.kind != unsubscribes {
		if !p.queue.empty() {
			return l7.Step{Consumed: len(v)}, nil // of a command that was not captured
		}
		h.some, h.since = true, out.Here()
		return p.subscribed(v, out)
	}
	if !h.some {
		h.some, h.since = true, out.Here()
	}
	last := front.n == 1 || front.n == 0 && over
	if front.n > 1 {
		p.queue.runs[p.queue.head].n--
	}
	if !last {
		return l7.Step{Consumed: len(v)}, nil
	}
	return p.subscribed(v, out)
}

// count follows how many channels, patterns and shards are subscribed to; left
// is the sum of them after a confirmation. It reports whether none is left of
// the confirmed kind.
func (p *parser) count(word []byte, left int64) bool {
	i := 0
	if at := bytes.IndexByte(word, '\n') + 1; at < len(word) {
		switch word[at] {
		case 'p':
			i = 1
		case 's':
			if at+2 < len(word) && (word[at+1] == 's' || word[at+2] == 'n') {
				i = 2
			}
		}
	}
	if left >= 0 {
		p.kinds[i] += left - p.subs
		p.subs = left
	}
	return p.kinds[i] <= 0
}

// subscribed emits the response that ends with v.
func (p *parser) subscribed(v []byte, out *l7.Emitter) (l7.Step, error) {
	h := &p.half[l7.ToClient]
	p.queue.pop()
	m := out.Begin(l7.Response)
	m.Status, m.First = l7.OK, h.since
	m.HeadSize, h.some, p.found = 1, false, true
	out.Emit(l7.ToClient)
	return l7.Step{Consumed: len(v)}, nil
}
