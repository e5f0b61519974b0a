package http2

import "github.com/wirespan/wirespan/l7"

// beginData reads the head of a DATA frame (RFC 9113, 6.1).
func (p *parser) beginData(dir l7.Dir, h *half, f *frame, b []byte) (l7.Step, error) {
	n, pad := frameHead, 0
	if f.has(flagPadded) {
		if len(b) <= frameHead && f.length > 0 {
			return l7.Step{Need: frameHead + 1}, nil
		}
		if f.length == 0 || int(b[frameHead]) >= f.length {
			return l7.Step{}, p.lost()
		}
		n, pad = frameHead+1, int(b[frameHead])
	}
	h.id, h.left, h.pad, h.end = f.id, f.size()-n, pad, f.has(flagEndStream)
	if s := p.streams.find(f.id); s != nil {
		s.size[dir] += int64(h.left - pad)
	}
	if h.left == 0 && !h.end {
		return l7.Step{Consumed: n}, nil
	}
	if h.left == 0 {
		n-- // the last byte goes with the end of the message
		h.left = 1
		h.pad = 1
	}
	h.state = inData
	return l7.Step{Consumed: n}, nil
}

// data passes over the payload of a DATA frame, but for what payload looks at,
// and for the last byte of a body, which brings its end. told says that a
// message was emitted.
func (p *parser) data(dir l7.Dir, h *half, b []byte, out *l7.Emitter) (step l7.Step, told bool) {
	s := p.streams.find(h.id)
	if s != nil && (s.dead || s.ended[dir]) {
		s = nil
	}
	if h.end && s != nil && dir == l7.ToClient && p.late(h.id, out) {
		return l7.Step{}, true
	}
	at := 0
	for h.left > 0 && at < len(b) {
		n := min(h.left, len(b)-at)
		if s != nil && h.left > h.pad {
			n = p.payload(s, dir, b[at:at+min(n, h.left-h.pad)])
		}
		at += n
		h.left -= n
	}
	if step.Consumed = at; h.left == 0 {
		h.state = atFrame
		if told = h.end && s != nil; told {
			m := out.Begin(l7.End)
			if dir == l7.ToClient {
				p.webOutcome(s, m)
			}
			p.close(dir, s, m)
			p.tell(dir, out)
		}
		return step, told
	}
	skip := h.left
	if h.end {
		skip--
	}
	if s != nil && h.left > h.pad {
		skip = min(skip, p.unseen(s, dir, h.left-h.pad))
	}
	h.left -= skip
	if h.left == 0 {
		h.state = atFrame
	}
	step.Skip = int64(skip)
	return step, false
}

// payload takes bytes of a body and returns how many: prefixes of the messages
// of a call, and what is captured.
func (p *parser) payload(s *stream, dir l7.Dir, b []byte) int {
	switch {
	case s.text[dir]:
		p.walkText(s, dir, b)
		return len(b)
	case s.rpc:
		return p.message(s, dir, b)
	case p.wants(dir, s):
		p.take(dir, s, b)
	}
	return len(b)
}

// unseen is how many of the n bytes of a body that come next need not be looked
// at; those that a message of a call has are passed over.
func (p *parser) unseen(s *stream, dir l7.Dir, n int) int {
	m := &s.msgs[dir]
	switch {
	case s.text[dir] && !m.lost, p.wants(dir, s) && (!s.rpc || m.left > 0 && !m.lost && m.prefix[0]&flagPacked == 0):
		return 0
	case s.rpc && !s.text[dir]:
		skip := m.ahead(int64(n))
		m.pass(skip)
		return int(skip)
	}
	return n
}
