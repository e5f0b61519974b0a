package nats

import (
	"bytes"
	"strconv"

	"github.com/wirespan/wirespan/l7"
	"github.com/wirespan/wirespan/l7/cursor"
	"github.com/wirespan/wirespan/l7/ids"
)

// Names of what a message is known by on both sides of the server: its subject
// with the subject for the answer, which is unique per request; its subject
// with a digest of the payload; stream and sequence number of JetStream.
var (
	idReply     = []byte("nats.reply")
	idMessage   = []byte("nats.message")
	idJetStream = []byte("nats.jetstream")
)

// known adds the ids of a message. payload has its first bytes.
func (p *parser) known(m *l7.Message, l *line, payload []byte) {
	if len(l.reply) > 0 && !bytes.HasPrefix(l.reply, ackPrefix) {
		p.pair(m, idReply, ids.Digest(l.subject), ids.Digest(l.reply))
	}
	if size := l.size - l.headers; size > 0 {
		h := ids.DigestBody(payload[:min(len(payload), digestSize)], int64(size))
		p.pair(m, idMessage, ids.Digest(l.subject), h)
	}
}

func (p *parser) pair(m *l7.Message, name []byte, a, b uint64) {
	from := len(p.idBuf)
	p.idBuf = ids.AppendPair(p.idBuf, a, b)
	m.ID(l7.IDMessage, name, p.idBuf[from:])
}

// stored says which message of a stream it is.
func (p *parser) stored(m *l7.Message, stream []byte, sequence uint64) {
	m.Str(keyStream, stream)
	m.Int(keySequence, int64(sequence))
	from := len(p.idBuf)
	p.idBuf = append(append(p.idBuf, stream...), '/')
	p.idBuf = strconv.AppendUint(p.idBuf, sequence, 10)
	m.ID(l7.IDMessage, idJetStream, p.idBuf[from:])
}

// identify reads headers (ADR-4): NATS/1.0, perhaps with a status, then lines
// as in HTTP. It returns the status.
func (p *parser) identify(m *l7.Message, b []byte) (status int) {
	first, n, ok := cursor.Line(b)
	if !ok || !bytes.HasPrefix(first, []byte("NATS/1.0")) {
		return 0
	}
	word, _ := cursor.Cut(cursor.TrimOWS(first[8:]), ' ')
	if v, ok := cursor.Decimal(word); ok && v < 1000 {
		status = int(v)
	}
	for b = b[n:]; ; b = b[n:] {
		var text []byte
		if text, n, ok = cursor.Line(b); !ok || len(text) == 0 {
			return status
		}
		name, value := cursor.Cut(text, ':')
		if c := p.ids.Match(name); c != l7.IDNone {
			m.ID(c, name, cursor.TrimOWS(value))
		}
	}
}
