package point

import (
	"encoding/binary"
	"math/bits"

	"github.com/wirespan/wirespan/capture"
	"github.com/wirespan/wirespan/capture/tunnel"
	"github.com/wirespan/wirespan/capture/wire"
)

// The slots of a Table, and how many of them one key may lie in. There are more
// than points; keys that do not fit are looked up in Names again.
const (
	tableSlots = 1024
	tableWays  = 4
)

// Table finds the points of the packets of one reader. It belongs to one
// goroutine.
type Table struct {
	names  *Names
	plain  []answer // by tap: packets outside of tunnels, without VLAN
	known  []bool
	slots  [tableSlots]slot
	turn   uint32 // which way a new key takes
	others uint64
}

type slot struct {
	key  key
	is   answer
	used bool
}

// NewTable makes the memory of one reader.
func NewTable(n *Names) *Table { return &Table{names: n} }

// Set puts the number of its point into f.Tap, which holds that of the input, an
// index into inputs. mark is what the outermost tunnel says of the place; where
// that tunnel is a mirror's, it leaves the key of f's connection.
func (t *Table) Set(f *wire.Frame, mark tunnel.Mark, inputs []capture.Point) {
	a := t.find(f, mark, inputs)
	f.Tap = a.point
	if a.mirror {
		f.TunnelKey = f.InnerKey
	}
	if a.other {
		t.others++
	}
}

// Others counts the packets of points beyond Config.Max.
func (t *Table) Others() uint64 { return t.others }

func (t *Table) find(f *wire.Frame, mark tunnel.Mark, inputs []capture.Point) answer {
	if f.Tunnel.Kind == tunnel.None && (f.VLAN == 0 || !t.names.vlans) {
		if int(f.Tap) < len(t.known) && t.known[f.Tap] {
			return t.plain[f.Tap]
		}
		return t.meet(f.Tap, inputs)
	}
	k := key{tap: f.Tap, kind: f.Tunnel.Kind, src: f.Tunnel.Src}
	if f.Tunnel.HasID {
		k.id, k.hasID = f.Tunnel.ID, true
	}
	if k.kind == wire.Geneve {
		k.gwlbe = mark.Origin
	}
	if t.names.vlans {
		k.vlan = f.VLAN
	}
	h := k.hash() & (tableSlots - tableWays)
	for i := h; i < h+tableWays; i++ {
		if s := &t.slots[i]; s.used && s.key == k {
			return s.is
		}
	}
	a := t.names.resolve(k, inputOf(k.tap, inputs))
	t.turn++
	t.slots[h+t.turn%tableWays] = slot{k, a, true}
	return a
}

// meet remembers the point of what an input shows outside of tunnels.
func (t *Table) meet(tap uint16, inputs []capture.Point) answer {
	for len(t.known) <= int(tap) {
		t.known, t.plain = append(t.known, false), append(t.plain, answer{})
	}
	t.plain[tap], t.known[tap] = t.names.resolve(key{tap: tap}, inputOf(tap, inputs)), true
	return t.plain[tap]
}

// inputOf gives the point of the source that a packet has.
func inputOf(tap uint16, inputs []capture.Point) *capture.Point {
	if int(tap) < len(inputs) {
		return &inputs[tap]
	}
	return &capture.Point{}
}

func (k *key) hash() uint32 {
	le := binary.LittleEndian
	h := fold(le.Uint64(k.src[:8])^uint64(k.id), le.Uint64(k.src[8:])^uint64(k.tap)<<40^uint64(k.vlan)<<16^uint64(k.kind))
	h = fold(h, k.gwlbe)
	return uint32(h ^ h>>32)
}

// fold multiplies to 128 bits and adds the halves by exclusive or, with the
// constants of wyhash.
func fold(a, b uint64) uint64 {
	hi, lo := bits.Mul64(a^0xa0761d6478bd642f, b^0xe7037ed1a0b428db)
	return hi ^ lo
}
