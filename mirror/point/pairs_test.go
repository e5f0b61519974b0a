package point

import (
	"testing"

	"github.com/wirespan/wirespan/capture/wire"
)

// conn gives the packets of a connection, client to server and back.
func conn(i int, syn bool) (forth, back wire.Frame) {
	forth = wire.Frame{
		Proto: wire.ProtoTCP, Src: wire.Addr{14: byte(i >> 8), 15: byte(i)}, Dst: wire.Addr{0: 1},
		SrcPort: uint16(30000 + i), DstPort: 80, Flags: wire.ACK,
	}
	back = forth
	back.Src, back.Dst, back.SrcPort, back.DstPort = forth.Dst, forth.Src, forth.DstPort, forth.SrcPort
	if syn {
		forth.Flags, back.Flags = wire.SYN, wire.SYN|wire.ACK
	}
	return forth, back
}

func look(p *Pairs, f wire.Frame, at ...uint16) {
	for _, tap := range at {
		f.Tap = tap
		p.Look(&f)
	}
}

// TestPairs finds a tap of two ports, from handshakes and without them, and
// nothing where points are whole.
func TestPairs(t *testing.T) {
	for _, c := range []struct {
		name        string
		syn         bool
		conns       int
		packets     int
		forth, back []uint16
		want        []Half
	}{
		{"two ports", true, 20, 1, []uint16{1}, []uint16{2}, []Half{{1, 2, 20}}},
		{"without handshakes", false, 20, 200, []uint16{1}, []uint16{2}, []Half{{1, 2, 20}}},
		{"one port", true, 20, 1, []uint16{1}, []uint16{1}, nil},
		{"the same at two ports", true, 20, 1, []uint16{1, 2}, []uint16{1, 2}, nil},
		{"too few", true, 5, 1, []uint16{1}, []uint16{2}, nil},
		{"a whole one beside them", true, 20, 1, []uint16{0, 1}, []uint16{0, 2}, []Half{{1, 2, 20}}},
		{"one direction only", true, 20, 1, []uint16{1}, nil, nil},
		{"beyond the points that are looked at", true, 20, 1, []uint16{64}, []uint16{65}, nil},
	} {
		p := &Pairs{}
		for range c.packets {
			for i := range c.conns {
				forth, back := conn(i, c.syn)
				look(p, forth, c.forth...)
				look(p, back, c.back...)
			}
		}
		for range 2 { // asking twice counts nothing twice
			got := p.Found()
			if len(got) != len(c.want) || len(got) > 0 && got[0] != c.want[0] {
				t.Errorf("%s: %v, want %v", c.name, got, c.want)
			}
		}
	}
}

// TestPairsMany has more connections than are remembered.
func TestPairsMany(t *testing.T) {
	p := &Pairs{}
	for i := range 60_000 {
		forth, back := conn(i, true)
		look(p, forth, 3)
		look(p, back, 4)
	}
	got := p.Found()
	if len(got) != 1 || got[0].A != 3 || got[0].B != 4 || got[0].Conns < 55_000 {
		t.Errorf("%v", got)
	}
}
