package oracle

import "github.com/wirespan/wirespan/l7"

// asks reads the head of a client's data packet: it begins a call, goes on with
// one, or is part of what is agreed upon before.
func (p *parser) asks(h *half, k packet, in, b []byte, out *l7.Emitter) (l7.Step, error) {
	r := &p.req
	if !r.on {
		switch in[0] {
		case ttiProtocol:
			p.found = true
			return l7.Step{Skip: int64(k.size)}, nil
		case ttiDataTypes:
			if want := min(k.size, 128); len(b) < want {
				return l7.Step{Need: want}, nil
			}
			p.offers(b[dataHead:min(len(b), k.size)])
			return l7.Step{Skip: int64(k.size)}, nil
		case ttiFunction, ttiPiggyback, ttiOneWay, ttiFastAuth:
		default: // more of a call that was read
			p.extend(l7.ToServer, out.Here(), k.size)
			return l7.Step{Skip: int64(k.size)}, nil
		}
		if p.ans.on && !p.piped { // it was over
			if p.finish(out); p.sent {
				return l7.Step{}, nil
			}
		}
		*r = request{on: true, first: out.Here(), unsure: h.lost}
		p.text = p.text[:0]
		h.lost = false
	}
	r.size += uint32(k.size)
	h.left = k.size - dataHead
	step := l7.Step{Consumed: dataHead}
	if r.announced && h.left > 1 {
		step.Skip = int64(h.left - 1)
		h.left = 1
	}
	return step, nil
}

// requested ends a packet of a request. A full one may be followed by others.
func (p *parser) requested(h *half, out *l7.Emitter) {
	r := &p.req
	more := p.full(h.packet) && h.flags&dataEndOfRequest == 0
	switch {
	case !r.on:
	case r.announced:
		if w := p.newest(); w != nil && w.seq == r.first.Seq {
			w.end = r.first.Seq + r.size
		}
		if !more {
			p.endRequest(out)
		}
	case more && !r.torn && len(p.text) < maxRequest && p.short():
	default:
		r.on, r.announced = more, more
		p.describe(more, out)
		if !p.sent {
			r.on = false
		}
	}
}

// endRequest ends a request that was announced.
func (p *parser) endRequest(out *l7.Emitter) {
	p.req.on = false
	m := out.Begin(l7.End)
	m.Match = 1<<32 | uint64(p.req.first.Seq)
	p.emit(out, l7.ToServer)
}

// short reports whether more of a request is wanted than was collected.
func (p *parser) short() bool {
	c, ok := p.read(p.text)
	if !ok {
		return true
	}
	if c.fn != funAll8 {
		return false
	}
	e, ok := p.all8(c.body)
	return !ok || e.short
}

// describe emits the request that was collected; more of it may come.
func (p *parser) describe(more bool, out *l7.Emitter) {
	r := &p.req
	c, ok := p.read(p.text)
	if !ok && r.unsure {
		return
	}
	p.first = r.first
	if w := p.newest(); ok && w != nil && w.challenge && c.fn == funAuth {
		w.challenge, w.end = false, r.first.Seq+r.size // its answer is the login's
		p.who(c)
		return
	}
	kind, w := l7.Request, (*op)(nil)
	if c.oneWay {
		kind, w = l7.OneWay, &op{seq: r.first.Seq}
	} else {
		if c.token != 0 && !p.piped { // the call that began the pipeline was lost
			p.forget()
			p.piped = true
		}
		w = p.await(r.first, r.size)
		w.token = c.token
	}
	m := p.begin(kind, w, out)
	m.HeadSize, m.More = packetHead, more
	p.namespace(m)
	if ok {
		m.Int(keyFunction, int64(c.fn))
		p.about(m, w, c)
	} else {
		p.named(m, unknownFunction)
	}
	if len(p.module) > 0 {
		m.Str(keyModule, p.module)
	}
	if len(p.action) > 0 {
		m.Str(keyAction, p.action)
	}
	for _, id := range c.ids[:c.count] {
		m.ID(id.Class, id.Name, id.Value)
	}
	p.emit(out, l7.ToServer)
}

// named gives a request its operation.
func (p *parser) named(m *l7.Message, name []byte) {
	m.Op = name
	m.Str(keyOperation, name)
}
