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

// data passes over the payload of a DATA frame, but for the prefixes of the
// messages of a call, and for the last byte of a body, which brings its end.
// told says that a message was emitted.
func (p *parser) data(dir l7.Dir, h *half, b []byte, out *l7.Emitter) (step l7.Step, told bool) {
	s := p.streams.find(h.id)
	if s != nil && (s.dead || s.ended[dir]) {
		s = nil
	}
	if h.end && s != nil && dir == l7.ToClient && p.late(h.id, out) {
		return l7.Step{}, true
	}
	rpc := s != nil && s.rpc
	at, need := 0, 0
	p.webText = nil
	for h.left > 0 && at < len(b) {
		n := min(h.left, len(b)-at)
		if rpc && h.left > h.pad {
			if s.msgs[dir].last {
				if n, need = p.web(s, dir, b[at:], h.left-h.pad); need > 0 {
					return l7.Step{Consumed: at, Need: need}, false
				}
			} else {
				n = s.msgs[dir].walk(b[at : at+min(n, h.left-h.pad)])
			}
		}
		at += n
		h.left -= n
	}
	if step.Consumed = at; h.left == 0 {
		h.state = atFrame
		if told = h.end && s != nil; told {
			m := out.Begin(l7.End)
			if s.web >= 0 && dir == l7.ToClient {
				p.outcome(&fields{rpcStatus: s.web, message: p.webText}, m)
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
	if rpc && h.left > h.pad {
		skip = min(skip, int(s.msgs[dir].ahead(int64(h.left-h.pad))))
		s.msgs[dir].pass(int64(skip))
	}
	h.left -= skip
	if h.left == 0 {
		h.state = atFrame
	}
	step.Skip = int64(skip)
	return step, false
}
