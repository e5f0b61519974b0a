package point

import (
	"encoding/binary"
	"sort"

	"github.com/wirespan/wirespan/capture/wire"
)

// Bounds of Pairs.
const (
	pairsConns  = 4096 // connections that are remembered
	pairsPoints = 64   // points that are looked at, the first ones
	// pairsEnough connections must show a pair, and nine of ten of those that
	// each of the two points shows at all.
	pairsEnough = 8
	// everyth packet is looked at: a prime, so that it is not always the request.
	everyth = 31
)

// Half says that of the connections of two points each point shows one
// direction only, and that the other point shows the other one.
type Half struct {
	A, B  uint16 // points, A < B
	Conns uint64 // connections of which this was seen
}

// Pairs finds such points: the two ports of a tap that were not joined. It looks
// at the packets that open TCP connections, and at one in 31 of the others for
// what was open before. It belongs to one goroutine.
type Pairs struct {
	conns [pairsConns]half
	turn  int
	// one[p] counts connections of which p shows one direction only; both[p]
	// those of which it shows both; split[a][b] those of which a and b show one
	// each.
	one, both [pairsPoints]uint64
	split     [pairsPoints][pairsPoints]uint64
}

// half is what was seen of a connection: the points of each direction, as bits.
type half struct {
	hash     uint32
	forth    uint64 // from the lower end to the higher
	back     uint64
	counted  bool
	occupied bool
}

// Look takes note of a packet whose point is known.
func (p *Pairs) Look(f *wire.Frame) {
	if f.Proto != wire.ProtoTCP || f.Tap >= pairsPoints {
		return
	}
	if f.Flags&wire.SYN == 0 {
		if p.turn++; p.turn < everyth {
			return
		}
		p.turn = 0
	}
	h, forth := connection(f)
	c := &p.conns[h>>8&(pairsConns-1)]
	if !c.occupied || c.hash != h {
		p.settle(c)
		*c = half{hash: h, occupied: true}
	}
	if forth {
		c.forth |= 1 << f.Tap
	} else {
		c.back |= 1 << f.Tap
	}
}

// settle counts a connection.
func (p *Pairs) settle(c *half) {
	if !c.occupied || c.counted {
		return
	}
	c.counted = true
	for a := range pairsPoints {
		bit := uint64(1) << a
		forth, back := c.forth&bit != 0, c.back&bit != 0
		if forth && back {
			p.both[a]++
		}
		if forth == back {
			continue
		}
		p.one[a]++
		for b := a + 1; b < pairsPoints; b++ {
			other := uint64(1) << b
			if forth && c.back&other != 0 && c.forth&other == 0 || back && c.forth&other != 0 && c.back&other == 0 {
				p.split[a][b]++
			}
		}
	}
}

// Found lists the pairs that are beyond doubt, those with most connections
// first. Connections that are still remembered count as they are now, and not
// again later.
func (p *Pairs) Found() []Half {
	for i := range p.conns {
		if c := &p.conns[i]; c.forth != 0 && c.back != 0 {
			p.settle(c)
		}
	}
	var list []Half
	for a := range pairsPoints {
		for b := a + 1; b < pairsPoints; b++ {
			n := p.split[a][b]
			if n >= pairsEnough && p.nearlyAll(n, a) && p.nearlyAll(n, b) {
				list = append(list, Half{uint16(a), uint16(b), n})
			}
		}
	}
	sort.SliceStable(list, func(i, j int) bool { return list[i].Conns > list[j].Conns })
	return list
}

func (p *Pairs) nearlyAll(n uint64, point int) bool {
	return n*10 >= (p.one[point]+p.both[point])*9
}

// connection hashes the ends of a packet's connection, and tells the direction.
func connection(f *wire.Frame) (hash uint32, forth bool) {
	a, b := end(&f.Src, f.SrcPort), end(&f.Dst, f.DstPort)
	forth = a < b
	if !forth {
		a, b = b, a
	}
	h := fold(a, b)
	return uint32(h ^ h>>32), forth
}

func end(a *wire.Addr, port uint16) uint64 {
	le := binary.LittleEndian
	return fold(le.Uint64(a[:8])^uint64(port)<<17, le.Uint64(a[8:])^uint64(port))
}
