package tls

import "github.com/wirespan/wirespan/l7"

// maxMessage bounds a handshake message that is kept to be read whole.
const maxMessage = 64 << 10

// handshake reads a record of handshake messages in the clear. It emits at most
// one message: a record that holds two hellos of one side does not exist.
func (p *parser) handshake(dir l7.Dir, r record, b []byte, out *l7.Emitter) (l7.Step, error) {
	end := recordHead + r.size
	if len(b) < end {
		return l7.Step{Need: end}, nil
	}
	h := &p.half[dir]
	if len(h.partial) == 0 {
		h.first = out.Here()
	}
	if p.stage == fresh && b[recordHead] != msgClientHello && len(h.partial) == 0 && dir == l7.ToServer {
		p.stage = over
	}
	p.messages(dir, b[recordHead:end], out)
	return l7.Step{Consumed: end}, nil
}

// messages reads the handshake messages of a fragment and keeps what is left of
// one that is not all there (RFC 8446, section 5.1).
func (p *parser) messages(dir l7.Dir, b []byte, out *l7.Emitter) {
	h := &p.half[dir]
	if n := min(h.skip, len(b)); n > 0 {
		h.skip -= n
		b = b[n:]
	}
	if len(h.partial) > 0 {
		h.partial = append(h.partial, b...)
		b = h.partial
	}
	for len(b) >= helloHead {
		rd := reader{b: b[1:]}
		size := rd.number(3)
		if size > maxMessage {
			h.skip = max(0, helloHead+size-len(b))
			b = b[min(len(b), helloHead+size):]
			continue
		}
		if len(rd.b) < size {
			break
		}
		kind := int(b[0])
		p.transcribe(kind, b[:helloHead+size])
		p.message(dir, kind, rd.b[:size], out)
		b = rd.b[size:]
	}
	h.partial = append(h.partial[:0], b...)
}

// message acts on one handshake message.
func (p *parser) message(dir l7.Dir, kind int, b []byte, out *l7.Emitter) {
	switch {
	case kind == msgClientHello && dir == l7.ToServer:
		p.clientHello(b, out)
	case kind == msgServerHello && dir == l7.ToClient:
		p.serverHello(b, out)
	case kind == msgCertificate && dir == l7.ToClient && p.cert == nil:
		p.cert = readCertificate(b, p.version)
	case kind == msgClientKey && dir == l7.ToServer:
		p.clientKey(b)
	case p.k != nil:
		p.inside(dir, kind, b, out)
	}
}

// clientHello begins the exchange of the handshake; a second one, after a
// HelloRetryRequest, belongs to it.
func (p *parser) clientHello(b []byte, out *l7.Emitter) {
	if p.stage != fresh {
		return
	}
	h := readClientHello(b)
	p.stage, p.start = greeted, p.half[l7.ToServer].first.Time
	p.name = append(p.name[:0], h.name...)
	p.offered, p.early = h.version, h.early
	p.sessLen = copy(p.session[:], h.session)
	p.greet(&h)
	m := p.greeting(out, p.half[l7.ToServer].first)
	list := reader{b: h.protocols}
	for n := 0; len(list.b) > 0 && n < maxOffered; n++ {
		name := list.vector(1)
		if n == 0 {
			p.h2 = string(name) == "h2"
		}
		m.Str(keyOffered, name)
	}
	if h.early {
		m.Bool(keyEarly, true)
	}
	if h.encrypted {
		m.Bool(keyEncrypted, true)
	}
}

// greeting is the request of the handshake.
func (p *parser) greeting(out *l7.Emitter, first l7.Stamp) *l7.Message {
	m := out.Begin(l7.Request)
	m.First = first
	m.Op, m.Name, m.Resource, m.Host = opHandshake, nameHandshake, p.name, p.name
	m.Str(keyMethod, methodHello)
	if len(p.name) > 0 {
		m.Str(keyServerName, p.name)
	}
	out.Emit(l7.ToServer)
	return m
}

// Words of messages; they are never written to.
var (
	opHandshake   = []byte("handshake")
	nameHandshake = []byte("TLS handshake")
	methodHello   = []byte("ClientHello")
)

// serverHello begins the response, which lasts until the handshake has ended.
func (p *parser) serverHello(b []byte, out *l7.Emitter) {
	if p.stage >= answered {
		return
	}
	h := readServerHello(b)
	p.version, p.suite = h.version, h.suite
	if h.retry {
		p.retry = true
		return
	}
	p.stage = answered
	p.next = append(p.next[:0], h.protocol...)
	if len(p.next) > 0 {
		p.h2 = string(p.next) == "h2"
	} else if p.version != tls13 {
		p.h2 = false
	}
	p.answer(&h)
	m := out.Begin(l7.Response)
	m.First, m.More, m.Status = p.half[l7.ToClient].first, true, l7.OK
	m.Op, m.Name = opHandshake, nameHandshake // for one whose request was not captured
	p.describe(m, &h)
	p.half[l7.ToClient].open = hello
	out.Emit(l7.ToClient)
}

// describe adds what the server chose.
func (p *parser) describe(m *l7.Message, h *serverHello) {
	t := p.text[:0]
	if name, ssl := versionName(h.version); name != "" {
		kind := "tls"
		if ssl {
			kind = "ssl"
		}
		t = append(append(t, kind...), name...)
		m.Str(keyProtocolName, t[:3])
		m.Str(keyVersion, t[3:])
	}
	if !h.cut {
		n := len(t)
		t = appendSuite(t, h.suite)
		m.Str(keyCipher, t[n:])
	}
	if len(h.protocol) > 0 {
		m.Str(keyNextProtocol, h.protocol)
	}
	if g := groupName(h.group); g != "" {
		n := len(t)
		t = append(t, g...)
		m.Str(keyCurve, t[n:])
	}
	if h.resumed || h.echoes(p.session[:p.sessLen]) {
		m.Bool(keyResumed, true)
	}
	if p.retry {
		m.Bool(keyRetry, true)
	}
}

// sealedHandshake passes over an enciphered handshake record up to TLS 1.2: the
// first of a direction is its Finished.
func (p *parser) sealedHandshake(dir l7.Dir, r record, b []byte, out *l7.Emitter) l7.Step {
	h := &p.half[dir]
	if !h.finished {
		end := recordHead + r.size
		if len(b) < end {
			return l7.Step{Need: end} // the exchange ends with its last byte
		}
		h.finished = true
		if dir == l7.ToClient {
			p.endOpen(dir, out)
		}
		p.complete(out)
		return l7.Step{Consumed: end}
	}
	return body(r)
}

// complete tells how long the handshake took once both sides have finished.
func (p *parser) complete(out *l7.Emitter) {
	if p.stage != answered || !p.half[l7.ToServer].finished || !p.half[l7.ToClient].finished {
		return
	}
	p.stage = over
	if p.start > 0 {
		out.Handshake(max(0, out.Here().Time-p.start))
	}
}

// endOpen ends what goes on in a direction.
func (p *parser) endOpen(dir l7.Dir, out *l7.Emitter) {
	h := &p.half[dir]
	switch h.open {
	case hello:
		m := out.Begin(l7.End)
		m.Status = l7.OK
		p.certified(m)
		if h.finished {
			m.Bool(keyEstablished, true)
		}
		out.Emit(dir)
	case turn:
		p.endTurn(dir, out)
	}
	h.open = nothing
}

// certified adds what is known of the server's certificate, and what was found
// out only when the handshake could be deciphered.
func (p *parser) certified(m *l7.Message) {
	if p.version == tls13 && len(p.next) > 0 {
		m.Str(keyNextProtocol, p.next)
	}
	c := p.cert
	if c == nil {
		return
	}
	if c.subject != "" {
		m.Str(keySubject, []byte(c.subject))
	}
	if c.issuer != "" {
		m.Str(keyIssuer, []byte(c.issuer))
	}
	m.Str(keyNotAfter, []byte(c.notAfter))
	for _, n := range c.names {
		m.Str(keyNames, []byte(n))
	}
}

// alert acts on an alert in the clear: a fatal one ends the handshake.
func (p *parser) alert(dir l7.Dir, b []byte, out *l7.Emitter) (l7.Step, error) {
	const size = recordHead + 2
	if len(b) < size {
		return l7.Step{Need: size}, nil
	}
	level, code := b[recordHead], b[recordHead+1]
	if level != alertWarning && level != alertFatal {
		return l7.Step{}, p.lost(dir)
	}
	if level == alertFatal {
		p.fail(dir, code, out)
	}
	return l7.Step{Consumed: size}, nil
}

// fail ends the handshake with an alert of either side.
func (p *parser) fail(dir l7.Dir, code uint8, out *l7.Emitter) {
	var m *l7.Message
	switch {
	case p.half[l7.ToClient].open == hello:
		m = out.Begin(l7.End)
		p.certified(m)
	case p.stage == greeted && dir == l7.ToClient:
		m = out.Begin(l7.Response)
		m.Op, m.Name = opHandshake, nameHandshake
	default:
		return
	}
	p.half[l7.ToClient].open = nothing
	p.stage = over
	t := append(p.text[:0], "server "...)
	if dir == l7.ToServer {
		t = append(p.text[:0], "client "...)
	}
	t = appendAlert(t, code)
	m.Status, m.Error = l7.ServerError, t[len("server "):]
	m.Str(keyAlert, t)
	out.Emit(l7.ToClient)
}
