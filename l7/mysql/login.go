package mysql

import (
	"bytes"
	"encoding/binary"

	"github.com/wirespan/wirespan/l7"
)

// Capability flags (MySQL, "Capabilities Flags").
const (
	capLongPassword = 1 << 0 // MariaDB: clear in an extended server and its clients
	capWithDB       = 1 << 3
	capCompress     = 1 << 5
	cap41           = 1 << 9
	capTLS          = 1 << 11
	capSecure       = 1 << 15 // authentication data has a length of one byte
	capLenencAuth   = 1 << 21 // ... a length-encoded one
	capNoEOF        = 1 << 24 // CLIENT_DEPRECATE_EOF
	capMetadata     = 1 << 25 // CLIENT_OPTIONAL_RESULTSET_METADATA
	capZstd         = 1 << 26
	capAttributes   = 1 << 27 // CLIENT_QUERY_ATTRIBUTES

	// Extended flags of MariaDB, in the high half.
	capCache = 1 << 36 // MARIADB_CLIENT_CACHE_METADATA
)

// capabilities are what both ends agreed on, as far as it was seen.
type capabilities struct {
	server, client uint64
	known          bool // the login was seen
}

// has reports whether both ends said so; of a server that was not seen the
// client's word is taken.
func (c *capabilities) has(f uint64) bool {
	return c.known && c.client&f != 0 && (c.server == 0 || c.server&f != 0)
}

// greeting reads the server's first packet (MySQL,
// "Protocol::HandshakeV10"), or its refusal to speak.
func (p *parser) greeting(h header, b []byte, out *l7.Emitter) (l7.Step, error) {
	n := headLen + min(h.size, 512)
	if len(b) < n {
		return l7.Step{Need: n}, nil
	}
	body := b[headLen:n]
	step := l7.Step{Consumed: n, Skip: int64(headLen + h.size - n)}
	if body[0] == markErr {
		m := p.begin(l7.ToClient, l7.Pushed, out)
		p.system(m)
		p.operation(m, comLogin)
		p.failure(m, body)
		p.emit(l7.ToClient, out)
		return step, nil
	}
	if !isGreeting(h, body) {
		return l7.Step{}, p.lost()
	}
	r := reader{b: body[1:]}
	p.maria = bytes.Contains(r.terminated(), []byte("MariaDB"))
	r.take(4 + 8 + 1) // connection id, first part of the challenge, filler
	p.caps.server = uint64(r.u16())
	r.take(1 + 2) // character set, status
	p.caps.server |= uint64(r.u16()) << 16
	r.take(1 + 6)
	if ext := r.u32(); p.maria && p.caps.server&capLongPassword == 0 {
		p.caps.server |= uint64(ext) << 32
	}
	p.phase = greeted
	return step, nil
}

// loginMin is the fixed part of the login, and all of the request for TLS
// (MySQL, "Protocol::HandshakeResponse41", "Protocol::SSLRequest").
const loginMin = 32

// isLogin reports whether a payload is one: flags of the protocol that is
// spoken today, and reserved bytes that are zero.
func isLogin(h header, body []byte) bool {
	if h.seq == 0 || h.seq > 3 || h.size < loginMin || len(body) < loginMin {
		return false
	}
	return binary.LittleEndian.Uint32(body)&cap41 != 0 && bytes.Count(body[9:28], []byte{0}) == 19 && (body[8] != 0 || body[4]|body[5]|body[6]|body[7] != 0)
}

// login reads the client's first packet.
func (p *parser) login(h header, b []byte, out *l7.Emitter) (l7.Step, error) {
	n := headLen + min(h.size, 4096)
	if len(b) < n {
		return l7.Step{Need: n}, nil
	}
	body := b[headLen:n]
	if !isLogin(h, body) {
		return p.oldLogin(h, b, out)
	}
	step := l7.Step{Consumed: n, Skip: int64(headLen + h.size - n)}
	p.caps.client = uint64(binary.LittleEndian.Uint32(body))
	if p.caps.client&capLongPassword == 0 {
		p.caps.client |= uint64(binary.LittleEndian.Uint32(body[28:])) << 32
		p.maria = p.maria || p.caps.client>>32 != 0
	}
	p.caps.known = true
	if h.size == loginMin && p.caps.client&capTLS != 0 {
		return step, l7.ErrSwitch
	}
	m := p.begin(l7.ToServer, l7.Request, out)
	r := reader{b: body[loginMin:]}
	r.terminated() // user
	p.skipAuth(&r)
	if p.caps.client&capWithDB != 0 {
		p.setSchema(r.terminated())
	}
	p.request1(m, h, comLogin, out)
	return step, nil
}

// skipAuth passes over the authentication data.
func (p *parser) skipAuth(r *reader) {
	switch {
	case p.caps.client&capLenencAuth != 0:
		r.text()
	case p.caps.client&capSecure != 0 || !p.caps.known:
		r.take(int(r.u8()))
	default:
		r.terminated()
	}
}

// oldLogin reads a login of before 4.1 (MySQL,
// "Protocol::HandshakeResponse320"), which is known by what it follows alone.
func (p *parser) oldLogin(h header, b []byte, out *l7.Emitter) (l7.Step, error) {
	if p.phase != greeted || h.seq != 1 || h.size < 6 || h.size > 512 {
		return l7.Step{}, p.lost()
	}
	m := p.begin(l7.ToServer, l7.Request, out)
	p.caps.client, p.caps.known = uint64(binary.LittleEndian.Uint16(b[headLen:])), true
	p.request1(m, h, comLogin, out)
	return l7.Step{Consumed: headLen + h.size}, nil
}

// loggedIn follows the OK of a login or a change of user.
func (p *parser) loggedIn(code byte) {
	if code == comLogin {
		p.packed = packedNot
		if p.caps.has(capCompress) || p.caps.has(capZstd) {
			p.packed = packedAll
		}
	}
	p.phase = ready
}

// setSchema remembers the default database.
func (p *parser) setSchema(name []byte) {
	if len(name) <= maxSchema {
		p.schema = append(p.schema[:0], name...)
	} else {
		p.schema = p.schema[:0]
	}
}
