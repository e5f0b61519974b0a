package wire

import (
	"fmt"
	"net/netip"
	"testing"

	"github.com/wirespan/wirespan/capture"
	"github.com/wirespan/wirespan/capture/defrag"
)

// describe shows what the table compares.
func describe(f *Frame) string {
	end := func(a Addr, p uint16) netip.AddrPort { return netip.AddrPortFrom(address(a), p) }
	name := map[uint8]string{ProtoTCP: "tcp", ProtoUDP: "udp", ProtoICMP: "icmp", ProtoICMPv6: "icmp"}[f.Proto]
	s := fmt.Sprintf("%v > %v %s len %d", end(f.Src, f.SrcPort), end(f.Dst, f.DstPort), name, f.PayloadLen)
	if f.MSS != 0 {
		s += fmt.Sprintf(" mss %d", f.MSS)
	}
	if f.WScale != 0 {
		s += fmt.Sprintf(" scale %d", f.WScale-1)
	}
	if f.HasTS {
		s += fmt.Sprintf(" ts %d/%d", f.TSVal, f.TSEcr)
	}
	if f.Truncated {
		s += " truncated"
	}
	if f.Fragments != 0 {
		s += fmt.Sprintf(" fragments %d", f.Fragments)
	}
	if f.VLAN != 0 {
		s += fmt.Sprintf(" vlan %d", f.VLAN)
	}
	switch f.Dir {
	case capture.DirIn:
		s += " in"
	case capture.DirOut:
		s += " out"
	}
	if f.Tunnel.Kind != NoTunnel {
		s += " in " + f.Tunnel.Kind.String()
	}
	if f.Tunnel.HasID {
		s += fmt.Sprintf(" %d", f.Tunnel.ID)
	}
	return s
}

func TestDecode(t *testing.T) {
	for _, c := range append(cases, tunnelCases...) {
		t.Run(c.name, func(t *testing.T) {
			d := NewDecoder(defrag.Default())
			p := packet(t, c.link, c.hex)
			var f Frame
			if r := d.Decode(&p, &f); r != c.want {
				t.Fatalf("reason %v, want %v", r, c.want)
			}
			if n := d.Counters()[c.want]; n != 1 {
				t.Errorf("counted %d times", n)
			}
			if c.want != OK {
				return
			}
			if got := describe(&f); got != c.shown {
				t.Errorf("got  %s\nwant %s", got, c.shown)
			}
			if f.Time != p.Time || f.Tap != p.Tap || f.TTL != 64 {
				t.Errorf("time %d, tap %d, ttl %d", f.Time, f.Tap, f.TTL)
			}
			if uint32(len(f.Payload)) != f.PayloadLen {
				t.Errorf("%d bytes of payload, want %d", len(f.Payload), f.PayloadLen)
			}
			if (f.TunnelKey != 0) != (f.Tunnel.Kind != NoTunnel) {
				t.Errorf("tunnel key %d for tunnel %q", f.TunnelKey, f.Tunnel.Kind)
			}
		})
	}
}

// TestEveryCut cuts every packet of the tables at every length, as snaplen
// does: the wire length stays, and what is decoded must agree with the whole.
func TestEveryCut(t *testing.T) {
	for _, c := range append(cases, tunnelCases...) {
		if c.want != OK {
			continue
		}
		p := packet(t, c.link, c.hex)
		whole := p.Data
		var f, all Frame
		NewDecoder(defrag.Default()).Decode(&p, &all)
		for n := range whole {
			p.Data = whole[:n:n]
			d := NewDecoder(defrag.Default())
			r := d.Decode(&p, &f)
			if r == OK && f.TunnelKey == all.TunnelKey && (f.PayloadLen != all.PayloadLen || f.SrcPort != all.SrcPort || len(f.Payload) < len(all.Payload) && !f.Truncated) {
				t.Errorf("%s cut to %d bytes: %s", c.name, n, describe(&f))
			}
			if r == BadHeader || r == BadLength {
				t.Errorf("%s cut to %d bytes: %v", c.name, n, r)
			}
		}
	}
}

func TestFragments(t *testing.T) {
	d := NewDecoder(defrag.Default())
	var f Frame
	last, first := packet(t, capture.LinkIPv4, fragLast), packet(t, capture.LinkIPv4, fragFirst)
	first.Time = last.Time + 1e9
	if r := d.Decode(&last, &f); r != Fragment {
		t.Fatalf("last fragment: %v", r)
	}
	if r := d.Decode(&first, &f); r != OK {
		t.Fatalf("first fragment: %v", r)
	}
	if got, want := describe(&f), "198.51.100.1:40000 > 192.0.2.1:53 udp len 12 fragments 2"; got != want || string(f.Payload) != "0123456789AB" || f.Time != first.Time {
		t.Errorf("got %s %q at %d", got, f.Payload, f.Time)
	}
	// What waits in vain moves to the other counter.
	d.Decode(&first, &f)
	first.Time += 31e9
	plain := first
	d.Decode(&plain, &f)
	d.Flush()
	if c := d.Counters(); c[Fragment] != 1 || c[FragmentLost] != 2 || c[OK] != 1 {
		t.Errorf("counters %v", c)
	}
}

func TestHashIsSymmetric(t *testing.T) {
	var low [64]int
	for i := range 64 * 64 {
		f := Frame{Proto: ProtoTCP, SrcPort: uint16(i), DstPort: 80, Tap: 1, TunnelKey: 7}
		f.Src[15], f.Dst[15], f.Src[10], f.Src[11] = 1, 2, 0xff, 0xff
		back := f
		back.Src, back.Dst, back.SrcPort, back.DstPort = f.Dst, f.Src, f.DstPort, f.SrcPort
		if f.Hash() != back.Hash() {
			t.Fatalf("port %d: %x and %x", i, f.Hash(), back.Hash())
		}
		other := f
		if other.Tap = 2; other.Hash() == f.Hash() {
			t.Errorf("port %d: the capture point does not count", i)
		}
		low[f.Hash()&63]++
	}
	for shard, n := range low {
		if n < 32 || n > 96 { // mean 64, standard deviation 8
			t.Errorf("shard %d has %d of 4096", shard, n)
		}
	}
}

func TestTunnelKeyIgnoresReceiversIDs(t *testing.T) {
	key := func(hex string) uint32 {
		p := packet(t, capture.LinkIPv4, hex)
		var f Frame
		if r := NewDecoder(defrag.Default()).Decode(&p, &f); r != OK {
			t.Fatal(r)
		}
		return f.TunnelKey
	}
	if key(overUDP(2152, "30ff 0020 00000005"+inner4)) != key(overUDP(2152, "30ff 0020 00000006"+inner4)) {
		t.Error("TEIDs differ per direction and must not count")
	}
	if key(overUDP(8472, "0800000000000100"+ethUDP)) == key(overUDP(8472, "0800000000000200"+ethUDP)) {
		t.Error("VNIs must count")
	}
}
