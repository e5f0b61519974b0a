package amqp

import (
	"bytes"

	"github.com/wirespan/wirespan/l7"
)

// Values of messaging.operation.type.
var (
	typeSend    = []byte("send")
	typeReceive = []byte("receive")
	typeSettle  = []byte("settle")
)

// method reads a method frame.
func (p *parser) method(dir l7.Dir, f *frame, b []byte, out *l7.Emitter) (l7.Step, error) {
	if len(b) < frameHead+4 {
		return l7.Step{Need: frameHead + 4}, nil
	}
	a := fields{b: b[frameHead:], ok: true}
	id := uint32(a.number(4))
	d := find(uint16(id>>16), uint16(id))
	if d == nil || !d.mayCome(dir) || (f.channel == 0) != (uint16(id>>16) == connection) {
		return l7.Step{}, p.lost()
	}
	if d.traits&content != 0 {
		if f.size > maxMethod {
			return l7.Step{}, p.lost()
		}
		return p.withContent(dir, f, b, out)
	}
	n := min(f.size, maxMethod)
	if len(b) < frameHead+n+1 {
		return l7.Step{Need: frameHead + n + 1}, nil
	}
	whole := n == f.size
	if whole && b[frameHead+n] != frameEnd {
		return l7.Step{}, p.lost()
	}
	a.b = b[frameHead+4 : frameHead+n]
	again, ok := p.settle(dir, f, id, d, &a, out)
	switch {
	case !ok:
		return l7.Step{}, p.lost()
	case again:
		return l7.Step{}, nil
	case !whole:
		p.half[dir].tail, p.half[dir].over = true, false
		return l7.Step{Consumed: frameHead + n, Skip: int64(f.size - n)}, nil
	}
	return l7.Step{Consumed: frameHead + n + 1}, nil
}

// settle emits what a method is. again says that it answers more than one, and
// is to be read again.
func (p *parser) settle(dir l7.Dir, f *frame, id uint32, d *method, a *fields, out *l7.Emitter) (again, ok bool) {
	if dir == l7.ToClient && (id == basicAck || id == basicNack) {
		tag := *a
		if n, more := tag.number(8), tag.byte(); tag.ok {
			if match, found := p.waits.confirmed(f.channel, n, more&1 == 1); found {
				p.confirm(dir, match, id, out)
				return more&1 == 1, true
			}
			if s := p.channels[f.channel]; s == nil || !s.confirms || more&1 == 0 { // what it confirms was not captured
				p.confirm(dir, p.waits.next(), id, out)
			}
			return false, true
		}
	}
	if dir == l7.ToClient && (id == channelClose || id == connectionClose) && p.failed(dir, f, *a, out) {
		return true, true
	}
	switch {
	case d.traits&answers != 0:
		return false, p.answer(dir, f, id, d, a, out)
	case d.traits&asks != 0:
		return false, p.ask(dir, f, id, d, a, out)
	}
	return false, p.tell(dir, f, id, d, a, out)
}

// confirm answers a message that waits for its confirmation.
func (p *parser) confirm(dir l7.Dir, match uint64, id uint32, out *l7.Emitter) {
	m := p.begin(out, dir, l7.Response, find(basic, uint16(id)).name)
	m.Match, m.Status = match, l7.OK
	if id == basicNack {
		m.Status, m.Error = l7.ServerError, refused
		m.Bool(keyRefused, true)
	}
}

var refused = []byte("refused")

// failed answers the method that a close names as its cause.
func (p *parser) failed(dir l7.Dir, f *frame, a fields, out *l7.Emitter) bool {
	code, text := int(a.number(2)), a.short()
	class, id := uint16(a.number(2)), uint16(a.number(2))
	d := find(class, id)
	if !a.ok || code < 300 || d == nil || d.traits&asks == 0 {
		return false
	}
	match, ok := p.waits.take(f.channel, uint32(class)<<16|uint32(d.reply), false)
	if !ok {
		return false
	}
	m := p.begin(out, dir, l7.Response, d.name)
	m.Match = match
	p.fail(m, code, text)
	return true
}

// fail makes an error of a message.
func (p *parser) fail(m *l7.Message, code int, text []byte) {
	m.Status, m.Code = l7.ServerError, int32(code)
	p.reason = append(p.reason[:0], codeName(code)...)
	m.Error = p.reason
	m.Int(keyReplyCode, int64(code))
	if text = plain(text); len(text) > 0 {
		m.Str(keyReplyText, text)
	}
}

// plain is a reply text up to the first quoted name: what follows may be a
// value that an application chose.
func plain(text []byte) []byte {
	if !printable(text) {
		return nil
	}
	text, _, _ = bytes.Cut(text, []byte("'"))
	return bytes.TrimRight(text, " ")
}

// tell emits a method that has no answer.
func (p *parser) tell(dir l7.Dir, f *frame, id uint32, d *method, a *fields, out *l7.Emitter) bool {
	kind := l7.OneWay
	if dir == l7.ToClient {
		kind = l7.Pushed
	}
	m := p.begin(out, dir, kind, d.name)
	m.Match = p.waits.next()
	m.Name = m.Op
	m.Int(keyChannel, int64(f.channel))
	if d.traits&settles != 0 {
		m.Str(keyType, typeSettle)
		m.Int(keyDeliveryTag, int64(a.number(8)))
		if a.octet(); id != basicReject && a.bit(0) {
			m.Bool(keyMultiple, true)
		}
	}
	return a.ok
}

// ask emits a method that is answered, unless it says that it is not to be.
func (p *parser) ask(dir l7.Dir, f *frame, id uint32, d *method, a *fields, out *l7.Emitter) bool {
	q, ok := readArguments(id, a)
	if !ok {
		return false
	}
	kind, back := l7.Request, dir == l7.ToClient
	if q.noWait {
		kind = l7.OneWay
		if back {
			kind = l7.Pushed
		}
	}
	if id == connectionOpen {
		p.vhost = append(p.vhost[:0], q.name...)
	}
	m := p.begin(out, dir, kind, d.name)
	if m.Match = p.waits.next(); kind == l7.Request {
		m.Match = p.waits.add(wait{channel: f.channel, reply: id&^0xffff | uint32(d.reply), back: back})
	}
	if f.channel > 0 {
		m.Int(keyChannel, int64(f.channel))
	}
	p.keep(f.channel, id, &q)
	switch {
	case id == connectionOpen:
	case len(q.name) > 0:
		m.Resource = q.name
		m.Str(keyDestination, q.name)
	}
	if len(q.exchange) > 0 {
		m.Str(keyExchange, q.exchange)
	}
	if len(q.queue) > 0 {
		m.Str(keyQueue, q.queue)
	}
	if len(q.key) > 0 && printable(q.key) {
		m.Str(keyRoutingKey, q.key)
	}
	if len(q.consumer) > 0 {
		m.Str(keyConsumer, q.consumer)
	}
	if q.code > 0 {
		m.Int(keyReplyCode, int64(q.code))
	}
	return true
}

// keep remembers what later methods of the channel depend on.
func (p *parser) keep(channel uint16, id uint32, q *arguments) {
	switch id {
	case channelOpen:
		if s := p.channels[channel]; s != nil {
			*s = state{consumers: s.consumers[:0]}
		}
	case confirmSelect:
		if s := p.channelState(channel); s != nil && !s.confirms {
			s.confirms, s.published = true, 0
		}
	case basicConsume:
		s := p.channelState(channel)
		if s == nil {
			return
		}
		if s.reads(q.consumer, q.queue); len(q.consumer) == 0 {
			// The answer has the tag.
			s.asked = append(s.asked[:0], q.queue...)
		}
	case channelClose, connectionClose:
		if s := p.channelState(channel); s != nil {
			s.closing = q.code
			s.text = append(s.text[:0], plain(q.text)...)
		}
	}
}

// answer emits an answer.
func (p *parser) answer(dir l7.Dir, f *frame, id uint32, d *method, a *fields, out *l7.Emitter) bool {
	reply, back := id, dir == l7.ToServer
	if id == basicGetEmpty {
		reply = basicGetOk
	}
	match, _ := p.waits.take(f.channel, reply, back)
	m := p.begin(out, dir, l7.Response, d.name)
	m.Match, m.Status = match, l7.OK
	s := p.channels[f.channel]
	switch id {
	case queueDeclareOk:
		name := a.short()
		m.Str(keyQueue, name)
		m.Str(keyDestination, name)
		m.Int(keyMessages, int64(a.number(4)))
	case queuePurgeOk, queueDeleteOk:
		m.Int(keyMessages, int64(a.number(4)))
	case basicConsumeOk:
		tag := a.short()
		m.Str(keyConsumer, tag)
		if s != nil && len(s.asked) > 0 {
			s.reads(tag, s.asked)
			s.asked = s.asked[:0]
		}
	case basicGetEmpty:
		m.Int(keyMessages, 0)
	case confirmSelectOk:
		if s := p.channelState(f.channel); s != nil && !s.confirms { // the question was not captured
			s.confirms, s.published = true, 0
		}
	case connectionStartOk:
		a.long() // the client's properties; the response, which has the password, is not looked at
		if mech := a.short(); a.ok && printable(mech) {
			m.Str(keyMechanism, mech)
		}
		a.ok = true
	case channelCloseOk, connectionCloseOk:
		if s == nil {
			break
		}
		if s.closing >= 300 {
			p.fail(m, s.closing, s.text)
			m.Code = 0 // it is the close that has it
		}
		s.closing, s.confirms, s.consumers = 0, false, s.consumers[:0]
	}
	return a.ok
}
