package mqtt

import "github.com/wirespan/wirespan/l7"

// parser reads one connection.
type parser struct {
	ids     l7.IDMatcher
	found   bool
	version byte // 3, 4 or 5; 0 while it is not known
	waits   waits
	aliases [2]aliases
	client  []byte // client id
	text    []byte // a value of the message that is emitted
	idBuf   []byte
	reason  []byte
	pings   int // PINGREQ without answer
	holed   [2]bool
}

func newParser(o l7.Options) *parser {
	return &parser{ids: o.IDs, idBuf: make([]byte, 0, 80)}
}

// Parse meets l7.Parser.
func (p *parser) Parse(dir l7.Dir, b []byte, out *l7.Emitter) (l7.Step, error) {
	h, o := readHead(b)
	if o == more {
		return l7.Step{}, nil
	}
	if o == bad || !mayCome(h.kind, dir) {
		return l7.Step{}, p.lost()
	}
	need, o := p.wanted(&h, b)
	if o == bad {
		return l7.Step{}, p.lost()
	}
	if o == more || len(b) < need {
		return l7.Step{Need: need}, nil
	}
	body := b[h.size:min(len(b), h.size+h.rest)]
	if !p.packet(dir, &h, body, out) {
		return l7.Step{}, p.lost()
	}
	return l7.Step{Consumed: need, Skip: int64(h.size + h.rest - need)}, nil
}

// wanted is how many bytes of a packet have to be there at once. Of PUBLISH
// that is everything before the payload, and what its digest covers.
func (p *parser) wanted(h *head, b []byte) (int, outcome) {
	if h.kind != publish {
		return h.size + min(h.rest, maxHead), good
	}
	at := h.size + 2
	if len(b) < at {
		return at, more
	}
	at += int(b[h.size])<<8 | int(b[h.size+1])
	if h.flags>>1&3 > 0 {
		at += 2
	}
	if at > h.size+h.rest {
		return 0, bad
	}
	if p.version == 5 {
		if len(b) <= at {
			return at + 1, more
		}
		n, size, o := varint(b[at:])
		if o == more && len(b) < h.size+h.rest {
			return len(b) + 1, more
		}
		if o != good || at+size+n > h.size+h.rest {
			return 0, bad
		}
		at += size + min(n, maxProps)
	}
	return min(at+digestSize, h.size+h.rest), good
}

// packet reads a packet and emits what it is. It is false if the packet is
// damaged.
func (p *parser) packet(dir l7.Dir, h *head, body []byte, out *l7.Emitter) bool {
	f := &fields{body, true}
	switch h.kind {
	case connect:
		return p.connect(dir, f, out)
	case connack:
		return p.connack(dir, h, f, out)
	case publish:
		return p.publish(dir, h, f, out)
	case puback, pubrec, pubrel, pubcomp:
		return p.acknowledge(dir, h, f, out)
	case subscribe, unsubscribe:
		return p.subscribe(dir, h, f, out)
	case suback, unsuback:
		return p.granted(dir, h, f, out)
	case pingreq, pingresp:
		p.ping(dir, h, out)
		return true
	}
	return p.leave(dir, h, f, out)
}

// begin starts the message of a packet.
func (p *parser) begin(dir l7.Dir, k kind, as l7.Kind, out *l7.Emitter) *l7.Message {
	p.found = true
	m := out.Begin(as)
	m.Op = ops[k]
	if as != l7.Response {
		m.Str(keySystem, system)
		m.Str(keyOperation, m.Op)
		m.Version = versions[p.version]
		if len(p.client) > 0 {
			m.Str(keyClient, p.client)
		}
	}
	out.Emit(dir)
	return m
}

var system = []byte("mqtt")

// versions are the values of network.protocol.version by protocol level.
var versions = [...][]byte{3: []byte("3.1"), 4: []byte("3.1.1"), 5: []byte("5.0")}

// lost is the error for bytes that are no packet.
func (p *parser) lost() error {
	if p.found {
		return l7.ErrDesync
	}
	return l7.ErrNotMine
}

// Gap meets l7.Parser.
func (p *parser) Gap(dir l7.Dir, _ int64) bool {
	p.aliases[dir].forget()
	p.holed[dir] = true
	return false
}

// Cut meets l7.Parser: of a message its topic is enough.
func (p *parser) Cut(dir l7.Dir, b []byte, out *l7.Emitter) {
	h, o := readHead(b)
	if o != good || h.kind != publish {
		return
	}
	f := &fields{b[h.size:], true}
	if topic := f.text(); !f.ok || len(topic) == 0 || !topicFits(topic) {
		return
	}
	if f.take(int(min(h.flags>>1&3, 1)) * 2); !f.ok {
		return
	}
	p.message(dir, &h, b[h.size:], nil, out)
}

// End meets l7.Parser.
func (p *parser) End(dir l7.Dir, b []byte, out *l7.Emitter) { p.Cut(dir, b, out) }

// Finish finds nothing half done.
func (p *parser) Finish(*l7.Emitter) {}
