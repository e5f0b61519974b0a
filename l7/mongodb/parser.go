package mongodb

import (
	"encoding/binary"

	"github.com/wirespan/wirespan/l7"
	"github.com/wirespan/wirespan/l7/sqltext"
)

// side is what a direction needs to know between messages.
type side struct {
	cut  int64 // length of the message that a loss has cut
	skip int64 // bytes that are left of it
}

// parser reads one connection.
type parser struct {
	opts     l7.Options
	tools    *tools
	comments *sqltext.Reader
	found    bool
	side     [2]side
	asked    recent // requests without reply
	writes   recent // those whose replies count what was written
	silent   recent // requests that want no reply: some servers answer all the same
	last     uint32 // id of the reply before: one without request answers it
	stream   bool   // replies without request may follow

	cmd   command
	text  text
	code  []byte // digits
	quote []byte // a comment as SQL has them
}

// recent remembers the last ids of a kind.
type recent struct {
	ids  [64]uint32
	n    int // that are in use
	next int
}

func (r *recent) add(id uint32) {
	r.ids[r.next] = id
	r.next = (r.next + 1) % len(r.ids)
	r.n = min(r.n+1, len(r.ids))
}

func (r *recent) has(id uint32) bool {
	for _, k := range r.ids[:r.n] {
		if k == id {
			return true
		}
	}
	return false
}

// drop forgets an id: it may be used again.
func (r *recent) drop(id uint32) {
	for i, k := range r.ids[:r.n] {
		if k == id {
			r.ids[i] = ^id // an id that nobody asks for, most likely
		}
	}
}

// Parse reads the start of a message and skips the rest.
func (p *parser) Parse(dir l7.Dir, b []byte, out *l7.Emitter) (l7.Step, error) {
	if n := p.side[dir].skip; n > 0 {
		p.side[dir].skip = 0
		return l7.Step{Skip: n}, nil
	}
	if len(b) < headLen {
		return l7.Step{Need: headLen}, nil
	}
	h, ok := readHeader(b)
	if !ok {
		return l7.Step{}, p.lost()
	}
	if opcode(h.code) == "" {
		if !p.found {
			return l7.Step{}, l7.ErrNotMine
		}
		return l7.Step{Consumed: headLen, Skip: int64(h.size - headLen)}, nil // an opcode of tomorrow
	}
	n := min(h.size, look(dir))
	if len(b) < n {
		return l7.Step{Need: n}, nil
	}
	if !p.message(dir, &h, b[:n], out) {
		return l7.Step{}, p.lost()
	}
	return l7.Step{Consumed: n, Skip: int64(h.size - n)}, nil
}

// look is how much of a message is looked at.
func look(dir l7.Dir) int {
	if dir == l7.ToServer {
		return maxRequest
	}
	return maxReply
}

// lost is the error for bytes that begin no message.
func (p *parser) lost() error {
	if p.found {
		return l7.ErrDesync
	}
	return l7.ErrNotMine
}

// message emits what is told of a message; b may end before it does.
func (p *parser) message(dir l7.Dir, h *header, b []byte, out *l7.Emitter) bool {
	code, body, room := h.code, b[headLen:], h.size-headLen
	compressor := -1
	if code == opCompressed {
		plain := p.tools.buffers.Take()
		defer p.tools.buffers.Give(plain)
		if len(body) < packedLen-headLen {
			return len(b) < h.size // cut before it says anything
		}
		code = binary.LittleEndian.Uint32(body)
		room = int(binary.LittleEndian.Uint32(body[4:]))
		compressor = int(body[8])
		if opcode(code) == "" || code == opCompressed || room > maxSize || compressor > zstds {
			return false
		}
		body = p.tools.unpack(byte(compressor), (*plain)[:0:min(room, look(dir))], body[9:])
	}
	if dir == l7.ToServer {
		return !answers(code) && p.request(h, code, compressor, body, room, out)
	}
	return !asks(code) && p.reply(h, code, body, room, out)
}

// Gap goes on behind a message that was cut; else the place is lost.
func (p *parser) Gap(dir l7.Dir, lost int64) bool {
	s := &p.side[dir]
	cut := s.cut
	*s = side{}
	if cut >= lost {
		s.skip = cut - lost
		return true
	}
	return false
}

// Resync looks for a header and what must follow it.
func (p *parser) Resync(dir l7.Dir, b []byte) (off int, ok bool) {
	p.side[dir] = side{}
	for ; off < len(b); off++ {
		switch detect(dir, b[off:]) {
		case l7.NeedMore:
			return off, false
		case l7.Yes, l7.Maybe:
			return off, true
		}
	}
	return off, false
}

// Cut tells what is there of a message that was cut.
func (p *parser) Cut(dir l7.Dir, b []byte, out *l7.Emitter) {
	if len(b) < headLen || p.side[dir].skip > 0 {
		return
	}
	h, ok := readHeader(b)
	if !ok || opcode(h.code) == "" {
		return
	}
	p.side[dir].cut = int64(h.size)
	p.message(dir, &h, b[:min(len(b), h.size)], out)
}

// End is a Cut: nothing lasts until the end of the connection.
func (p *parser) End(dir l7.Dir, b []byte, out *l7.Emitter) { p.Cut(dir, b, out) }

// Finish finds nothing half done.
func (p *parser) Finish(*l7.Emitter) {}
