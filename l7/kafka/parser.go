package kafka

import (
	"encoding/binary"

	"github.com/wirespan/wirespan/l7"
)

// maxWhole is the longest message that is held until it is all there. Longer
// ones are walked in pieces.
const maxWhole = 32 << 10

// unsupportedVersion is the error that ApiVersions of version 0 answers a request
// of a later one with.
const unsupportedVersion = 35

// half is one direction of a connection.
type half struct {
	left    int64 // bytes of the message that are not consumed; 0 between messages
	swallow bool  // what is left was told of already
	owed    bool  // a message lost its end, and was not told of
	synced  bool  // a message begins where the last one ended

	first   l7.Stamp
	head    int // bytes of the head
	match   uint32
	key     int16
	version int16
	api     *api // nil: an answer to a request that was not seen
	client  text // in f
	asked   asked
	walks   bool

	w walker
	f facts
}

// asked is what the request of a response said.
type asked struct {
	topic  []byte
	told   bool
	placed bool
	sent   []count
}

// parser reads one connection.
type parser struct {
	half    [2]half
	waiting queue
	names   names
	found   bool
	raw     bool // SASL tokens may come without heads (SaslHandshake v0)
	name    []byte

	polled   []byte // topic of the fetch session, if it has only one
	polledID bool   // that is its id
}

func newParser(o l7.Options, t *tools) *parser {
	p := &parser{}
	for i := range p.half {
		h := &p.half[i]
		h.w.f, h.w.names, h.w.match, h.w.tools = &h.f, &p.names, o.IDs, t
	}
	return p
}

// Parse reads the next message of a direction, or goes on with it.
func (p *parser) Parse(dir l7.Dir, b []byte, out *l7.Emitter) (l7.Step, error) {
	h := &p.half[dir]
	switch {
	case h.owed:
		h.owed = false
		p.emit(dir, h, out)
		return p.rest(h, 0), nil
	case h.swallow:
		h.swallow = false
		return p.rest(h, 0), nil
	case h.left > 0:
		return p.advance(dir, h, b, 0, out), nil
	case dir == l7.ToServer:
		return p.request(h, b, out)
	}
	return p.response(h, b, out)
}

// rest is done with n bytes and passes over what is left of the message.
func (p *parser) rest(h *half, n int) l7.Step {
	s := l7.Step{Consumed: n, Skip: h.left}
	h.left = 0
	h.synced = true
	return s
}

// request begins a request.
func (p *parser) request(h *half, b []byte, out *l7.Emitter) (l7.Step, error) {
	r, ok := readRequest(b)
	switch {
	case p.raw && bare(&r, ok, b):
		return p.token(b)
	case !ok:
		return l7.Step{}, p.lost(h)
	case r.size == 0:
		return l7.Step{Need: len(b) + 1}, nil
	case r.total <= maxWhole && int64(len(b)) < r.total:
		return l7.Step{Need: int(r.total)}, nil
	}
	p.beginRequest(h, &r, out)
	return p.advance(l7.ToServer, h, b, h.head, out), nil
}

// lost is the error for bytes that begin no message.
func (p *parser) lost(h *half) error {
	h.synced = false
	if p.found {
		return l7.ErrDesync
	}
	return l7.ErrNotMine
}

// beginRequest readies a half for a request.
func (p *parser) beginRequest(h *half, r *requestHead, out *l7.Emitter) {
	p.found = true
	h.f.reset()
	h.first, h.left, h.head = out.Here(), r.total, r.size
	h.api, h.key, h.version, h.match = r.api, r.key, r.version, r.match
	h.client = h.f.put(r.client)
	h.asked.told, h.asked.placed = false, false
	h.w.fetched, h.w.sent = false, nil
	h.walks = r.api.knows(r.version)
	if h.walks {
		flex := r.version >= r.api.flex
		h.w.begin(r.api.req, r.version, flex, flex, r.total-int64(r.size))
	}
	if r.key == keySaslHandshake && r.version == 0 {
		p.raw = true
	}
}

// bare reports whether b begins with a SASL token rather than with a request.
func bare(r *requestHead, ok bool, b []byte) bool {
	switch {
	case len(b) < sizeField:
		return false
	case !ok:
		return true
	case r.size == 0:
		return r.total != 0 && int64(len(b)) >= r.total
	}
	return !printable(r.client)
}

// token passes over a SASL token without a head.
func (p *parser) token(b []byte) (l7.Step, error) {
	if len(b) < sizeField {
		return l7.Step{Need: sizeField}, nil
	}
	n := int64(binary.BigEndian.Uint32(b))
	if n > maxWhole {
		return l7.Step{}, l7.ErrDesync
	}
	return l7.Step{Consumed: sizeField, Skip: n}, nil
}

// response begins a response.
func (p *parser) response(h *half, b []byte, out *l7.Emitter) (l7.Step, error) {
	if len(b) < responseFixed {
		return l7.Step{Need: responseFixed}, nil
	}
	if !plausible(b) {
		h.synced = false
		return l7.Step{}, l7.ErrDesync
	}
	total := sizeField + int64(binary.BigEndian.Uint32(b))
	i := p.waiting.find(binary.BigEndian.Uint32(b[sizeField:]))
	switch {
	case i < 0 && p.raw:
		return p.token(b)
	case i < 0 && !h.synced && total > maxWhole:
		return l7.Step{}, l7.ErrDesync
	case total <= maxWhole && int64(len(b)) < total:
		return l7.Step{Need: int(total)}, nil
	case i < 0 && !h.synced && !follows(b[total:]):
		return l7.Step{}, l7.ErrDesync
	}
	p.beginResponse(h, i, b, out)
	return p.advance(l7.ToClient, h, b, h.head, out), nil
}

// follows reports whether another response may begin with b, which may be
// empty.
func follows(b []byte) bool {
	return len(b) == 0 || len(b) >= responseFixed && plausible(b)
}

// beginResponse readies a half for the response to the i-th waiting request; if i
// is below 0, to one that was not seen.
func (p *parser) beginResponse(h *half, i int, b []byte, out *l7.Emitter) {
	h.f.reset()
	h.first, h.head = out.Here(), responseFixed
	h.left = sizeField + int64(binary.BigEndian.Uint32(b))
	h.match = binary.BigEndian.Uint32(b[sizeField:])
	h.api, h.walks, h.client = nil, false, text{}
	h.asked = asked{topic: h.asked.topic[:0], sent: h.asked.sent[:0]}
	if i < 0 {
		return
	}
	q := p.waiting.take(i)
	h.key, h.version, h.api = q.key, q.version, apiOf(q.key)
	h.asked.topic = append(h.asked.topic[:0], q.topic...)
	h.asked.told, h.asked.placed = q.told, q.placed
	h.asked.sent = append(h.asked.sent[:0], q.sent...)
	h.w.fetched, h.w.sent = h.key != keyProduce, h.asked.sent
	if h.walks = h.api.knows(h.version); !h.walks {
		return
	}
	version, flex := h.version, h.version >= h.api.flex
	tags := flex
	if h.key == keyApiVersions { // KIP-511: it is read before the version is agreed upon
		tags = false
		if len(b) >= responseFixed+2 && binary.BigEndian.Uint16(b[responseFixed:]) == unsupportedVersion {
			version, flex = 0, false
		}
	}
	h.w.begin(h.api.reply, version, flex, tags, h.left-responseFixed)
}

// advance walks on with a message, from a place in b. What is at hand of one that
// is not whole is used but for one byte, so that a gap behind it finds something
// unread.
func (p *parser) advance(dir l7.Dir, h *half, b []byte, from int, out *l7.Emitter) l7.Step {
	if !h.walks {
		p.emit(dir, h, out)
		h.left -= int64(from)
		return p.rest(h, from)
	}
	whole, end := int64(len(b)) >= h.left, len(b)-1
	if whole {
		end = int(h.left)
	}
	n, v := h.w.walk(b[from:max(end, from)])
	n += from
	h.left -= int64(n)
	skip := h.w.skip
	if v == starved && skip > 0 {
		h.w.skip = 0
		_, v = h.w.walk(nil) // is it over behind that?
	}
	if v == broken || v == starved && whole {
		p.spoil(h)
		v = done
	}
	if v == done {
		p.emit(dir, h, out)
		return p.rest(h, n)
	}
	h.left -= skip
	s := l7.Step{Consumed: n, Skip: skip}
	if skip == 0 {
		s.Need = max(int(min(int64(h.w.need)+1, h.left)), len(b)-n+1)
	}
	return s
}

// spoil forgets what a message said that is not what its schema says.
func (p *parser) spoil(h *half) {
	f := &h.f
	var client [maxClient]byte
	n := copy(client[:], f.get(h.client))
	f.reset()
	h.client = f.put(client[:n])
}
