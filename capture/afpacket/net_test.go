//go:build linux

package afpacket

import (
	"context"
	"errors"
	"fmt"
	"net"
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

var netCount atomic.Int32

// lab is two network namespaces, joined by a veth pair whose ends are called
// near and far. Names are those of this process, so that tests of several
// processes do not meet.
type lab struct {
	t         testing.TB
	near, far string // namespaces
	nearNS    *netns.Namespace
	farNS     *netns.Namespace
}

const (
	nearIP, farIP   = "198.51.100.1", "198.51.100.2"
	nearIP6, farIP6 = "2001:db8:77::1", "2001:db8:77::2"
)

func newLab(t testing.TB) *lab {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("not root: no network namespaces")
	}
	if _, err := exec.LookPath("ip"); err != nil {
		t.Skip("no ip command (iproute2)")
	}
	n := netCount.Add(1)
	l := &lab{t: t, near: fmt.Sprintf("wsaf%dn%d", os.Getpid(), n), far: fmt.Sprintf("wsaf%df%d", os.Getpid(), n)}
	if out, err := exec.Command("ip", "netns", "add", l.near).CombinedOutput(); err != nil {
		t.Skipf("no network namespaces here: %s", out)
	}
	t.Cleanup(func() { _ = exec.Command("ip", "netns", "del", l.near).Run() })
	l.run("ip", "netns", "add", l.far)
	t.Cleanup(func() { _ = exec.Command("ip", "netns", "del", l.far).Run() })
	l.nearNS, l.farNS = l.open(l.near), l.open(l.far)
	for _, ns := range []*netns.Namespace{l.nearNS, l.farNS} {
		l.in(ns, func() error {
			// Addresses are usable at once.
			return os.WriteFile("/proc/sys/net/ipv6/conf/default/accept_dad", []byte("0"), 0)
		})
	}
	l.veth()
	for _, ns := range []string{l.near, l.far} {
		l.run("ip", "-n", ns, "link", "set", "lo", "up")
	}
	return l
}

// veth makes the pair, which a test may delete and make again.
func (l *lab) veth() {
	l.run("ip", "-n", l.near, "link", "add", "near", "type", "veth", "peer", "name", "far", "netns", l.far)
	for _, e := range []struct{ ns, dev, ip, ip6 string }{{l.near, "near", nearIP, nearIP6}, {l.far, "far", farIP, farIP6}} {
		l.run("ip", "-n", e.ns, "addr", "add", e.ip+"/24", "dev", e.dev)
		l.run("ip", "-n", e.ns, "addr", "add", e.ip6+"/64", "dev", e.dev, "nodad")
		l.run("ip", "-n", e.ns, "link", "set", e.dev, "up")
	}
	l.running(l.near, "near")
	l.running(l.far, "far")
}

// running waits until an interface is in operation, so that no neighbour
// discovery is lost.
func (l *lab) running(ns, dev string) {
	l.t.Helper()
	for end := time.Now().Add(10 * time.Second); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		list, err := Interfaces(ns)
		if err != nil {
			l.t.Fatal(err)
		}
		for _, i := range list {
			if i.Name == dev && i.Running() {
				return
			}
		}
	}
	l.t.Fatalf("%s does not come up", dev)
}

func (l *lab) open(name string) *netns.Namespace {
	ns, err := netns.Open(name)
	if err != nil {
		l.t.Fatal(err)
	}
	l.t.Cleanup(ns.Close)
	return ns
}

func (l *lab) run(name string, args ...string) {
	l.t.Helper()
	if out, err := exec.Command(name, args...).CombinedOutput(); err != nil {
		l.t.Fatalf("%s %s: %v: %s", name, strings.Join(args, " "), err, out)
	}
}

// config captures on the near end.
func (l *lab) config(interfaces ...string) Config {
	c := Default()
	c.Netns, c.Interfaces = l.near, interfaces
	c.BlockSize, c.Blocks = 128<<10, 32
	return c
}

func (l *lab) source(c Config) *Source {
	l.t.Helper()
	s, err := Open(context.Background(), c)
	if err != nil {
		l.t.Fatal(err)
	}
	l.t.Cleanup(func() { _ = s.Close() })
	return s
}

// in runs f in a namespace.
func (l *lab) in(ns *netns.Namespace, f func() error) {
	l.t.Helper()
	if err := ns.Do(f); err != nil {
		l.t.Fatal(err)
	}
}

// sendUDP sends n datagrams with the payloads that make builds.
func (l *lab) sendUDP(from *netns.Namespace, to string, port, n int, build func(i int) []byte) {
	l.t.Helper()
	l.in(from, func() error {
		ip := net.ParseIP(to)
		family, sa := unix.AF_INET6, unix.Sockaddr(&unix.SockaddrInet6{Port: port, Addr: [16]byte(ip.To16())})
		if v4 := ip.To4(); v4 != nil {
			family, sa = unix.AF_INET, &unix.SockaddrInet4{Port: port, Addr: [4]byte(v4)}
		}
		fd, err := unix.Socket(family, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
		if err != nil {
			return err
		}
		defer unix.Close(fd)
		for i := range n {
			err := unix.Sendto(fd, build(i), 0, sa)
			if err != nil && !errors.Is(err, unix.ECONNREFUSED) { // nobody listens, which the last one told
				return err
			}
		}
		return nil
	})
}

// sendFrame puts frames on the wire as they are.
func (l *lab) sendFrame(from *netns.Namespace, dev string, frames ...[]byte) {
	l.t.Helper()
	l.in(from, func() error {
		i, err := net.InterfaceByName(dev)
		if err != nil {
			return err
		}
		fd, err := unix.Socket(unix.AF_PACKET, unix.SOCK_RAW|unix.SOCK_CLOEXEC, 0)
		if err != nil {
			return err
		}
		defer unix.Close(fd)
		for _, f := range frames {
			if err := unix.Sendto(fd, f, 0, &unix.SockaddrLinklayer{Ifindex: i.Index, Protocol: htons(unix.ETH_P_ALL)}); err != nil {
				return err
			}
		}
		return nil
	})
}

// listen accepts TCP connections in a namespace.
func (l *lab) listen(ns *netns.Namespace, addr string) net.Listener {
	l.t.Helper()
	var ln net.Listener
	l.in(ns, func() (err error) {
		ln, err = net.Listen("tcp", addr)
		return err
	})
	l.t.Cleanup(func() { _ = ln.Close() })
	return ln
}

// dial connects from a namespace.
func (l *lab) dial(ns *netns.Namespace, addr string) net.Conn {
	l.t.Helper()
	var c net.Conn
	l.in(ns, func() error {
		// Without happy eyeballs the socket is opened by this goroutine.
		d := net.Dialer{FallbackDelay: -1, Timeout: 10 * time.Second}
		var err error
		c, err = d.Dial("tcp", addr)
		return err
	})
	return c
}

// got is a copy of a packet.
type got struct {
	capture.Packet
	data  []byte
	point string
}

// collect reads until no packet came for a while.
func collect(t testing.TB, s *Source) []got {
	return collectUntil(t, s, func([]got) bool { return false })
}

// collectUntil reads until enough says so, or no packet came for a while.
func collectUntil(t testing.TB, s *Source, enough func([]got) bool) []got {
	t.Helper()
	batch := make([]capture.Packet, 256)
	var out []got
	for {
		ctx, cancel := context.WithTimeout(context.Background(), 300*time.Millisecond)
		n, err := s.ReadBatch(ctx, batch)
		cancel()
		for _, p := range batch[:n] {
			out = append(out, got{p, append([]byte(nil), p.Data...), s.Points()[p.Tap].Name})
		}
		if err != nil {
			if !errors.Is(err, context.DeadlineExceeded) {
				t.Fatal(err)
			}
			return out
		}
		if enough(out) {
			return out
		}
	}
}

// balanced reads on until what was delivered and dropped is what was received:
// neighbour discovery may go on meanwhile. n is how many were delivered.
func balanced(t testing.TB, s *Source, n *int) capture.Stats {
	t.Helper()
	var st capture.Stats
	for range 5 {
		if st = stats(t, s); st.Received == uint64(*n)+st.Drops && st.Packets == uint64(*n) {
			return st
		}
		*n += len(collect(t, s))
	}
	t.Errorf("%d delivered, %+v", *n, st)
	return st
}

// stats fails the test where Source.Stats fails.
func stats(t testing.TB, s *Source) capture.Stats {
	t.Helper()
	st, err := s.Stats()
	if err != nil {
		t.Fatal(err)
	}
	return st
}

// holds counts the packets that contain a payload.
func holds(ps []got, payload string) int {
	n := 0
	for _, p := range ps {
		if strings.Contains(string(p.data), payload) {
			n++
		}
	}
	return n
}
