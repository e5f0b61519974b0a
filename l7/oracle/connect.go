package oracle

import (
	"strconv"

	"github.com/wirespan/wirespan/l7"
)

var (
	opConnect   = []byte("CONNECT")
	oracleDB    = []byte("oracle.db")
	otherError  = []byte("_OTHER")
	nameConnect = []byte("CONNECT ")
)

// connectHead is the size of the smallest head of a CONNECT packet, up to the
// place of its data (NSPCNOFF).
const connectHead = 28

// setup reads a packet that sets the connection up; b holds it, or as much of
// it as there is room for.
func (p *parser) setup(dir l7.Dir, k packet, b []byte, out *l7.Emitter) (l7.Step, error) {
	step := l7.Step{Skip: int64(k.size)}
	p.found = true
	switch k.kind {
	case typeConnect:
		if dir != l7.ToServer {
			return l7.Step{}, p.astray()
		}
		return p.connect(k, b, out), nil
	case typeAccept:
		p.accepted(b)
		p.reply(0, nil, out)
	case typeRefuse:
		if k.size <= 12 {
			p.due = k.kind // its text comes in a data packet
			return step, nil
		}
		p.reply(typeRefuse, b[12:], out)
	case typeRedirect:
		if k.size <= dataHead {
			p.due = k.kind
			return step, nil
		}
		p.reply(typeRedirect, b[dataHead:], out)
	}
	if p.sent {
		step = l7.Step{Consumed: min(len(b), k.size), Skip: int64(k.size - min(len(b), k.size))}
	}
	return step, nil
}

// connect reads CONNECT. After RESEND it comes again, and belongs to what was
// asked before.
func (p *parser) connect(k packet, b []byte, out *l7.Emitter) l7.Step {
	step := l7.Step{Consumed: len(b), Skip: int64(k.size - len(b))}
	if w := p.oldest(); w != nil && w.connect && p.resend {
		p.resend = false
		w.end = out.Here().Seq + uint32(k.size)
		if k.size == u16(b[26:]) {
			p.due = typeConnect
		}
		return l7.Step{Skip: int64(k.size)}
	}
	p.forget()
	p.setVersion(u16(b[8:]))
	off, n := u16(b[26:]), u16(b[24:])
	p.first = out.Here()
	p.size = uint32(k.size)
	if off >= k.size && n > 0 { // the data comes in a data packet
		p.due = typeConnect
		return step
	}
	p.asked(cut(b, off, n), out)
	return step
}

// asked emits the request to connect.
func (p *parser) asked(data []byte, out *l7.Emitter) {
	w := p.await(p.first, p.size)
	w.connect = true
	m := p.begin(l7.Request, w, out)
	m.Op, m.HeadSize = opConnect, packetHead
	service := find(data, "service_name")
	if service == nil {
		service = find(data, "sid")
	}
	p.service = append(p.service[:0], service...)
	p.namespace(m)
	m.Str(keyOperation, opConnect)
	if len(service) > 0 {
		m.Resource = p.service
		p.name = append(append(p.name[:0], nameConnect...), service...)
		m.Name = p.name
	}
	// Borrowed from the input until Parse returns.
	for _, a := range [...]struct {
		key  uint8
		name string
	}{{keyProgram, "program"}, {keyHost, "host"}, {keyOSUser, "user"}} {
		if v := find(client(data), a.name); len(v) > 0 {
			m.Str(a.key, v)
		}
	}
	p.emit(out, l7.ToServer)
}

// client is the part of the data that describes the client: (CID=...).
func client(data []byte) []byte {
	for i := 0; i+5 < len(data); i++ {
		if data[i] == '(' && (data[i+1]|0x20) == 'c' && (data[i+2]|0x20) == 'i' && (data[i+3]|0x20) == 'd' && (data[i+4] == '=' || data[i+4] == ' ') {
			return data[i+4:]
		}
	}
	return nil
}

// accepted reads ACCEPT: version and size of packets.
func (p *parser) accepted(b []byte) {
	if len(b) < 32 {
		return
	}
	p.setVersion(u16(b[8:]))
	p.sdu = u16(b[12:])
	if p.large = u16(b[8:]) >= largeVersion; p.large && len(b) >= 36 {
		p.sdu = u32(b[32:])
	}
	p.settled = true
}

// reply answers the request to connect.
func (p *parser) reply(kind byte, text []byte, out *l7.Emitter) {
	p.due = 0
	w := p.oldest()
	if w == nil || !w.connect {
		if w == nil && kind == 0 {
			return
		}
		w = nil
	}
	if w != nil && !w.fits(out.Here(), p.half[l7.ToServer].holed) {
		w = nil
	}
	m := out.Begin(l7.Response)
	m.Match, m.HeadSize, m.Status = p.matchOf(w, out.Here()), packetHead, l7.OK
	m.Version = p.label
	switch kind {
	case typeRefuse:
		p.refused(m, errorIn(text))
	case typeRedirect:
		p.name = append(p.name[:0], find(text, "host")...)
		if port := find(text, "port"); len(p.name) > 0 && len(port) > 0 {
			p.name = append(append(p.name, ':'), port...)
		}
		if len(p.name) > 0 {
			m.Str(keyRedirect, p.name)
		}
	}
	if w == nil {
		m.Str(keySystem, oracleDB)
	}
	p.done(w)
	p.emit(out, l7.ToClient)
}

// refused puts an error into an answer.
func (p *parser) refused(m *l7.Message, code int) {
	m.Status = l7.ClientError
	if code == 0 {
		m.Status, m.Error = l7.ServerError, otherError
		return
	}
	p.failed(m, code)
}

// failed names an error of the database.
func (p *parser) failed(m *l7.Message, code int) {
	m.Status = l7.ClientError
	if ofServer(code) {
		m.Status = l7.ServerError
	}
	m.Code = int32(code)
	p.code = appendCode(p.code[:0], code)
	m.Error = p.code
	m.Str(keyCode, p.code)
}

// setVersion takes the version of Oracle Net.
func (p *parser) setVersion(v int) {
	if v >= 100 && v < 1000 {
		p.label = strconv.AppendInt(p.label[:0], int64(v), 10)
	}
}

// namespace adds the service that the client connected to.
func (p *parser) namespace(m *l7.Message) {
	if len(p.service) > 0 {
		m.Str(keyNamespace, p.service)
	}
}

// cut returns n bytes of b from off on, as far as they are there.
func cut(b []byte, off, n int) []byte {
	if off < 0 || off >= len(b) {
		return nil
	}
	return b[off:min(len(b), off+max(n, 0))]
}
