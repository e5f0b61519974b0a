package tds

import (
	"github.com/wirespan/wirespan/l7"
	"github.com/wirespan/wirespan/l7/sqltext"
)

// parser reads one connection.
type parser struct {
	ids   l7.IDMatcher
	sql   *sqltext.Reader
	found bool // a message was found
	sent  bool // this call has emitted one

	half    [2]half
	main    session
	more    map[uint16]*session // of MARS
	version uint32              // of the protocol, as in LOGIN7; 0 if unknown
	label   []byte              // the same, for people

	prelogin  bool // PRELOGIN waits for its answer
	encrypted encryption
	database  []byte
	shelf     shelf
	text      []byte // statement in UTF-8
	name      []byte // scratch for names
	target    []byte // table of an INSERT BULK, with INSERT in front
}

// encryption is what PRELOGIN agreed on (2.2.6.5).
type encryption uint8

const (
	notEncrypted encryption = iota
	loginOnly
	everything
)

// half is a direction.
type half struct {
	packet packet // that is read
	left   int    // bytes of it that are still to come
	of     *session
	smp    int  // bytes behind it in the packet of MARS
	lost   bool // bytes of the direction were lost, and no message has begun since
	holed  bool // messages may be missing
	due    bool // the message ended in lost bytes
}

var _ l7.Parser = (*parser)(nil)

// wide reports whether counts and types have the sizes of version 7.2 and
// later, which are the likely ones.
func (p *parser) wide() bool { return p.version == 0 || p.version >= 0x72000000 }

// collations reports whether texts name one: version 7.1 and later.
func (p *parser) collations() bool { return p.version == 0 || p.version >= 0x71000000 }

// sybase reports whether the version is 4.2 or 5.0.
func (p *parser) sybase() bool { return p.version != 0 && p.version < 0x70000000 }

// astray is the error for bytes that begin no packet.
func (p *parser) astray() error {
	if p.found {
		return l7.ErrDesync
	}
	return l7.ErrNotMine
}

// emit hands a message on.
func (p *parser) emit(out *l7.Emitter, dir l7.Dir) {
	p.found, p.sent = true, true
	out.Emit(dir)
}

// Parse reads packets. What belongs to a message is consumed, everything else
// skipped, so that the engine finds a request's first bytes where it begins.
func (p *parser) Parse(dir l7.Dir, b []byte, out *l7.Emitter) (l7.Step, error) {
	p.sent = false
	h := &p.half[dir]
	i := 0
	if h.due {
		h.due = false
		if p.complete(dir, h, out); p.sent {
			return l7.Step{}, nil
		}
	}
	for i < len(b) {
		if h.left > 0 {
			n := min(h.left, len(b)-i)
			p.feed(dir, h, b[i:i+n])
			h.left -= n
			if i += n; h.left > 0 {
				break
			}
			if p.over(dir, h, out); p.sent {
				break
			}
			continue
		}
		s, err := p.header(dir, b[i:], i, out)
		s.Consumed += i
		if err != nil || s.Skip > 0 || s.Need > 0 || s.Consumed == i || p.sent {
			return s, err
		}
		i = s.Consumed
		if h.left == 0 {
			if p.over(dir, h, out); p.sent {
				break
			}
		}
	}
	return l7.Step{Consumed: i}, nil
}

// header reads what begins b: a packet, alone or in a session of MARS, or a
// TLS record. A zero Step asks for it again where the Emitter is.
func (p *parser) header(dir l7.Dir, b []byte, i int, out *l7.Emitter) (l7.Step, error) {
	if p.encrypted != notEncrypted && b[0] >= 20 && b[0] <= 23 {
		return p.record(dir, b, i, out)
	}
	h := &p.half[dir]
	s, at := &p.main, 0
	if b[0] == typeSMP {
		if len(b) < smpHead {
			return l7.Step{Need: smpHead}, nil
		}
		f, ok := readSMP(b)
		if !ok {
			return l7.Step{}, p.astray()
		}
		if f.flags != smpData {
			p.control(f)
			return l7.Step{Skip: smpHead}, nil
		}
		if s = p.session(f.session); s == nil {
			return l7.Step{Skip: int64(f.size)}, nil
		}
		at = smpHead
		h.smp = f.size - smpHead
	} else if h.smp > 0 && h.of != nil {
		s = h.of
	}
	if len(b) < at+packetHead {
		return l7.Step{Need: at + packetHead}, nil
	}
	k, ok := readPacket(b[at:])
	if !ok || fromClient(k.kind) != (dir == l7.ToServer) && k.kind != typePrelogin {
		return l7.Step{}, p.astray()
	}
	h.smp -= min(h.smp, k.size)
	if p.aside(dir, k) {
		return p.setup(dir, b[at:], k, at)
	}
	return p.enter(dir, h, s, k, at, i, out)
}

// enter begins a packet of a message.
func (p *parser) enter(dir l7.Dir, h *half, s *session, k packet, at, i int, out *l7.Emitter) (l7.Step, error) {
	m := &s.request
	if dir == l7.ToClient {
		m = &s.answer
	}
	if m.on && m.torn && (dir == l7.ToServer || k.number == 1) && h.lost {
		m.on = false // its end was lost, too
	}
	if !m.on || m.bytes >= bulk && !m.announced && !m.silent {
		if i > 0 {
			return l7.Step{}, nil
		}
		if !m.on {
			p.open(dir, h, s, m, k, out)
		} else if p.announce(dir, s, out); p.sent {
			return l7.Step{}, nil
		}
	}
	m.size += uint32(at + k.size)
	h.packet, h.of, h.left, h.lost = k, s, k.size-packetHead, false
	return l7.Step{Consumed: at + packetHead}, nil
}

// open begins a message.
func (p *parser) open(dir l7.Dir, h *half, s *session, m *message, k packet, out *l7.Emitter) {
	*m = message{on: true, kind: k.kind, first: out.Here(), unsure: h.lost}
	if dir == l7.ToServer {
		s.text = s.text[:0]
		return
	}
	s.walk.reset()
	s.to, s.orphan = s.wait, !s.wait.fits(m.first, p.half[l7.ToServer].holed && !s.several)
	if h.lost && k.number > 1 {
		m.torn = true
		s.walk.lose()
	}
}

// feed gives a piece of a packet to its message.
func (p *parser) feed(dir l7.Dir, h *half, b []byte) {
	s := h.of
	if dir == l7.ToClient {
		s.answer.bytes += int64(len(b))
		s.walk.feed(b)
		return
	}
	s.request.bytes += int64(len(b))
	if room := maxText - len(s.text); room > 0 && !s.request.torn && s.request.kind != typeBulk {
		s.text = append(s.text, b[:min(len(b), room)]...)
	}
}

// over ends a packet, and its message if it was the last of it.
func (p *parser) over(dir l7.Dir, h *half, out *l7.Emitter) {
	if h.packet.end() {
		p.complete(dir, h, out)
	}
}

// complete ends the message of the packet that was read.
func (p *parser) complete(dir l7.Dir, h *half, out *l7.Emitter) {
	s := h.of
	if dir == l7.ToClient {
		p.answered(s, out)
		return
	}
	if h.packet.status&statusIgnore != 0 && !s.request.announced {
		s.request.on = false // taken back before it was sent (2.2.1.7)
		return
	}
	p.asked(s, out)
}
