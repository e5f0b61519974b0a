package record

import (
	"encoding/binary"

	"github.com/wirespan/wirespan/capture/wire"
)

// An annex stands in front of a fragment in memory: what was known of the
// datagram when it passed, for the fragments alone do not tell it again when
// their payload is not kept.
//
//	 0     16    32       34       36      37      38      39  40    44    48       52
//	+-----+-----+--------+--------+-------+-------+-------+---+-----+-----+--------+
//	| src | dst | s port | d port | proto | flags | parts | 0 | seq | ack | length |
//	+-----+-----+--------+--------+-------+-------+-------+---+-----+-----+--------+
const annexLen = 52

func appendAnnex(b []byte, f *wire.Frame) []byte {
	b = append(append(b, f.Src[:]...), f.Dst[:]...)
	b = binary.LittleEndian.AppendUint16(b, f.SrcPort)
	b = binary.LittleEndian.AppendUint16(b, f.DstPort)
	b = append(b, f.Proto, f.Flags, f.Fragments, 0)
	b = binary.LittleEndian.AppendUint32(b, f.Seq)
	b = binary.LittleEndian.AppendUint32(b, f.Ack)
	return binary.LittleEndian.AppendUint32(b, f.PayloadLen)
}

// takeAnnex reads an annex into a frame, of which no more is known.
func takeAnnex(b []byte, f *wire.Frame) (rest []byte) {
	*f = wire.Frame{
		Src: wire.Addr(b[:16]), Dst: wire.Addr(b[16:32]),
		SrcPort: binary.LittleEndian.Uint16(b[32:]), DstPort: binary.LittleEndian.Uint16(b[34:]),
		Proto: b[36], Flags: b[37], Fragments: b[38],
		Seq: binary.LittleEndian.Uint32(b[40:]), Ack: binary.LittleEndian.Uint32(b[44:]),
		PayloadLen: binary.LittleEndian.Uint32(b[48:]),
	}
	return b[annexLen:]
}
