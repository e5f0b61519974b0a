//go:build linux

package gopcap

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/bpf"
	"golang.org/x/sys/unix"

	"github.com/wirespan/wirespan/capture"
	"github.com/wirespan/wirespan/capture/defrag"
	"github.com/wirespan/wirespan/capture/wire"
)

const insideEnv = "WIRESPAN_TEST_GOPCAP"

// TestLive runs the tests whose names begin with TestInside in a network
// namespace with a veth pair p0 - p1: go-pcap opens sockets on any thread.
func TestLive(t *testing.T) {
	if os.Getenv(insideEnv) != "" {
		t.Skip("inside")
	}
	if raceEnabled {
		t.Skip("go-pcap races with itself: opening a handle writes what readers of others read")
	}
	if os.Geteuid() != 0 {
		t.Skip("not root: no network namespaces")
	}
	if _, err := exec.LookPath("ip"); err != nil {
		t.Skip("no ip command (iproute2)")
	}
	ns := fmt.Sprintf("wsgp%d", os.Getpid())
	run := func(args ...string) string {
		out, err := exec.Command("ip", args...).CombinedOutput()
		if err != nil {
			return fmt.Sprintf("ip %s: %v: %s", strings.Join(args, " "), err, out)
		}
		return ""
	}
	if bad := run("netns", "add", ns); bad != "" {
		t.Skip(bad)
	}
	t.Cleanup(func() { run("netns", "del", ns) })
	for _, args := range []string{
		"link set lo up", "link add p0 type veth peer name p1", "addr add 192.0.2.1/24 dev p0",
		"link set p0 up", "link set p1 up", "neigh add 192.0.2.2 lladdr 02:00:00:00:00:02 dev p0",
	} {
		if bad := run(append([]string{"-n", ns}, strings.Fields(args)...)...); bad != "" {
			t.Fatal(bad)
		}
	}
	cmd := exec.Command("ip", "netns", "exec", ns, os.Args[0], "-test.run=^TestInside", "-test.v")
	cmd.Env = append(os.Environ(), insideEnv+"="+ns)
	out, err := cmd.CombinedOutput()
	if err != nil || !bytes.Contains(out, []byte("--- PASS: TestInside")) {
		t.Fatalf("%v\n%s", err, out)
	}
	t.Logf("%s", out)
}

func inside(t *testing.T) {
	t.Helper()
	if os.Getenv(insideEnv) == "" {
		t.Skip("runs in the namespace of TestLive")
	}
}

func open(t *testing.T, change func(*Config), interfaces ...string) *Source {
	t.Helper()
	c := Default()
	c.Interfaces = interfaces
	if change != nil {
		change(&c)
	}
	s, err := Open(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

// send sends datagrams.
func send(t *testing.T, to string, n, size int) {
	t.Helper()
	c, err := net.Dial("udp", to)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	for i := range n {
		b := fmt.Appendf(nil, "datagram-%04d", i)
		b = append(b, make([]byte, max(0, size-len(b)))...)
		_, err := c.Write(b)
		if errors.Is(err, unix.ECONNREFUSED) { // of the one before
			_, err = c.Write(b)
		}
		if err != nil && !errors.Is(err, unix.ECONNREFUSED) {
			t.Error(err)
		}
	}
}

func collect(t *testing.T, s *Source) []capture.Packet {
	t.Helper()
	var out []capture.Packet
	batch := make([]capture.Packet, 64)
	for {
		ctx, cancel := context.WithTimeout(context.Background(), 500*time.Millisecond)
		n, err := s.ReadBatch(ctx, batch)
		cancel()
		out = append(out, batch[:n]...)
		if errors.Is(err, context.DeadlineExceeded) {
			return out
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

func holds(ps []capture.Packet, word string) int {
	n := 0
	for _, p := range ps {
		if bytes.Contains(p.Data, []byte(word)) {
			n++
		}
	}
	return n
}

// udpPort accepts IPv4 UDP to a port, and cuts.
func udpPort(port, keep uint32) func(capture.LinkType) ([]bpf.RawInstruction, error) {
	return func(capture.LinkType) ([]bpf.RawInstruction, error) {
		return bpf.Assemble([]bpf.Instruction{
			bpf.LoadAbsolute{Off: 12, Size: 2},
			bpf.JumpIf{Cond: bpf.JumpNotEqual, Val: 0x0800, SkipTrue: 5},
			bpf.LoadAbsolute{Off: 23, Size: 1},
			bpf.JumpIf{Cond: bpf.JumpNotEqual, Val: 17, SkipTrue: 3},
			bpf.LoadAbsolute{Off: 36, Size: 2},
			bpf.JumpIf{Cond: bpf.JumpNotEqual, Val: port, SkipTrue: 1},
			bpf.RetConstant{Val: keep},
			bpf.RetConstant{Val: 0},
		})
	}
}

func TestInsideLoopbackOnce(t *testing.T) {
	inside(t)
	s := open(t, nil, "lo")
	send(t, "127.0.0.1:9", 20, 30)
	udp := 0
	d := wire.NewDecoder(defrag.Default())
	for _, p := range collect(t, s) {
		var f wire.Frame
		if d.Decode(&p, &f) == wire.OK && f.DstPort == 9 {
			udp++
		}
		if age := time.Since(time.Unix(0, p.Time)); age < 0 || age > time.Minute {
			t.Errorf("time is %v ago", age)
		}
	}
	if udp != 20 {
		t.Errorf("%d datagrams, want 20", udp)
	}
	if st, err := s.Stats(); err != nil || st.Drops != 0 || st.Packets < 20 {
		t.Errorf("%+v, %v", st, err)
	}
}

func TestInsideFilter(t *testing.T) {
	inside(t)
	stop, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		for {
			select {
			case <-stop:
				return
			default:
				send(t, "192.0.2.2:5000", 50, 30)
			}
		}
	}()
	defer func() { close(stop); <-done }()
	for range 5 {
		s := open(t, func(c *Config) { c.Filter = udpPort(4444, 60) }, "p0")
		send(t, "192.0.2.2:4444", 3, 500)
		ps := collect(t, s)
		if len(ps) != 3 {
			t.Errorf("%d packets, want 3", len(ps))
		}
		for _, p := range ps {
			if len(p.Data) != 60 || p.WireLen != 14+20+8+500 {
				t.Errorf("%d of %d bytes", len(p.Data), p.WireLen)
			}
		}
		_ = s.Close()
	}
}

func TestInsideSetFilter(t *testing.T) {
	inside(t)
	s := open(t, func(c *Config) { c.Snaplen = 70 }, "p0")
	if err := s.SetFilterFunc(udpPort(4444, 1<<18)); err != nil {
		t.Fatal(err)
	}
	collect(t, s)
	send(t, "192.0.2.2:4445", 3, 200)
	send(t, "192.0.2.2:4444", 3, 200)
	ps := collect(t, s)
	if len(ps) != 3 || len(ps[0].Data) != 70 {
		t.Errorf("%d packets", len(ps))
	}
	if err := s.SetFilter(nil); err != nil {
		t.Fatal(err)
	}
	send(t, "192.0.2.2:4445", 3, 200)
	if n := holds(collect(t, s), "datagram-"); n != 3 {
		t.Errorf("%d packets without filter", n)
	}
}

// TestInsideVLAN: the tag is back in the frame, and counts.
func TestInsideVLAN(t *testing.T) {
	inside(t)
	s := open(t, nil, "p0")
	frame := make([]byte, 14+20+8+6)
	copy(frame, []byte{2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 0x08, 0x00, 0x45, 0, 0, 34})
	frame[22], frame[23] = 64, 17
	copy(frame[26:], []byte{192, 0, 2, 9, 192, 0, 2, 1})
	binary.BigEndian.PutUint16(frame[36:], 7000)
	binary.BigEndian.PutUint16(frame[38:], 14)
	copy(frame[42:], "tagged")
	tagged := append(append(append([]byte(nil), frame[:12]...), 0x81, 0, 0x01, 0x2c), frame[12:]...)
	i, err := net.InterfaceByName("p1")
	if err != nil {
		t.Fatal(err)
	}
	fd, err := unix.Socket(unix.AF_PACKET, unix.SOCK_RAW, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(fd)
	if err := unix.Sendto(fd, tagged, 0, &unix.SockaddrLinklayer{Ifindex: i.Index}); err != nil {
		t.Fatal(err)
	}
	d := wire.NewDecoder(defrag.Default())
	found := false
	for _, p := range collect(t, s) {
		var f wire.Frame
		if d.Decode(&p, &f) == wire.OK && f.DstPort == 7000 {
			found = true
			if f.VLAN != 300 || int(p.WireLen) != len(p.Data) || len(p.Data) != len(tagged) {
				t.Errorf("VLAN %d, %d of %d bytes", f.VLAN, len(p.Data), p.WireLen)
			}
		}
	}
	if !found {
		t.Error("no tagged frame")
	}
}

func TestInsideClose(t *testing.T) {
	inside(t)
	s := open(t, nil, "lo", "p0")
	end := make(chan error, 1)
	go func() {
		for {
			// The kernel says something of its own when an interface comes up.
			if _, err := s.ReadBatch(context.Background(), make([]capture.Packet, 4)); err != nil {
				end <- err
				return
			}
		}
	}()
	time.Sleep(30 * time.Millisecond)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if err := <-end; !errors.Is(err, io.EOF) {
		t.Errorf("error %v", err)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	if err := s.SetFilter(nil); err != nil {
		t.Error(err)
	}
	// The next packets end the goroutines.
	ended := make(chan struct{})
	go func() { s.wg.Wait(); close(ended) }()
	for {
		send(t, "127.0.0.1:9", 1, 20)
		send(t, "192.0.2.2:9", 1, 20)
		select {
		case <-ended:
			return
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// TestInsideFlap: an interface that went down is captured again.
func TestInsideFlap(t *testing.T) {
	inside(t)
	s := open(t, func(c *Config) { c.Filter = udpPort(4444, 1<<18) }, "p0")
	run := func(args string) {
		if out, err := exec.Command("ip", strings.Fields(args)...).CombinedOutput(); err != nil {
			t.Fatalf("ip %s: %s", args, out)
		}
	}
	run("link set p0 down")
	collect(t, s)
	run("link set p0 up")
	run("neigh replace 192.0.2.2 lladdr 02:00:00:00:00:02 dev p0")
	n := 0
	for end := time.Now().Add(10 * time.Second); n == 0 && time.Now().Before(end); {
		send(t, "192.0.2.2:4445", 1, 20)
		send(t, "192.0.2.2:4444", 1, 20)
		ps := collect(t, s)
		n += len(ps)
		for _, p := range ps {
			if binary.BigEndian.Uint16(p.Data[36:]) != 4444 {
				t.Error("not through the filter")
			}
		}
	}
	if n == 0 {
		t.Error("nothing after the interface came back")
	}
}

func TestInsideErrors(t *testing.T) {
	inside(t)
	c := Default()
	c.Interfaces = []string{"nowhere0"}
	if _, err := Open(c); err == nil || !strings.Contains(err.Error(), "nowhere0") {
		t.Error(err)
	}
	bad := errors.New("bad")
	c.Interfaces = []string{"p0"}
	c.Filter = func(capture.LinkType) ([]bpf.RawInstruction, error) { return nil, bad }
	if _, err := Open(c); !errors.Is(err, bad) {
		t.Error(err)
	}
}

func TestValidate(t *testing.T) {
	for want, change := range map[string]func(*Config){
		"0 interfaces": func(c *Config) { c.Interfaces = nil },
		"all interf":   func(c *Config) { c.Interfaces = []string{"any"} },
		"twice":        func(c *Config) { c.Interfaces = []string{"a", "a"} },
		"snaplen":      func(c *Config) { c.Snaplen = 1 },
		"queue":        func(c *Config) { c.Queue = 0 },
	} {
		c := Default()
		c.Interfaces = []string{"eth0"}
		if err := c.Validate(); err != nil {
			t.Fatal(err)
		}
		change(&c)
		if err := c.Validate(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
}

func TestLinkType(t *testing.T) {
	mac := net.HardwareAddr{2, 0, 0, 0, 0, 1}
	for _, c := range []struct {
		goos string
		d    net.Interface
		want capture.LinkType
	}{
		{"linux", net.Interface{Flags: net.FlagLoopback}, capture.LinkEthernet},
		{"linux", net.Interface{HardwareAddr: mac}, capture.LinkEthernet},
		{"linux", net.Interface{Flags: net.FlagPointToPoint}, capture.LinkRaw},
		{"darwin", net.Interface{Flags: net.FlagLoopback}, capture.LinkNull},
		{"darwin", net.Interface{HardwareAddr: mac}, capture.LinkEthernet},
		{"freebsd", net.Interface{}, capture.LinkNull},
	} {
		if got := linkType(c.goos, &c.d); got != c.want {
			t.Errorf("%s %+v: %d", c.goos, c.d, got)
		}
	}
}
