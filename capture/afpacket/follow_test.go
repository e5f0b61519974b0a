//go:build linux

package afpacket

import (
	"fmt"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/wirespan/wirespan/capture"
)

// await polls until a condition holds.
func await(t testing.TB, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(10 * time.Second); !ok(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("waited in vain: %s", what)
		}
	}
}

func present(t testing.TB, s *Source, name string, want bool) func() bool {
	return func() bool {
		list, err := s.Interfaces()
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range list {
			if p.Interface == name {
				return p.Present == want && (!want || p.Up)
			}
		}
		return !want
	}
}

// TestInterfaceGoesAndComes takes an interface down and up, deletes it and
// makes it again: capturing goes on, the point stays, counters do not go back.
func TestInterfaceGoesAndComes(t *testing.T) {
	t.Parallel()
	for _, rings := range []int{1, 2} {
		for _, dev := range []string{"near", Any} {
			t.Run(fmt.Sprintf("%s, %d rings", dev, rings), func(t *testing.T) { goesAndComes(t, dev, rings) })
		}
	}
}

func goesAndComes(t *testing.T, dev string, rings int) {
	l := newLab(t)
	c := l.config(dev)
	c.Direction = capture.DirIn
	sources, _, err := OpenFanout(t.Context(), c, rings)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		for _, s := range sources {
			_ = s.Close()
		}
	}()
	total := 0
	pass := func(word string) {
		t.Helper()
		l.sendUDP(l.farNS, nearIP, 9, 5, marked(word, 60))
		n := 0
		for _, s := range sources {
			for _, p := range collect(t, s) {
				if p.point != "near" && strings.Contains(string(p.data), word) {
					t.Errorf("%s: at point %q", word, p.point)
				}
				n += holds([]got{p}, word)
			}
		}
		if n != 5 {
			t.Errorf("%s: %d packets, want 5", word, n)
		}
		total += n
	}
	pass("first")
	l.run("ip", "-n", l.near, "link", "set", "near", "down")
	for _, s := range sources {
		if ps := collect(t, s); holds(ps, "first") != 0 {
			t.Error("packets from an interface that is down")
		}
	}
	l.run("ip", "-n", l.near, "link", "set", "near", "up")
	l.running(l.near, "near")
	pass("flap")
	l.run("ip", "-n", l.near, "link", "del", "near")
	if dev != Any {
		await(t, "near is gone", present(t, sources[0], "near", false))
	}
	for _, s := range sources {
		collect(t, s)
	}
	l.veth()
	if dev != Any {
		await(t, "near is back", present(t, sources[0], "near", true))
	}
	pass("again")
	for _, p := range sources[0].Points() {
		if dev != Any && p.Name != "near" {
			t.Errorf("points %v", sources[0].Points())
		}
	}
	var received uint64
	for _, s := range sources {
		received += stats(t, s).Received
	}
	if received < uint64(total) {
		t.Errorf("%d packets received, %d delivered: rings of before are forgotten", received, total)
	}
}

// pair makes a veth pair in the near namespace; the other end has no address.
func (l *lab) pair(dev, addr string) {
	l.t.Helper()
	l.run("ip", "-n", l.near, "link", "add", dev, "type", "veth", "peer", "name", "x"+dev)
	l.run("ip", "-n", l.near, "addr", "add", addr, "dev", dev)
	l.run("ip", "-n", l.near, "link", "set", "x"+dev, "up")
	l.run("ip", "-n", l.near, "link", "set", dev, "up")
	l.running(l.near, dev)
}

func TestWaitForInterface(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	c := l.config("later0")
	c.Wait = true
	s := l.source(c)
	if ps := collect(t, s); len(ps) != 0 {
		t.Errorf("%d packets from nowhere", len(ps))
	}
	l.pair("later0", "192.0.2.1/24")
	await(t, "later0 is captured", present(t, s, "later0", true))
	l.run("ip", "-n", l.near, "neigh", "add", "192.0.2.9", "lladdr", "02:00:00:00:00:09", "dev", "later0")
	l.sendUDP(l.nearNS, "192.0.2.9", 9, 3, marked("waited", 30))
	if n := holds(collect(t, s), "waited-"); n != 3 {
		t.Errorf("%d packets", n)
	}
}

func TestFollow(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	c := l.config("near")
	c.Follow = func(i Interface) bool { return strings.HasPrefix(i.Name, "dum") }
	c.PointName = func(name string) string { return "host:" + name }
	s := l.source(c)
	for n := range 3 {
		dev := fmt.Sprintf("dum%d", n)
		l.pair(dev, fmt.Sprintf("192.0.2.%d/30", 4*n+1))
		l.run("ip", "-n", l.near, "neigh", "add", fmt.Sprintf("192.0.2.%d", 4*n+2), "lladdr", "02:00:00:00:00:09", "dev", dev)
		await(t, dev+" is captured", present(t, s, dev, true))
		l.sendUDP(l.nearNS, fmt.Sprintf("192.0.2.%d", 4*n+2), 9, 3, marked(dev, 30))
	}
	l.run("ip", "-n", l.near, "link", "add", "br7", "type", "bridge")
	points := make(map[string]int)
	for _, p := range collect(t, s) {
		for n := range 3 {
			dev := fmt.Sprintf("dum%d", n)
			if holds([]got{p}, dev) == 1 {
				points[dev+" at "+p.point]++
			}
		}
	}
	for n := range 3 {
		if key := fmt.Sprintf("dum%d at host:dum%d", n, n); points[key] != 3 {
			t.Errorf("%v", points)
		}
	}
	if len(s.Points()) != 4 {
		t.Errorf("points %v: one was not to be followed", s.Points())
	}
}

// TestManyInterfacesShareMemory: rings get smaller, not more.
func TestManyInterfacesShareMemory(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	var names []string
	for n := range 10 {
		names = append(names, fmt.Sprintf("dum%d", n))
		l.pair(names[n], fmt.Sprintf("192.0.2.%d/30", 4*n+1))
	}
	c := l.config(names...)
	c.BlockSize, c.Blocks, c.MaxMemory = 64<<10, 16, 40*64<<10
	s := l.source(c)
	s.group.mu.Lock()
	memory := s.group.memory
	s.group.mu.Unlock()
	if memory > c.MaxMemory || memory < c.MaxMemory/2 {
		t.Errorf("%d bytes of %d are used", memory, c.MaxMemory)
	}
	d := s.Degraded()
	if len(d) != 10 || d[0].Option != "ring size" {
		t.Errorf("degraded: %v", d)
	}
}

func TestInterfaces(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	l.run("ip", "-n", l.near, "link", "add", "br0", "up", "type", "bridge")
	l.run("ip", "-n", l.near, "link", "add", "p0", "up", "type", "veth", "peer", "name", "p1")
	l.run("ip", "-n", l.near, "link", "set", "p1", "up", "master", "br0")
	l.run("ip", "-n", l.near, "link", "add", "down0", "type", "veth", "peer", "name", "down1")
	l.run("ip", "-n", l.near, "link", "set", "near", "promisc", "on")
	l.running(l.near, "p0")
	list, err := Interfaces(l.near)
	if err != nil {
		t.Fatal(err)
	}
	by := make(map[string]Interface)
	for _, i := range list {
		by[i.Name] = i
	}
	lo, near, p1 := by["lo"], by["near"], by["p1"]
	if !lo.Up() || !lo.Loopback() || lo.Index != 1 || len(lo.Addrs) == 0 || lo.Hardware != hwLoopback {
		t.Errorf("lo: %+v", lo)
	}
	if near.Kind != "veth" || !near.Promiscuous() || near.MTU != 1500 || near.Link != capture.LinkEthernet || near.Lower != 0 ||
		len(near.Addrs) < 2 || near.Addrs[0].String() != nearIP+"/24" || !near.Running() {
		t.Errorf("near: %+v", near)
	}
	if p1.MasterName != "br0" || p1.MasterKind != "bridge" || p1.Master != by["br0"].Index {
		t.Errorf("p1: %+v", p1)
	}
	var useful []string
	for _, i := range Useful(list) {
		useful = append(useful, i.Name)
	}
	// p1 belongs to the bridge, down0 is down.
	if got := strings.Join(useful, " "); got != "lo near br0 p0" && got != "lo br0 p0 near" {
		t.Errorf("useful: %s", got)
	}
	if _, err := Interfaces("/proc/self/no-such/net"); err == nil {
		t.Error("a namespace that is not there")
	}
	if list, err := Interfaces("/proc/self/ns/net"); err != nil || len(list) == 0 {
		t.Errorf("%v, %v", list, err)
	}
}

// TestRawDevice captures on a tun device: no link header.
func TestRawDevice(t *testing.T) {
	l := newLab(t)
	if out, err := exec.Command("ip", "-n", l.near, "tuntap", "add", "tun0", "mode", "tun").CombinedOutput(); err != nil {
		t.Skipf("no tun devices: %s", out)
	}
	l.run("ip", "-n", l.near, "addr", "add", "192.0.2.1/24", "dev", "tun0")
	l.run("ip", "-n", l.near, "link", "set", "tun0", "up")
	s := l.source(l.config("tun0"))
	if links := s.group.links(); len(links) != 1 || links[0] != capture.LinkRaw {
		t.Errorf("link types %v", links)
	}
}

// TestTunnelDevice sends through an IPIP tunnel: on its device, packets begin
// with the inner header in both directions.
func TestTunnelDevice(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	for _, e := range []struct{ ns, local, remote, addr string }{{l.near, nearIP, farIP, "192.0.2.1"}, {l.far, farIP, nearIP, "192.0.2.2"}} {
		if out, err := exec.Command("ip", "-n", e.ns, "link", "add", "tun7", "type", "ipip", "local", e.local, "remote", e.remote).CombinedOutput(); err != nil {
			t.Skipf("no IPIP tunnels: %s", out)
		}
		l.run("ip", "-n", e.ns, "addr", "add", e.addr+"/24", "dev", "tun7")
		l.run("ip", "-n", e.ns, "link", "set", "tun7", "up")
	}
	s := l.source(l.config("tun7"))
	l.sendUDP(l.nearNS, "192.0.2.2", 9, 3, marked("out", 30))
	l.sendUDP(l.farNS, "192.0.2.1", 9, 3, marked("in", 30))
	dirs := make(map[capture.Direction]int)
	for _, p := range collect(t, s) {
		if p.Link != capture.LinkRaw || p.data[0]>>4 != 4 || p.data[9] != 17 && p.data[9] != 1 {
			t.Errorf("link %d, % x", p.Link, p.data[:20])
		}
		if p.data[9] == 17 {
			dirs[p.Dir]++
		}
	}
	if dirs[capture.DirIn] != 3 || dirs[capture.DirOut] != 3 {
		t.Errorf("directions %v", dirs)
	}
}

// TestBridgeShowsItsMembers: frames from one member to another pass the bridge
// itself only while it is promiscuous, which it is made for us alone.
func TestBridgeShowsItsMembers(t *testing.T) {
	t.Parallel()
	l, other := newLab(t), newLab(t)
	l.run("ip", "-n", l.near, "link", "add", "br0", "type", "bridge")
	l.run("ip", "-n", l.near, "addr", "flush", "dev", "near")
	l.run("ip", "-n", l.near, "link", "add", "port", "type", "veth", "peer", "name", "third", "netns", other.near)
	for _, d := range []string{"near", "port"} {
		l.run("ip", "-n", l.near, "link", "set", d, "up", "master", "br0")
	}
	l.run("ip", "-n", l.near, "link", "set", "br0", "up")
	l.run("ip", "-n", other.near, "addr", "flush", "dev", "near")
	l.run("ip", "-n", other.near, "addr", "add", "198.51.100.3/24", "dev", "third")
	l.run("ip", "-n", other.near, "link", "set", "third", "up")
	l.running(other.near, "third")
	l.running(l.near, "br0")
	c := l.config("br0")
	c.Promiscuous = false
	s := l.source(c)
	l.sendUDP(l.farNS, "198.51.100.3", 9, 5, marked("forwarded", 30))
	if n := holds(collect(t, s), "forwarded-"); n < 5 {
		t.Errorf("%d frames from member to member, want 5", n)
	}
	_ = s.Close()
	list, err := Interfaces(l.near)
	if err != nil {
		t.Fatal(err)
	}
	for _, i := range list {
		if i.Name == "br0" && i.Promiscuous() {
			t.Error("still promiscuous after the end")
		}
	}
}
