package tds

import "encoding/binary"

// Types of packets (2.2.3.1.1).
const (
	typeBatch       = 0x01
	typeOldLogin    = 0x02 // 4.2 and 5.0
	typeRPC         = 0x03
	typeAnswer      = 0x04
	typeAttention   = 0x06
	typeBulk        = 0x07
	typeFedAuth     = 0x08
	typeTransaction = 0x0e
	typeSybase      = 0x0f // 5.0: tokens of the client
	typeLogin       = 0x10
	typeSSPI        = 0x11
	typePrelogin    = 0x12
	typeSMP         = 0x53 // [MC-SMP] 2.2.1.1
)

// Bits of Status (2.2.3.1.2).
const (
	statusEnd    = 0x01
	statusIgnore = 0x02
	statusKnown  = 0x1f
)

const (
	packetHead = 8
	smpHead    = 16
	maxPacket  = 32767 // 2.2.3.1.3

	smpData = 8
)

// packet is a packet's header.
type packet struct {
	kind   byte
	status byte
	size   int // header included
	number byte
}

// readPacket reads a header; ok is false for bytes that are none.
func readPacket(b []byte) (p packet, ok bool) {
	p = packet{kind: b[0], status: b[1], size: int(binary.BigEndian.Uint16(b[2:])), number: b[6]}
	switch p.kind {
	case typeBatch, typeOldLogin, typeRPC, typeAnswer, typeAttention, typeBulk, typeFedAuth, typeTransaction,
		typeSybase, typeLogin, typeSSPI, typePrelogin:
	default:
		return p, false
	}
	return p, p.status&^statusKnown == 0 && p.size >= packetHead && p.size <= maxPacket && b[7] == 0
}

// end reports whether a packet is the last of its message.
func (p packet) end() bool { return p.status&statusEnd != 0 }

// fromClient reports whether clients send packets of a type.
func fromClient(kind byte) bool { return kind != typeAnswer }

// smp is the header of [MC-SMP] 2.2.1.
type smp struct {
	flags   byte
	session uint16
	size    int
}

// readSMP reads one; ok is false for bytes that are none.
func readSMP(b []byte) (s smp, ok bool) {
	n := binary.LittleEndian.Uint32(b[4:])
	s = smp{flags: b[1], session: binary.LittleEndian.Uint16(b[2:]), size: int(n & 0xffffff)}
	switch {
	case b[0] != typeSMP || n > smpHead+maxPacket:
		return s, false
	case s.flags == smpData:
		return s, s.size > smpHead
	}
	return s, (s.flags == 1 || s.flags == 2 || s.flags == 4) && s.size == smpHead
}

// tlsRecord is the size of the TLS record that begins b, 0 if none does.
func tlsRecord(b []byte) int {
	if b[0] < 20 || b[0] > 23 || len(b) > 1 && b[1] != 3 {
		return 0
	}
	if len(b) < 5 {
		return 5
	}
	return 5 + int(binary.BigEndian.Uint16(b[3:]))
}

func u16(b []byte) int { return int(binary.LittleEndian.Uint16(b)) }

func u32(b []byte) uint32 { return binary.LittleEndian.Uint32(b) }

// before compares sequence numbers (RFC 9293, section 3.4).
func before(a, b uint32) bool { return int32(a-b) < 0 }
