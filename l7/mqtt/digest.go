package mqtt

import (
	"strconv"

	"github.com/wirespan/wirespan/l7"
)

// Names of what a message is known by on both sides of the broker: the topic
// with a digest of the payload (length and first bytes), and the topic of the
// answer with the correlation data.
var (
	idMessage     = []byte("mqtt.message")
	idCorrelation = []byte("mqtt.correlation")
)

// FNV-1a, 64 bits.
const (
	fnvOffset = 14695981039346656037
	fnvPrime  = 1099511628211
)

func hash(h uint64, b []byte) uint64 {
	for _, c := range b {
		h = (h ^ uint64(c)) * fnvPrime
	}
	return h
}

// known adds the ids of a message.
func (p *parser) known(m *l7.Message, topic, payload []byte, size int, props *properties) {
	if len(topic) == 0 {
		return
	}
	p.idBuf = p.idBuf[:0]
	h := hash(fnvOffset, payload[:min(len(payload), digestSize)])
	for n := size; n > 0; n >>= 8 {
		h = (h ^ uint64(byte(n))) * fnvPrime
	}
	p.pair(m, idMessage, hash(fnvOffset, topic), h)
	if len(props.correlation) > 0 {
		if len(props.responseTopic) > 0 {
			topic = props.responseTopic
		}
		p.pair(m, idCorrelation, hash(fnvOffset, topic), hash(fnvOffset, props.correlation))
	}
}

// pair adds an id of two hashes.
func (p *parser) pair(m *l7.Message, name []byte, a, b uint64) {
	from := len(p.idBuf)
	p.idBuf = strconv.AppendUint(p.idBuf, a, 16)
	p.idBuf = append(p.idBuf, '/')
	p.idBuf = strconv.AppendUint(p.idBuf, b, 16)
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
