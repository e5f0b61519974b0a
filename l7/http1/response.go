package http1

import (
	"github.com/wirespan/wirespan/l7"
	"github.com/wirespan/wirespan/l7/cursor"
)

// response reads the head of a response; see request.
func (p *parser) response(h *half, b, line []byte, n int, f *fields, out *l7.Emitter) (step l7.Step, ok bool) {
	code, version, ok := statusLine(line)
	if !ok {
		return step, false
	}
	interim := code >= 100 && code < 200 && code != 101
	kind := l7.Response
	if interim {
		kind = l7.Interim
	}
	m := out.Begin(kind)
	end, whole := p.section(b, n, f, m)
	if !whole {
		return step, true
	}
	m.Code, m.Status, m.Version, m.HeadSize = code, statusOf(code), version, end
	step.Consumed = end
	out.Emit(l7.ToClient)
	if interim {
		m.Status = l7.Unset
		return step, true
	}
	asked := p.facts.answer(out.Here())
	p.half[l7.ToServer].broken = false
	switch {
	case code == 101:
		p.switchTo(f, m)
	case asked&isConnect != 0 && code < 300:
		m.Final = true
		p.half[l7.ToServer].state, h.state = tunnel, tunnel
	case asked&isHead != 0, code == 204, code == 304:
	default:
		step.Skip = p.responseBody(h, asked, b[end:], f, m)
	}
	return step, true
}

// switchTo ends HTTP on the connection (RFC 9110, 15.2.2).
func (p *parser) switchTo(f *fields, m *l7.Message) {
	m.Final = true
	if !cursor.EqualFold(f.upgrade, "websocket") {
		p.half[l7.ToServer].state, p.half[l7.ToClient].state = tunnel, tunnel
		return
	}
	m.More = true
	for d := range p.half {
		h := &p.half[d]
		h.restart()
		h.state = inFrames
	}
	p.half[l7.ToClient].ws.open = true
}

// responseBody prepares for the body and says how much of it to skip. behind
// are the bytes behind the head.
func (p *parser) responseBody(h *half, asked flag, behind []byte, f *fields, m *l7.Message) (skip int64) {
	how := f.ofResponse()
	if how == unknowable {
		h.state = astray
		return 0
	}
	m.Size = f.length
	if asked&isUnknown == 0 || how == bodyless {
		return p.bodyFollows(h, how, f, m)
	}
	// Nobody knows whether this answers a HEAD: what follows will tell.
	if detectStatus(behind) == l7.Yes {
		m.Size = -1
		return 0
	}
	h.doubt, h.open, m.More = true, true, true
	h.size, h.left = 0, f.length
	p.mediaType(f, m)
	p.capture(h, f)
	h.body = h.body[:0]
	switch how {
	case counted:
		h.state = inBody
	case inChunks:
		h.state = atChunk
		m.Size = -1
	default:
		h.state = untilClose
	}
	return 0
}

// phantom judges what follows the head of a response whose request was not
// seen: Yes if it is another head, so that there is no body.
func (p *parser) phantom(h *half, b []byte) l7.Verdict {
	v := detectStatus(b)
	if v == l7.NeedMore && h.state == inBody && int64(len(b)) >= h.left {
		v = l7.No
	}
	if v == l7.No {
		h.doubt = false
	}
	return v
}

// statusLine reads HTTP-version SP status-code [SP reason] (RFC 9112, 4). A
// reason may be missing with the space before it.
func statusLine(line []byte) (code int32, version []byte, ok bool) {
	if len(line) < statusSize || string(line[:7]) != "HTTP/1." || !cursor.IsDigit(line[7]) || line[8] != ' ' {
		return 0, nil, false
	}
	if len(line) > statusSize && line[statusSize] != ' ' {
		return 0, nil, false
	}
	a, b, c := line[9]-'0', line[10]-'0', line[11]-'0'
	code = int32(a)*100 + int32(b)*10 + int32(c)
	return code, line[5:8], a <= 9 && b <= 9 && c <= 9 && code >= 100
}

// startOfStatus is detectStatus for a line that is not complete.
func startOfStatus(b []byte) l7.Verdict {
	if v := detectStatus(b[:min(len(b), statusSize)]); v != l7.Yes {
		return v
	}
	return l7.NeedMore
}

// statusOf says whose fault a status code is.
func statusOf(code int32) l7.Status {
	switch {
	case code >= 500:
		return l7.ServerError
	case code >= 400:
		return l7.ClientError
	}
	return l7.OK
}
