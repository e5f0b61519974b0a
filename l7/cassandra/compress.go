package cassandra

import "github.com/wirespan/wirespan/l7/unpack"

// Codecs (section 5, "Compression").

// unpackBody gives the start of a compressed body of versions 3 and 4 in dst, as
// much as it has room for. Where STARTUP was not seen, lz4 has a length in front.
func (p *parser) unpackBody(dst, b []byte) []byte {
	if p.codec == codecSnappy || p.codec == codecUnknown && !looksLZ4(b) {
		return unpack.Snappy(dst, b)
	}
	if len(b) < 4 {
		return dst
	}
	return unpack.LZ4(dst, b[4:])
}

type codec uint8

const (
	codecUnknown codec = iota
	codecLZ4
	codecSnappy
)

// looksLZ4 reports whether b begins with a length, which would be odd for snappy: zeros.
func looksLZ4(b []byte) bool { return len(b) >= 5 && b[0] == 0 && b[4] >= 0x10 }
