package oracle

import "github.com/wirespan/wirespan/l7"

// Gap goes on within a packet, whose end is known; what was lost of its
// message is not. A gap that reaches further costs the place.
func (p *parser) Gap(dir l7.Dir, lost int64) bool {
	h := &p.half[dir]
	if h.left == 0 || lost > int64(h.left) {
		p.miss(dir)
		return false
	}
	p.tear(dir)
	if h.left -= int(lost); h.left == 0 {
		h.due = true
	}
	return true
}

// tear marks the message that has begun.
func (p *parser) tear(dir l7.Dir) {
	if dir == l7.ToServer {
		p.req.torn = true
		return
	}
	p.ans.torn = true
	p.tail = p.tail[:0]
}

// miss forgets where packets begin. Messages that were announced have been
// ended by the engine.
func (p *parser) miss(dir l7.Dir) {
	h := &p.half[dir]
	h.left, h.due, h.lost, h.holed = 0, false, true, true
	p.due, p.resend = 0, false
	if len(p.waits) > 1 && p.waits[0].token == 0 { // which of a pipeline is answered cannot be told
		p.forget()
	}
	if dir == l7.ToServer {
		p.req.on = false
		return
	}
	if p.ans.announced {
		p.ans.on = false
		p.done(p.oldest())
	}
	p.tear(dir)
	p.ans.on = false
}

// Resync looks for a packet that ends where the bytes end or another begins.
func (p *parser) Resync(dir l7.Dir, b []byte) (int, bool) {
	if !p.half[dir].lost {
		p.miss(dir)
	}
	for i := range b {
		switch p.place(dir, b[i:]) {
		case l7.Yes:
			return i, true
		case l7.NeedMore:
			return i, false
		}
	}
	return len(b), false
}

// place judges whether a packet begins b.
func (p *parser) place(dir l7.Dir, b []byte) l7.Verdict {
	if len(b) < packetHead {
		if len(b) > 4 && b[4] > typeDescriptor {
			return l7.No
		}
		return l7.NeedMore
	}
	k, ok := readPacket(b, p.large)
	if !ok || p.settled && k.size > max(p.sdu, 2*slack)+slack {
		return l7.No
	}
	if k.kind != typeData {
		return p.judge(dir, k, b)
	}
	if len(b) < min(k.size, dataHead+3) {
		return l7.NeedMore
	}
	in := b[dataHead:min(len(b), k.size)]
	switch {
	case u16(b[packetHead:])&^dataKnown != 0, len(in) > 0 && !isMessage(dir, in[0]) && !p.settled:
		return l7.No
	case len(in) > 3 && dir == l7.ToServer && in[0] == ttiFunction && functions[in[1]] != nil && len(b) >= k.size, k.size == len(b):
		return l7.Yes
	case k.size < len(b):
		return p.next(b[k.size:])
	case k.size > window:
		return l7.No
	}
	return l7.NeedMore
}

// next judges whether another packet begins behind one.
func (p *parser) next(b []byte) l7.Verdict {
	if len(b) < packetHead {
		return l7.NeedMore
	}
	if _, ok := readPacket(b, p.large); ok {
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
	p.breakOff(dir, p.half[dir].left > 0, out)
}

// Finish emits what is half done: a message of the server rather than one of
// the client.
func (p *parser) Finish(out *l7.Emitter) {
	p.sent = false
	p.breakOff(l7.ToClient, true, out)
	if !p.sent {
		p.breakOff(l7.ToServer, true, out)
	}
}

// breakOff emits a message whose end will not come; short if bytes of it are
// missing.
func (p *parser) breakOff(dir l7.Dir, short bool, out *l7.Emitter) {
	a, r := &p.ans, &p.req
	if dir == l7.ToServer {
		if r.on && !r.announced && (len(p.text) > 2 || !short) {
			p.describe(short, out)
		} else if r.on && r.announced && !short {
			p.endRequest(out)
		}
		r.on = false
		return
	}
	w := p.oldest()
	if !a.on || a.orphan || w == nil || a.announced && short {
		a.on = false
		return
	}
	a.on = false
	k := l7.Response
	if a.announced {
		k = l7.End
	}
	p.out = outcome{}
	p.says(p.tail[:max(0, len(p.tail)-p.trailer)])
	m := out.Begin(k)
	p.fill(m, w)
	m.More = short
	p.done(w)
	p.emit(out, dir)
}
