package rocketmq

import (
	"bytes"
	"strconv"

	"github.com/wirespan/wirespan/l7"
)

var (
	system      = []byte("rocketmq")
	normal      = []byte("normal")
	fifo        = []byte("fifo")
	delayed     = []byte("delay")
	transaction = []byte("transaction")
	space       = []byte(" ") // between the keys of a message
)

// maxRemark bounds the remark of a response, in bytes.
const maxRemark = 512

// emit hands on the command of a half.
func (p *parser) emit(dir l7.Dir, h *half, out *l7.Emitter) (m *l7.Message) {
	m = out.Begin(h.kind)
	if h.kind == l7.Response {
		p.response(dir, h, m)
	} else {
		p.request(dir, h, m)
	}
	m.First, m.Match, m.HeadSize = h.first, h.match, h.size
	f := &h.f
	for i := range f.ids {
		id := &f.ids[i]
		name := id.fixed
		if id.class != l7.IDMessage {
			name = f.get(id.name)
		}
		m.ID(id.class, name, f.get(id.value))
	}
	out.Emit(dir)
	return m
}

// request describes a request, and remembers what is sent for its response.
func (p *parser) request(dir l7.Dir, h *half, m *l7.Message) {
	f := &h.f
	if m.Op = requestName(h.code); m.Op == nil {
		p.name = strconv.AppendInt(append(p.name[:0], "CODE_"...), int64(h.code), 10)
		m.Op = p.name
	}
	m.Resource = f.get(f.topic)
	m.Str(attrSystem, system)
	m.Str(attrOperation, m.Op)
	str(m, attrType, operationType(h.code))
	str(m, attrDestination, m.Resource)
	str(m, attrPartition, f.get(f.queue))
	str(m, attrGroup, f.get(f.group))
	str(m, attrProducerGroup, f.get(f.producer))
	str(m, attrClient, f.get(f.client))
	if sends(h.code) {
		m.Side = l7.Producer
		if h.kind == l7.Request {
			p.sent[dir].push(h.opaque, m.Resource)
		}
		p.details(h, m)
	} else if f.hasOffset && h.code != pullMessage && h.code != litePullMessage {
		m.Int(attrOffset, f.offset)
	}
	m.Int(attrCode, int64(h.code))
	m.Int(attrOpaque, int64(h.opaque))
	p.sender(h, m, attrLanguage, attrVersion)
}

// details adds what is said of messages.
func (p *parser) details(h *half, m *l7.Message) {
	f := &h.f
	if f.messages > 0 {
		m.Int(attrCount, f.messages)
	}
	if f.messages != 1 {
		return
	}
	str(m, attrMessage, f.get(f.id))
	str(m, attrConversation, f.get(f.conversation))
	str(m, attrTag, f.get(f.tag))
	for rest := f.get(f.msgKeys); len(rest) > 0; {
		var key []byte
		key, rest, _ = bytes.Cut(rest, space)
		str(m, attrMessageKeys, key)
	}
	str(m, attrSharding, f.get(f.sharding))
	kind := normal
	switch {
	case f.transaction:
		kind = transaction
	case !f.delay.empty():
		kind = delayed
		if n, ok := integer(f.get(f.delay)); ok {
			m.Int(attrDelay, int64(n))
		}
	case !f.sharding.empty():
		kind = fifo
	}
	m.Str(attrKind, kind)
}

// response describes a response.
func (p *parser) response(dir l7.Dir, h *half, m *l7.Message) {
	f := &h.f
	status, name := outcomeOf(h.code)
	m.Status, m.Code = status, h.code
	if status != l7.OK {
		m.Error = name
		str(m, attrRemark, f.get(h.remark))
	} else if h.code != 0 {
		str(m, attrOutcome, name)
	}
	topic := p.sent[dir.Opposite()].take(h.opaque)
	switch {
	case f.messages > 0:
		m.Side = l7.Consumer
		p.details(h, m)
		str(m, attrDestination, f.get(f.topic))
		m.Int(attrOffset, f.offset)
	case len(topic) > 0 && status == l7.OK:
		str(m, attrPartition, f.get(f.queue))
		p.stored(f, topic)
		str(m, attrMessage, f.get(f.id))
		if f.hasOffset {
			m.Int(attrOffset, f.offset)
		}
	case f.hasOffset:
		m.Int(attrOffset, f.offset)
	}
	p.sender(h, m, attrBrokerLanguage, attrBrokerVersion)
}

// stored notes where a broker put the message that it was sent.
func (p *parser) stored(f *facts, topic []byte) {
	if n, ok := integer(f.get(f.queue)); ok && f.hasOffset {
		f.onPlace(topic, int64(n), f.offset)
	}
}

// sender adds who wrote a command.
func (p *parser) sender(h *half, m *l7.Message, lang, version uint8) {
	f := &h.f
	str(m, lang, f.get(h.language))
	if from := len(f.text); h.version >= firstNamed {
		f.text = appendVersion(f.text, h.version)
		m.Str(version, f.text[from:])
	}
}

// str adds an attribute that is not empty.
func str(m *l7.Message, key uint8, v []byte) {
	if len(v) > 0 {
		m.Str(key, v)
	}
}
