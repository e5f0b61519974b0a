package tds

import (
	"encoding/binary"

	"github.com/wirespan/wirespan/l7"
)

var (
	opLogin     = []byte("LOGIN")
	opAttention = []byte("ATTENTION")
	sqlServer   = []byte("microsoft.sql_server")
	sybaseASE   = []byte("sybase")
)

// aside reports packets that are no part of a request or an answer: what is
// agreed upon before the login, and its later steps.
func (p *parser) aside(dir l7.Dir, k packet) bool {
	switch k.kind {
	case typePrelogin, typeSSPI, typeFedAuth:
		return true
	}
	return dir == l7.ToClient && p.prelogin
}

// setup reads PRELOGIN (2.2.6.5); a TLS handshake within it, tickets and tokens
// are passed over.
func (p *parser) setup(dir l7.Dir, b []byte, k packet, at int) (l7.Step, error) {
	if k.kind == typePrelogin || dir == l7.ToClient {
		if want := min(k.size, window-smpHead); len(b) < want {
			return l7.Step{Need: at + want}, nil
		}
		in := b[packetHead:min(len(b), k.size)]
		enc, ok := options(in)
		switch {
		case !ok && len(in) > 0 && in[0] == 22 && p.encrypted == notEncrypted:
			p.encrypted = loginOnly // or more; what follows tells
		case !ok:
		case dir == l7.ToServer:
			p.prelogin, p.found = true, true
		default:
			p.encrypted = enc
		}
		if dir == l7.ToClient {
			p.prelogin = false
		}
	}
	return l7.Step{Skip: int64(at + k.size)}, nil
}

// options reads the list of PRELOGIN: what it says about encryption.
func options(b []byte) (enc encryption, ok bool) {
	const encryptionOption = 1
	for i := 0; i+5 <= len(b) && b[i] != 0xff; i += 5 {
		off, n := int(binary.BigEndian.Uint16(b[i+1:])), int(binary.BigEndian.Uint16(b[i+3:]))
		if b[i] > 9 || off+n > len(b) {
			return enc, false
		}
		ok = true
		if b[i] == encryptionOption && n >= 1 {
			switch b[off] {
			case 0: // ENCRYPT_OFF
				enc = loginOnly
			case 1, 3: // ENCRYPT_ON, ENCRYPT_REQ
				enc = everything
			}
		}
	}
	return enc, ok
}

// record passes over a TLS record that is not in a packet. If only the login is
// encrypted, the client's first one with data is it.
func (p *parser) record(dir l7.Dir, b []byte, i int, out *l7.Emitter) (l7.Step, error) {
	const applicationData = 23
	if len(b) < 5 {
		return l7.Step{Need: 5}, nil
	}
	n := tlsRecord(b)
	if n == 0 {
		return l7.Step{}, p.astray()
	}
	if p.encrypted == everything || dir == l7.ToClient && b[0] == applicationData {
		return l7.Step{}, l7.ErrSwitch
	}
	if w := &p.main.wait; dir == l7.ToClient || b[0] != applicationData || w.on {
		if dir == l7.ToServer {
			w.end += uint32(n)
		}
		return l7.Step{Skip: int64(n)}, nil
	}
	if i > 0 {
		return l7.Step{}, nil
	}
	s := &p.main
	m := p.begin(s, l7.Request, out.Here(), out)
	s.wait.login, s.wait.end = true, m.First.Seq+uint32(n)
	m.Op = opLogin
	m.Str(keyOperation, opLogin)
	p.emit(out, l7.ToServer)
	return l7.Step{Consumed: 5, Skip: int64(n - 5)}, nil
}

// login describes LOGIN7 (2.2.6.4): version and database.
func (p *parser) login(m *l7.Message, b []byte) {
	m.Op = opLogin
	if len(b) >= 8 {
		p.agreed(u32(b[4:]))
	}
	if len(b) >= 72 {
		off, chars := u16(b[68:]), u16(b[70:])
		if chars > 0 && chars <= 128 && off+2*chars <= len(b) {
			p.database = appendUTF8(p.database[:0], b[off:off+2*chars])
		}
	}
	m.Version = p.label
	p.namespace(m)
	m.Str(keyOperation, opLogin)
}

// versionAt is the place of the version in the login record of versions 4.2 and
// 5.0 (TDS 5.0 Functional Specification, "Login Record").
const versionAt = 458

// oldLogin describes it: the version only.
func (p *parser) oldLogin(m *l7.Message) {
	m.Op, m.Version = opLogin, p.label
	m.Str(keyOperation, opLogin)
}

// oldVersion takes the version from it, which also says whose server it is.
func (p *parser) oldVersion(b []byte) {
	v := uint32(0x05000000)
	if len(b) >= versionAt+4 {
		v = uint32(b[versionAt])<<24 | uint32(b[versionAt+1])<<16
	}
	p.agreed(v)
}

// acknowledged takes the version that a server speaks: 7.0 and 7.1 have it in
// another form than the client.
func (p *parser) acknowledged(v uint32) {
	if v>>24 == 7 {
		v = 0x70000000 | (v>>16&0xff)<<24
	}
	p.agreed(v)
}

// agreed takes a version.
func (p *parser) agreed(v uint32) {
	if v>>24 < 4 || v>>24 > 5 && v>>24 < 0x70 || v>>24 > 0x80 {
		return
	}
	p.version = v
	major, minor := byte(v>>28), byte(v>>24&15)
	if p.sybase() {
		major, minor = byte(v>>24), byte(v>>16)
	}
	p.label = append(p.label[:0], '0'+major, '.', '0'+minor%10)
}

// namespace adds the database.
func (p *parser) namespace(m *l7.Message) {
	if len(p.database) > 0 {
		m.Str(keyNamespace, p.database)
	}
}

// system is the product that speaks the version.
func (p *parser) system() []byte {
	if p.sybase() {
		return sybaseASE
	}
	return sqlServer
}
