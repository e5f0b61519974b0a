package rocketmq

import "github.com/wirespan/wirespan/l7"

// Gap goes on if the command that is in progress, or was cut, reaches beyond
// what is lost: its size is known.
func (p *parser) Gap(dir l7.Dir, lost int64) bool {
	h := &p.half[dir]
	if h.left > 0 && !h.swallow {
		h.owed = true
	}
	if lost > h.left {
		h.left, h.swallow = 0, false
		return false
	}
	h.left -= lost
	h.swallow = h.left > 0 && !h.owed
	return true
}

// Cut tells what is known of a command whose rest will not be seen.
func (p *parser) Cut(dir l7.Dir, b []byte, out *l7.Emitter) { p.partial(dir, b, out) }

// End tells what is known of a command that the end cut short.
func (p *parser) End(dir l7.Dir, b []byte, out *l7.Emitter) { p.partial(dir, b, out) }

// partial emits what b holds of a command, if its head is there.
func (p *parser) partial(dir l7.Dir, b []byte, out *l7.Emitter) {
	h := &p.half[dir]
	from := 0
	switch {
	case h.swallow:
		return
	case h.owed:
		h.owed = false
	case h.left == 0:
		c, ok := readHead(b)
		if !ok {
			return
		}
		p.begin(dir, h, &c, b, out)
		from = h.size
	}
	if h.walks {
		h.w.walk(b[from:max(from, int(min(int64(len(b)), h.left)))], &h.f, p.match)
	}
	p.emit(dir, h, out).More = true
	h.swallow = true
}

// Finish tells what is half done: of one direction, for there is one message.
func (p *parser) Finish(out *l7.Emitter) {
	for d := range p.half {
		if h := &p.half[d]; h.owed || h.left > 0 && !h.swallow {
			h.owed, h.swallow = false, true
			p.emit(l7.Dir(d), h, out)
			return
		}
	}
}

// Resync looks for a head that reads as one.
func (p *parser) Resync(dir l7.Dir, b []byte) (int, bool) {
	h := &p.half[dir]
	h.left, h.swallow = 0, false
	for off := range b {
		c, ok := frame(b[off:])
		switch {
		case !ok:
		case c.size == 0 || len(b)-off < c.size:
			if c.size == 0 || len(b)-off < enough {
				return off, false
			}
		default:
			if _, ok := readHead(b[off:]); ok {
				return off, true
			}
		}
	}
	return len(b), false
}
