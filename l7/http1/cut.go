package http1

import (
	"bytes"

	"github.com/wirespan/wirespan/l7"
	"github.com/wirespan/wirespan/l7/cursor"
)

// Cut meets l7.Parser: of a head, the start line is enough, and of the start
// line what cannot be anything else.
func (p *parser) Cut(dir l7.Dir, b []byte, out *l7.Emitter) {
	h := &p.half[dir]
	if h.state != atHead || h.broken || len(b) == 0 {
		return
	}
	if dir == l7.ToServer {
		p.cutRequest(b, out)
	} else {
		p.cutResponse(h, b, out)
	}
}

// cutRequest emits the start of a request: its method and as much of its
// target as there is.
func (p *parser) cutRequest(b []byte, out *l7.Emitter) {
	line, n, whole := cursor.Line(b)
	method, target, version, ok := requestLine(line)
	if !whole {
		n = len(b)
		method, target, version, ok = startOfRequestLine(b)
	}
	if !ok || !knownMethod(method) {
		return
	}
	m, f := p.cutHead(l7.Request, b, n, out)
	p.describe(m, method, target, version, &f)
	p.facts.push(out.Here(), factOf(method, &f))
	m.Size = f.length
	out.Emit(l7.ToServer)
}

// cutResponse emits the start of a response whose status is there. Interim
// responses say nothing without their end.
func (p *parser) cutResponse(h *half, b []byte, out *l7.Emitter) {
	line, n, whole := cursor.Line(b)
	if !whole {
		line, n = bytes.TrimSuffix(b, []byte{'\r'}), len(b)
	}
	code, version, ok := statusLine(line)
	if !ok || code < 200 && code != 101 {
		return
	}
	m, f := p.cutHead(l7.Response, b, n, out)
	m.Code, m.Status, m.Version, m.Size = code, statusOf(code), version, f.length
	asked := p.facts.answer(out.Here())
	p.half[l7.ToServer].broken = false
	if code == 101 || asked&isConnect != 0 && code < 300 {
		m.Final = true
		p.half[l7.ToServer].state, h.state = tunnel, tunnel
	}
	out.Emit(l7.ToClient)
}

// cutHead reads the fields that are there in full; they begin at n.
func (p *parser) cutHead(k l7.Kind, b []byte, n int, out *l7.Emitter) (m *l7.Message, f fields) {
	p.fold, p.seen = p.fold[:0], true
	m, f = out.Begin(k), fields{length: -1}
	p.section(b, n, &f, m)
	m.More, m.HeadSize = true, len(b)
	return m, f
}

// startOfRequestLine reads what there is of a request line: a target must have
// begun, and what follows it can only be the version.
func startOfRequestLine(b []byte) (method, target, version []byte, ok bool) {
	sp := bytes.IndexByte(b, ' ')
	if sp <= 0 || sp > maxMethod {
		return nil, nil, nil, false
	}
	method, target = b[:sp], b[sp+1:]
	if len(target) == 0 || target[0] != '/' && target[0] != '*' && target[0]|0x20 != 'h' && string(method) != "CONNECT" {
		return nil, nil, nil, false
	}
	end := 0
	for end < len(target) && cursor.IsVisible(target[end]) {
		end++
	}
	rest := target[end:]
	if len(rest) >= versionSize {
		version = rest[len(" HTTP/"):versionSize]
	}
	return method, target[:end], version, prefixOf(rest, " HTTP/1.d")
}
