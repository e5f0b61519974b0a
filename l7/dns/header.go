package dns

import "encoding/binary"

// Offsets in the header, RFC 1035, section 4.1.1.
const (
	offID     = 0
	offFlags  = 2
	offCounts = 4
	headerLen = 12
)

// Flags of the second word.
const (
	flagQR  = 0x8000
	flagAA  = 0x0400
	flagTC  = 0x0200
	flagRA  = 0x0080
	flagZ   = 0x0040
	codeLow = 0x000f
)

// Operations, RFC 1035, section 4.1.1; RFC 1996; RFC 2136; RFC 8490.
const (
	opQuery    = 0
	opIQuery   = 1
	opStatus   = 2
	opNotify   = 4
	opUpdate   = 5
	opStateful = 6
)

// Sections, as indexes into header.count. In an update they hold the zone, the
// prerequisites and the changes (RFC 2136, section 2.2).
const (
	questions = iota
	answers
	authorities
	additionals
	sections
)

// header is the fixed part of a message.
type header struct {
	id    uint16
	flags uint16
	count [sections]uint16
}

// readHeader reads the header of msg, which has at least headerLen bytes.
func readHeader(msg []byte) header {
	h := header{id: binary.BigEndian.Uint16(msg[offID:]), flags: binary.BigEndian.Uint16(msg[offFlags:])}
	for i := range h.count {
		h.count[i] = binary.BigEndian.Uint16(msg[offCounts+2*i:])
	}
	return h
}

func (h header) response() bool { return h.flags&flagQR != 0 }
func (h header) opcode() uint8  { return uint8(h.flags >> 11 & 0xf) }
func (h header) has(flag uint16) bool {
	return h.flags&flag != 0
}

// maxQuestions bounds the questions of a message. Multicast DNS asks many at
// once; anything else asks one.
const maxQuestions = 256

// plausible says whether h can begin a message at all. It is lenient, because
// a broken message of a known conversation is worth reporting.
func (h header) plausible() bool {
	return opcodeNames[h.opcode()] != "" && h.count[questions] <= maxQuestions
}
