package kafka

import (
	"encoding/binary"

	"github.com/wirespan/wirespan/l7"
)

// Gap goes on if the message that is in progress, or was cut, reaches beyond
// what is lost: its size is known.
func (p *parser) Gap(dir l7.Dir, lost int64) bool {
	h := &p.half[dir]
	if h.left > 0 && !h.swallow {
		h.owed = true
	}
	if lost > h.left {
		h.left, h.swallow, h.synced = 0, false, false
		return false
	}
	h.left -= lost
	h.swallow = h.left > 0 && !h.owed
	return true
}

// Cut tells what is known of a message whose rest will not be seen.
func (p *parser) Cut(dir l7.Dir, b []byte, out *l7.Emitter) { p.partial(dir, b, out) }

// End tells what is known of a message that the end cut short.
func (p *parser) End(dir l7.Dir, b []byte, out *l7.Emitter) { p.partial(dir, b, out) }

// partial emits what b holds of a message.
func (p *parser) partial(dir l7.Dir, b []byte, out *l7.Emitter) {
	h := &p.half[dir]
	from := 0
	switch {
	case h.swallow:
		return
	case h.owed:
		h.owed = false
	case h.left == 0:
		if !p.open(dir, h, b, out) {
			return
		}
		from = h.head
	}
	if h.walks {
		h.w.final = true
		if _, v := h.w.walk(b[from:max(from, int(min(int64(len(b)), h.left)))]); v == broken {
			p.spoil(h)
		}
	}
	p.emit(dir, h, out).More = true
	h.swallow = true
}

// open begins the message whose head b holds.
func (p *parser) open(dir l7.Dir, h *half, b []byte, out *l7.Emitter) bool {
	if dir == l7.ToServer {
		r, ok := readRequest(b)
		if !ok || r.size == 0 {
			return false
		}
		p.beginRequest(h, &r, out)
		return true
	}
	if len(b) < responseFixed || !plausible(b) {
		return false
	}
	i := p.waiting.find(binary.BigEndian.Uint32(b[sizeField:]))
	if i < 0 {
		return false
	}
	p.beginResponse(h, i, b, out)
	return true
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

// Resync looks for a request that its schema fits, or for a response to one that
// waits.
func (p *parser) Resync(dir l7.Dir, b []byte) (int, bool) {
	h := &p.half[dir]
	h.left, h.swallow, h.synced = 0, false, false
	for off := range b {
		if b[off] > maxSize>>24 {
			continue
		}
		var v l7.Verdict
		if dir == l7.ToServer {
			v = detect(dir, b[off:])
		} else {
			v = p.answers(b[off:])
		}
		switch {
		case v == l7.Yes:
			h.synced = true
			return off, true
		case v == l7.NeedMore && len(b)-off < enough:
			return off, false
		}
	}
	return len(b), false
}

// answers reports whether b begins with the response to a request that waits.
func (p *parser) answers(b []byte) l7.Verdict {
	if len(b) < responseFixed {
		if p.waiting.n == 0 || len(b) >= sizeField && !plausible(b) {
			return l7.No
		}
		return l7.NeedMore
	}
	if !plausible(b) {
		return l7.No
	}
	i := p.waiting.find(binary.BigEndian.Uint32(b[sizeField:]))
	if i < 0 {
		return l7.No
	}
	q := p.waiting.at(i)
	a := apiOf(q.key)
	size := int64(binary.BigEndian.Uint32(b)) - 4
	body := b[responseFixed:min(int64(len(b)), responseFixed+size)]
	if !a.knows(q.version) {
		return exact(int64(len(body)) == size)
	}
	flex := q.version >= a.flex
	var w walker
	w.begin(a.reply, q.version, flex, flex && q.key != keyApiVersions, size)
	n, v := w.walk(body)
	whole := int64(len(body)) == size
	switch {
	case !ends(v, &w, whole):
		return l7.No
	case whole || n >= enough:
		return l7.Yes
	}
	return l7.NeedMore
}

func exact(yes bool) l7.Verdict {
	if yes {
		return l7.Yes
	}
	return l7.No
}
