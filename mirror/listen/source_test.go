//go:build linux

package listen

import (
	"context"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"io"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"
	"golang.org/x/sys/unix"

	"github.com/wirespan/wirespan/capture"
	"github.com/wirespan/wirespan/capture/defrag"
	"github.com/wirespan/wirespan/capture/wire"
)

func unhex(s string) []byte {
	b, err := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
	if err != nil {
		panic(err)
	}
	return b
}

// inner is the frame that is mirrored: a TCP segment with a payload.
func inner(seq int, payload string) []byte { return frame(seq, payload, layers.EthernetTypeIPv4) }

func frame(seq int, payload string, kind layers.EthernetType) []byte {
	eth := &layers.Ethernet{SrcMAC: []byte{2, 0, 0, 0, 0, 1}, DstMAC: []byte{2, 0, 0, 0, 0, 2}, EthernetType: kind}
	ip := &layers.IPv4{Version: 4, TTL: 61, Protocol: layers.IPProtocolTCP, SrcIP: []byte{192, 0, 2, 1}, DstIP: []byte{192, 0, 2, 2}}
	tcp := &layers.TCP{SrcPort: 40000, DstPort: 80, Seq: uint32(seq), ACK: true, PSH: true, Window: 1000}
	_ = tcp.SetNetworkLayerForChecksum(ip)
	b := gopacket.NewSerializeBuffer()
	opt := gopacket.SerializeOptions{FixLengths: true, ComputeChecksums: true}
	if err := gopacket.SerializeLayers(b, opt, eth, ip, tcp, gopacket.Payload(payload)); err != nil {
		panic(err)
	}
	return b.Bytes()
}

func join(parts ...[]byte) []byte {
	var all []byte
	for _, p := range parts {
		all = append(all, p...)
	}
	return all
}

// Headers of tunnels.
var (
	vxlan7    = unhex("0800000000000700")
	geneve9   = unhex("0000655800000900")
	gwlb      = unhex("0800 0800 00000000 0108 0102 00000000 deadbeef 0108 0202 0000000000000001 0108 8301 01020304")
	tzsp      = unhex("0100 0001 0a0142 00 01")
	gtp       = func(size int) []byte { return binary.BigEndian.AppendUint32(unhex("30ff"), uint32(size)<<16)[:4] }
	l2gre     = unhex("00006558")
	nvgre     = unhex("2000655800100001")
	greIP     = unhex("00000800")
	erspan1   = unhex("000088be")
	erspan2   = unhex("1000 88be 00000001 1064 0003 00012345")
	erspan3   = unhex("1000 22eb 00000001 2064 0003 00001000 0000 001d 1400000500000063")
	ethHeader = 14
)

// TestListeners sends every kind over IPv4 and IPv6, and decodes what arrives.
func TestListeners(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	s := l.open(nil, "vxlan", "vxlan=:14789", "vxlan-gpe", "geneve", "tzsp", "gtpu", "gre-udp", "gre", "l2gre", "nvgre", "erspan")
	eth := inner(1, "GET / HTTP/1.1\r\n\r\n")
	ip := eth[ethHeader:]
	gtpu := join(gtp(len(ip)), unhex("00000005"), ip)
	for _, c := range []struct {
		port    string
		payload []byte
		point   string
		kind    wire.TunnelKind
		id      uint32
	}{
		{"4789", join(vxlan7, eth), "vxlan:4789", wire.VXLAN, 7},
		{"14789", join(vxlan7, eth), "vxlan:14789", wire.VXLAN, 7},
		{"4790", join(unhex("0c00000300000800"), eth), "vxlan-gpe:4790", wire.VXLANGPE, 8},
		{"6081", join(geneve9, eth), "geneve:6081", wire.Geneve, 9},
		{"6081", join(gwlb, ip), "geneve:6081", wire.Geneve, 0},
		{"37008", join(tzsp, eth), "tzsp:37008", wire.TZSP, 0},
		{"2152", gtpu, "gtpu:2152", wire.GTPU, 5},
		{"4754", join(l2gre, eth), "gre-udp:4754", wire.L2GRE, 0},
		{"", join(greIP, ip), "gre", wire.GRE, 0},
		{"", join(l2gre, eth), "l2gre", wire.L2GRE, 0},
		{"", join(nvgre, eth), "nvgre", wire.NVGRE, 0x1000},
		{"", join(erspan1, eth), "erspan", wire.ERSPAN1, 0},
		{"", join(erspan2, eth), "erspan", wire.ERSPAN2, 3},
		{"", join(erspan3, eth), "erspan", wire.ERSPAN3, 3},
	} {
		for _, ends := range [][2]string{{l.local, l.peer}, {l.local6, l.far6}} {
			before := time.Now()
			if c.port == "" {
				l.sendIP(protoGRE, ends[0], c.payload)
			} else {
				to := ends[0] + ":" + c.port
				if strings.Contains(ends[0], ":") {
					to = "[" + ends[0] + "]:" + c.port
				}
				l.send(50123, to, c.payload)
			}
			p := collect(t, s, 1)[0]
			if p.point != c.point || p.Link != capture.LinkRaw || int(p.WireLen) != len(p.Data) {
				t.Errorf("%s: point %s, link %d, %d of %d bytes", c.point, p.point, p.Link, len(p.Data), p.WireLen)
			}
			if at := time.Unix(0, p.Time); at.Before(before.Add(-time.Second)) || at.After(time.Now().Add(time.Second)) {
				t.Errorf("%s: time %v", c.point, at)
			}
			var f wire.Frame
			d := wire.NewDecoder(defrag.Default())
			if r := d.Decode(&p.Packet, &f); r != wire.OK {
				t.Errorf("%s: %v: %x", c.point, r, p.Data)
				continue
			}
			if f.Tunnel.Kind != c.kind || f.Tunnel.ID != c.id || string(f.Payload) != "GET / HTTP/1.1\r\n\r\n" || f.TTL != 61 {
				t.Errorf("%s: %+v", c.point, f)
			}
			if addr(f.Tunnel.Src) != ends[1] || addr(f.Tunnel.Dst) != ends[0] {
				t.Errorf("%s: from %s to %s, want %v", c.point, addr(f.Tunnel.Src), addr(f.Tunnel.Dst), ends)
			}
			checkHeaders(t, c.point, p.Data)
		}
	}
	for _, k := range s.Listeners() {
		if k.Foreign != 0 || k.Drops != 0 || k.Packets == 0 || k.Buffer < MinBuffer {
			t.Errorf("%+v", k)
		}
	}
	if d := s.Degraded(); len(d) > 0 {
		t.Errorf("degraded: %v", d)
	}
}

func addr(a wire.Addr) string { return netip.AddrFrom16(a).Unmap().String() }

// checkHeaders compares the outer headers with what gopacket makes of them.
func checkHeaders(t *testing.T, name string, data []byte) {
	t.Helper()
	first := layers.LayerTypeIPv4
	if data[0]>>4 == 6 {
		first = layers.LayerTypeIPv6
	}
	p := gopacket.NewPacket(data, first, gopacket.NoCopy)
	switch ip := p.NetworkLayer().(type) {
	case *layers.IPv4:
		if int(ip.Length) != len(data) || ip.TTL != 64 || checksum(data[:20]) != 0 {
			t.Errorf("%s: outer header %+v", name, ip)
		}
	case *layers.IPv6:
		if int(ip.Length)+40 != len(data) || ip.HopLimit != 64 {
			t.Errorf("%s: outer header %+v", name, ip)
		}
	}
	if udp, ok := p.TransportLayer().(*layers.UDP); ok && (udp.SrcPort != 50123 || int(udp.Length) != len(udp.Payload)+8) {
		t.Errorf("%s: UDP header %+v", name, udp)
	}
}

// TestForeign leaves out what is no mirror.
func TestForeign(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	s := l.open(nil, "vxlan", "erspan")
	l.send(0, l.local+":4789", []byte("hello"), nil, join(vxlan7, inner(1, "x")))
	l.sendIP(protoGRE, l.local, join(l2gre, inner(1, "x")), unhex("0002"), join(erspan2, inner(2, "y")))
	if ps := collect(t, s, 2); len(ps) != 2 {
		t.Errorf("%d packets", len(ps))
	}
	for _, k := range s.Listeners() {
		if k.Foreign != 2 || k.Packets != 1 {
			t.Errorf("%+v", k)
		}
	}
}

// TestLarge receives datagrams beyond a slot, and fragments that the kernel
// puts together, between small ones.
func TestLarge(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	s := l.open(nil, "vxlan", "l2gre")
	sizes := []int{0, 1, 1400, slotRoom - 62, slotRoom - 61, 1946, 4000, 9000, 20000, 60000, 3, 65000, 7}
	var payloads [][]byte
	for i, n := range sizes {
		payloads = append(payloads, join(vxlan7, inner(i, strings.Repeat(string(rune('a'+i)), n))))
	}
	for range 3 { // more than blocks hold in all
		l.send(0, l.local+":4789", payloads...)
		l.send(0, "["+l.local6+"]:4789", payloads...)
		for i, p := range collect(t, s, 2*len(sizes)) {
			want := payloads[i%len(sizes)]
			if int(p.WireLen) != len(p.Data) || !strings.HasSuffix(string(p.Data), string(want)) {
				t.Fatalf("datagram %d: %d of %d bytes", len(want), len(p.Data), p.WireLen)
			}
			checkLengths(t, p.Data)
		}
	}
	l.sendIP(protoGRE, l.local, join(l2gre, inner(1, strings.Repeat("z", 30000))))
	if p := collect(t, s, 1)[0]; len(p.Data) != 20+4+14+20+20+30000 {
		t.Errorf("%d bytes", len(p.Data))
	}
}

func checkLengths(t *testing.T, b []byte) {
	t.Helper()
	total := int(binary.BigEndian.Uint16(b[2:]))
	if b[0]>>4 == 6 {
		total = int(binary.BigEndian.Uint16(b[4:])) + 40
	}
	if total != len(b) {
		t.Errorf("outer header says %d of %d bytes", total, len(b))
	}
}

// TestOverflow fills the smallest buffer there is: what is seen and what the
// kernel counts as dropped is what was sent.
func TestOverflow(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	for _, to := range []string{"4789", ""} {
		s := l.open(func(c *Config) { c.Buffer = MinBuffer }, "vxlan", "l2gre")
		const sent = 500
		var ps [][]byte
		for i := range sent {
			ps = append(ps, join(vxlan7, inner(i, "0123456789")))
			if to == "" {
				ps[i] = join(l2gre, inner(i, "0123456789"))
			}
		}
		if to == "" {
			l.sendIP(protoGRE, l.local, ps...)
		} else {
			l.send(0, l.local+":"+to, ps...)
		}
		seen := len(drain(t, s))
		st, err := s.Stats()
		for end := time.Now().Add(20 * time.Second); uint64(seen)+st.Drops < sent && time.Now().Before(end); {
			seen += len(drain(t, s)) // packets may still be on their way
			st, err = s.Stats()
		}
		if err != nil || st.Drops == 0 || seen == 0 || uint64(seen)+st.Drops != sent || st.Received != sent {
			t.Errorf("to %q: seen %d, %+v, %v", to, seen, st, err)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		if after, _ := s.Stats(); after.Drops != st.Drops {
			t.Errorf("after Close: %+v", after)
		}
	}
}

// TestLend keeps packets over later batches, until all memory is lent.
func TestLend(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	s := l.open(func(c *Config) { c.MaxMemory = MinMemory }, "vxlan")
	const sent = 2000
	go func() {
		var ps [][]byte
		for i := range sent {
			ps = append(ps, join(vxlan7, inner(i, "payload")))
		}
		l.send(0, l.local+":4789", ps...)
	}()
	batch := make([]capture.Packet, 64)
	type held struct {
		data    [][]byte
		release func()
	}
	var all []held
	next, lent := 0, 0
	for next < sent {
		ctx, cancel := context.WithTimeout(context.Background(), 500*time.Millisecond)
		n, err := s.ReadBatch(ctx, batch)
		cancel()
		if errors.Is(err, context.DeadlineExceeded) && len(all) > 0 {
			lent = max(lent, len(all))
			for _, h := range all { // nothing has changed under the loans
				for _, b := range h.data {
					if seq := int(binary.BigEndian.Uint32(b[20+8+8+14+20+4:])); seq != next {
						t.Fatalf("packet %d where %d was", seq, next)
					}
					next++
				}
				h.release()
			}
			all = all[:0]
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		var data [][]byte
		for _, p := range batch[:n] {
			data = append(data, p.Data)
		}
		all = append(all, held{data, s.Lend()})
	}
	st, _ := s.Stats()
	if st.Packets != sent || st.Drops != 0 || st.Freezes == 0 {
		t.Errorf("%+v", st)
	}
}

// TestStop yields what came before, then the end.
func TestStop(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	s := l.open(nil, "vxlan")
	arrive := func() {
		t.Helper()
		l.send(0, l.local+":4789", join(vxlan7, inner(1, "a")))
		if _, err := unix.Poll([]unix.PollFd{{Fd: int32(s.sockets[0].fd), Events: unix.POLLIN}}, 20000); err != nil {
			t.Fatal(err)
		}
	}
	// The kernel takes its time to begin with time stamps; until then packets
	// are stamped when they are read.
	for stamped := false; !stamped; {
		arrive()
		now := time.Now().UnixNano()
		stamped = collect(t, s, 1)[0].Time <= now
	}
	arrive()
	if err := s.Stop(); err != nil {
		t.Fatal(err)
	}
	l.send(0, l.local+":4789", join(vxlan7, inner(2, "b")))
	batch := make([]capture.Packet, 8)
	if n, err := s.ReadBatch(context.Background(), batch); n != 1 || err != nil {
		t.Errorf("%d packets, %v", n, err)
	}
	if n, err := s.ReadBatch(context.Background(), batch); n != 0 || err != io.EOF {
		t.Errorf("%d packets, %v", n, err)
	}
}

// TestClose unblocks a ReadBatch.
func TestClose(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	s := l.open(nil, "vxlan", "gre")
	done := make(chan error)
	go func() {
		_, err := s.ReadBatch(context.Background(), make([]capture.Packet, 8))
		done <- err
	}()
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if err := <-done; err != io.EOF {
		t.Error(err)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}
