package dup

import (
	"encoding/binary"
	"math/bits"

	"github.com/wirespan/wirespan/capture/wire"
)

// firstBytes of what is not TCP count: UDP may have no checksum.
const firstBytes = 32

// keyOf hashes what of a packet is the same in all its copies; never 0.
func keyOf(f *wire.Frame) uint64 {
	le := binary.LittleEndian
	h := fold(le.Uint64(f.Src[:8])^uint64(f.TunnelKey)<<32^uint64(f.Tap), le.Uint64(f.Src[8:]))
	h = fold(h^le.Uint64(f.Dst[:8]), le.Uint64(f.Dst[8:])^uint64(f.SrcPort)<<16^uint64(f.DstPort))
	h = fold(h^uint64(f.ID)<<48^uint64(f.Sum)<<32^uint64(f.PayloadLen), uint64(f.Seq)<<32^uint64(f.Ack))
	h = fold(h^uint64(f.TSVal)<<32^uint64(f.TSEcr), uint64(f.Window)<<16^uint64(f.Flags)<<8^uint64(f.Proto))
	if f.Proto != wire.ProtoTCP {
		b := f.Payload[:min(len(f.Payload), firstBytes)]
		for ; len(b) >= 8; b = b[8:] {
			h = fold(h^le.Uint64(b), uint64(len(b)))
		}
		for _, c := range b {
			h = fold(h^uint64(c), 1)
		}
	}
	if h == 0 {
		return 1
	}
	return h
}

// fold multiplies to 128 bits and adds the halves by exclusive or, with the
// constants of wyhash.
func fold(a, b uint64) uint64 {
	hi, lo := bits.Mul64(a^0xa0761d6478bd642f, b^0xe7037ed1a0b428db)
	return hi ^ lo
}
