package cassandra

// Version 5 packs frames into segments once a connection has started (section
// 2.2 of "Frames"): a header with a checksum of its own, payload, checksum.
const (
	plainHead  = 6
	packedHead = 8
	trailer    = 4
	maxPayload = 1<<17 - 1
	maxSegment = packedHead + maxPayload + trailer
)

// segment is the header of one.
type segment struct {
	head   int
	size   int  // of the payload in the stream
	packed int  // of the payload when it is unpacked, 0 if it is not compressed
	whole  bool // holds frames from beginning to end; else a piece of one
}

// readSegment reads a header, of which the checksum must fit. b has eight bytes.
func readSegment(b []byte) (s segment, ok bool) {
	v := uint64(b[0]) | uint64(b[1])<<8 | uint64(b[2])<<16
	if v>>18 == 0 && crc24(v, 3) == uint32(b[3])|uint32(b[4])<<8|uint32(b[5])<<16 {
		s = segment{head: plainHead, size: int(v & maxPayload), whole: v>>17&1 != 0}
		return s, s.size > 0
	}
	v |= uint64(b[3])<<24 | uint64(b[4])<<32
	if v>>35 == 0 && crc24(v, 5) == uint32(b[5])|uint32(b[6])<<8|uint32(b[7])<<16 {
		s = segment{head: packedHead, size: int(v & maxPayload), packed: int(v >> 17 & maxPayload), whole: v>>34&1 != 0}
		return s, s.size > 0
	}
	return s, false
}

// crc24 is the checksum of the low n bytes of v (section "CRC24").
func crc24(v uint64, n int) uint32 {
	c := uint32(0x875060)
	for range n {
		c ^= uint32(v&0xff) << 16
		v >>= 8
		for range 8 {
			c <<= 1
			if c&0x1000000 != 0 {
				c ^= 0x1974f0b
			}
		}
	}
	return c & 0xffffff
}
