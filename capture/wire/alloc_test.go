package wire

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wirespan/wirespan/capture"
	"github.com/wirespan/wirespan/capture/defrag"
)

// TestNoAllocation runs every literal of the table, and a datagram in two
// fragments once the Assembler is warm.
func TestNoAllocation(t *testing.T) {
	var packets []capture.Packet
	for _, c := range append(cases, tunnelCases...) {
		packets = append(packets, packet(t, c.link, c.hex))
	}
	packets = append(packets, packet(t, capture.LinkIPv4, fragFirst), packet(t, capture.LinkIPv4, fragLast))
	d := NewDecoder(defrag.Default())
	var f Frame
	n := testing.AllocsPerRun(100, func() {
		for i := range packets {
			d.Decode(&packets[i], &f)
			f.Hash()
		}
	})
	if n != 0 {
		t.Errorf("%v allocations per run, want 0", n)
	}
}

// TestNothingStale decodes each packet into a fresh Frame and into one that
// held each of the others: both must be equal.
func TestNothingStale(t *testing.T) {
	var filled Frame
	for _, before := range append(cases, tunnelCases...) {
		for _, c := range append(cases, tunnelCases...) {
			if c.want != OK {
				continue
			}
			d := NewDecoder(defrag.Default())
			p, q := packet(t, before.link, before.hex), packet(t, c.link, c.hex)
			q.Time, q.Tap = 5, 6
			p.VLAN, p.Dir = 7, capture.DirIn
			d.Decode(&p, &filled)
			filled.Truncated, filled.Fragments, filled.WScale, filled.HasTS = true, 9, 9, true
			filled.MSS, filled.TSVal, filled.Flags, filled.Window = 9, 9, 9, 9
			filled.Tunnel = Tunnel{Kind: VXLAN, HasID: true, ID: 3, Src: Addr{1}, Dst: Addr{2}}
			var fresh Frame
			d.Decode(&q, &filled)
			d.Decode(&q, &fresh)
			if diff := cmp.Diff(fresh, filled); diff != "" {
				t.Errorf("%s after %s: %s", c.name, before.name, diff)
			}
		}
	}
}
