package record

import (
	"encoding/binary"

	"github.com/wirespan/wirespan/capture"
)

// A packet in memory, host byte order being little endian here for all hosts:
//
//	 0       8         12        16      18     20     22    23     24     32
//	+-------+---------+---------+-------+------+------+-----+------+------+------ - -
//	| time  | on wire | kept    | point | link | vlan | dir | kind | hash | bytes
//	+-------+---------+---------+-------+------+------+-----+------+------+------ - -
const slotHead = 32

// Kinds of slots.
const (
	slotPacket   = iota
	slotFragment // of a datagram: its hosts stand between head and bytes
	slotComplete // a fragment that completed one: its header does
	slotRotate   // a file ends here; no packet
)

// slot is one packet in memory. Its packet's Data lies in the memory.
type slot struct {
	packet capture.Packet // Tap is unset
	point  uint16
	kind   uint8
	hash   uint64
}

// append adds the slot; between stands in front of the packet's bytes, of
// which keep are kept.
func (s *slot) append(b []byte, between []byte, keep int) []byte {
	p := &s.packet
	b = binary.LittleEndian.AppendUint64(b, uint64(p.Time))
	b = binary.LittleEndian.AppendUint32(b, p.WireLen)
	b = binary.LittleEndian.AppendUint32(b, uint32(len(between)+keep))
	b = binary.LittleEndian.AppendUint16(b, s.point)
	b = binary.LittleEndian.AppendUint16(b, uint16(p.Link))
	b = binary.LittleEndian.AppendUint16(b, p.VLAN)
	b = append(b, byte(p.Dir), s.kind)
	b = binary.LittleEndian.AppendUint64(b, s.hash)
	return append(append(b, between...), p.Data[:keep]...)
}

// take reads the slot at the start of b and gives the rest. Data borrows b.
func (s *slot) take(b []byte) (rest []byte) {
	size := slotHead + int(binary.LittleEndian.Uint32(b[12:]))
	s.packet = capture.Packet{
		Time:    int64(binary.LittleEndian.Uint64(b)),
		WireLen: binary.LittleEndian.Uint32(b[8:]),
		Link:    capture.LinkType(binary.LittleEndian.Uint16(b[18:])),
		VLAN:    binary.LittleEndian.Uint16(b[20:]),
		Dir:     capture.Direction(b[22]),
		Data:    b[slotHead:size:size],
	}
	s.point, s.kind = binary.LittleEndian.Uint16(b[16:]), b[23]
	s.hash = binary.LittleEndian.Uint64(b[24:])
	return b[size:]
}
