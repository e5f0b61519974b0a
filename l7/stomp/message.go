package stomp

import (
	"bytes"
	"unicode/utf8"

	"github.com/wirespan/wirespan/l7"
	"github.com/wirespan/wirespan/l7/cursor"
	"github.com/wirespan/wirespan/l7/ids"
)

var (
	system      = []byte("stomp")
	typeSend    = []byte("send")
	typeReceive = []byte("receive")
	typeSettle  = []byte("settle")
	errorType   = []byte("error")
)

// frame emits a frame. body has its first bytes, as many as the digest covers,
// or nil.
func (p *parser) frame(dir l7.Dir, f *frame, body []byte, out *l7.Emitter) *l7.Message {
	p.found = true
	p.idBuf = p.idBuf[:0]
	kind, match := p.role(f)
	m := out.Begin(kind)
	m.Op, m.Match, m.HeadSize = names[f.command], match, f.end
	out.Emit(dir)
	if kind == l7.Response {
		m.Status = l7.OK
	} else {
		m.Str(keySystem, system)
		m.Str(keyOperation, m.Op)
		m.Resource, m.Version = f.destination, p.version
	}
	p.describe(m, f)
	switch f.command {
	case connected:
		p.version = append(p.version[:0], f.version...)
	case fault:
		p.fail(m, f.text)
	case send, message:
		m.Side = l7.Producer
		if f.command == message {
			m.Side = l7.Consumer
		}
		if f.size >= 0 {
			m.Size = f.size
			m.Int(keyBodySize, f.size)
		}
		p.known(m, f, body)
	}
	p.identify(m, f.list)
	return m
}

// role says what kind of message a frame is. Frames that ask for a receipt are
// requests, and so is the first one.
func (p *parser) role(f *frame) (l7.Kind, uint64) {
	switch f.command {
	case connect, stomp:
		return l7.Request, p.wait(0)
	case connected:
		match, _ := p.answered(0)
		return l7.Response, match
	case receipt:
		match, _ := p.answered(ids.Digest(f.receiptID))
		return l7.Response, match
	case fault:
		if len(f.receiptID) > 0 {
			match, _ := p.answered(ids.Digest(f.receiptID))
			return l7.Response, match
		}
		if match, ok := p.answered(0); ok {
			return l7.Response, match
		}
		p.last++
		return l7.Pushed, p.last
	case message:
		p.last++
		return l7.Pushed, p.last
	}
	if len(f.receipt) > 0 {
		return l7.Request, p.wait(ids.Digest(f.receipt))
	}
	p.last++
	return l7.OneWay, p.last
}

// describe adds what the headers say.
func (p *parser) describe(m *l7.Message, f *frame) {
	switch f.command {
	case send:
		m.Str(keyType, typeSend)
	case message:
		m.Str(keyType, typeReceive)
	case ack, nack:
		m.Str(keyType, typeSettle)
	}
	for _, v := range [...]struct {
		key  uint8
		text []byte
	}{
		{keyDestination, f.destination},
		{keyReceipt, f.receipt},
		{keyMessageID, f.messageID},
		{keyConversation, f.correlation},
		{keyReplyTo, f.replyTo},
		{keySubscription, f.subscription},
		{keyTransaction, f.transaction},
		{keyContentType, f.contentType},
		{keyHost, f.host},
		{keyServer, f.server},
	} {
		if len(v.text) > 0 && utf8.Valid(v.text) {
			m.Str(v.key, v.text)
		}
	}
}

// fail makes an error of a message; text up to the first quoted name, for what
// follows may be a value.
func (p *parser) fail(m *l7.Message, text []byte) {
	m.Status, m.Error = l7.ServerError, errorType
	if i := bytes.IndexAny(text, "'\""); i >= 0 {
		text = text[:i]
	}
	if text = cursor.TrimOWS(text[:min(len(text), 128)]); len(text) > 0 && utf8.Valid(text) {
		m.Str(keyError, text)
	}
}

// identify takes IDs from headers.
func (p *parser) identify(m *l7.Message, list []byte) {
	for len(list) > 0 {
		line, n, ok := cursor.Line(list)
		if !ok {
			return
		}
		list = list[n:]
		name, value := cursor.Cut(line, ':')
		if c := p.ids.Match(name); c != l7.IDNone {
			m.ID(c, name, value)
		}
	}
}

// Names of what a message is known by on both sides of the broker: the
// destination with a digest of the body, and where the answer goes with the
// correlation id.
var (
	idMessage     = []byte("stomp.message")
	idCorrelation = []byte("stomp.correlation")
)

// known adds the ids of a message.
func (p *parser) known(m *l7.Message, f *frame, body []byte) {
	if f.size > 0 && body != nil {
		h := ids.DigestBody(body, f.size)
		p.pair(m, idMessage, ids.Digest(f.destination), h)
	}
	if len(f.correlation) > 0 {
		to := f.replyTo
		if len(to) == 0 {
			to = f.destination
		}
		p.pair(m, idCorrelation, ids.Digest(to), ids.Digest(f.correlation))
	}
}

func (p *parser) pair(m *l7.Message, name []byte, a, b uint64) {
	from := len(p.idBuf)
	p.idBuf = ids.AppendPair(p.idBuf, a, b)
	m.ID(l7.IDMessage, name, p.idBuf[from:])
}
