package mqtt

import (
	"unicode/utf8"

	"github.com/wirespan/wirespan/l7"
)

// Values of messaging.operation.type.
var (
	typeSend    = []byte("send")
	typeReceive = []byte("receive")
)

// publish reads PUBLISH (3.3).
func (p *parser) publish(dir l7.Dir, h *head, f *fields, out *l7.Emitter) bool {
	all := f.b
	topic := f.text()
	if !f.ok || !topicFits(topic) {
		return false
	}
	if h.flags&6 != 0 && f.uint16() == 0 {
		return false
	}
	var props *properties
	if p.version == 5 {
		n := f.varint()
		if !f.ok {
			return false
		}
		props = &properties{}
		if n > maxProps {
			f.b = nil
		} else if *props, f.ok = readProperties(f.take(n)); !f.ok {
			return false
		}
	} else if p.version != 0 {
		props = &properties{}
	}
	m := p.message(dir, h, all, props, out)
	if props == nil { // where the payload begins is not known
		return true
	}
	size := h.rest - (len(all) - len(f.b))
	m.Size = int64(size)
	m.Int(keyBodySize, m.Size)
	p.identify(m, props.user)
	p.known(m, m.Resource, f.b, size, props)
	return true
}

// message emits a PUBLISH, of which b has the topic and the packet id at
// least. Both sides may send one, and the other acknowledges.
func (p *parser) message(dir l7.Dir, h *head, b []byte, props *properties, out *l7.Emitter) *l7.Message {
	f := fields{b, true}
	topic, qos := f.text(), int64(h.flags>>1&3)
	kind := l7.Request
	switch {
	case qos == 0 && dir == l7.ToServer:
		kind = l7.OneWay
	case qos == 0:
		kind = l7.Pushed
	}
	m := p.begin(dir, publish, kind, out)
	m.Side = l7.Producer
	if dir == l7.ToClient {
		m.Side = l7.Consumer
	}
	again := h.flags&8 != 0
	if qos > 0 {
		id := f.uint16()
		m.Match = p.waits.add(key(publish, dir, id), again)
		m.Int(keyPacketID, int64(id))
	} else {
		p.waits.last++
		m.Match = p.waits.last
	}
	p.describe(m, dir, topic, props)
	m.Int(keyQoS, qos)
	if h.flags&1 != 0 {
		m.Bool(keyRetain, true)
	}
	if again {
		m.Bool(keyDup, true)
	}
	return m
}

// describe says where a message goes to.
func (p *parser) describe(m *l7.Message, dir l7.Dir, topic []byte, props *properties) {
	if props != nil && props.alias > 0 {
		if len(topic) > 0 {
			p.aliases[dir].set(props.alias, topic)
		} else {
			topic = p.aliases[dir].get(props.alias)
		}
		m.Int(keyAlias, int64(props.alias))
	}
	m.Resource = topic
	if len(topic) > 0 {
		m.Str(keyDestination, topic)
	}
	if dir == l7.ToServer {
		m.Str(keyType, typeSend)
	} else {
		m.Str(keyType, typeReceive)
	}
	if props == nil {
		return
	}
	if len(props.responseTopic) > 0 {
		m.Str(keyResponseTopic, props.responseTopic)
	}
	if len(props.correlation) > 0 {
		p.text = appendText(p.text[:0], props.correlation[:min(len(props.correlation), 256)])
		m.Str(keyConversation, p.text)
	}
}

// acknowledge reads PUBACK, PUBREC, PUBREL and PUBCOMP (3.4 to 3.7). PUBREC
// and PUBREL are steps of an exchange that PUBCOMP ends, unless PUBREC refuses
// the message.
func (p *parser) acknowledge(dir l7.Dir, h *head, f *fields, out *l7.Emitter) bool {
	id, code := f.uint16(), byte(0)
	if id == 0 || p.version != 0 && p.version < 5 && h.rest != 2 {
		return false
	}
	if h.rest > 2 {
		code = f.byte()
	}
	p.found = true
	if h.kind == pubrel || h.kind == pubrec && code < 0x80 {
		return true
	}
	m := p.begin(dir, h.kind, l7.Response, out)
	m.Match = p.waits.take(key(publish, dir.Opposite(), id))
	p.judge(m, code)
	return true
}

// topicFits checks a topic name (4.7): UTF-8 without control characters and
// wildcards. It may be empty where an alias stands for it.
func topicFits(topic []byte) bool {
	for i := 0; i < len(topic); {
		c := topic[i]
		if c < ' ' || c == 0x7f || c == '+' || c == '#' {
			return false
		}
		if c < utf8.RuneSelf {
			i++
			continue
		}
		r, n := utf8.DecodeRune(topic[i:])
		if r == utf8.RuneError && n == 1 {
			return false
		}
		i += n
	}
	return true
}

// printable reports whether b is text.
func printable(b []byte) bool {
	for _, c := range b {
		if c < ' ' || c == 0x7f {
			return false
		}
	}
	return utf8.Valid(b)
}
