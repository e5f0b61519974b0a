package wire

import (
	"encoding/binary"
	"math/bits"
)

// Odd constants with about as many ones as zeros, from wyhash.
const (
	mix0 = 0xa0761d6478bd642f
	mix1 = 0xe7037ed1a0b428db
	mix2 = 0x8ebc6af09c88c6e3
	mix3 = 0x589965cc75374cc3
)

// Hash is equal for both directions of a connection, depends on nothing but
// addresses, ports, protocol, capture point and tunnel key, and is the same in
// every process: it decides the shard. All its bits are equally good.
func (f *Frame) Hash() uint32 {
	a := endpoint(&f.Src, f.SrcPort)
	b := endpoint(&f.Dst, f.DstPort)
	// Sum and product do not change when the ends do.
	rest := uint64(f.TunnelKey)<<32 | uint64(f.Tap)<<8 | uint64(f.Proto)
	h := fold((a+b)^mix2, (a^b)^rest^mix3)
	h = fold(h^rest, mix0)
	return uint32(h ^ h>>32)
}

func endpoint(a *Addr, port uint16) uint64 {
	hi := binary.LittleEndian.Uint64(a[:8])
	lo := binary.LittleEndian.Uint64(a[8:])
	return fold(hi^uint64(port)<<17^mix0, lo^uint64(port)^mix1)
}

// fold multiplies to 128 bits and adds the halves by exclusive or.
func fold(a, b uint64) uint64 {
	hi, lo := bits.Mul64(a, b)
	return hi ^ lo
}

// stackKey adds one tunnel to the key of a stack; never 0.
func stackKey(key uint32, kind TunnelKind, id uint64) uint32 {
	h := fold(uint64(key)<<32^uint64(kind)^mix1, id^mix2)
	return uint32(h^h>>32) | 1
}
