package tls

import "github.com/wirespan/wirespan/l7"

// SSL 2 hello of a client, RFC 5246, appendix E.2: two bytes of length with the
// highest bit set, type, version, and three lengths.
//
//	+-----------+------+---------+--------+---------+-----------+------
//	| 1, length | type | version | suites | session | challenge | ...
//	+-----------+------+---------+--------+---------+-----------+------
//	0           2      3         5        7         9           11
const (
	ssl2Head       = 2
	ssl2HelloHead  = 11
	ssl2MaxRecord  = 2 << 10 // of a hello; longer ones are no longer plausible
	ssl2HelloType  = 1
	ssl2ServerType = 4
	ssl2ServerHead = 13 // type, session hit, certificate type, version, three lengths, in its record
)

// detectSSL2 judges a hello of SSL 2.
func detectSSL2(dir l7.Dir, b []byte) l7.Verdict {
	if dir == l7.ToClient || len(b) > 2 && b[2] != ssl2HelloType {
		return l7.No
	}
	if len(b) < ssl2HelloHead {
		return l7.NeedMore
	}
	if _, _, ok := readSSL2(b); !ok {
		return l7.No
	}
	return l7.Yes
}

// readSSL2 reads the head of a client's hello; size is that of its record.
func readSSL2(b []byte) (size, version int, ok bool) {
	r := reader{b: b}
	size = r.number(2) &^ 0x8000
	kind, version := r.number(1), r.number(2)
	suites, session, challenge := r.number(2), r.number(2), r.number(2)
	ok = !r.short && kind == ssl2HelloType && (version == ssl2 || version >= ssl3 && version <= tls12) &&
		suites > 0 && suites%3 == 0 && (session == 0 || session == 16) && challenge >= 16 && challenge <= 32 &&
		size == ssl2HelloHead-ssl2Head+suites+session+challenge && size <= ssl2MaxRecord
	return ssl2Head + size, version, ok
}

// helloSSL2 reads a hello that may begin TLS all the same.
func (p *parser) helloSSL2(b []byte, out *l7.Emitter) (l7.Step, error) {
	size, version, ok := readSSL2(b)
	switch {
	case len(b) < ssl2HelloHead:
		return l7.Step{Need: ssl2HelloHead}, nil
	case !ok:
		return l7.Step{}, p.lost(l7.ToServer)
	case len(b) < size:
		return l7.Step{Need: size}, nil
	}
	p.stage, p.old, p.start = greeted, true, out.Here().Time
	p.offered = version
	m := p.greeting(out, out.Here())
	m.HeadSize = size
	return l7.Step{Consumed: size}, nil
}

// answerSSL2 reads the head of a server's hello. What follows is opaque.
func (p *parser) answerSSL2(b []byte, out *l7.Emitter) (l7.Step, error) {
	if len(b) < ssl2ServerHead {
		return l7.Step{Need: ssl2ServerHead}, nil
	}
	m := out.Begin(l7.Response)
	m.Status = l7.OK
	m.Str(keyProtocolName, append(p.text[:0], "ssl"...))
	m.Str(keyVersion, []byte("2"))
	out.Emit(l7.ToClient)
	return l7.Step{Consumed: ssl2ServerHead}, l7.ErrOpaque
}
