//go:build linux

package kernel

import (
	"encoding/binary"
	"fmt"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// lab is a network namespace with addresses of its own on lo, and every segment
// of TCP that passed there.
type lab struct {
	do     chan func() // runs in the namespace
	v4, v6 string
	dir    string
	fd     int
	done   chan struct{}

	mu       sync.Mutex
	streams  map[way]*stream
	segments int
}

// way is one direction of a connection.
type way struct{ from, to netip.AddrPort }

// stream is what was sent one way, by sequence number counted from the first
// byte behind the SYN.
type stream struct {
	isn  uint32
	syn  bool
	seen spans
}

// spans are parts of a stream, sorted and apart from each other.
type spans []span

type span struct{ from, to uint32 }

// add takes a part in; it reports how much of it was there already.
func (s *spans) add(from, to uint32) (again uint32) {
	var out spans
	for _, x := range *s {
		if x.to < from || x.from > to {
			out = append(out, x)
			continue
		}
		if lo, hi := max(x.from, from), min(x.to, to); hi > lo {
			again += hi - lo
		}
		from, to = min(from, x.from), max(to, x.to)
	}
	out = append(out, span{from, to})
	slices.SortFunc(out, func(a, b span) int { return int(int64(a.from) - int64(b.from)) })
	*s = out
	return again
}

// has reports whether all of a part is there.
func (s spans) has(from, to uint32) bool {
	for _, x := range s {
		if x.from <= from && to <= x.to {
			return true
		}
	}
	return false
}

func (s spans) size() (n uint64) {
	for _, x := range s {
		n += uint64(x.to - x.from)
	}
	return n
}

// newLab makes the namespace, or skips the test with the reason.
func newLab(t *testing.T) *lab {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("needs root, for a network namespace")
	}
	ip, err := exec.LookPath("ip")
	if err != nil {
		t.Skip("no ip (iproute2)")
	}
	id := os.Getpid()
	l := &lab{
		do: make(chan func()), v4: fmt.Sprintf("198.51.100.%d", 1+id%250), v6: fmt.Sprintf("2001:db8:%x::1", id&0xffff),
		dir: t.TempDir(), done: make(chan struct{}), streams: make(map[way]*stream),
	}
	if err := os.Chmod(l.dir, 0o755); err != nil {
		t.Fatal(err)
	}
	ready := make(chan error)
	go func() {
		runtime.LockOSThread() // and never unlocked: the thread ends with its namespace
		err := unix.Unshare(unix.CLONE_NEWNET)
		if err == nil {
			l.fd, err = unix.Socket(unix.AF_PACKET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, int(swap16(unix.ETH_P_ALL)))
		}
		ready <- err
		for f := range l.do {
			f()
		}
	}()
	if err := <-ready; err != nil {
		t.Skipf("no network namespace: %v", err)
	}
	for _, words := range []string{"link set lo up", "addr add " + l.v4 + "/32 dev lo", "addr add " + l.v6 + "/128 dev lo"} {
		l.run(t, ip, strings.Fields(words)...)
	}
	_ = unix.SetsockoptInt(l.fd, unix.SOL_SOCKET, unix.SO_RCVBUFFORCE, 64<<20)
	_ = unix.SetsockoptTimeval(l.fd, unix.SOL_SOCKET, unix.SO_RCVTIMEO, &unix.Timeval{Usec: 50000})
	go l.listen()
	t.Cleanup(func() { close(l.do) })
	return l
}

func swap16(v uint16) uint16 { return v<<8 | v>>8 }

// command makes a command that is to be started by start or run.
func (l *lab) run(t *testing.T, name string, args ...string) string {
	t.Helper()
	cmd := exec.Command(name, args...)
	cmd.Dir = l.dir
	out, err := l.output(cmd)
	if err != nil {
		t.Fatalf("%v: %v\n%s", cmd, err, out)
	}
	return out
}

// output runs a command in the namespace.
func (l *lab) output(cmd *exec.Cmd) (string, error) {
	type result struct {
		out []byte
		err error
	}
	ch := make(chan result)
	l.do <- func() {
		out, err := cmd.CombinedOutput()
		go func() { ch <- result{out, err} }()
	}
	r := <-ch
	return string(r.out), r.err
}

// serve starts a server in the namespace until the test ends, and waits until
// it listens on a port.
func (l *lab) serve(t *testing.T, port int, cmd *exec.Cmd) {
	t.Helper()
	cmd.Dir = l.dir
	log, err := os.Create(filepath.Join(l.dir, fmt.Sprintf("%d.log", port)))
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stdout, cmd.Stderr = log, log
	ch := make(chan error)
	l.do <- func() { err := cmd.Start(); go func() { ch <- err }() }
	if err := <-ch; err != nil {
		t.Fatalf("start %v: %v", cmd, err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Signal(unix.SIGTERM)
		stop := time.AfterFunc(3*time.Second, func() { _ = cmd.Process.Kill() })
		_ = cmd.Wait()
		stop.Stop()
		_ = log.Close()
	})
	for end := time.Now().Add(20 * time.Second); ; time.Sleep(50 * time.Millisecond) {
		b, err := os.ReadFile(fmt.Sprintf("/proc/%d/net/tcp", cmd.Process.Pid))
		six, _ := os.ReadFile(fmt.Sprintf("/proc/%d/net/tcp6", cmd.Process.Pid))
		if strings.Contains(string(b)+string(six), fmt.Sprintf(":%04X 0", port)) {
			return
		}
		if err != nil || time.Now().After(end) {
			text, _ := os.ReadFile(log.Name())
			t.Fatalf("%v does not listen: %v\n%s", cmd, err, text)
		}
	}
}

// listen keeps what passes. On lo everything comes twice: as it leaves, and as
// it arrives.
func (l *lab) listen() {
	defer close(l.done)
	buf := make([]byte, 1<<17)
	for {
		n, from, err := unix.Recvfrom(l.fd, buf, 0)
		if err == unix.EAGAIN || err == unix.EINTR {
			continue
		}
		if err != nil {
			return
		}
		if a, ok := from.(*unix.SockaddrLinklayer); ok && a.Pkttype != unix.PACKET_OUTGOING {
			l.packet(buf[:n])
		}
	}
}

// end stops listening when everything has come.
func (l *lab) end(t *testing.T) {
	t.Helper()
	time.Sleep(200 * time.Millisecond)
	st, err := unix.GetsockoptTpacketStats(l.fd, unix.SOL_PACKET, unix.PACKET_STATISTICS)
	if err == nil && st.Drops > 0 {
		t.Errorf("%d packets were not captured", st.Drops)
	}
	_ = unix.Shutdown(l.fd, unix.SHUT_RDWR)
	_ = unix.Close(l.fd)
	<-l.done
}

// packet takes a packet from its network layer on.
func (l *lab) packet(b []byte) {
	var src, dst netip.Addr
	switch {
	case len(b) >= 20 && b[0]>>4 == 4 && b[9] == unix.IPPROTO_TCP:
		src, _ = netip.AddrFromSlice(b[12:16])
		dst, _ = netip.AddrFromSlice(b[16:20])
		if total := int(binary.BigEndian.Uint16(b[2:])); total > 0 && total <= len(b) {
			b = b[:total]
		}
		b = b[4*int(b[0]&15):]
	case len(b) >= 40 && b[0]>>4 == 6 && b[6] == unix.IPPROTO_TCP:
		src, _ = netip.AddrFromSlice(b[8:24])
		dst, _ = netip.AddrFromSlice(b[24:40])
		b = b[40:]
	default:
		return
	}
	if len(b) < 20 {
		return
	}
	w := way{netip.AddrPortFrom(src, binary.BigEndian.Uint16(b)), netip.AddrPortFrom(dst, binary.BigEndian.Uint16(b[2:]))}
	seq, size := binary.BigEndian.Uint32(b[4:]), uint32(len(b)-4*int(b[12]>>4))
	l.mu.Lock()
	defer l.mu.Unlock()
	l.segments++
	s := l.streams[w]
	if s == nil {
		s = &stream{}
		l.streams[w] = s
	}
	if b[13]&2 != 0 { // SYN
		if s.syn && s.isn != seq {
			*s = stream{} // the ports were used before
		}
		s.isn, s.syn = seq, true
		seq++
	}
	if size > 0 && s.syn {
		from := seq - s.isn - 1
		s.seen.add(from, from+size)
	}
}

// listeningOn is an address with a port.
func listeningOn(host string, port int) string { return net.JoinHostPort(host, fmt.Sprint(port)) }
