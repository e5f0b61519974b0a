package dubbo

import (
	"bytes"

	"github.com/wirespan/wirespan/l7"
)

// parser reads one connection. It needs to remember nothing: ids pair.
type parser struct {
	ids     l7.IDMatcher
	found   bool
	hessian hessian
	name    []byte // rpc.method of the message that is being emitted
	clean   []byte // texts of it that had to be copied
	m       *l7.Message
	attach  func(key, value []byte)
}

// Parse meets l7.Parser.
func (p *parser) Parse(dir l7.Dir, b []byte, out *l7.Emitter) (l7.Step, error) {
	if len(b) < headSize {
		if v := detect(dir, b); v == l7.No {
			return l7.Step{}, p.lost()
		}
		return l7.Step{Need: headSize}, nil
	}
	h, ok := readHeader(b)
	if !ok {
		return l7.Step{}, p.lost()
	}
	want := int(wanted(&h))
	if len(b) < headSize+want {
		return l7.Step{Need: headSize + want}, nil
	}
	p.describe(dir, &h, b[headSize:headSize+want], out)
	out.Emit(dir)
	return l7.Step{Consumed: headSize + want, Skip: h.size - int64(want)}, nil
}

// wanted is how much of a body is read.
func wanted(h *header) int64 {
	switch {
	case h.flags&flagEvent != 0:
		return 0
	case h.size <= maxBody:
		return h.size
	}
	return maxStart
}

func (p *parser) lost() error {
	if p.found {
		return l7.ErrDesync
	}
	return l7.ErrNotMine
}

// fromServer marks the ids of requests that servers send: heartbeats and
// callbacks.
const fromServer = 1 << 63

// describe begins the message.
func (p *parser) describe(dir l7.Dir, h *header, body []byte, out *l7.Emitter) {
	p.found = true
	request := h.flags&flagRequest != 0
	kind := l7.Response
	switch {
	case request && h.flags&flagTwoWay != 0:
		kind = l7.Request
	case request:
		kind = l7.OneWay
	}
	m := out.Begin(kind)
	p.m, m.Match, m.HeadSize = m, h.id, headSize+len(body)
	if request == (dir == l7.ToClient) {
		m.Match ^= fromServer
	}
	if p.attach == nil {
		p.attach = p.attachment
	}
	if request {
		p.request(m, h, body)
	} else {
		p.response(m, h, body)
	}
}

// request reads what is called.
func (p *parser) request(m *l7.Message, h *header, body []byte) {
	m.Str(keySystem, system)
	m.Str(keySerialization, serialName(h.serial))
	m.Op, m.Name = system, system
	if h.flags&flagEvent != 0 {
		m.Op, m.Name = heartbeat, heartbeat
		return
	}
	c, ok := p.readCall(h.serial, body)
	if !ok || !isName(c.service) || !isName(c.method) || len(c.method) == 0 {
		m.IDs = m.IDs[:0]
		return
	}
	p.name = append(append(append(p.name[:0], c.service...), '/'), c.method...)
	m.Op, m.Name = p.name, p.name
	m.Str(keyMethod, p.name)
	if len(c.version) > 0 && string(c.version) != "0.0.0" && isName(c.version) {
		m.Str(keyVersion, c.version)
	}
}

var heartbeat = []byte("heartbeat")

// isName reports whether b may name a service, method or version.
func isName(b []byte) bool {
	for _, c := range b {
		if c <= ' ' || c >= 0x7f || c == '"' {
			return false
		}
	}
	return len(b) <= 512
}

// attachment takes a pair of the attachments.
func (p *parser) attachment(key, value []byte) {
	if len(value) == 0 || len(value) > 4<<10 {
		return
	}
	if c := p.ids.Match(key); c != l7.IDNone {
		if len(p.m.IDs) < 32 {
			p.m.ID(c, key, value)
		}
		return
	}
	if p.m.Kind == l7.Response || len(value) > 255 || !isName(value) {
		return
	}
	switch string(key) {
	case "group":
		p.m.Str(keyGroup, value)
	case "remote.application":
		p.m.Str(keyApplication, value)
	}
}

// Kinds of results (DubboCodec.java).
const (
	withException   = 0
	exceptionAttach = 3
	valueAttach     = 4
	nullAttach      = 5
)

// response reads the status and, of a result, whether it is an exception.
func (p *parser) response(m *l7.Message, h *header, body []byte) {
	m.Code, m.Status = int32(h.status), outcomeOf(h.status)
	name := statusName(h.status)
	if m.Status != l7.OK {
		m.Error = name
		m.Str(keyStatus, name)
		return
	}
	kind := -1
	if h.flags&flagEvent == 0 && len(body) > 0 {
		kind = p.result(h, body)
	}
	if kind == withException || kind == exceptionAttach {
		m.Status, m.Error = l7.ServerError, exceptionName
		if c := p.hessian.class; h.serial == hessian2 && len(c) > 0 && isName(c) {
			m.Error = c
		}
		name = exceptionName
	}
	m.Str(keyStatus, name)
}

var exceptionName = []byte("EXCEPTION")

// result reads the kind of a result and, in Hessian 2, passes over the value to
// the attachments behind it.
func (p *parser) result(h *header, b []byte) (kind int) {
	switch h.serial {
	case hessian2, 10:
	case fastjson, 16, 27:
		return int(b[0]) - '0'
	case kryo, kryo2, 24:
		return int(b[0])
	case fastjson2:
		if v, _, ok := item(b); ok && len(v) == 1 { // a small number is its own tag
			return int(v[0])
		}
		return int(b[0])
	default:
		return -1
	}
	r := &p.hessian
	r.b, r.at, r.items, r.classes, r.class = b, 0, 0, 0, nil
	kind, ok := r.integer()
	if !ok {
		return -1
	}
	switch kind {
	case withException, exceptionAttach:
		if r.at < len(b) && b[r.at] == 'C' { // its class comes first, the classes of its fields later
			r.at++
			r.define()
			name := r.class
			if ok := r.skip(0); ok && kind == exceptionAttach {
				r.attachments(p.attach)
			}
			r.class = name
		}
	case valueAttach:
		if r.skip(0) {
			r.attachments(p.attach)
		}
	case nullAttach:
		r.attachments(p.attach)
	}
	return kind
}

// Gap meets l7.Parser.
func (p *parser) Gap(l7.Dir, int64) bool { return false }

// Resync looks for a header.
func (p *parser) Resync(dir l7.Dir, b []byte) (off int, ok bool) {
	for {
		i := bytes.IndexByte(b[off:], 0xda)
		if i < 0 {
			return len(b), false
		}
		off += i
		switch detect(dir, b[off:]) {
		case l7.NeedMore:
			return off, false
		case l7.Yes, l7.Maybe:
			return off, true
		}
		off++
	}
}

// Cut meets l7.Parser: the header and what there is of the body.
func (p *parser) Cut(dir l7.Dir, b []byte, out *l7.Emitter) {
	if len(b) < headSize {
		return
	}
	if h, ok := readHeader(b); ok {
		p.describe(dir, &h, b[headSize:min(int64(len(b)), headSize+h.size)], out)
		p.m.More = true
		out.Emit(dir)
	}
}

// End meets l7.Parser.
func (p *parser) End(dir l7.Dir, b []byte, out *l7.Emitter) { p.Cut(dir, b, out) }

// Finish finds nothing half done.
func (p *parser) Finish(*l7.Emitter) {}
