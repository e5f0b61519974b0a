package openwire

import "github.com/wirespan/wirespan/l7"

// Gap meets l7.Parser: it goes on if the command that is in progress, or was cut,
// reaches beyond what is lost, for its size is known.
func (p *parser) Gap(dir l7.Dir, lost int64) bool {
	h := &p.half[dir]
	if h.left > 0 && !h.swallow {
		h.owed = true
	}
	h.cache.lost(max(lost, h.known()))
	if lost > h.left || h.left >= endless/4 {
		h.left, h.swallow = 0, false
		return false
	}
	h.left -= lost
	h.swallow = h.left > 0 && !h.owed
	return true
}

// known is how many bytes of the command are left, if it has a size.
func (h *half) known() int64 {
	if h.left >= endless/4 {
		return 0
	}
	return h.left
}

// Cut meets l7.Parser.
func (p *parser) Cut(dir l7.Dir, b []byte, out *l7.Emitter) { p.partial(dir, b, out) }

// End meets l7.Parser.
func (p *parser) End(dir l7.Dir, b []byte, out *l7.Emitter) { p.partial(dir, b, out) }

// partial emits what b holds of a command whose rest will not be seen. Of one
// whose format is not known that is the head.
func (p *parser) partial(dir l7.Dir, b []byte, out *l7.Emitter) {
	h := &p.half[dir]
	from := 0
	switch {
	case h.swallow:
		return
	case h.owed:
		h.owed = false
	case h.left == 0:
		c, o := p.read(b)
		if o != good {
			return
		}
		p.begin(h, &c, b, out)
		from = c.head
	}
	if h.walks {
		h.w.final = true
		end := max(from, int(min(int64(len(b)), h.left)))
		if _, v := h.w.walk(b[from:end]); v == broken {
			h.f.reset()
			h.cache.forget()
		}
	}
	if m := p.emit(dir, h, out); m != nil {
		m.More = true
	}
	h.swallow = true
}

// Finish meets l7.Parser: of one direction, for there is one message.
func (p *parser) Finish(out *l7.Emitter) {
	for d := range p.half {
		if h := &p.half[d]; h.owed || h.left > 0 && !h.swallow {
			h.owed, h.swallow = false, true
			p.emit(l7.Dir(d), h, out)
			return
		}
	}
}

// Resync meets l7.Parser: it looks for a command behind which another one
// stands, or the end of what is there. Commands without size cannot be found.
func (p *parser) Resync(dir l7.Dir, b []byte) (int, bool) {
	h := &p.half[dir]
	h.left, h.swallow = 0, false
	if p.settled && p.agreed.bare {
		return len(b), false
	}
	for off := range b {
		c, o := readCommand(b[off:])
		if o == bad {
			continue
		}
		if o == more {
			if len(b)-off < searchMax {
				return off, false
			}
			continue
		}
		rest := b[off:]
		if len(rest) > c.size {
			if _, o = readCommand(rest[c.size:]); o == bad {
				continue
			}
			return off, true
		}
		if len(rest) == c.size || off == 0 {
			return off, true
		}
	}
	return len(b), false
}
