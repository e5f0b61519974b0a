package oracle

import "encoding/binary"

// Types of packets (NSPT..).
const (
	typeConnect    = 1
	typeAccept     = 2
	typeAck        = 3
	typeRefuse     = 4
	typeRedirect   = 5
	typeData       = 6
	typeNull       = 7
	typeAbort      = 9
	typeResend     = 11
	typeMarker     = 12
	typeAttention  = 13
	typeControl    = 14
	typeDescriptor = 15
)

// Bits of the flags of a data packet (NSPDA..).
const (
	dataEOF           = 0x0040
	dataCompressed    = 0x0400
	dataEndOfRequest  = 0x0800
	dataBeginPipeline = 0x1000
	dataEndOfResponse = 0x2000
)

const (
	packetHead = 8
	dataHead   = packetHead + 2
	maxPacket  = 2<<20 + packetHead // NSPABSSDULN

	// largeVersion is the first version whose packets have lengths of 4 bytes.
	largeVersion = 315

	// slack is how much smaller than the SDU a client may cut its packets.
	slack = 64
)

// packet is a packet's header.
type packet struct {
	kind  byte
	flags byte
	size  int  // header included
	large bool // the length has 4 bytes
}

// readPacket reads a header, which has 8 bytes; ok is false for bytes that are
// none. A length of 2 bytes is followed by a checksum, which nobody computes,
// so that the two forms cannot be taken for one another.
func readPacket(b []byte, large bool) (k packet, ok bool) {
	k = packet{kind: b[4], flags: b[5], size: int(binary.BigEndian.Uint16(b))}
	if large || k.size < packetHead || b[2]|b[3] != 0 {
		k.size, k.large = int(binary.BigEndian.Uint32(b)), true
	}
	if b[6]|b[7] != 0 || k.size < packetHead || k.size > maxPacket {
		return k, false
	}
	switch k.kind {
	case typeConnect, typeAccept, typeRefuse, typeRedirect:
		return k, k.size > packetHead && k.size <= 1<<16
	case typeData:
		return k, k.size >= dataHead
	case typeMarker:
		return k, k.size == packetHead+3 || k.size == packetHead+2
	case typeAck, typeNull, typeAbort, typeResend, typeAttention, typeControl, typeDescriptor:
		return k, k.size <= 1<<16
	}
	return k, false
}

// u16 and u32 read numbers of Oracle Net.
func u16(b []byte) int { return int(binary.BigEndian.Uint16(b)) }

func u32(b []byte) int { return int(binary.BigEndian.Uint32(b)) }
