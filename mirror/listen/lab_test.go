//go:build linux

package listen

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/wirespan/wirespan/capture"
	"github.com/wirespan/wirespan/capture/netns"
)

var labs atomic.Int32

// lab is an appliance and a sender of mirrors: two network namespaces joined by
// a veth pair.
type lab struct {
	t            testing.TB
	appliance    string
	sender       string
	local, peer  string // addresses of IPv4
	local6, far6 string
}

func newLab(t testing.TB) *lab {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("not root: no network namespaces")
	}
	if _, err := exec.LookPath("ip"); err != nil {
		t.Skip("no ip command (iproute2)")
	}
	n := labs.Add(1)
	l := &lab{
		t: t, appliance: fmt.Sprintf("wsml%da%d", os.Getpid(), n), sender: fmt.Sprintf("wsml%ds%d", os.Getpid(), n),
		local: "198.51.100.1", peer: "198.51.100.2", local6: "2001:db8:5::1", far6: "2001:db8:5::2",
	}
	for _, ns := range []string{l.appliance, l.sender} {
		if out, err := exec.Command("ip", "netns", "add", ns).CombinedOutput(); err != nil {
			t.Skipf("no network namespaces here: %s", out)
		}
		t.Cleanup(func() { _ = exec.Command("ip", "netns", "del", ns).Run() })
		l.ip(ns, "link", "set", "lo", "up")
	}
	l.ip(l.appliance, "link", "add", "mirror", "type", "veth", "peer", "name", "out", "netns", l.sender)
	l.ip(l.appliance, "addr", "add", l.local+"/24", "dev", "mirror")
	l.ip(l.appliance, "addr", "add", l.local6+"/64", "dev", "mirror", "nodad")
	l.ip(l.sender, "addr", "add", l.peer+"/24", "dev", "out")
	l.ip(l.sender, "addr", "add", l.far6+"/64", "dev", "out", "nodad")
	l.ip(l.appliance, "link", "set", "mirror", "up")
	l.ip(l.sender, "link", "set", "out", "up")
	l.settle()
	return l
}

// settle makes both ends know each other, so that no neighbour is looked for
// later, and waits until addresses are in use.
func (l *lab) settle() {
	l.t.Helper()
	mac := func(ns, dev string) string {
		out, err := exec.Command("ip", "netns", "exec", ns, "cat", "/sys/class/net/"+dev+"/address").Output()
		if err != nil {
			l.t.Fatal(err)
		}
		return strings.TrimSpace(string(out))
	}
	m := mac(l.appliance, "mirror")
	l.ip(l.sender, "neigh", "replace", l.local, "lladdr", m, "dev", "out", "nud", "permanent")
	l.ip(l.sender, "neigh", "replace", l.local6, "lladdr", m, "dev", "out", "nud", "permanent")
	l.in(l.sender, func() error {
		var err error
		for end := time.Now().Add(10 * time.Second); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
			var c net.PacketConn
			if c, err = net.ListenPacket("udp6", "["+l.far6+"]:0"); err == nil {
				return c.Close()
			}
		}
		return err
	})
}

func (l *lab) ip(ns string, args ...string) {
	l.t.Helper()
	l.run("ip", append([]string{"-n", ns}, args...)...)
}

func (l *lab) run(name string, args ...string) {
	l.t.Helper()
	if out, err := exec.Command(name, args...).CombinedOutput(); err != nil {
		l.t.Fatalf("%s %s: %v: %s", name, strings.Join(args, " "), err, out)
	}
}

// in runs f in a namespace.
func (l *lab) in(ns string, f func() error) {
	l.t.Helper()
	if err := netns.Do(ns, f); err != nil {
		l.t.Fatal(err)
	}
}

// open starts listeners in the appliance.
func (l *lab) open(change func(*Config), texts ...string) *Source {
	l.t.Helper()
	c := Default()
	c.Netns = l.appliance
	for _, text := range texts {
		s, err := Parse(text)
		if err != nil {
			l.t.Fatal(err)
		}
		c.Listen = append(c.Listen, s)
	}
	if change != nil {
		change(&c)
	}
	s, err := Open(c)
	if err != nil {
		l.t.Fatal(err)
	}
	l.t.Cleanup(func() { _ = s.Close() })
	return s
}

// send sends datagrams from the sender to a port of the appliance.
func (l *lab) send(from uint16, to string, payloads ...[]byte) {
	l.t.Helper()
	l.in(l.sender, func() error {
		c, err := net.DialUDP("udp", &net.UDPAddr{Port: int(from)}, net.UDPAddrFromAddrPort(netip.MustParseAddrPort(to)))
		if err != nil {
			return err
		}
		defer c.Close()
		for _, p := range payloads {
			if _, err := c.Write(p); err != nil && !errors.Is(err, unix.ECONNREFUSED) {
				return err
			}
		}
		return nil
	})
}

// sendIP sends packets of an IP protocol from the sender.
func (l *lab) sendIP(proto int, to string, payloads ...[]byte) {
	l.t.Helper()
	l.in(l.sender, func() error {
		addr := netip.MustParseAddr(to)
		family, sa := unix.AF_INET, unix.Sockaddr(nil)
		if addr.Is4() {
			sa = &unix.SockaddrInet4{Addr: addr.As4()}
		} else {
			family, sa = unix.AF_INET6, &unix.SockaddrInet6{Addr: addr.As16()}
		}
		fd, err := unix.Socket(family, unix.SOCK_RAW|unix.SOCK_CLOEXEC, proto)
		if err != nil {
			return err
		}
		defer unix.Close(fd)
		for _, p := range payloads {
			if err := unix.Sendto(fd, p, 0, sa); err != nil {
				return err
			}
		}
		return nil
	})
}

// got is a packet with bytes of its own.
type got struct {
	capture.Packet
	point string
}

// collect reads until n packets came, or for a while.
func collect(t testing.TB, s *Source, n int) []got {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	var all []got
	batch := make([]capture.Packet, 256)
	for len(all) < n {
		m, err := s.ReadBatch(ctx, batch)
		if err != nil {
			t.Fatalf("%d of %d packets: %v", len(all), n, err)
		}
		for _, p := range batch[:m] {
			p.Data = append([]byte(nil), p.Data...)
			all = append(all, got{p, s.Points()[p.Tap].Name})
		}
	}
	return all
}

// drain reads what is there.
func drain(t testing.TB, s *Source) []got {
	t.Helper()
	var all []got
	batch := make([]capture.Packet, 256)
	for {
		ctx, cancel := context.WithTimeout(context.Background(), 500*time.Millisecond)
		m, err := s.ReadBatch(ctx, batch)
		cancel()
		for _, p := range batch[:m] {
			p.Data = append([]byte(nil), p.Data...)
			all = append(all, got{p, s.Points()[p.Tap].Name})
		}
		if errors.Is(err, context.DeadlineExceeded) {
			return all
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}
