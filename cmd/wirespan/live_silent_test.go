package main

import (
	"net"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/wirespan/wirespan/capture"
)

// silent keeps the server's kernel from sending by itself, and returns the
// address of its interface.
func (l *lab) silent(t *testing.T) (mac string) {
	t.Helper()
	if b, err := l.in(l.server, "sh", "-c", "echo 1 >/proc/sys/net/ipv6/conf/vb/disable_ipv6").CombinedOutput(); err != nil {
		t.Skipf("no way to turn IPv6 off: %s", b)
	}
	b, err := l.in(l.server, "cat", "/sys/class/net/vb/address").Output()
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(b))
}

// replay sends a capture from the client's side, to and from hosts that are
// none of the two.
func (l *lab) replay(t *testing.T, path string) {
	t.Helper()
	pkts := packetsOf(t, path)
	done := make(chan error)
	go func() {
		runtime.LockOSThread() // and never unlocked: the thread ends with its namespace
		done <- l.send(pkts)
	}()
	if err := <-done; err != nil {
		t.Fatalf("replay: %v", err)
	}
}

// send is for a thread of its own, which it moves to the client's namespace.
func (l *lab) send(pkts []capture.Packet) error {
	ns, err := os.Open(filepath.Join("/run/netns", l.client))
	if err != nil {
		return err
	}
	defer ns.Close()
	if err := unix.Setns(int(ns.Fd()), unix.CLONE_NEWNET); err != nil {
		return err
	}
	ifi, err := net.InterfaceByName("va")
	if err != nil {
		return err
	}
	fd, err := unix.Socket(unix.AF_PACKET, unix.SOCK_RAW|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	for _, p := range pkts {
		if len(p.Data) < 14 || len(p.Data) > 1514 {
			continue
		}
		frame := append([]byte(nil), p.Data...)
		copy(frame, []byte{2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2})
		if err := unix.Sendto(fd, frame, 0, &unix.SockaddrLinklayer{Ifindex: ifi.Index}); err != nil {
			return err
		}
	}
	return nil
}

// TestLiveSendsNothing counts, at the other end of the wire, what a capture
// sends: nothing, also with names in the traffic that somebody could look up;
// and with an export only that.
func TestLiveSendsNothing(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	mac := l.silent(t)
	tcpdump := toolPath(t, "tcpdump")
	for _, c := range []struct {
		name string
		args []string
		may  []string // what a line of tcpdump may have, each at least once
	}{
		{"without an export", nil, nil},
		{"with an export", []string{"--otlp", "http://10.79.0.1:4318"}, []string{" > 10.79.0.1.4318: ", "ARP, "}},
	} {
		watch := start(t, l.in(l.client, tcpdump, "-Z", "root", "-n", "-l", "-i", "va", "ether src "+mac))
		watch.listening(t)
		spans := filepath.Join(t.TempDir(), "spans")
		p := l.live(t, append([]string{"-i", "vb", "--promiscuous", "--out", "ndjson:" + spans}, c.args...)...)
		l.replay(t, "../../testdata/demo/app.pcap")
		waitFor(t, func() bool { return strings.Count(string(readFile(t, spans)), "\n") >= 3 })
		p.interrupt(t)
		watch.interrupt(t)
		sent := strings.TrimSpace(watch.out.String())
		for line := range strings.Lines(sent) {
			if !slices.ContainsFunc(c.may, func(m string) bool { return strings.Contains(line, m) }) {
				t.Errorf("%s: sent %s", c.name, line)
			}
		}
		for _, m := range c.may {
			if !strings.Contains(sent, m) {
				t.Errorf("%s: no %q was sent, so this test sees nothing: %s", c.name, m, watch.err.String())
			}
		}
	}
}
