package wire

import (
	"bytes"
	"testing"

	"github.com/wirespan/wirespan/capture"
)

// The innermost frame is that of the last tunnel, whatever came before it, and
// the packet itself without one.
func TestInnermost(t *testing.T) {
	udp := func(dst uint16, b []byte) []byte {
		return append([]byte{0x9c, 0x40, byte(dst >> 8), byte(dst), 0, byte(8 + len(b)), 0, 0}, b...)
	}
	ip := func(proto byte, b []byte) []byte {
		h := make([]byte, 20)
		h[0], h[3], h[8], h[9] = 0x45, byte(20+len(b)), 64, proto
		return append(h, b...)
	}
	inner := ip(ProtoUDP, udp(9999, []byte("data")))
	frame := append(append(make([]byte, 12), 8, 0), inner...)
	ether := func(b []byte) []byte { return append(append(make([]byte, 12), 8, 0), b...) }
	for _, c := range []struct {
		name   string
		packet []byte
		want   []byte
		link   capture.LinkType
	}{
		{"no tunnel", frame, frame, capture.LinkEthernet},
		{"vxlan", ether(ip(ProtoUDP, udp(4789, append([]byte{8, 0, 0, 0, 0, 0, 1, 0}, frame...)))), frame, capture.LinkEthernet},
		{"ipip", ether(ip(protoIPIP, inner)), inner, capture.LinkRaw},
		{"gre", ether(ip(protoGRE, append([]byte{0, 0, 8, 0}, inner...))), inner, capture.LinkRaw},
		{"labels in gre", ether(ip(protoGRE, append([]byte{0, 0, 0x88, 0x47, 0, 1, 1, 64}, inner...))), inner, capture.LinkRaw},
		{"ipip in vxlan", ether(ip(ProtoUDP, udp(4789, append([]byte{8, 0, 0, 0, 0, 0, 1, 0}, ether(ip(protoIPIP, inner))...)))), inner, capture.LinkRaw},
		{"port of vxlan, but none", ether(ip(ProtoUDP, udp(4789, []byte("no tunnel at all here")))), nil, capture.LinkEthernet},
	} {
		d := &Decoder{}
		p := &capture.Packet{Data: c.packet, WireLen: uint32(len(c.packet)), Link: capture.LinkEthernet}
		var f Frame
		if r := d.Decode(p, &f); r != OK {
			t.Errorf("%s: %v", c.name, r)
			continue
		}
		if c.want == nil {
			c.want = c.packet
		}
		data, link, size := d.Innermost(p)
		if !bytes.Equal(data, c.want) || link != c.link || size != len(c.want) {
			t.Errorf("%s: link type %d, %d of %d bytes, want %d and %d: %x", c.name, link, len(data), size, c.link, len(c.want), data)
		}
	}
}
