package tds

import "github.com/wirespan/wirespan/l7"

// Gap goes on within a packet, whose end is known; what was lost of its
// message is not. A gap that reaches further costs the place.
func (p *parser) Gap(dir l7.Dir, lost int64) bool {
	h := &p.half[dir]
	if h.left == 0 || lost > int64(h.left) {
		p.miss(dir)
		return false
	}
	p.tear(dir, h.of)
	if h.left -= int(lost); h.left == 0 {
		h.due = h.packet.end()
	}
	return true
}

// tear marks the message that a session has begun.
func (p *parser) tear(dir l7.Dir, s *session) {
	if dir == l7.ToServer {
		s.request.torn = true
		return
	}
	s.answer.torn = true
	s.walk.lose()
}

// miss forgets where packets begin. Messages that were announced have been
// ended by the engine.
func (p *parser) miss(dir l7.Dir) {
	h := &p.half[dir]
	h.left, h.due, h.lost, h.holed, p.prelogin = 0, false, true, true, false
	p.missed(dir, &p.main)
	for _, s := range p.more {
		p.missed(dir, s)
	}
}

func (p *parser) missed(dir l7.Dir, s *session) {
	m := &s.request
	if dir == l7.ToClient {
		m = &s.answer
	}
	if !m.on {
		return
	}
	p.tear(dir, s)
	m.silent = m.silent || m.announced
	if dir == l7.ToServer { // its head may stand for another now
		m.on = false
	}
}

// Resync looks for a packet that ends where the bytes end or another begins.
func (p *parser) Resync(dir l7.Dir, b []byte) (int, bool) {
	if !p.half[dir].lost {
		p.miss(dir)
	}
	for i := range b {
		switch begins(dir, b[i:]) {
		case l7.Yes:
			return i, true
		case l7.NeedMore:
			return i, false
		}
	}
	return len(b), false
}

// begins judges whether a packet begins b.
func begins(dir l7.Dir, b []byte) l7.Verdict {
	at := 0
	if b[0] == typeSMP {
		if len(b) < smpHead {
			return l7.NeedMore
		}
		f, ok := readSMP(b)
		if !ok || f.flags != smpData {
			return l7.No
		}
		at = smpHead
	}
	if len(b) <= at || fromClient(b[at]) != (dir == l7.ToServer) {
		return l7.No
	}
	if len(b) < at+packetHead {
		return l7.NeedMore
	}
	k, ok := readPacket(b[at:])
	if !ok || dir == l7.ToServer && !k.starts(b[at+packetHead:]) {
		return l7.No
	}
	end := at + k.size
	in := b[at+packetHead : min(len(b), end)]
	switch {
	case dir == l7.ToServer && k.request(in) == l7.Yes, dir == l7.ToClient && k.number == 1 && k.answer(in) == l7.Yes:
		return l7.Yes
	case end == len(b):
		return l7.Yes
	case end > len(b) && end > window/2:
		return l7.No
	case end > len(b):
		return l7.NeedMore
	}
	next := b[end:]
	if next[0] == typeSMP || next[0] != typePrelogin && fromClient(next[0]) == (dir == l7.ToServer) && next[0] <= typePrelogin && next[0] != 0 {
		return l7.Yes
	}
	return l7.No
}

// Cut says nothing: headers alone tell no request, and bodies are read as they
// come.
func (p *parser) Cut(l7.Dir, []byte, *l7.Emitter) {}

// End emits what the end of a direction cut short.
func (p *parser) End(dir l7.Dir, _ []byte, out *l7.Emitter) {
	p.sent = false
	if s := p.unfinished(dir); s != nil {
		p.breakOff(dir, s, out)
	}
}

// Finish emits what is half done: a message of the server rather than one of
// the client.
func (p *parser) Finish(out *l7.Emitter) {
	p.sent = false
	for _, dir := range [...]l7.Dir{l7.ToClient, l7.ToServer} {
		if s := p.unfinished(dir); s != nil && !p.sent {
			p.breakOff(dir, s, out)
		}
	}
}

// unfinished is the session whose message was read last and goes on, nil if none
// does.
func (p *parser) unfinished(dir l7.Dir) *session {
	s := p.half[dir].of
	if s == nil || dir == l7.ToServer && !s.request.on || dir == l7.ToClient && !s.answer.on {
		return nil
	}
	return s
}
