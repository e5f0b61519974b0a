//go:build linux

package afpacket

import (
	"testing"
	"time"

	"github.com/wirespan/wirespan/capture"
)

// TestSeenOnSeveralInterfaces captures a bridge, its port and the veth behind
// it: three sightings of each packet, one of which is kept.
func TestSeenOnSeveralInterfaces(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	l.run("ip", "-n", l.near, "link", "add", "br0", "type", "bridge")
	l.run("ip", "-n", l.near, "addr", "flush", "dev", "near")
	l.run("ip", "-n", l.near, "link", "set", "near", "master", "br0")
	l.run("ip", "-n", l.near, "addr", "add", nearIP+"/24", "dev", "br0")
	l.run("ip", "-n", l.near, "link", "set", "br0", "up")
	l.running(l.near, "br0")
	for _, c := range []struct {
		interfaces []string
		window     time.Duration
		want       int
	}{
		{[]string{"near", "br0"}, 0, 40},
		{[]string{"near", "br0"}, 5 * time.Millisecond, 20},
		{[]string{Any}, 0, 40},
		{[]string{Any}, 5 * time.Millisecond, 20},
	} {
		cfg := l.config(c.interfaces...)
		cfg.Duplicates = c.window
		s := l.source(cfg)
		l.sendUDP(l.farNS, nearIP, 9, 20, marked("bridged", 40))
		n := 0
		for _, p := range collect(t, s) {
			if p.Dir == capture.DirIn && holds([]got{p}, "bridged-") == 1 && len(p.data) < 14+20+28+8+45 {
				n++
			}
		}
		if n != c.want {
			t.Errorf("%v within %v: %d, want %d", c.interfaces, c.window, n, c.want)
		}
		if st := stats(t, s); c.window > 0 && (st.Duplicates < 20 || len(s.Points()) != 1) {
			t.Errorf("%v: %d duplicates, points %v", c.interfaces, st.Duplicates, s.Points())
		}
		_ = s.Close()
	}
}

// TestRetransmissionIsKept: what comes again on the same interfaces is a
// retransmission, even within the window and with an equal identification.
func TestRetransmissionIsKept(t *testing.T) {
	frame := frameUDP(nearIP, farIP, 1, 2, "twelve bytes")
	p := func(at int64) *capture.Packet {
		return &capture.Packet{Data: frame, Time: at, Link: capture.LinkEthernet}
	}
	s := newSightings(time.Millisecond)
	steps := []struct {
		at     int64
		index  int32
		before bool
	}{
		{1000, 2, false},
		{1500, 3, true},
		{1600, 4, true},
		{2000, 2, false},
		{2100, 3, true}, // again on the first: a retransmission, seen on both
		{2200, 3, false},
		{2300, 2, true},       // and once more, read in the other order
		{2_000_000, 4, false}, // too late for a sighting
	}
	for n, c := range steps {
		if got := s.before(p(c.at), c.index); got != c.before {
			t.Errorf("step %d: %v, want %v", n, got, c.before)
		}
	}
	other := append([]byte(nil), frame...)
	other[18] = 7 // identification
	if s.before(&capture.Packet{Data: other, Time: 2_000_001, Link: capture.LinkEthernet}, 5) {
		t.Error("another identification is another packet")
	}
	hop := append([]byte(nil), frame...)
	hop[22]-- // time to live
	if !s.before(&capture.Packet{Data: hop, Time: 2_000_001, Link: capture.LinkEthernet}, 5) {
		t.Error("a forwarded packet is the same")
	}
}

func FuzzPacketKey(f *testing.F) {
	f.Add(uint16(capture.LinkEthernet), frameUDP(nearIP, farIP, 1, 2, "x"))
	f.Add(uint16(capture.LinkRaw), []byte{0x60, 0, 0, 0, 0, 8, 6, 64})
	f.Add(uint16(capture.LinkSLL2), make([]byte, 30))
	f.Fuzz(func(t *testing.T, link uint16, b []byte) {
		p := &capture.Packet{Data: b, Link: capture.LinkType(link)}
		k1, ok1 := packetKey(p)
		k2, ok2 := packetKey(p)
		if k1 != k2 || ok1 != ok2 || ok1 && k1 == 0 {
			t.Fatal(k1, k2, ok1, ok2)
		}
	})
}

// TestReorder: two interfaces that are one point come out in the order of time.
func TestReorder(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	l.run("ip", "-n", l.near, "link", "add", "p0", "type", "veth", "peer", "name", "p1")
	for _, d := range []string{"p0", "p1"} {
		l.run("ip", "-n", l.near, "link", "set", d, "up")
	}
	l.running(l.near, "p0")
	l.running(l.near, "p1")
	c := l.config("p0", "p1")
	c.PointName = func(string) string { return "tap" }
	c.Reorder = 30 * time.Millisecond
	c.Retire = 10 * time.Millisecond
	c.Direction = capture.DirIn
	s := l.source(c)
	a, b := frameUDP(nearIP, farIP, 1, 2, "forth"), frameUDP(farIP, nearIP, 2, 1, "back")
	go func() {
		for range 60 {
			l.sendFrame(l.nearNS, "p0", a)
			l.sendFrame(l.nearNS, "p1", b)
			time.Sleep(time.Millisecond)
		}
	}()
	var last int64
	forth := true
	n := 0
	for _, p := range collect(t, s) {
		if p.point != "tap" || p.Tap != 0 {
			t.Fatalf("point %q", p.point)
		}
		if p.Time < last {
			t.Errorf("%d ns back", last-p.Time)
		}
		last = p.Time
		switch {
		case holds([]got{p}, "forth") == 1 && forth, holds([]got{p}, "back") == 1 && !forth:
			forth = !forth
			n++
		}
	}
	if n != 120 {
		t.Errorf("%d packets in turns, want 120", n)
	}
}
