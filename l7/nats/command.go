package nats

import (
	"bytes"

	"github.com/wirespan/wirespan/l7"
	"github.com/wirespan/wirespan/l7/cursor"
	"github.com/wirespan/wirespan/l7/ids"
)

// Values of messaging.operation.type.
var (
	typeSend    = []byte("send")
	typeReceive = []byte("receive")
	typeSettle  = []byte("settle")
)

// expect says how a command of the client is answered, if it is.
func (p *parser) expect() (l7.Kind, uint64) {
	if !p.verbose {
		return l7.OneWay, p.waits.next()
	}
	if p.blind {
		if p.asked {
			p.after++
		}
		return l7.OneWay, p.waits.next()
	}
	return l7.Request, p.waits.add(forOK, 0)
}

// command emits a command without payload. It is false if the same bytes are to
// be read again.
func (p *parser) command(dir l7.Dir, l *line, out *l7.Emitter) bool {
	switch l.verb {
	case info:
		m := p.begin(dir, l7.Pushed, names[info], out)
		m.Match = p.waits.next()
		members(l.rest, func(depth int, _, name, value []byte) {
			if depth == 1 && string(name) == "server_name" {
				m.Str(keyServer, value)
			}
		})
	case connect:
		p.connect(dir, l, out)
	case sub, unsub:
		p.listen(dir, l, out)
	case ping:
		m := p.begin(dir, l7.Request, names[ping], out)
		if dir == l7.ToServer {
			m.Match = p.waits.add(forPong, 0)
			p.asked, p.after = p.blind, 0
		} else {
			m.Match = p.waits.add(forPing, 0)
		}
	case pong:
		m := p.begin(dir, l7.Response, names[pong], out)
		kind := uint8(forPing)
		if dir == l7.ToClient {
			kind = forPong
			if p.asked && p.after == 0 { // all that was sent before has its answer
				p.blind = false
			}
			p.asked = false
		}
		m.Match, _ = p.waits.take(kind, 0)
		m.Status = l7.OK
	case ok:
		match, found := p.waits.take(forOK, 0)
		if !found || match == 0 {
			p.found = true
			return true // of a command that was lost, or that waits for more than this
		}
		m := p.begin(dir, l7.Response, names[ok], out)
		m.Match, m.Status = match, l7.OK
	case fault:
		p.fault(dir, l, out)
	}
	return true
}

// connect reads CONNECT; what authenticates is not looked at.
func (p *parser) connect(dir l7.Dir, l *line, out *l7.Emitter) {
	var client, language []byte
	p.verbose = true // the server's default
	members(l.rest, func(depth int, _, name, value []byte) {
		switch {
		case depth != 1:
		case string(name) == "verbose":
			p.verbose = string(value) != "false"
		case string(name) == "name":
			client = value
		case string(name) == "lang":
			language = value
		}
	})
	p.client = append(p.client[:0], client[:min(len(client), 128)]...)
	kind, match := p.expect()
	m := p.begin(dir, kind, names[connect], out)
	m.Match = match
	if len(language) > 0 {
		m.Str(keyLanguage, language)
	}
}

// listen reads SUB and UNSUB.
func (p *parser) listen(dir l7.Dir, l *line, out *l7.Emitter) {
	subject, group := l.subject, l.group
	if l.verb == unsub {
		if s := p.find(l.sid); s != nil {
			subject, group = s.subject, s.group
		}
	}
	kind, match := p.expect()
	m := p.begin(dir, kind, names[l.verb], out)
	m.Match, m.Resource = match, l.subject
	if len(subject) > 0 {
		m.Str(keyDestination, subject)
	}
	if len(group) > 0 {
		m.Str(keyGroup, group)
	}
	m.Str(keySID, l.sid)
	if inbox(subject) {
		p.label(m, names[l.verb], inboxName)
	}
	switch {
	case l.verb == sub:
		p.subscribe(l)
	case l.max > 0:
		m.Int(keyMax, int64(l.max))
	default:
		p.unsubscribe(ids.Digest(l.sid))
	}
}

// fault reads -ERR. In verbose mode it answers in order; else nobody knows what
// it answers.
func (p *parser) fault(dir l7.Dir, l *line, out *l7.Emitter) {
	text := bytes.Trim(l.rest, "'")
	if i := bytes.IndexByte(text, '"'); i >= 0 {
		text = text[:i]
	}
	text = bytes.TrimRight(text, " ")
	p.reason = p.reason[:0]
	for _, c := range text[:min(len(text), 64)] {
		switch {
		case cursor.IsAlpha(c):
			p.reason = append(p.reason, c|0x20)
		case cursor.IsDigit(c):
			p.reason = append(p.reason, c)
		case c == ' ':
			p.reason = append(p.reason, '_')
		}
	}
	kind, match, found := l7.Response, uint64(0), false
	if match, found = p.waits.take(forOK, 0); !found || match == 0 {
		kind, match = l7.Pushed, p.waits.next()
	}
	m := p.begin(dir, kind, names[fault], out)
	m.Match, m.Status, m.Error = match, l7.ServerError, p.reason
	m.Str(keyError, text)
}

// inboxName stands for the subjects that clients make up for answers.
var inboxName = []byte("_INBOX")

func inbox(subject []byte) bool {
	return len(subject) > 7 && string(subject[:7]) == "_INBOX."
}

// label gives a span a name that is not different for every message.
func (p *parser) label(m *l7.Message, op, what []byte) {
	p.name = append(append(append(p.name[:0], op...), ' '), what...)
	m.Name = p.name
}
