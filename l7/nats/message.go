package nats

import (
	"bytes"

	"github.com/wirespan/wirespan/l7"
	"github.com/wirespan/wirespan/l7/ids"
)

// message emits PUB, HPUB, MSG or HMSG. b has headers and payload as far as
// they are looked at, nil if they are not there.
func (p *parser) message(dir l7.Dir, l *line, b []byte, out *l7.Emitter) {
	var m *l7.Message
	if dir == l7.ToServer {
		m = p.publish(l, out)
	} else {
		m = p.deliver(l, out)
	}
	m.Resource, m.HeadSize = l.subject, l.end
	if m.Kind != l7.Response {
		m.Str(keyDestination, l.subject)
	}
	m.Size = int64(l.size - l.headers)
	if m.Kind != l7.Response {
		m.Int(keyBodySize, m.Size)
		if len(l.reply) > 0 {
			m.Str(keyReply, l.reply)
		}
	}
	p.naming(m, l)
	if b == nil {
		return
	}
	status := 0
	if l.headers > 0 && l.headers <= len(b) {
		status = p.identify(m, b[:l.headers])
	}
	if m.Kind == l7.Response {
		p.judge(m, status, b[min(l.headers, len(b)):])
	} else if l.headers <= len(b) {
		p.known(m, l, b[l.headers:])
	}
}

// publish begins a message of the client. One with a subject for the answer to
// which this connection listens is a request.
func (p *parser) publish(l *line, out *l7.Emitter) *l7.Message {
	kind, match := p.expect()
	if len(l.reply) > 0 && p.listens(l.reply) {
		if kind == l7.Request { // +OK comes first and tells less
			p.waits.list[len(p.waits.list)-1].match = 0
		}
		kind, match = l7.Request, p.waits.add(forReply, ids.Digest(l.reply))
	}
	m := p.begin(l7.ToServer, kind, names[l.verb], out)
	m.Match, m.Side = match, l7.Producer
	switch {
	case bytes.HasPrefix(l.subject, apiPrefix):
		m.Side = l7.ClientSide
	case bytes.HasPrefix(l.subject, ackPrefix):
		m.Side = l7.ClientSide
		m.Str(keyType, typeSettle)
	default:
		m.Str(keyType, typeSend)
	}
	return m
}

// deliver begins a message of the server: the answer to a request of this
// connection by its subject, or by that of its subscription, or a delivery.
func (p *parser) deliver(l *line, out *l7.Emitter) *l7.Message {
	match, found := p.waits.answered(ids.Digest(l.subject))
	s := p.find(l.sid)
	if !found && s != nil {
		match, found = p.waits.answered(ids.Digest(s.subject))
	}
	if found || inbox(l.subject) && len(l.reply) == 0 { // else of a request that was not captured
		m := p.begin(l7.ToClient, l7.Response, names[l.verb], out)
		m.Match, m.Status = match, l7.OK
		if d, ok := readDelivery(l.reply); ok { // a pull brought a message
			m.Side = l7.Consumer
			m.Str(keyConsumer, d.consumer)
			p.stored(m, d.stream, d.sequence)
		}
		return m
	}
	m := p.begin(l7.ToClient, l7.Pushed, names[l.verb], out)
	m.Match, m.Side = p.waits.next(), l7.Consumer
	m.Str(keyType, typeReceive)
	m.Str(keySID, l.sid)
	if s != nil && len(s.group) > 0 {
		m.Str(keyGroup, s.group)
	}
	if d, ok := readDelivery(l.reply); ok {
		m.Str(keyConsumer, d.consumer)
		p.stored(m, d.stream, d.sequence)
	}
	return m
}

// answered takes a request that waits for a message to a subject.
func (w *waits) answered(key uint64) (uint64, bool) {
	for i := range w.list {
		if w.list[i].kind == forReply && w.list[i].key == key {
			return w.take(forReply, key)
		}
	}
	return 0, false
}

// naming names spans whose subject is different every time.
func (p *parser) naming(m *l7.Message, l *line) {
	switch {
	case m.Kind == l7.Response:
	case inbox(l.subject):
		p.label(m, names[l.verb], inboxName)
	case bytes.HasPrefix(l.subject, ackPrefix):
		p.label(m, names[l.verb], ackPrefix[:len(ackPrefix)-1])
	case bytes.HasPrefix(l.subject, apiPrefix):
		p.label(m, names[l.verb], api(l.subject))
	}
}

// judge states the outcome that an answer means: the status of its headers
// (503: nobody listens), or what JetStream says.
func (p *parser) judge(m *l7.Message, status int, payload []byte) {
	a := readAnswer(payload)
	if a.code > 0 {
		status = a.code
	}
	if status > 0 {
		m.Code = int32(status)
		m.Int(keyStatus, int64(status))
	}
	switch {
	case status == 503 && a.code == 0:
		m.Status, m.Error = l7.ServerError, noResponders
	case a.code >= 400 || status == 400 || status == 409:
		m.Status, m.Error = l7.ServerError, nil
	case status == 404 || status == 408: // a pull that found nothing
		m.Status = l7.Unset
	}
	if len(a.stream) > 0 && a.sequence > 0 {
		p.stored(m, a.stream, a.sequence)
	}
}

var noResponders = []byte("no_responders")
