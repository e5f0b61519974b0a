package oracle

import (
	"encoding/binary"

	"github.com/wirespan/wirespan/l7"
)

// isServices reports whether data is the negotiation of native services: it
// begins with a magic number.
func isServices(in []byte) bool {
	return len(in) >= 4 && binary.BigEndian.Uint32(in) == 0xdeadbeef
}

// services reads what the server chose of native encryption and checksums
// ("Oracle Database Security Guide", Configuring Oracle Database Native Network
// Encryption and Data Integrity). What is encrypted stays so.
func (p *parser) services(dir l7.Dir, k packet, b []byte) (l7.Step, error) {
	if want := min(k.size, window); len(b) < want {
		return l7.Step{Need: want}, nil
	}
	p.found = true
	if dir == l7.ToClient {
		encrypted, checksum := chosen(b[dataHead:min(len(b), k.size)])
		p.opaque = encrypted != 0
		p.trailer = checksumSize(checksum)
	}
	return l7.Step{Skip: int64(k.size)}, nil
}

// Services (go-ora, advanced_nego).
const (
	serviceEncryption = 2
	serviceIntegrity  = 3
)

// chosen finds the algorithms: the number that follows the version of the
// service; 0 is none.
func chosen(b []byte) (encryption, integrity byte) {
	const head, serviceHead = 13, 8
	if len(b) < head {
		return 0, 0
	}
	at := head
	for n := u16(b[10:]); n > 0 && at+serviceHead <= len(b); n-- {
		service, fields := u16(b[at:]), u16(b[at+2:])
		at += serviceHead
		for i := 0; i < fields && at+4 <= len(b); i++ {
			size := u16(b[at:])
			if i == 1 && size == 1 && at+5 <= len(b) {
				switch service {
				case serviceEncryption:
					encryption = b[at+4]
				case serviceIntegrity:
					integrity = b[at+4]
				}
			}
			at += 4 + size
		}
	}
	return encryption, integrity
}

// checksumSize is how many bytes follow the data of every packet: the sum and
// one more.
func checksumSize(algorithm byte) int {
	switch algorithm {
	case 1: // MD5
		return 16 + 1
	case 3: // SHA-1
		return 20 + 1
	case 4: // SHA-512
		return 64 + 1
	case 5: // SHA-256
		return 32 + 1
	case 6: // SHA-384
		return 48 + 1
	}
	return 0
}

// fieldCapability is where the capabilities of compile time have the version of
// the fields (TNS_CCAP_FIELD_VERSION).
const fieldCapability = 7

// offers reads the version of the fields that the client offers in the
// negotiation of data types (TTIDTY): character sets, flags, capabilities.
func (p *parser) offers(b []byte) {
	const head = 7 // message, two character sets of 2 bytes, flags, size
	if len(b) > head+fieldCapability && int(b[6]) > fieldCapability {
		p.agree(int(b[head+fieldCapability]))
	}
}

// agree takes a version of the fields: the smaller one of two.
func (p *parser) agree(v int) {
	if v == 0 {
		return
	}
	if p.offered == 0 || v < p.offered {
		p.offered = v
	}
	p.field = p.offered
}

// supports reads the server's capabilities in the negotiation of the protocol
// (TTIPRO).
func (p *parser) supports(b []byte) {
	at := 3
	for at < len(b) && b[at] != 0 { // name of its platform
		at++
	}
	at++
	if at+5 > len(b) {
		return
	}
	sets := int(b[at+3]) | int(b[at+4])<<8
	at += 5 + 5*sets
	if at+2 > len(b) {
		return
	}
	at += 2 + u16(b[at:])
	if at+1+fieldCapability < len(b) && int(b[at]) > fieldCapability {
		p.agree(int(b[at+1+fieldCapability]))
	}
}

// marked reads a marker: a client's breaks the call off, a server's the answer.
func (p *parser) marked(dir l7.Dir, kind byte) {
	const reset = 2
	switch {
	case dir == l7.ToClient:
		p.ans.broken()
		p.tail = p.tail[:0]
		p.broken = true
	case kind != reset && !p.broken:
		if w := p.oldest(); w != nil {
			w.cancelled = true
		}
	}
	if kind == reset {
		p.broken = false
	}
}

// broken forgets what came of an answer before the server broke it off.
func (a *answer) broken() {
	if a.on && !a.announced {
		a.on = false
	}
}

// aborted ends the request that waits: the server gives the connection up.
func (p *parser) aborted(dir l7.Dir, out *l7.Emitter) {
	w := p.oldest()
	if dir != l7.ToClient || w == nil || p.ans.on || !w.fits(out.Here(), p.half[l7.ToServer].holed) {
		return
	}
	m := out.Begin(l7.Response)
	m.Match, m.HeadSize, m.Status, m.Error = p.matchOf(w, out.Here()), packetHead, l7.ServerError, otherError
	p.done(w)
	p.emit(out, l7.ToClient)
}
