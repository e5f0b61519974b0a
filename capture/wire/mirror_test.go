package wire

import (
	"testing"

	"github.com/wirespan/wirespan/capture"
	"github.com/wirespan/wirespan/capture/defrag"
	"github.com/wirespan/wirespan/capture/tunnel"
)

// TestCutByMirror gives copies that a mirror cut: what is missing counts as cut
// off, as far as the inner IP header says, and never inside of other tunnels,
// where a length beyond the packet is damage.
func TestCutByMirror(t *testing.T) {
	// A segment of TCP with 1000 bytes, of which 4 are left, over IPv4 and IPv6.
	head4 := "4500 0410 0001 0000 4006 0000 c0000201 c0000202 "
	head6 := "6000 0000 03fc 06 40 20010db8000000000000000000000001 20010db8000000000000000000000002 "
	tcpHead := "9c40 0050 00000001 00000002 5018 0400 0000 0000 "
	cut4, cut6 := head4+tcpHead+"41424344", head6+tcpHead+"41424344"
	for _, c := range []struct {
		name, hex string
		whole     uint32
	}{
		{"VXLAN", overUDP(4789, "0800000000000100"+macs+"0800 "+cut4), 1000},
		{"VXLAN with IPv6", overUDP(4789, "0800000000000100"+macs+"86dd "+cut6), 1000},
		{"ERSPAN II", in4("2f", "1000 88be 00000001 1001 0405 00000000 "+macs+"0800 "+cut4), 1000},
		{"ERSPAN III with an IP packet", in4("2f", "1000 22eb 00000001 2001 0405 00000000 0000 0800 "+cut4), 1000},
		{"Geneve", overUDP(6081, "0000 0800 00000300 "+cut4), 1000},
		{"TZSP", overUDP(37008, "0100 0001 01"+macs+"0800 "+cut4), 1000},
		{"VXLAN in Geneve", overUDP(6081, "0000 0800 00000000 "+overUDP(4789, "0800000000000100"+macs+"0800 "+cut4)), 1000},
		{"IP in IP", in4("04", cut4), 4},
		{"IP in IP in VXLAN", overUDP(4789, "0800000000000100"+macs+"0800 "+in4("04", cut4)), 4},
		{"GTP-U", overUDP(2152, "30ff 002c 00000005"+cut4), 4},
		{"plain", cut4, 4},
	} {
		d := NewDecoder(defrag.Default())
		b := unhex(t, c.hex)
		var f Frame
		p := capture.Packet{Data: b, WireLen: uint32(len(b)), Link: capture.LinkIPv4}
		if r := d.Decode(&p, &f); r != OK {
			t.Errorf("%s: %v", c.name, r)
			continue
		}
		if !f.Truncated || f.PayloadLen != c.whole || string(f.Payload) != "ABCD" {
			t.Errorf("%s: %d of %d bytes, truncated %v", c.name, len(f.Payload), f.PayloadLen, f.Truncated)
		}
	}
}

// TestMark tells where a mirror copied a packet, and of the next packet not.
func TestMark(t *testing.T) {
	d := NewDecoder(defrag.Default())
	decode := func(hex string) (Frame, tunnel.Mark) {
		b := unhex(t, hex)
		var f Frame
		p := capture.Packet{Data: b, WireLen: uint32(len(b)), Link: capture.LinkIPv4}
		if r := d.Decode(&p, &f); r != OK {
			t.Fatalf("%s: %v", hex, r)
		}
		return f, d.Mark(&f)
	}
	f, m := decode(in4("2f", "1000 22eb 00000001 2064 0003 00001000 0000 0018 "+ethUDP))
	want := tunnel.Mark{VLAN: 100, Stamp: 0x1000, Way: tunnel.Egress, Unit: tunnel.HundredMicros, Origin: 1 << 32}
	if m != want || f.Tunnel.VLAN != 100 || f.Tunnel.ID != 3 || f.VLAN != 0 {
		t.Errorf("%+v, %+v", m, f.Tunnel)
	}
	tagged := macs + "8100 0005 8100 0007 0800 " + ip4UDP + udpDNS + get // QinQ
	if f, _ = decode(in4("2f", "1000 22eb 00000001 2064 0003 00001000 0000 0018 "+tagged)); f.Tunnel.VLAN != 100 {
		t.Errorf("the tag counts more than what ERSPAN says: %+v", f.Tunnel)
	}
	if f, _ = decode(in4("2f", "1000 22eb 00000001 2000 0003 00001000 0000 0018 "+tagged)); f.Tunnel.VLAN != 7 || f.VLAN != 0 {
		t.Errorf("inner tags of ERSPAN without VLAN: %+v, VLAN %d", f.Tunnel, f.VLAN)
	}
	if f, _ = decode(overUDP(4789, "0800 0000 00000700 "+tagged)); f.Tunnel.VLAN != 7 || f.VLAN != 0 {
		t.Errorf("inner tags of VXLAN: %+v, VLAN %d", f.Tunnel, f.VLAN)
	}
	if f, m = decode(in4("2f", "0000 0800 "+inner4)); m != (tunnel.Mark{}) || f.Tunnel.VLAN != 0 {
		t.Errorf("of GRE: %+v", m)
	}
	if f, m = decode(inner4); m != (tunnel.Mark{}) || f.Tunnel.VLAN != 0 {
		t.Errorf("without tunnel: %+v", m)
	}
	if _, m = decode(overUDP(6081, "0300 0800 00000000 0108 0102 0000000000000007 "+inner4)); m.Origin != 7 {
		t.Errorf("of Geneve: %+v", m)
	}
}
