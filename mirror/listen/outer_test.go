package listen

import (
	"bytes"
	"net/netip"
	"testing"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"
)

// FuzzWrap compares the headers that are written with those that gopacket
// reads, whatever came.
func FuzzWrap(f *testing.F) {
	f.Add([]byte("payload"), []byte("0123456789abcdef"), uint16(1), uint8(64), uint8(0xb8), true)
	f.Add([]byte{}, []byte{1}, uint16(0), uint8(0), uint8(0), false)
	f.Fuzz(func(t *testing.T, payload, addrs []byte, port uint16, ttl, tos uint8, v4 bool) {
		if len(payload) > 2000 {
			return
		}
		e := envelope{v4: v4, ttl: ttl, tos: tos, sport: port, dport: ^port}
		copy(e.src[:], addrs)
		copy(e.dst[:], bytes.ToUpper(addrs))
		if v4 {
			copy(e.src[:], []byte{10: 0xff, 11: 0xff})
			copy(e.dst[:], []byte{10: 0xff, 11: 0xff})
		}
		b := append(make([]byte, headroom), payload...)
		at := e.wrap(b, len(payload))
		first := layers.LayerTypeIPv6
		if v4 {
			first = layers.LayerTypeIPv4
		}
		p := gopacket.NewPacket(b[at:], first, gopacket.NoCopy)
		udp, ok := p.Layer(layers.LayerTypeUDP).(*layers.UDP)
		if !ok || uint16(udp.SrcPort) != port || uint16(udp.DstPort) != ^port || int(udp.Length) != 8+len(payload) || !bytes.Equal(udp.Payload, payload) {
			t.Fatalf("UDP: %+v", udp)
		}
		src, dst := p.NetworkLayer().NetworkFlow().Endpoints()
		for i, ends := range [][2][]byte{{src.Raw(), e.src[:]}, {dst.Raw(), e.dst[:]}} {
			got, _ := netip.AddrFromSlice(ends[0])
			if want, _ := netip.AddrFromSlice(ends[1]); got.Unmap() != want.Unmap() && v4 || !v4 && got != want {
				t.Errorf("address %d: %s, want %s", i, got, want)
			}
		}
		switch ip := p.NetworkLayer().(type) {
		case *layers.IPv4:
			if ip.TTL != ttl || ip.TOS != tos || int(ip.Length) != 28+len(payload) || checksum(b[at:at+ip4Len]) != 0 {
				t.Errorf("IPv4: %+v", ip)
			}
		case *layers.IPv6:
			if ip.HopLimit != ttl || ip.TrafficClass != tos || int(ip.Length) != 8+len(payload) {
				t.Errorf("IPv6: %+v", ip)
			}
		}
	})
}
