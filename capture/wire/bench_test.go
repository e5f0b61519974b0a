package wire

import (
	"testing"

	"github.com/wirespan/wirespan/capture"
	"github.com/wirespan/wirespan/capture/defrag"
)

func BenchmarkDecode(b *testing.B) {
	for _, bb := range []struct{ name, hex string }{
		{"plain", ethTCP},
		{"vlan", vlanTCP},
		{"vxlan", vxlanTCP},
		{"ipv6", ethTCP6},
		{"udp", ethUDP},
	} {
		b.Run(bb.name, func(b *testing.B) {
			p := packet(b, capture.LinkEthernet, bb.hex)
			d := NewDecoder(defrag.Default())
			var f Frame
			b.ReportAllocs()
			for b.Loop() {
				if r := d.Decode(&p, &f); r != OK {
					b.Fatal(r)
				}
			}
		})
	}
}

func BenchmarkHash(b *testing.B) {
	p := packet(b, capture.LinkEthernet, ethTCP)
	var f Frame
	NewDecoder(defrag.Default()).Decode(&p, &f)
	var sum uint32
	for b.Loop() {
		sum += f.Hash()
	}
	_ = sum
}
