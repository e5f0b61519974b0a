package mqtt

import (
	"github.com/wirespan/wirespan/l7"
	"github.com/wirespan/wirespan/l7/ids"
)

// Names of what a message is known by on both sides of the broker: the topic
// with a digest of the payload (length and first bytes), and the topic of the
// answer with the correlation data.
var (
	idMessage     = []byte("mqtt.message")
	idCorrelation = []byte("mqtt.correlation")
)

// known adds the ids of a message.
func (p *parser) known(m *l7.Message, topic, payload []byte, size int, props *properties) {
	if len(topic) == 0 {
		return
	}
	p.idBuf = p.idBuf[:0]
	h := ids.DigestBody(payload[:min(len(payload), digestSize)], int64(size))
	p.pair(m, idMessage, ids.Digest(topic), h)
	if len(props.correlation) > 0 {
		if len(props.responseTopic) > 0 {
			topic = props.responseTopic
		}
		p.pair(m, idCorrelation, ids.Digest(topic), ids.Digest(props.correlation))
	}
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
