package tls

import "github.com/wirespan/wirespan/l7/cursor"

// Record header, RFC 8446, section 5.1: type, version, length.
const (
	recordHead = 5

	typeCipherSpec  = 20
	typeAlert       = 21
	typeHandshake   = 22
	typeData        = 23
	typeHeartbeat   = 24       // RFC 6520
	maxFragment     = 16 << 10 // section 5.1
	maxExpansion    = 2048     // RFC 5246, section 6.2.3
	maxRecord       = recordHead + maxFragment + maxExpansion
	leastCiphertext = 17 // of application data: a tag of 16 bytes and the type, or a MAC
)

// Versions on the wire.
const (
	ssl2  = 0x0002
	ssl3  = 0x0300
	tls10 = 0x0301
	tls11 = 0x0302
	tls12 = 0x0303
	tls13 = 0x0304
)

// record is a header.
type record struct {
	kind    uint8
	version uint16
	size    int // of the fragment
}

// readRecord reads the header that b starts with. ok is false if it is none;
// b may be shorter than a header, then only what is there counts.
func readRecord(b []byte) (r record, ok bool) {
	if len(b) > 0 && (b[0] < typeCipherSpec || b[0] > typeHeartbeat) ||
		len(b) > 1 && b[1] != 3 || len(b) > 2 && b[2] > 4 {
		return r, false
	}
	if len(b) < recordHead {
		return r, true
	}
	r.kind = b[0]
	r.version, _ = cursor.Uint16(b, 1)
	size, _ := cursor.Uint16(b, 3)
	r.size = int(size)
	switch r.kind {
	case typeCipherSpec:
		ok = r.size == 1
	case typeAlert:
		ok = r.size >= 2 && r.size <= 256
	case typeHandshake:
		ok = r.size >= 1 && r.size <= maxFragment+maxExpansion
	default:
		ok = r.size <= maxFragment+maxExpansion
	}
	return r, ok
}
