package postgresql

import (
	"encoding/binary"
	"strconv"

	"github.com/wirespan/wirespan/l7"
)

var (
	opStartup = []byte("STARTUP")
	opCancel  = []byte("CANCEL")
	product   = []byte("postgresql")
)

// startup reads a packet without type (55.2.1, 55.2.8 to 55.2.10).
func (p *parser) startup(b []byte, out *l7.Emitter) (l7.Step, error) {
	if len(b) < 8 {
		return l7.Step{Need: 8}, nil
	}
	if detectStartup(b) == l7.No {
		return l7.Step{}, p.astray()
	}
	n, code := int(binary.BigEndian.Uint32(b)), binary.BigEndian.Uint32(b[4:])
	if len(b) < n {
		return l7.Step{Need: n}, nil
	}
	switch code {
	case codeSSL, codeGSS:
		p.asked, p.found = true, true
		return l7.Step{Consumed: n}, nil
	case codeCancel:
		p.found = true
		m := out.Begin(l7.OneWay)
		m.Op = opCancel
		m.Str(keySystem, product)
		m.Str(keyOperation, opCancel)
		m.Int(keyBackend, int64(binary.BigEndian.Uint32(b[8:])))
		p.emit(out, l7.ToServer)
		return l7.Step{Consumed: n}, nil
	}
	p.found = true
	p.version = strconv.AppendUint(append(strconv.AppendUint(p.version[:0], uint64(code>>16), 10), '.'), uint64(code&0xffff), 10)
	p.parameters(b[8:n])
	m := p.request(out, out.Here(), startup, n)
	m.Op = opStartup
	m.Str(keyOperation, opStartup)
	p.emit(out, l7.ToServer)
	return l7.Step{Consumed: n}, nil
}

// parameters reads the list of a start-up packet. The user stays hidden, also
// where the database has its name by default.
func (p *parser) parameters(b []byte) {
	p.database = p.database[:0]
	for {
		k, rest, ok := cstring(b)
		if !ok || len(k) == 0 {
			return
		}
		v, rest, ok := cstring(rest)
		if !ok {
			return
		}
		if string(k) == "database" {
			p.database = append(p.database[:0], v[:min(len(v), 63)]...) // NAMEDATALEN
		}
		b = rest
	}
}
