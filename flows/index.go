package flows

import (
	"encoding/binary"
	"math/bits"

	"github.com/wirespan/wirespan/capture/wire"
)

// slot is one place of the open-addressed index; id 0 is an empty one.
type slot struct {
	hash uint32
	id   uint32
}

const minSlots = 16

// Odd constants with balanced bits (from wyhash).
const (
	mix0 = 0xa0761d6478bd642f
	mix1 = 0xe7037ed1a0b428db
	mix2 = 0x8ebc6af09c88c6e3
)

func mix(a, b uint64) uint64 {
	hi, lo := bits.Mul64(a, b)
	return hi ^ lo
}

func hashEndpoint(a *wire.Addr, port uint16, seed uint64) uint64 {
	p := uint64(port)
	return mix(binary.LittleEndian.Uint64(a[0:8])^p<<17^seed^mix0, binary.LittleEndian.Uint64(a[8:16])^p*mix2^mix1)
}

// hash is equal for both directions.
func (t *Table) hash(f *wire.Frame) uint32 {
	x := hashEndpoint(&f.Src, f.SrcPort, t.cfg.Seed) + hashEndpoint(&f.Dst, f.DstPort, t.cfg.Seed)
	x = mix(x^uint64(f.Proto)^uint64(f.Tap)<<8^uint64(f.TunnelKey)<<32, mix0)
	return uint32(x ^ x>>32)
}

func (t *Table) hashConn(c *Conn) uint32 {
	x := hashEndpoint(&c.Client.Addr, c.Client.Port, t.cfg.Seed) + hashEndpoint(&c.Server.Addr, c.Server.Port, t.cfg.Seed)
	x = mix(x^uint64(c.Proto)^uint64(c.Point)<<8^uint64(c.state.tunnelKey)<<32, mix0)
	return uint32(x ^ x>>32)
}

// find returns the connection of f and the direction of f in it; nil if there
// is none.
func (t *Table) find(f *wire.Frame, h uint32) (*Conn, uint32, Dir) {
	if len(t.slots) == 0 {
		return nil, 0, 0
	}
	mask := uint32(len(t.slots) - 1)
	for i := h & mask; ; i = (i + 1) & mask {
		sl := t.slots[i]
		if sl.id == 0 {
			return nil, 0, 0
		}
		if sl.hash != h {
			continue
		}
		c := t.conn(sl.id)
		if dir, ok := c.match(f); ok {
			return c, sl.id, dir
		}
	}
}

func (c *Conn) match(f *wire.Frame) (Dir, bool) {
	if c.Proto != f.Proto || c.Point != f.Tap || c.state.tunnelKey != f.TunnelKey {
		return 0, false
	}
	if c.Client.Port == f.SrcPort && c.Server.Port == f.DstPort && c.Client.Addr == f.Src && c.Server.Addr == f.Dst {
		return ToServer, true
	}
	if c.Server.Port == f.SrcPort && c.Client.Port == f.DstPort && c.Server.Addr == f.Src && c.Client.Addr == f.Dst {
		return ToClient, true
	}
	return 0, false
}

// insert adds a connection that is not in the index, at a load of at most 7/8.
func (t *Table) insert(h, id uint32) {
	if t.used++; t.used > len(t.slots)/8*7 {
		t.growIndex()
	}
	t.place(slot{h, id})
}

func (t *Table) place(sl slot) {
	mask := uint32(len(t.slots) - 1)
	i := sl.hash & mask
	for t.slots[i].id != 0 {
		i = (i + 1) & mask
	}
	t.slots[i] = sl
}

func (t *Table) growIndex() {
	old := t.slots
	t.slots = make([]slot, max(minSlots, 2*len(old)))
	for _, sl := range old {
		if sl.id != 0 {
			t.place(sl)
		}
	}
}

// remove takes a connection out of the index and moves later ones of its run
// back, so that no marks of the dead are needed.
func (t *Table) remove(h, id uint32) {
	mask := uint32(len(t.slots) - 1)
	i := h & mask
	for t.slots[i].id != id {
		i = (i + 1) & mask
	}
	t.used--
	for j := i; ; {
		j = (j + 1) & mask
		sl := t.slots[j]
		if sl.id == 0 {
			break
		}
		if (j-sl.hash)&mask >= (j-i)&mask { // its home is not after i
			t.slots[i] = sl
			i = j
		}
	}
	t.slots[i] = slot{}
}
