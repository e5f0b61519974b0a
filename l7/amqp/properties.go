package amqp

import (
	"unicode/utf8"

	"github.com/wirespan/wirespan/l7"
	"github.com/wirespan/wirespan/l7/ids"
)

// properties are those of a content header (4.2.6.1), borrowed.
type properties struct {
	size        int64
	contentType []byte
	headers     []byte
	persistent  bool
	correlation []byte
	replyTo     []byte
	messageID   []byte
}

// readProperties reads a content header of class basic (1.8). What does not fit
// is absent.
func readProperties(b []byte) (p properties, ok bool) {
	f := fields{b: b, ok: true}
	class, weight := f.number(2), f.number(2)
	p.size = int64(f.number(8))
	flags := uint16(f.number(2))
	if !f.ok || class != uint64(basic) || weight != 0 || p.size < 0 || flags&3 != 0 {
		return p, false
	}
	has := func(bit int) bool { return flags>>bit&1 == 1 && f.ok }
	if has(15) {
		p.contentType = f.short()
	}
	if has(14) {
		f.short() // content-encoding
	}
	if has(13) {
		p.headers = f.long()
	}
	if has(12) {
		p.persistent = f.byte() == 2
	}
	if has(11) {
		f.byte() // priority
	}
	if has(10) {
		p.correlation = f.short()
	}
	if has(9) {
		p.replyTo = f.short()
	}
	if has(8) {
		f.short() // expiration
	}
	if has(7) {
		p.messageID = f.short()
	}
	return p, true
}

// Names of what a message is known by on both sides of the broker: its id,
// exchange and routing key with a digest of the body, and where the answer goes
// with the correlation id.
var (
	idMessageID   = []byte("amqp.message_id")
	idMessage     = []byte("amqp.message")
	idCorrelation = []byte("amqp.correlation")

	slash = []byte("/") // between exchange and routing key
)

// describe adds the properties of a message to m. body has the first bytes of
// its body, as many as the digest covers.
func (p *parser) describe(m *l7.Message, c *properties, exchange, key, body []byte, whole bool) {
	m.Size = c.size
	m.Int(keyBodySize, c.size)
	for _, v := range [...]struct {
		key  uint8
		text []byte
	}{{keyContentType, c.contentType}, {keyReplyTo, c.replyTo}, {keyMessageID, c.messageID}} {
		if len(v.text) > 0 {
			m.Str(v.key, v.text)
		}
	}
	if c.persistent {
		m.Bool(keyPersistent, true)
	}
	p.idBuf = p.idBuf[:0]
	if len(c.correlation) > 0 {
		p.text = appendText(p.text[:0], c.correlation)
		m.Str(keyConversation, p.text)
		to := c.replyTo
		if len(to) == 0 {
			to = key
		}
		p.pair(m, idCorrelation, ids.Digest(to), ids.Digest(c.correlation))
	}
	if len(c.messageID) > 0 {
		m.ID(l7.IDMessage, idMessageID, c.messageID)
	}
	if whole && c.size > 0 {
		h := ids.DigestBody(body[:min(len(body), digestSize)], c.size)
		p.pair(m, idMessage, ids.DigestMore(ids.DigestMore(ids.Digest(exchange), slash), key), h)
	}
	p.identify(m, c.headers)
}

// pair adds an id of two hashes.
func (p *parser) pair(m *l7.Message, name []byte, a, b uint64) {
	from := len(p.idBuf)
	p.idBuf = ids.AppendPair(p.idBuf, a, b)
	m.ID(l7.IDMessage, name, p.idBuf[from:])
}

// appendText appends v if it is text, else in hexadecimal.
func appendText(b, v []byte) []byte {
	const digits = "0123456789abcdef"
	if printable(v) {
		return append(b, v...)
	}
	for _, c := range v {
		b = append(b, digits[c>>4], digits[c&15])
	}
	return b
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
