package mysql

import "github.com/wirespan/wirespan/l7"

// maxHunt is how many bytes are kept while the next row is looked for.
const maxHunt = 16 << 10

// Resync looks for a command, or for the first packet of a response.
func (p *parser) Resync(dir l7.Dir, b []byte) (int, bool) {
	if u := p.unpack[dir]; u != nil {
		u.reset()
	}
	p.forget(dir)
	if p.packed == packedAll {
		return resyncPacked(dir, b)
	}
	if p.packed == packedUnknown && p.phase == greeted { // the login is lost, and what it said
		switch looksPacked(dir, b) {
		case yes:
			p.packed, p.phase = packedAll, ready
			return 0, true
		case undecided:
			return 0, false
		}
	}
	for off := 0; off+headLen < len(b); off++ {
		if p.begins(dir, b[off:], off == 0) {
			return off, true
		}
	}
	return max(0, len(b)-headLen), false
}

// resyncPacked looks for a compressed packet.
func resyncPacked(dir l7.Dir, b []byte) (int, bool) {
	for off := range b {
		switch looksPacked(dir, b[off:]) {
		case yes:
			return off, true
		case undecided:
			return off, false
		}
	}
	return len(b), false
}

// begins reports whether a message may begin at b. At the start of a segment,
// where most do, less proof is asked for than within.
func (p *parser) begins(dir l7.Dir, b []byte, first bool) bool {
	h := head(b)
	body := b[headLen:min(len(b), headLen+h.size)]
	if len(body) == 0 {
		return false
	}
	ends := headLen+h.size == len(b)
	if dir == l7.ToServer {
		return h.seq == 0 && (first || ends) && beginsCommand(h, body) != l7.No
	}
	if p.authenticates() && h.seq < 8 && (first || ends) && (body[0] == markOK && h.size >= 7 || body[0] == markErr && h.size > 9 || body[0] == markEOF) {
		return true
	}
	if h.seq != 1 {
		return false
	}
	return (first || ends || defined(h, b)) && beginsReply(h, body) || (first || ends) && p.special(body)
}

// special reports whether a packet begins the answer to a command that waits
// for something else than OK or a result set.
func (p *parser) special(body []byte) bool {
	for i := range p.queue {
		switch commands[p.queue[i].code].answer {
		case ansText:
			if printable(body) {
				return true
			}
		case ansRows, ansEvents:
			if body[0] == markOK {
				return true
			}
		case ansFields:
			if len(body) >= 4 && string(body[:4]) == "\x03def" {
				return true
			}
		}
	}
	return false
}

// defined reports whether a definition follows the packet at b.
func defined(h header, b []byte) bool {
	next := headLen + h.size
	return len(b) >= next+2*headLen && b[next+3] == 2 && string(b[next+headLen:next+2*headLen]) == "\x03def"
}

// beginsReply reports whether a packet with sequence number 1 may be the first
// of a response.
func beginsReply(h header, body []byte) bool {
	switch body[0] {
	case markOK:
		if h.size < 7 || len(body) < min(h.size, 12) {
			return h.size >= 7
		}
		if h.size == 12 && body[9] == 0 { // of a PREPARE
			return true
		}
		r := reader{b: body[1:]}
		r.lenenc()
		r.lenenc()
		flags := r.u16()
		return !r.bad && flags&^0x7fff == 0
	case markErr:
		return h.size >= 3 && (len(body) < 4 || body[3] == '#' || printable(body[3:]))
	case markEOF:
		return h.size == eofLen
	case markFile:
		return len(body) > 1 && printable(body[1:])
	}
	r := reader{b: body}
	n := r.lenenc()
	return !r.bad && n > 0 && n <= maxColumns && len(r.b) <= 1 && h.size-len(body)+len(r.b) <= 1
}

// hunt looks for the next packet of a response behind a loss: one that others
// follow with the sequence numbers that follow.
func (p *parser) hunt(b []byte, out *l7.Emitter) (l7.Step, error) {
	if p.nextAnswered(b, out.Here()) {
		p.end(out, nil)
		return l7.Step{}, nil
	}
	for off := 0; off+headLen < len(b); off++ {
		if chained(b[off:]) {
			p.res.hunting, p.res.seq = false, b[off+3]
			if s := p.res.state; s != rows && s != fields && s != events {
				p.res.state = rows // definitions are over, or their rest is counted
			}
			if off == 0 {
				return p.results(b, out)
			}
			return l7.Step{Consumed: off}, nil
		}
	}
	if len(b) > maxHunt {
		return l7.Step{Consumed: len(b) - maxHunt/2}, nil
	}
	return l7.Step{Need: len(b) + 1}, nil
}

// nextAnswered reports whether the response to the next command begins at b:
// the one before is over then.
func (p *parser) nextAnswered(b []byte, at l7.Stamp) bool {
	if len(p.queue) < 2 || len(b) <= headLen || b[3] != p.queue[1].seq || at.Ack == 0 || !before(p.queue[1].sent, at.Ack) {
		return false
	}
	h := head(b)
	return beginsReply(h, b[headLen:min(len(b), headLen+h.size)])
}

// chained reports whether packets follow each other from b on: three of them,
// or up to the last byte, or up to the packet that ends rows.
func chained(b []byte) bool {
	seq := b[3]
	for links := 0; len(b) > headLen; links++ {
		h := head(b)
		if h.seq != seq || h.size == 0 || b[headLen] == markErr && links == 0 {
			return false
		}
		if b[headLen] == markEOF && (h.size == eofLen || h.size >= 7 && h.size < maxReply) && headLen+h.size == len(b) {
			return true
		}
		if links >= 2 || links == 1 && headLen+h.size == len(b) {
			return true
		}
		if headLen+h.size >= len(b) {
			return false
		}
		b = b[headLen+h.size:]
		seq++
	}
	return false
}
