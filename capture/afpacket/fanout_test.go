//go:build linux

package afpacket

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"strconv"
	"sync"
	"testing"

	"golang.org/x/net/bpf"

	"github.com/wirespan/wirespan/capture"
	"github.com/wirespan/wirespan/capture/cbpf"
	"github.com/wirespan/wirespan/capture/defrag"
	"github.com/wirespan/wirespan/capture/wire"
)

// flowKey names a connection, whichever end a packet comes from.
type flowKey struct {
	a, b   wire.Addr
	ap, bp uint16
	proto  uint8
}

func keyOf(f *wire.Frame) flowKey {
	k := flowKey{f.Src, f.Dst, f.SrcPort, f.DstPort, f.Proto}
	if string(k.b[:])+strconv.Itoa(int(k.bp)) < string(k.a[:])+strconv.Itoa(int(k.ap)) {
		k.a, k.b, k.ap, k.bp = k.b, k.a, k.bp, k.ap
	}
	return k
}

// TestFanoutKeepsConnections makes many connections and looks at which ring
// their packets come out of.
func TestFanoutKeepsConnections(t *testing.T) {
	l := newLab(t)
	for _, dev := range []string{"near", Any, "lo"} {
		t.Run(dev, func(t *testing.T) { fanoutKeeps(t, l, dev, FanoutAuto, FanoutProgram) })
	}
	t.Run("hash", func(t *testing.T) { fanoutKeeps(t, l, "near", FanoutHash, FanoutHash) })
}

func fanoutKeeps(t *testing.T, l *lab, dev string, ask, want FanoutMode) {
	const rings = 3
	c := l.config(dev)
	c.Fanout = ask
	c.BlockSize, c.Blocks = 256<<10, 8
	sources, report, err := OpenFanout(context.Background(), c, rings)
	if err != nil {
		t.Fatal(err)
	}
	if report.Mode == FanoutOne {
		_ = sources[0].Close()
		t.Skipf("the kernel does not spread: %s", report.Reason)
	}
	if report.Mode != want || report.Rings != rings || len(sources) != rings {
		t.Fatalf("%d sources, %+v", len(sources), report)
	}
	seen := make([]map[flowKey]int, rings)
	var wg sync.WaitGroup
	for i, s := range sources {
		seen[i] = make(map[flowKey]int)
		wg.Go(func() { readFlows(t, s, seen[i]) })
	}
	traffic(t, l, dev)
	for _, s := range sources {
		if err := s.Stop(); err != nil {
			t.Error(err)
		}
	}
	wg.Wait()
	flows := make(map[flowKey]int)
	for i, m := range seen {
		if len(m) == 0 {
			t.Errorf("ring %d saw no connection", i)
		}
		for k, n := range m {
			if other, twice := flows[k]; twice {
				t.Errorf("%v:%d-%v:%d is on rings %d and %d (%d packets)", net.IP(k.a[:]), k.ap, net.IP(k.b[:]), k.bp, other, i, n)
			}
			flows[k] = i
		}
	}
	if len(flows) < 150 {
		t.Errorf("%d connections", len(flows))
	}
	for _, s := range sources {
		if st := stats(t, s); st.Drops > 0 {
			t.Errorf("drops: %+v", st)
		}
		_ = s.Close()
	}
}

func readFlows(t *testing.T, s *Source, seen map[flowKey]int) {
	d := wire.NewDecoder(defrag.Default())
	batch := make([]capture.Packet, 128)
	for {
		n, err := s.ReadBatch(context.Background(), batch)
		for i := range batch[:n] {
			var f wire.Frame
			if d.Decode(&batch[i], &f) == wire.OK {
				seen[keyOf(&f)]++
			}
		}
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			t.Error(err)
			return
		}
	}
}

// traffic makes 75 connections and 75 UDP exchanges with fragments, by IPv4
// and IPv6.
func traffic(t *testing.T, l *lab, dev string) {
	t.Helper()
	server, addrs := l.farNS, []string{farIP, "[" + farIP6 + "]"}
	if dev == "lo" {
		server, addrs = l.nearNS, []string{"127.0.0.1", "[::1]"}
	}
	for _, addr := range addrs {
		ln := l.listen(server, addr+":0")
		go func() {
			for {
				c, err := ln.Accept()
				if err != nil {
					return
				}
				go func() {
					_, _ = io.Copy(c, c)
					_ = c.Close()
				}()
			}
		}()
		for range 75 {
			c := l.dial(l.nearNS, ln.Addr().String())
			fmt.Fprint(c, "a request")
			_ = c.(*net.TCPConn).CloseWrite()
			_, _ = io.Copy(io.Discard, c)
			_ = c.Close()
		}
		host, _, _ := net.SplitHostPort(ln.Addr().String())
		for port := range 25 {
			l.sendUDP(l.nearNS, host, 6000+port, 2, marked("small", 50))
			l.sendUDP(l.nearNS, host, 6000+port, 1, marked("in fragments", 4000))
		}
	}
}

// TestSpreadIsSymmetric runs the program as the kernel does: packets that come
// in begin with the network header, those that go out with the link header.
func TestSpreadIsSymmetric(t *testing.T) {
	program := spread(capture.LinkEthernet)
	if len(program) > cbpf.MaxInstructions || len(program) > 300 {
		t.Fatalf("%d instructions", len(program))
	}
	rnd := rand.New(rand.NewPCG(1, 2))
	used := make(map[uint32]int)
	for range 3000 {
		p := randomPacket(rnd)
		back := p.reversed()
		want := p.spread(program, false, 0)
		for _, tagged := range []int{0, 1, 2} {
			for i, got := range []uint32{p.spread(program, true, tagged), back.spread(program, false, tagged), back.spread(program, true, tagged), p.spread(program, false, tagged)} {
				if got != want {
					t.Fatalf("%+v: variant %d with %d tags gives %#x, not %#x", p, i, tagged, got, want)
				}
			}
		}
		used[want%4]++
	}
	for ring := range uint32(4) {
		if n := used[ring]; n < 400 {
			t.Errorf("ring %d of 4 gets %d of 3000 connections", ring, n)
		}
	}
}

// TestKernelTakesSpread has the kernel check the programs.
func TestKernelTakesSpread(t *testing.T) {
	l := newLab(t)
	l.in(l.nearNS, func() error {
		for _, link := range []capture.LinkType{capture.LinkEthernet, capture.LinkRaw, capture.LinkSLL2, capture.LinkIEEE80211} {
			fd, err := packetSocket(3)
			if err != nil {
				return err
			}
			if err := attach(fd, spread(link)); err != nil {
				t.Errorf("link type %d: %v", link, err)
			}
		}
		return nil
	})
}

type flowPacket struct {
	v6           bool
	labels       int
	ext          bool
	src, dst     [16]byte
	sport, dport uint16
}

func randomPacket(r *rand.Rand) flowPacket {
	p := flowPacket{v6: r.IntN(2) == 0, sport: uint16(r.Uint32()), dport: uint16(80 + r.IntN(3)), labels: max(0, r.IntN(6)-3), ext: r.IntN(4) == 0}
	for i := range 16 {
		p.src[i], p.dst[i] = byte(r.Uint32()), byte(r.Uint32())
	}
	return p
}

func (p flowPacket) reversed() flowPacket {
	p.src, p.dst, p.sport, p.dport = p.dst, p.src, p.dport, p.sport
	return p
}

// spread runs the program over the packet, with VLAN tags of which one is
// stripped on its way in.
func (p flowPacket) spread(program []bpf.RawInstruction, out bool, tags int) uint32 {
	var b []byte
	typ := uint16(0x0800)
	if p.v6 {
		typ = 0x86dd
	}
	put16 := func(v uint16) { b = append(b, byte(v>>8), byte(v)) }
	if p.labels > 0 {
		typ = 0x8847
	}
	meta := cbpf.Meta{}
	inBand := tags
	if out {
		meta.PktType = 4
		b = append(b, make([]byte, 12)...)
	} else if tags > 0 {
		inBand--
	}
	types := make([]uint16, 0, 3)
	for range inBand {
		types = append(types, 0x8100)
	}
	types = append(types, typ)
	if out {
		put16(types[0])
	} else {
		meta.Protocol = types[0]
	}
	for _, next := range types[1:] {
		put16(0x4000 | 0x123) // a priority that looks like the version of IPv4
		put16(next)
	}
	for i := range p.labels {
		bottom := byte(0)
		if i == p.labels-1 {
			bottom = 1
		}
		b = append(b, 1, 2, 0x30|bottom, 64)
	}
	b = append(b, p.ip()...)
	return cbpf.Run(program, b, &meta)
}

func (p flowPacket) ip() []byte {
	tcp := []byte{byte(p.sport >> 8), byte(p.sport), byte(p.dport >> 8), byte(p.dport), 0, 0, 0, 0, 0, 0, 0, 0, 0x50, 0, 0, 0, 0, 0, 0, 0}
	if p.v6 {
		b := make([]byte, 40)
		b[0], b[6] = 0x60, 6
		copy(b[8:], p.src[:])
		copy(b[24:], p.dst[:])
		if p.ext {
			b[6] = 0
			b = append(b, 6, 0, 1, 4, 0, 0, 0, 0)
		}
		return append(b, tcp...)
	}
	b := make([]byte, 20)
	b[0], b[9] = 0x45, 6
	copy(b[12:], p.src[:4])
	copy(b[16:], p.dst[:4])
	if p.ext { // options
		b[0] = 0x46
		b = append(b, 1, 1, 1, 1)
	}
	return append(b, tcp...)
}

// TestSpreadWithoutPorts: what may come in fragments or in a tunnel goes by
// addresses alone.
func TestSpreadWithoutPorts(t *testing.T) {
	program := spread(capture.LinkEthernet)
	meta := cbpf.Meta{Protocol: 0x0800}
	base := frameUDP(nearIP, farIP, 1000, 4789, "vxlan")[14:]
	other := frameUDP(farIP, nearIP, 2000, 4789, "vxlan")[14:]
	if a, b := cbpf.Run(program, base, &meta), cbpf.Run(program, other, &meta); a != b {
		t.Errorf("UDP with other ports: %#x and %#x", a, b)
	}
	later := append([]byte(nil), base...)
	later[6], later[7] = 0, 185
	if a, b := cbpf.Run(program, base, &meta), cbpf.Run(program, later, &meta); a != b {
		t.Errorf("fragments: %#x and %#x", a, b)
	}
	if got := cbpf.Run(program, []byte{0, 1}, &cbpf.Meta{Protocol: 0x0806}); got != 0 {
		t.Errorf("ARP goes to %d", got)
	}
}

func TestChooseFanout(t *testing.T) {
	if mode, reason := chooseFanout(nil, FanoutHash, 2, kernel{4, 4}); mode != FanoutOne || reason == "" {
		t.Errorf("%v %q: the hash of 4.4 is not symmetric", mode, reason)
	}
	if mode, reason := chooseFanout(nil, FanoutAuto, 1, kernel{6, 1}); mode != FanoutOne || reason != "" {
		t.Errorf("%v %q for one reader", mode, reason)
	}
	if mode, reason := chooseFanout(nil, FanoutOne, 4, kernel{6, 1}); mode != FanoutOne || reason != "" {
		t.Errorf("%v %q when one ring was asked for", mode, reason)
	}
}
