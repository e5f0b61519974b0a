package redis

import (
	"bytes"

	"github.com/wirespan/wirespan/l7"
	"github.com/wirespan/wirespan/l7/ids"
)

// peekMax is how much of a reply is looked at where its content matters.
const peekMax = 2 << 10

// peek returns a reply as far as it is looked at: all of it or its first bytes.
// What it gives does not depend on how the bytes were split.
func peek(b []byte) (v []byte, o outcome) {
	var w walker
	w.start(1)
	v = b[:min(len(b), peekMax)]
	n, _, o := w.run(v)
	switch {
	case o == good:
		return v[:n], good
	case o == more && len(v) == peekMax:
		return v, good
	}
	return nil, o
}

// str reads a bulk or simple string of v at place at; its bytes as far as v
// has them, up to most. next may be behind v.
func str(v []byte, at, most int) (s []byte, size int64, next int, ok bool) {
	if at >= len(v) {
		return nil, 0, 0, false
	}
	e, o := readElement(v[at:])
	if o != good {
		return nil, 0, 0, false
	}
	from := at + e.head
	switch e.kind {
	case '+':
		s, size = v[at+1:from-2], int64(e.head-3)
	case '$', '=':
		size = max(e.body-2, 0)
		if have := min(size, int64(most)); int64(len(v)-from) < have {
			return nil, 0, 0, false
		} else {
			s = v[from : int64(from)+have]
		}
	default:
		return nil, 0, 0, false
	}
	return s[:min(len(s), most)], size, int(min(int64(from)+e.body, 1<<40)), true
}

// reply reads a reply or a pushed message.
func (p *parser) reply(b []byte, out *l7.Emitter) (l7.Step, error) {
	if b[0] == '\n' || b[0] == '\r' {
		return l7.Step{Consumed: 1}, nil
	}
	e, o := readElement(b)
	switch {
	case o == more:
		return l7.Step{}, nil
	case o == bad || e.kind == '.' || e.kind == ';':
		return l7.Step{}, p.lost()
	}
	front := p.queue.front()
	switch e.kind {
	case '-', '!':
		return p.failure(b, &e, out)
	case '>':
		return p.notice(b, &e, out)
	case '*':
		if p.subs > 0 || front.kind == subscribes || front.kind == unsubscribes || p.queue.empty() {
			return p.notice(b, &e, out)
		}
	case '+':
		if p.monitor && p.queue.empty() && e.head > 4 && b[1] >= '0' && b[1] <= '9' {
			return p.monitored(b, &e, out)
		}
	}
	return p.answer(b, &e, out)
}

// answer emits the reply to the command in front of the queue.
func (p *parser) answer(b []byte, e *element, out *l7.Emitter) (l7.Step, error) {
	front := p.queue.front()
	var view []byte
	if e.children != 0 || front.kind == adds || front.kind == pops {
		v, o := peek(b)
		switch o {
		case more:
			return l7.Step{}, nil
		case bad:
			return l7.Step{}, p.lost()
		}
		view = v
	}
	p.queue.pop()
	m := out.Begin(l7.Response)
	m.Status, m.HeadSize = l7.OK, e.head
	switch front.kind {
	case monitors:
		p.monitor = true
	case syncs:
		return p.synchronise(b, e, m, out)
	case adds, pops, popsPair, reads:
		p.taken(m, front, view)
	}
	return p.whole(b, m, e, out)
}

// whole emits a message that is one RESP value: a line, a string, an aggregate
// that ends within peekMax, or one that goes on.
func (p *parser) whole(b []byte, m *l7.Message, e *element, out *l7.Emitter) (l7.Step, error) {
	w := &p.half[l7.ToClient].w
	if e.children == 0 {
		w.start(0)
		w.tail = e.body > 0
		return p.finish(l7.ToClient, m, e.head, max(e.body-2, 0), out)
	}
	w.start(1)
	n, skip, _ := w.run(b[:min(len(b), peekMax)])
	return p.finish(l7.ToClient, m, n, skip, out)
}

// failure emits an error reply; its first word says what kind of error it is
// ("Simple errors").
func (p *parser) failure(b []byte, e *element, out *l7.Emitter) (l7.Step, error) {
	text := b[1:e.head]
	if e.kind == '!' {
		have := min(e.body, longest+1)
		if int64(len(b)-e.head) < have {
			return l7.Step{}, nil
		}
		text = b[e.head : int64(e.head)+have]
	}
	switch p.queue.front().kind {
	case selects:
		p.dbLen = 0
	case subscribes, unsubscribes:
		p.half[l7.ToClient].some = false
	}
	p.queue.pop()
	m := out.Begin(l7.Response)
	m.Status, m.HeadSize = l7.ServerError, e.head
	m.Error = errorWord(text)
	m.Str(keyStatus, m.Error)
	return p.whole(b, m, e, out)
}

// errorWord is the prefix of an error.
func errorWord(text []byte) []byte {
	i := 0
	for i < len(text) && i <= longest && text[i] > ' ' {
		i++
	}
	if w := text[:i]; i <= longest && word(w) {
		return w
	}
	return genericError
}

var genericError = []byte("ERR")

// monitored emits a line of MONITOR. It repeats a command of another client
// with its values, so that nothing of it is shown.
func (p *parser) monitored(b []byte, e *element, out *l7.Emitter) (l7.Step, error) {
	m := out.Begin(l7.Pushed)
	m.Op, m.Name, m.HeadSize = monitorOp, monitorOp, e.head
	m.Str(keySystem, system)
	m.Str(keyOperation, m.Op)
	return p.whole(b, m, e, out)
}

var monitorOp = []byte("MONITOR")

// taken adds the ids of messages that a command got from a list or stream, or
// of the entry that it added.
func (p *parser) taken(m *l7.Message, d due, v []byte) {
	switch d.kind {
	case adds:
		if id, size, _, ok := str(v, 0, 64); ok && size > 0 && size <= 64 {
			p.entry(m, d.hash, id)
		}
	case pops:
		if s, size, _, ok := str(v, 0, digestBytes); ok && size > 0 {
			m.Side = l7.Consumer
			p.message(m, idList, d.hash, s, size)
		}
	case popsPair:
		e, o := readElement(v)
		if o != good || e.children != 2 {
			return
		}
		key, _, next, ok := str(v, e.head, maxKey)
		if !ok {
			return
		}
		if s, size, _, ok := str(v, next, digestBytes); ok {
			m.Side = l7.Consumer
			p.message(m, idList, ids.Digest(key), s, size)
		}
	case reads:
		p.entries(m, v)
	}
}

// maxEntries bounds the ids of one reply.
const maxEntries = 64

// entries adds the ids of the entries that XREAD gave:
// [[stream, [[id, fields], ...]], ...], in RESP3 a map of streams.
func (p *parser) entries(m *l7.Message, v []byte) {
	top, o := readElement(v)
	if o != good {
		return
	}
	p.key = p.key[:0]
	at, streams := top.head, top.children
	if top.kind == '%' {
		streams /= 2
	}
	for ; streams > 0; streams-- {
		if top.kind != '%' {
			e, o := readElement(v[min(at, len(v)):])
			if o != good || e.children != 2 {
				return
			}
			at += e.head
		}
		key, _, next, ok := str(v, at, maxKey)
		if !ok || next >= len(v) {
			return
		}
		list, o := readElement(v[next:])
		if o != good {
			return
		}
		at = next + list.head
		h := ids.Digest(key)
		for i := int64(0); i < list.children; i++ {
			if at >= len(v) || len(m.IDs) >= maxEntries {
				return
			}
			var w walker
			w.start(1)
			size, _, o := w.run(v[at:])
			e, _ := readElement(v[at:])
			id, n, _, ok := str(v, at+e.head, 64)
			if !ok || n > 64 {
				return
			}
			from := len(p.key)
			p.key = append(append(appendHex(p.key, h), '/'), id...)
			m.Side = l7.Consumer
			m.ID(l7.IDMessage, idStream, p.key[from:])
			if o != good {
				return
			}
			at += size
		}
	}
}

// synchronise emits what answers PSYNC or SYNC and sets what follows.
func (p *parser) synchronise(b []byte, e *element, m *l7.Message, out *l7.Emitter) (l7.Step, error) {
	switch {
	case e.kind == '$': // SYNC: the snapshot at once, without CRLF behind it
		p.sync = inStream
		p.found = true
		out.Emit(l7.ToClient)
		return l7.Step{Consumed: e.head, Skip: max(e.body-2, 0)}, nil
	case bytes.HasPrefix(b, []byte("+FULLRESYNC")):
		p.sync = beforeSnapshot
	case bytes.HasPrefix(b, []byte("+CONTINUE")):
		p.sync = inStream
	}
	return p.whole(b, m, e, out)
}
