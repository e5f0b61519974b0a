package amqp

import "github.com/wirespan/wirespan/l7"

// layout is where the parts of a method with its content are.
type layout struct {
	header []byte // payload of the content header, as far as it is looked at
	body   []byte // first bytes of the body
	need   int    // bytes that have to be there
	end    int    // place behind what is there and belongs to the content
	skip   int64  // bytes behind that belong to the frame that has begun
	left   int64  // bytes of the body in frames to come
}

// layOut finds the header and the beginning of the body behind a method frame
// that ends at place at. They follow each other immediately, for brokers and
// clients write them at once; where they do not, the message has no properties.
func layOut(b []byte, at int, channel uint16) (l layout, o outcome, follows bool) {
	f, o := readFrame(b[at:])
	if o == more {
		l.need = at + frameHead
		return l, more, false
	}
	if o == bad || f.kind != frameHeader || f.channel != channel {
		return l, good, false
	}
	if f.size > maxHeader {
		return l, good, false // passed over like any frame
	}
	if l.need = at + frameHead + f.size + 1; len(b) < l.need {
		return l, more, false
	}
	if b[l.need-1] != frameEnd {
		return l, bad, false
	}
	l.header = b[at+frameHead : l.need-1]
	l.end = l.need
	p, ok := readProperties(l.header)
	if !ok {
		return l, bad, false
	}
	if p.size == 0 {
		return l, good, true
	}
	return l.layBody(b, channel, p.size)
}

// layBody finds the first body frame.
func (l layout) layBody(b []byte, channel uint16, size int64) (layout, outcome, bool) {
	f, o := readFrame(b[l.end:])
	if o == more {
		l.need = l.end + frameHead
		return l, more, false
	}
	if l.left = size; o == bad || f.kind != frameBody || f.channel != channel || int64(f.size) > size {
		return l, good, true
	}
	n := min(f.size, digestSize)
	if l.need = l.end + frameHead + n; len(b) < l.need {
		return l, more, false
	}
	l.body = b[l.end+frameHead : l.need]
	l.end = l.need
	l.left = size - int64(f.size)
	l.skip = int64(f.size - n)
	return l, good, true
}

// withContent reads a method and the content behind it.
func (p *parser) withContent(dir l7.Dir, f *frame, b []byte, out *l7.Emitter) (l7.Step, error) {
	end := frameHead + f.size + 1
	if len(b) < end {
		return l7.Step{Need: end}, nil
	}
	if b[end-1] != frameEnd {
		return l7.Step{}, p.lost()
	}
	l, o, follows := layOut(b, end, f.channel)
	switch {
	case o == more:
		return l7.Step{Need: l.need}, nil
	case o == bad:
		return l7.Step{}, p.lost()
	case !follows:
		if p.content(dir, f, b, end, nil, true, out) == nil {
			return l7.Step{}, p.lost()
		}
		return l7.Step{Consumed: end}, nil
	}
	m := p.content(dir, f, b, end, &l, true, out)
	if m == nil {
		return l7.Step{}, p.lost()
	}
	if l.body == nil && l.left == 0 {
		return l7.Step{Consumed: l.end}, nil
	}
	h := &p.half[dir]
	m.More = true
	if l.left > 0 {
		if len(h.open) >= maxOpen {
			h.open = h.open[:copy(h.open, h.open[1:])]
		}
		h.open = append(h.open, body{f.channel, l.left, m.Match})
	}
	if l.body != nil {
		h.tail, h.over, h.match = true, l.left == 0, m.Match
	}
	return l7.Step{Consumed: l.end, Skip: l.skip}, nil
}

// content emits a method that has a content: Publish, Return, Deliver, Get-Ok.
// l is nil if its content is not known. It returns nil if the method is damaged.
func (p *parser) content(dir l7.Dir, f *frame, b []byte, end int, l *layout, sure bool, out *l7.Emitter) *l7.Message {
	a := fields{b: b[frameHead:min(end, frameHead+f.size)], ok: true}
	id := uint32(a.number(4))
	var d delivery
	if !d.read(&a, id) {
		return nil
	}
	var m *l7.Message
	s := p.channels[f.channel]
	switch id {
	case basicPublish:
		m = p.published(dir, f, s, sure, out)
	case basicGetOk:
		match, _ := p.waits.take(f.channel, id, false)
		m = p.begin(out, dir, l7.Response, "Basic.Get-Ok")
		m.Match, m.Status, m.Side = match, l7.OK, l7.Consumer
		m.Int(keyMessages, int64(d.count))
		m.Str(keyType, typeReceive)
	default:
		m = p.begin(out, dir, l7.Pushed, find(basic, uint16(id)).name)
		m.Match = p.waits.next()
		if id == basicReturn {
			p.fail(m, int(d.code), d.text)
		} else {
			m.Side = l7.Consumer
			m.Str(keyType, typeReceive)
			if q := s.queue(d.consumer); len(q) > 0 {
				m.Str(keyQueue, q)
			}
			m.Str(keyConsumer, d.consumer)
		}
	}
	m.HeadSize = frameHead + f.size + 1
	p.destine(m, d.exchange, d.key)
	if id != basicGetOk {
		m.Int(keyChannel, int64(f.channel))
	}
	if d.tag > 0 {
		m.Int(keyDeliveryTag, int64(d.tag))
	}
	if d.redelivered {
		m.Bool(keyRedelivered, true)
	}
	if l != nil {
		c, _ := readProperties(l.header)
		p.describe(m, &c, d.exchange, d.key, l.body, l.body != nil && len(l.body) == int(min(int64(digestSize), c.size)))
	}
	return m
}

// published begins the message of a Publish, which waits for its confirmation
// if the channel is in confirm mode.
func (p *parser) published(dir l7.Dir, f *frame, s *state, sure bool, out *l7.Emitter) *l7.Message {
	kind, match := l7.OneWay, uint64(0)
	if s != nil && s.confirms && sure {
		s.published++
		kind, match = l7.Request, p.waits.add(wait{channel: f.channel, tag: s.published})
	} else {
		match = p.waits.next()
	}
	m := p.begin(out, dir, kind, "Basic.Publish")
	m.Match, m.Side = match, l7.Producer
	if kind == l7.Request {
		m.Int(keyDeliveryTag, int64(s.published))
	}
	m.Str(keyType, typeSend)
	return m
}

// delivery is what the methods with content say.
type delivery struct {
	exchange, key, consumer, text []byte
	tag, count, code              uint64
	redelivered                   bool
}

func (d *delivery) read(a *fields, id uint32) bool {
	switch id {
	case basicPublish:
		a.take(2) // once the access ticket
	case basicReturn:
		d.code, d.text = a.number(2), a.short()
	case basicDeliver:
		d.consumer = a.short()
		fallthrough
	default:
		d.tag = a.number(8)
		d.redelivered = a.byte() != 0
	}
	d.exchange, d.key = a.short(), a.short()
	if id == basicGetOk {
		d.count = a.number(4)
	}
	return a.ok && printable(d.exchange) && printable(d.consumer)
}

// destine says where a message goes: exchange and routing key, joined by a
// colon as the conventions for RabbitMQ want it, or the one that there is.
func (p *parser) destine(m *l7.Message, exchange, key []byte) {
	p.name = append(p.name[:0], exchange...)
	if len(exchange) > 0 && len(key) > 0 {
		p.name = append(p.name, ':')
	}
	at := len(p.name)
	p.name = appendText(p.name, key)
	if len(exchange) > 0 {
		m.Str(keyExchange, exchange)
	}
	if len(key) > 0 {
		m.Str(keyRoutingKey, p.name[at:])
	}
	m.Resource = p.name
	if len(p.name) > 0 {
		m.Str(keyDestination, p.name)
	}
}
