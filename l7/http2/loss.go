package http2

import "github.com/wirespan/wirespan/l7"

// longestFrame is the longest DATA frame that search waits for the end of: the
// usual largest one (RFC 9113, 6.5.2).
const longestFrame = 16 << 10

// Gap meets l7.Parser. A gap whose end lies in a frame of known length costs
// only that frame; behind others the next frame is looked for, and streams stay
// open.
func (p *parser) Gap(dir l7.Dir, lost int64) (keep bool) {
	h := &p.half[dir]
	cut := int64(h.cut)
	h.cut = 0
	switch {
	case h.state == inData && lost <= int64(h.left):
		p.lack(dir, h, int(lost))
		return true
	case h.state == inRest && lost <= int64(h.left):
		h.left -= int(lost)
		return true
	case h.state == atFrame && lost <= cut:
		h.state, h.left = inRest, int(cut-lost)
		h.blind()
		return true
	case !p.seen:
		return false
	}
	h.state = searching
	h.blind()
	p.streams.uncount(dir)
	for i := range p.streams.list {
		p.miss(dir, &p.streams.list[i])
	}
	return true
}

// lack passes over lost bytes of a DATA frame.
func (p *parser) lack(dir l7.Dir, h *half, n int) {
	s := p.streams.find(h.id)
	if s != nil && h.left > h.pad {
		p.miss(dir, s)
	}
	if s != nil && s.rpc && h.left > h.pad {
		m := &s.msgs[dir]
		if m.last || s.text[dir] || m.left < int64(min(n, h.left-h.pad)) {
			m.lost = true
		} else {
			m.left -= int64(min(n, h.left-h.pad))
		}
	}
	if h.left -= n; h.left == 0 && !h.end {
		h.state = atFrame
	}
}

// blind says that fields may have been lost.
func (h *half) blind() {
	h.dec.Forget()
	h.doubt = true
}

// Resync meets l7.Parser.
func (p *parser) Resync(dir l7.Dir, b []byte) (off int, ok bool) {
	h := &p.half[dir]
	h.blind()
	if off, ok = p.search(dir, b); ok {
		h.state = atFrame
	}
	return off, ok
}

// search looks for a frame that can only be one: fields of a stream that may
// have some, or a frame that is followed by another.
//
// What may be one, but would end behind b, does not hold up the search: a frame
// that begins within b and is one for certain cannot lie within another.
func (p *parser) search(dir l7.Dir, b []byte) (off int, ok bool) {
	wait := -1
	for ; off+frameHead <= len(b); off++ {
		if b[off+3] > typeUpdate {
			continue
		}
		switch p.startsFrame(dir, b[off:]) {
		case l7.Yes:
			return off, true
		case l7.NeedMore:
			if wait < 0 {
				wait = off
			}
		}
	}
	if wait >= 0 {
		off = wait
	}
	return off, false
}

func (p *parser) startsFrame(dir l7.Dir, b []byte) l7.Verdict {
	f := frameAt(b)
	if !f.strict() || f.length > longestFrame || !p.expected(dir, &f) {
		return l7.No
	}
	if f.kind == typeHeaders {
		return p.startsFields(dir, &f, b)
	}
	if len(b) < f.size()+frameHead {
		return l7.NeedMore
	}
	if next := frameAt(b[f.size():]); next.strict() && p.expected(dir, &next) {
		return l7.Yes
	}
	return l7.No
}

// startsFields judges a HEADERS frame: pseudo-header fields of the direction
// come first, or it ends a message that goes on.
func (p *parser) startsFields(dir l7.Dir, f *frame, b []byte) l7.Verdict {
	whole := len(b) >= f.size()
	fields, _, ok := f.fragment(b[frameHead:min(len(b), f.size())])
	if !ok {
		if whole || f.length < 6 {
			return l7.No
		}
		return l7.NeedMore
	}
	asked, answered, ok := pseudo(fields)
	if dir == l7.ToClient {
		asked, answered = answered, asked
	}
	s := p.streams.find(f.id)
	trailers := f.has(flagEndStream) && s != nil && (s.answered || dir == l7.ToServer)
	switch {
	case answered > 0 || asked == 0 && !trailers:
		if !whole && answered == 0 && len(fields) < 8 {
			return l7.NeedMore // a size update may come first
		}
		return l7.No
	case !whole:
		return l7.NeedMore
	case ok || !f.has(flagEndHeaders):
		return l7.Yes
	}
	return l7.No
}

// expected reports whether a stream may have such a frame now.
func (p *parser) expected(dir l7.Dir, f *frame) bool {
	s := p.streams.find(f.id)
	switch f.kind {
	case typeHeaders:
		if dir == l7.ToServer {
			return f.id&1 == 1 && (s != nil || f.id > p.newest)
		}
		return true
	case typeData:
		if s == nil { // perhaps one from before the capture
			return p.newest == 0 && f.id&1 == 1 && f.length > 0
		}
		return !s.ended[dir]
	case typeContinuation:
		return false
	case typePush:
		return dir == l7.ToClient
	case typeReset:
		return s != nil || p.newest == 0 && f.id&1 == 1
	case typeWindow:
		return f.id == 0 || s != nil
	}
	return true
}

// Cut meets l7.Parser: of fields that are cut short, those are told that are
// there. The streams of such messages end with them.
func (p *parser) Cut(dir l7.Dir, b []byte, out *l7.Emitter) {
	h := &p.half[dir]
	if h.state != atFrame || len(b) < frameHead {
		return
	}
	f := frameAt(b)
	if !f.valid() || !p.seen && !f.strict() || dir == l7.ToServer && isPreface(b) {
		return
	}
	h.cut = f.size()
	if f.kind != typeHeaders {
		return
	}
	g, ok := p.gather(&f, b)
	if g.need > len(b) {
		h.cut = g.need
	}
	if g.size == 0 { // not even the first frame is whole
		g.fields, _, ok = f.fragment(b[frameHead:])
	} else if !f.has(flagEndHeaders) && g.need == g.size+frameHead {
		h.cut = 0 // the size of the next one is not known
	}
	if !ok || !p.seen && !p.begins(dir, g.fields) {
		return
	}
	p.section(dir, &f, &g, out)
	if s := p.streams.find(f.id); s != nil {
		s.ended[dir] = true
		if dir == l7.ToClient {
			p.streams.kill(s)
		}
	}
}

// begins reports whether a block that is cut short begins as one of its
// direction.
func (p *parser) begins(dir l7.Dir, fields []byte) bool {
	asked, answered, _ := pseudo(fields)
	if dir == l7.ToClient {
		return answered > 0 && asked == 0
	}
	return asked > 1 && answered == 0
}

// End meets l7.Parser.
func (p *parser) End(dir l7.Dir, b []byte, out *l7.Emitter) {
	if h := &p.half[dir]; h.state == inData && h.left == 0 {
		p.data(dir, h, nil, out)
		return
	}
	p.Cut(dir, b, out)
}

// Finish meets l7.Parser.
func (p *parser) Finish(out *l7.Emitter) {
	for d := range p.half {
		if h := &p.half[d]; h.state == inData && h.left == 0 {
			if _, told := p.data(l7.Dir(d), h, nil, out); told {
				return
			}
		}
	}
}
