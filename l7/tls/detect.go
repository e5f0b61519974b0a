package tls

import "github.com/wirespan/wirespan/l7"

// Handshake messages, RFC 8446, section 4, and RFC 5246, section 7.4.
const (
	msgHelloRequest = 0
	msgClientHello  = 1
	msgServerHello  = 2
	msgTicket       = 4
	msgEndOfEarly   = 5
	msgEncrypted    = 8
	msgCertificate  = 11
	msgClientKey    = 16
	msgFinished     = 20
	msgKeyUpdate    = 24
)

// Detect judges the first bytes of a direction: a hello is certain, and so is
// the header of enciphered data, three fixed bytes and a length in bounds, where
// a capture begins within a connection.
func Detect(dir l7.Dir, b []byte) l7.Verdict {
	if len(b) == 0 {
		return l7.NeedMore
	}
	if b[0]&0x80 != 0 {
		return detectSSL2(dir, b)
	}
	r, ok := readRecord(b)
	switch {
	case !ok:
		return l7.No
	case len(b) < recordHead:
		return l7.NeedMore
	case r.kind == typeHandshake:
		return detectHandshake(dir, b[recordHead:], r)
	case r.kind == typeCipherSpec:
		return detectByte(b, 1)
	case r.kind == typeAlert:
		return l7.Maybe
	}
	return detectData(b, r)
}

// detectByte wants one value behind the header.
func detectByte(b []byte, want byte) l7.Verdict {
	switch {
	case len(b) == recordHead:
		return l7.NeedMore
	case b[recordHead] == want:
		return l7.Yes
	}
	return l7.No
}

// detectData judges a record of data by its length and by what follows it.
func detectData(b []byte, r record) l7.Verdict {
	if r.kind != typeData || r.size < leastCiphertext || r.version == tls13 {
		return l7.No
	}
	if end := recordHead + r.size; len(b) > end {
		if _, ok := readRecord(b[end:]); !ok {
			return l7.No
		}
	}
	return l7.Yes
}

// detectHandshake looks at the message in a first record.
func detectHandshake(dir l7.Dir, b []byte, r record) l7.Verdict {
	if len(b) == 0 {
		return l7.NeedMore
	}
	want := byte(msgClientHello)
	if dir == l7.ToClient {
		want = msgServerHello
	}
	switch b[0] {
	case want:
	case msgClientHello, msgServerHello:
		return l7.No
	case msgTicket, msgCertificate, 12, 13, 14, 15, msgClientKey, msgFinished, 22:
		return l7.Maybe // the capture began within the handshake
	default:
		if r.size < 40 || r.version == ssl3 {
			return l7.No
		}
		return l7.Maybe // enciphered
	}
	if len(b) < helloHead+2 {
		if r.size < helloHead+2 {
			return l7.Maybe // a hello in tiny records
		}
		return l7.NeedMore
	}
	rd := reader{b: b[1:]}
	size := rd.number(3)
	if size < 38 || size > maxMessage || rd.number(1) != 3 || rd.number(1) > 4 {
		return l7.No
	}
	return l7.Yes
}
