package openwire

import (
	"strconv"

	"github.com/wirespan/wirespan/l7"
	"github.com/wirespan/wirespan/l7/ids"
)

// Values of attributes.
var (
	system      = []byte("activemq")
	typeSend    = []byte("send")
	typeReceive = []byte("receive")
	typeSettle  = []byte("settle")
	typeCreate  = []byte("create")
	exception   = []byte("exception")
	add         = []byte("add")
	remove      = []byte("remove")
)

// emit makes the message of a command, nil if it is none. Both sides number
// their commands and may ask.
func (p *parser) emit(dir l7.Dir, h *half, out *l7.Emitter) *l7.Message {
	c := &h.c
	p.idBuf = p.idBuf[:0]
	if isResponse(c.kind) {
		return p.response(dir, h, out)
	}
	kind := l7.OneWay
	switch {
	case c.answered && c.kind != wireFormatInfo:
		kind = l7.Request
	case dir == l7.ToClient:
		kind = l7.Pushed
	}
	m := p.message(dir, kind, h, out)
	m.Str(keySystem, system)
	m.Str(keyOperation, m.Op)
	if m.Match = match(dir, c.id); kind != l7.Request {
		p.last[dir]++
		m.Match = 1<<63 | match(dir, p.last[dir])
	}
	if c.kind == wireFormatInfo {
		p.version = p.version[:0]
		if v := h.f.offer.version; v > 0 && !p.settled {
			p.version = appendVersion(p.version, v)
		} else if p.settled {
			p.version = appendVersion(p.version, p.agreed.version)
		}
	} else {
		m.Int(keyCommandID, int64(c.id))
	}
	m.Version = p.version
	p.role(dir, m, h)
	p.describe(m, h)
	return m
}

// response makes the message of a response.
func (p *parser) response(dir l7.Dir, h *half, out *l7.Emitter) *l7.Message {
	c := &h.c
	if c.answers > 0 && c.answers == p.done[dir] {
		return nil
	}
	p.done[dir] = c.answers
	m := p.message(dir, l7.Response, h, out)
	m.Match, m.Status = match(dir.Opposite(), c.answers), l7.OK
	if c.kind == exceptionResponse {
		p.fail(m, h.f.get(h.f.exception))
	}
	if v, ok := h.f.number(mResult); ok {
		m.Int(keyResult, v)
	}
	return m
}

func (p *parser) message(dir l7.Dir, kind l7.Kind, h *half, out *l7.Emitter) *l7.Message {
	m := out.Begin(kind)
	p.op = append(p.op[:0], names[h.c.kind]...)
	m.Op, m.First, m.HeadSize = p.op, h.first, h.c.head
	out.Emit(dir)
	return m
}

// role says whose span a command makes.
func (p *parser) role(dir l7.Dir, m *l7.Message, h *half) {
	switch k := h.c.kind; {
	case isMessage(k) && dir == l7.ToServer:
		m.Side = l7.Producer
		m.Str(keyType, typeSend)
	case k == messageDispatch:
		if h.f.message != 0 || !h.walks {
			m.Side = l7.Consumer
		}
		m.Str(keyType, typeReceive)
	case k == messagePull:
		m.Str(keyType, typeReceive)
	case k == messageAck:
		m.Str(keyType, typeSettle)
	case k == producerInfo:
		m.Str(keyType, typeCreate)
	case k == connectionError:
		p.fail(m, h.f.get(h.f.exception))
	}
}

// describe adds what the fields of a command say.
func (p *parser) describe(m *l7.Message, h *half) {
	f := &h.f
	if d := f.destination; d.known && d.kind != 0 && !d.text.empty() {
		m.Resource = f.get(d.text)
		m.Str(keyDestination, m.Resource)
		m.Str(keyDestinationKind, destinations[d.kind-aQueue])
		if d.kind >= aTempQueue {
			m.Bool(keyTemporary, true)
			p.op = append(p.op, " (temporary)"...)
			m.Name, m.Op = p.op, p.op[:len(m.Op)]
		}
	}
	for _, v := range [...]struct {
		key uint8
		v   value
	}{
		{keyReplyTo, f.replyTo},
		{keyProducer, f.producer},
		{keyConsumer, f.consumer},
		{keySession, f.session},
		{keyConnection, f.connection},
		{keyTransaction, f.transaction},
		{keyObject, f.object},
	} {
		if v.v.known && !v.v.text.empty() {
			m.Str(v.key, f.get(v.v.text))
		}
	}
	for _, v := range [...]struct {
		key uint8
		t   text
	}{
		{keyConversation, f.correlation},
		{keyGroup, f.group},
		{keyJMSType, f.kind},
		{keyClient, f.client},
		{keySubscription, f.subscription},
		{keyBroker, f.brokerName},
		{keyBrokerURL, f.url},
	} {
		if !v.t.empty() {
			m.Str(v.key, f.get(v.t))
		}
	}
	p.numbers(m, h)
	p.identify(m, h)
}

// numbers adds the numbers of a command.
func (p *parser) numbers(m *l7.Message, h *half) {
	f := &h.f
	if n, ok := f.number(mContent); ok {
		m.Size = n
		m.Int(keyBodySize, n)
	}
	if f.persistent {
		m.Bool(keyPersistent, true)
	}
	if f.compressed {
		m.Bool(keyCompressed, true)
	}
	if n, ok := f.number(mRedelivery); ok && n > 0 {
		m.Int(keyRedelivery, n)
	}
	if n, ok := f.number(mPriority); ok && (isMessage(h.c.kind) || f.message != 0) {
		m.Int(keyPriority, n)
	}
	if n, ok := f.number(mPrefetch); ok {
		m.Int(keyPrefetch, n)
	}
	if n, ok := f.number(mCount); ok && n > 0 {
		m.Int(keyCount, n)
	}
	if n, ok := f.number(mAck); ok && n >= 0 && n < int64(len(acks)) {
		m.Str(keyAck, acks[n])
	}
	if n, ok := f.number(mStep); ok && n >= 0 && n < int64(len(steps)) {
		m.Str(keyStep, steps[n])
	}
	if n, ok := f.number(mRemoval); ok {
		if n == 0 {
			m.Str(keyStep, add)
		} else if n == 1 {
			m.Str(keyStep, remove)
		}
	}
}

// Names of what a message is known by on both sides of the broker: its id, and
// where the answer goes with the correlation id.
var (
	idMessage     = []byte("openwire.message")
	idCorrelation = []byte("openwire.correlation")
)

// identify adds the ids of a message and of its properties. Many clients have
// the id of a message for the correlation id of its answer.
func (p *parser) identify(m *l7.Message, h *half) {
	f := &h.f
	for i := range f.ids {
		m.ID(f.ids[i].class, f.get(f.ids[i].name), f.get(f.ids[i].value))
	}
	id := f.get(f.messageID.text)
	if h.c.kind == messageAck && f.firstID.known && f.firstID.kind != 0 && string(f.get(f.firstID.text)) != string(id) {
		id = nil // several messages
	}
	if len(id) > 0 {
		m.Str(keyMessageID, id)
	}
	if !isMessage(h.c.kind) && f.message == 0 {
		return
	}
	if len(id) > 0 {
		m.ID(l7.IDMessage, idMessage, id)
	}
	to, correlation := f.replyTo, f.get(f.correlation)
	if len(correlation) > 0 {
		if to.text.empty() {
			to = f.destination
		}
		p.pair(m, f.get(to.text), correlation)
	}
	if !f.replyTo.text.empty() && len(id) > 0 {
		p.pair(m, f.get(f.replyTo.text), id)
	}
}

// pair adds a place and what is expected there.
func (p *parser) pair(m *l7.Message, place, what []byte) {
	if len(place) == 0 {
		return
	}
	from := len(p.idBuf)
	p.idBuf = ids.AppendPair(p.idBuf, ids.Digest(place), ids.Digest(what))
	m.ID(l7.IDMessage, idCorrelation, p.idBuf[from:])
}

// fail makes an error of a message. Texts of exceptions may have values in
// them: only the class is told.
func (p *parser) fail(m *l7.Message, class []byte) {
	m.Status, m.Error = l7.ServerError, exception
	if len(class) > 0 {
		m.Error = class
		m.Str(keyException, class)
	}
}

// match tells the commands of both directions apart.
func match(dir l7.Dir, id uint32) uint64 { return uint64(dir)<<32 | uint64(id) }

func appendVersion(b []byte, v uint8) []byte { return strconv.AppendUint(b, uint64(v), 10) }
