//go:build linux

package listen

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/wirespan/wirespan/capture/defrag"
	"github.com/wirespan/wirespan/capture/tunnel"
	"github.com/wirespan/wirespan/capture/wire"
)

// TestVXLANDevice mirrors a connection with tc mirred into a VXLAN device of
// Linux, both ways, with segments as large as the kernel makes them, and finds
// every byte of it. The device sends to IPv4 and IPv6.
func TestVXLANDevice(t *testing.T) {
	t.Parallel()
	for _, six := range []bool{false, true} {
		l := newLab(t)
		remote, local := l.local, l.peer
		if six {
			remote, local = l.local6, l.far6
			// Of IPv6 a tunnel makes no fragments: the path must have room.
			l.ip(l.sender, "link", "set", "out", "mtu", "1600")
			l.ip(l.appliance, "link", "set", "mirror", "mtu", "1600")
		}
		add := exec.Command("ip", "-n", l.sender, "link", "add", "copy", "type", "vxlan", "id", "4242",
			"local", local, "remote", remote, "dstport", "4789", "dev", "out")
		if out, err := add.CombinedOutput(); err != nil {
			t.Skipf("no VXLAN devices here: %s", out)
		}
		l.ip(l.sender, "link", "set", "copy", "arp", "off", "up")
		far := l.neighbour()
		for _, way := range []string{"ingress", "egress"} {
			l.mirror("far", way, "copy")
		}
		s := l.open(nil, "vxlan")
		want := strings.Repeat("0123456789abcdef", 20000)
		l.fetch(far, want)
		request, response, _ := streams(t, s, 4242)
		if !bytes.Contains(request, []byte("please")) || string(response) != want {
			t.Errorf("IPv6 %v: request %q, response of %d bytes, want %d", six, request, len(response), len(want))
		}
		if st, _ := s.Stats(); st.Drops != 0 {
			t.Errorf("%+v", st)
		}
	}
}

// neighbour makes a namespace that the sender talks to over the device far, and
// returns its name.
func (l *lab) neighbour() string {
	l.t.Helper()
	far := strings.Replace(l.sender, "s", "f", 1) + "n"
	l.run("ip", "netns", "add", far)
	l.t.Cleanup(func() { _ = exec.Command("ip", "netns", "del", far).Run() })
	l.ip(l.sender, "link", "add", "far", "type", "veth", "peer", "name", "near", "netns", far)
	l.ip(l.sender, "addr", "add", "203.0.113.1/24", "dev", "far")
	l.ip(far, "addr", "add", "203.0.113.2/24", "dev", "near")
	l.ip(l.sender, "link", "set", "far", "up")
	l.ip(far, "link", "set", "near", "up")
	return far
}

// mirror copies what passes a device in one direction to another device.
func (l *lab) mirror(dev, way, to string) {
	l.t.Helper()
	if _, err := exec.LookPath("tc"); err != nil {
		l.t.Skip("no tc command (iproute2)")
	}
	_ = exec.Command("tc", "-n", l.sender, "qdisc", "add", "dev", dev, "clsact").Run()
	for _, match := range []string{"matchall", "u32 match u32 0 0"} { // the latter where the kernel lacks the former
		args := strings.Fields(fmt.Sprintf("-n %s filter add dev %s %s protocol all %s action mirred egress mirror dev %s", l.sender, dev, way, match, to))
		out, err := exec.Command("tc", args...).CombinedOutput()
		if err == nil {
			return
		}
		if match != "matchall" {
			l.t.Skipf("no tc mirred here: %s", out)
		}
	}
}

// fetch sends a request from the sender to a server in a namespace, and reads
// the answer.
func (l *lab) fetch(ns, answer string) {
	l.t.Helper()
	var listener net.Listener
	l.in(ns, func() (err error) {
		for end := time.Now().Add(10 * time.Second); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
			if listener, err = net.Listen("tcp", "203.0.113.2:80"); err == nil {
				break
			}
		}
		return err
	})
	defer listener.Close()
	go func() {
		c, err := listener.Accept()
		if err != nil {
			return
		}
		defer c.Close()
		b := make([]byte, 6)
		_, _ = io.ReadFull(c, b)
		_, _ = io.WriteString(c, answer)
	}()
	l.in(l.sender, func() error {
		c, err := net.DialTimeout("tcp", "203.0.113.2:80", 10*time.Second)
		if err != nil {
			return err
		}
		defer c.Close()
		if _, err := io.WriteString(c, "please"); err != nil {
			return err
		}
		got, err := io.ReadAll(c)
		if err == nil && string(got) != answer {
			err = errors.New("another answer")
		}
		return err
	})
}

// streams puts the two directions of the only connection together; port 80 is
// the server's. mark is that of the last packet.
func streams(t *testing.T, s *Source, id uint32) (request, response []byte, mark tunnel.Mark) {
	t.Helper()
	d := wire.NewDecoder(defrag.Default())
	parts := map[bool]map[uint32][]byte{true: {}, false: {}}
	first := map[bool]uint32{}
	for _, p := range drain(t, s) {
		var f wire.Frame
		if d.Decode(&p.Packet, &f) != wire.OK || f.Proto != wire.ProtoTCP {
			continue
		}
		if f.Tunnel.ID != id || f.Truncated {
			t.Errorf("tunnel %+v, truncated %v", f.Tunnel, f.Truncated)
		}
		mark = d.Mark(&f)
		asks := f.DstPort == 80
		if f.Flags&wire.SYN != 0 {
			first[asks] = f.Seq + 1
		}
		if len(f.Payload) > len(parts[asks][f.Seq]) {
			parts[asks][f.Seq] = f.Payload
		}
	}
	whole := func(asks bool) []byte {
		var b []byte
		for seq := first[asks]; ; {
			next := parts[asks][seq]
			if len(next) == 0 {
				return b
			}
			b, seq = append(b, next...), seq+uint32(len(next))
		}
	}
	return whole(true), whole(false), mark
}
