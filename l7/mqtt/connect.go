package mqtt

import "github.com/wirespan/wirespan/l7"

// Flags of CONNECT (3.1.2.3).
const (
	flagClean    = 0x02
	flagWill     = 0x04
	flagPassword = 0x40
	flagUser     = 0x80
)

// maxClient bounds the client id that is remembered.
const maxClient = 128

// opening is what a CONNECT says (3.1).
type opening struct {
	version   byte
	flags     byte
	keepAlive int
	client    []byte
	will      []byte
	user      []byte // properties
}

// readOpening reads the variable header and the payload of a CONNECT. User
// name and password are not looked at.
func readOpening(f *fields) (c opening, ok bool) {
	name := f.text()
	level := f.byte()
	c.version = level &^ 0x80 // bridges set the bit (mosquitto, try_private)
	switch {
	case string(name) == "MQTT" && (c.version == 4 || c.version == 5):
	case string(name) == "MQIsdp" && c.version == 3:
	default:
		return c, false
	}
	c.flags, c.keepAlive = f.byte(), f.uint16()
	if c.flags&1 != 0 || c.flags>>3&3 == 3 {
		return c, false
	}
	if c.version == 5 {
		c.user = f.take(f.varint())
	}
	c.client = f.text()
	if c.flags&flagWill != 0 {
		if c.version == 5 {
			f.take(f.varint())
		}
		c.will = f.text()
	}
	return c, f.ok && printable(c.client)
}

// connect reads CONNECT (3.1).
func (p *parser) connect(dir l7.Dir, f *fields, out *l7.Emitter) bool {
	c, ok := readOpening(f)
	if !ok {
		return false
	}
	p.version = c.version
	p.client = append(p.client[:0], c.client[:min(len(c.client), maxClient)]...)
	m := p.begin(dir, connect, l7.Request, out)
	m.Match = p.waits.add(key(connect, dir, 0), false)
	m.Int(keyKeepAlive, int64(c.keepAlive))
	m.Bool(keyClean, c.flags&flagClean != 0)
	if len(c.will) > 0 {
		m.Str(keyWill, c.will)
	}
	p.identify(m, c.user)
	return true
}

// connack reads CONNACK (3.2). Version 5 adds properties: its length tells.
func (p *parser) connack(dir l7.Dir, h *head, f *fields, out *l7.Emitter) bool {
	flags, code := f.byte(), f.byte()
	if flags > 1 {
		return false
	}
	if p.version == 0 && h.rest > 2 {
		p.version = 5
	}
	m := p.begin(dir, connack, l7.Response, out)
	m.Match = p.waits.take(key(connect, dir.Opposite(), 0))
	switch {
	case p.version == 5 || code >= 0x80:
		p.judge(m, code)
	case code == 0:
		m.Status = l7.OK
	default:
		m.Code = int32(code)
		name := "unknown_reason"
		if int(code) < len(returns) {
			name = returns[code]
		}
		p.fail(m, name)
	}
	if flags == 1 {
		m.Bool(keyPresent, true)
	}
	if h.rest > 2 {
		list, _ := readProperties(f.take(f.varint()))
		if len(list.assigned) > 0 {
			p.client = append(p.client[:0], list.assigned[:min(len(list.assigned), maxClient)]...)
			m.Str(keyClient, p.client)
		}
	}
	return true
}

// ping reads PINGREQ and PINGRESP (3.12, 3.13), which have no id. If answers
// were lost, the one that comes is that of the last question.
func (p *parser) ping(dir l7.Dir, h *head, out *l7.Emitter) {
	if h.kind == pingreq {
		p.pings = min(p.pings, maxPings-1) + 1
		m := p.begin(dir, pingreq, l7.Request, out)
		m.Match = p.waits.add(key(pingreq, dir, p.pings), false)
		return
	}
	m := p.begin(dir, pingresp, l7.Response, out)
	n := 1
	if p.holed[dir] {
		n = p.pings
	}
	m.Status, m.Match = l7.OK, p.waits.take(key(pingreq, dir.Opposite(), n))
	if p.holed[dir] {
		p.pings = 0
		return
	}
	for i := 2; i <= p.pings; i++ {
		p.waits.rename(key(pingreq, dir.Opposite(), i), key(pingreq, dir.Opposite(), i-1))
	}
	p.pings = max(0, p.pings-1)
}

// maxPings bounds the PINGREQ that wait for an answer.
const maxPings = 8

// leave reads DISCONNECT and AUTH (3.14, 3.15). A client's AUTH within a
// connection asks for a new authentication; while connecting, both sides'
// belong to the CONNECT.
func (p *parser) leave(dir l7.Dir, h *head, f *fields, out *l7.Emitter) bool {
	code := byte(0)
	if h.rest > 0 {
		code = f.byte()
	}
	if h.rest > 0 && p.version != 0 && p.version < 5 {
		return false
	}
	kind := l7.OneWay
	asked := key(auth, l7.ToServer, 0)
	switch {
	case h.kind == auth && dir == l7.ToServer && code == 0x19:
		kind = l7.Request
	case h.kind == auth && dir == l7.ToClient && code != 0x18 && p.waits.has(asked):
		kind = l7.Response
	case dir == l7.ToClient:
		kind = l7.Pushed
	}
	m := p.begin(dir, h.kind, kind, out)
	switch kind {
	case l7.Request:
		m.Match = p.waits.add(asked, false)
		return true
	case l7.Response:
		m.Match = p.waits.take(asked)
	default:
		p.waits.last++
		m.Match = p.waits.last
	}
	p.judge(m, code)
	return true
}
