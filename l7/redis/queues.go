package redis

import (
	"github.com/wirespan/wirespan/l7"
	"github.com/wirespan/wirespan/l7/ids"
)

// Names of the ids by which both sides of a queue know a message. The value is
// the hash of key or channel, a slash, and the entry's id or the message's digest.
var (
	idPubSub = []byte("redis.pubsub")
	idList   = []byte("redis.list")
	idStream = []byte("redis.stream")
)

// keyHash is the hash of the first key.
func (c *command) keyHash() uint64 {
	if i := int(c.shape.first); i > 0 && i < c.known {
		return ids.Digest(c.args[i].text)
	}
	return 0
}

// identify adds the ids of messages that a command puts into a queue.
func (p *parser) identify(m *l7.Message) {
	c := &p.cmd
	if c.shape.kind == adds {
		m.Side = l7.Producer
	}
	i := int(c.shape.first) + 1
	if c.shape.flags&publishes == 0 || i >= c.known {
		return
	}
	m.Side = l7.Producer
	name := idList
	if c.is("PUBLISH") || c.is("SPUBLISH") {
		name = idPubSub
	}
	p.message(m, name, c.keyHash(), c.args[i].text, c.args[i].size)
}

// message adds the id of a message of which text is the beginning: its digest
// names it. What it says of IDs itself is added, too.
func (p *parser) message(m *l7.Message, name []byte, key uint64, text []byte, size int64) {
	p.key = append(appendHex(p.key[:0], key), '/')
	p.key = appendHex(p.key, digest(text, size))
	m.ID(l7.IDMessage, name, p.key)
	ids.FromJSON(text, p.match, m)
}

// entry adds the id of an entry of a stream.
func (p *parser) entry(m *l7.Message, key uint64, id []byte) {
	p.key = append(appendHex(p.key[:0], key), '/')
	p.key = append(p.key, id...)
	m.ID(l7.IDMessage, idStream, p.key)
}
