package http1

import (
	"bytes"

	"github.com/wirespan/wirespan/l7"
	"github.com/wirespan/wirespan/l7/cursor"
)

// request reads the head of a request whose first line takes n bytes of b.
// ok is false when that is no request line; Consumed is 0 when the head is not
// complete.
func (p *parser) request(h *half, b, line []byte, n int, f *fields, out *l7.Emitter) (step l7.Step, ok bool) {
	method, target, version, ok := requestLine(line)
	if !ok && !h.strict {
		method, target, version, ok = looseLine(line)
	}
	if !ok {
		return step, false
	}
	m := out.Begin(l7.Request)
	end, whole := p.section(b, n, f, m)
	if !whole {
		return step, true
	}
	p.describe(m, method, target, version, f)
	p.facts.push(out.Here(), factOf(method, f))
	m.HeadSize = end
	step.Consumed = end
	h.strict = false
	how := f.ofRequest()
	if how == unknowable {
		h.state, h.broken = astray, true
	} else {
		m.Size = f.length
		step.Skip = p.bodyFollows(h, how, f, m)
	}
	out.Emit(l7.ToServer)
	return step, true
}

// requestLine splits method SP target SP version (RFC 9112, 3).
func requestLine(line []byte) (method, target, version []byte, ok bool) {
	sp := bytes.IndexByte(line, ' ')
	cut := len(line) - versionSize
	if sp <= 0 || sp > maxMethod || cut < sp || string(line[cut:cut+8]) != " HTTP/1." || !cursor.IsDigit(line[cut+8]) {
		return nil, nil, nil, false
	}
	method = line[:sp]
	if known := knownMethod(method); cut == sp && !known || !known && !otherMethod(method) {
		return nil, nil, nil, false
	}
	if cut > sp {
		target = cursor.TrimOWS(line[sp+1 : cut])
	}
	return method, target, line[cut+len(" HTTP/"):], true
}

// describe fills in what the start line and the fields say.
func (p *parser) describe(m *l7.Message, method, target, version []byte, f *fields) {
	m.Op, m.Version, m.Host, m.Resource = method, version, f.host, target
	switch {
	case len(target) == 0 || target[0] == '/' || target[0] == '*':
	case string(method) == "CONNECT":
		m.Host = target
	default:
		p.absolute(m, method, target)
	}
	if p.fast != nil {
		p.text = p.fast.Query(m.Resource, m, p.text[:0])
	}
}

// absolute takes scheme://[userinfo@]host[path][?query] apart (RFC 9112,
// 3.2.2). The host replaces that of the Host field.
func (p *parser) absolute(m *l7.Message, method, target []byte) {
	i := bytes.Index(target, []byte("://"))
	if i <= 0 || i > 16 || !cursor.Token(target[:i]) {
		return
	}
	rest := target[i+3:]
	end := bytes.IndexAny(rest, "/?#")
	if end < 0 {
		end = len(rest)
	}
	host, path := rest[:end], rest[end:]
	host = host[bytes.LastIndexByte(host, '@')+1:]
	m.Str(keyScheme, target[:i])
	if len(host) > 0 {
		m.Host = host
	}
	switch {
	case len(path) > 0 && path[0] == '/':
	case len(path) == 0 && string(method) == "OPTIONS":
		path = anyPath
	default:
		p.path = append(append(p.path[:0], '/'), path...)
		path = p.path
	}
	m.Resource = path
}

var anyPath = []byte("*")

// factOf says what the response will need to know.
func factOf(method []byte, f *fields) (fl flag) {
	switch string(method) {
	case "HEAD":
		fl = isHead
	case "CONNECT":
		fl = isConnect
	}
	if f.upgrade != nil {
		fl |= isUpgrade
	}
	return fl
}
