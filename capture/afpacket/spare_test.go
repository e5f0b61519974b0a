//go:build linux

package afpacket

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"
	"kernel.org/pub/linux/libs/security/libcap/cap"

	"github.com/wirespan/wirespan/capture"
)

// unprivileged is a capture in a process of its own that gives up all
// capabilities when its sockets are open, and prints what it sees.
type unprivileged struct {
	Netns   string
	Rings   int
	Spare   int
	Version Version
	Promisc bool
}

const unprivilegedEnv = "WIRESPAN_TEST_UNPRIVILEGED"

// output is what a process prints while it runs.
type output struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.b.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.b.String()
}

// runUnprivileged starts the process, waits until it captures, and returns what
// it prints.
func (l *lab) runUnprivileged(u unprivileged) *output {
	l.t.Helper()
	arg, err := json.Marshal(u)
	if err != nil {
		l.t.Fatal(err)
	}
	o := &output{}
	cmd := exec.Command(os.Args[0], "-test.run=^TestUnprivilegedProcess$")
	cmd.Env = append(os.Environ(), unprivilegedEnv+"="+string(arg))
	cmd.Stdout, cmd.Stderr = o, o
	if err := cmd.Start(); err != nil {
		l.t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		_ = cmd.Wait()
		close(ended)
	}()
	l.t.Cleanup(func() {
		_ = cmd.Process.Kill()
		<-ended
	})
	l.shows(o, "READY")
	return o
}

// shows waits for a text that a process prints.
func (l *lab) shows(o *output, text string) {
	l.t.Helper()
	for end := time.Now().Add(20 * time.Second); !strings.Contains(o.String(), text); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			l.t.Fatalf("no %q in\n%s", text, o.String())
		}
	}
}

// TestUnprivilegedProcess is what runUnprivileged runs.
func TestUnprivilegedProcess(t *testing.T) {
	arg := os.Getenv(unprivilegedEnv)
	if arg == "" {
		t.Skip("runs in processes of other tests")
	}
	var u unprivileged
	if err := json.Unmarshal([]byte(arg), &u); err != nil {
		t.Fatal(err)
	}
	c := Default()
	c.Netns, c.Interfaces, c.Spare, c.Version, c.Promiscuous = u.Netns, []string{"near"}, u.Spare, u.Version, u.Promisc
	c.Blocks = 8
	c.Follow = func(i Interface) bool {
		return i.Up() && (strings.HasPrefix(i.Name, "new") || strings.HasPrefix(i.Name, "tun"))
	}
	c.Filter = udpPort(9, 1<<18)
	sources, report, err := OpenFanout(t.Context(), c, u.Rings)
	if err != nil {
		t.Fatal(err)
	}
	if report.Rings != u.Rings {
		fmt.Println("FEWER", report.Reason)
	}
	if err := cap.NewSet().SetProc(); err != nil {
		t.Fatal(err)
	}
	if _, err := packetSocket(unix.SOCK_RAW); err == nil {
		t.Fatal("packet sockets can still be opened")
	}
	fmt.Println("READY")
	word := regexp.MustCompile(`[a-z0-9]+-[0-9]{6};`)
	told := 0
	for {
		for _, s := range sources {
			ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
			batch := make([]capture.Packet, 64)
			n, err := s.ReadBatch(ctx, batch)
			cancel()
			if err != nil && !errors.Is(err, context.DeadlineExceeded) {
				t.Fatal(err)
			}
			for _, p := range batch[:n] {
				fmt.Printf("%s at %s\n", word.Find(p.Data), s.Points()[p.Tap].Name)
			}
		}
		left, missed := sources[0].Spares()
		list, err := sources[0].Interfaces()
		if err != nil {
			t.Fatal(err)
		}
		var at []string
		for _, i := range list {
			if i.Present {
				at = append(at, i.Interface)
			}
		}
		fmt.Printf("left %d, missed %d, captured %s.\n", left, missed, strings.Join(at, " "))
		for _, d := range sources[0].Degraded()[told:] {
			told++
			fmt.Printf("REFUSED %s on %s: %s\n", d.Option, d.Interface, d.Reason)
		}
	}
}

// newcomer makes an interface that is followed, and a neighbour behind it.
func (l *lab) newcomer(n int) {
	l.t.Helper()
	dev := fmt.Sprintf("new%d", n)
	l.pair(dev, fmt.Sprintf("192.0.2.%d/30", 4*n+1))
	l.run("ip", "-n", l.near, "neigh", "add", fmt.Sprintf("192.0.2.%d", 4*n+2), "lladdr", "02:00:00:00:00:09", "dev", dev)
}

// seen sends over a newcomer, again and again, until the process shows it.
func (l *lab) seen(o *output, n int, word string) {
	l.t.Helper()
	want := fmt.Sprintf("at new%d\n", n)
	for end := time.Now().Add(20 * time.Second); ; time.Sleep(50 * time.Millisecond) {
		l.sendUDP(l.nearNS, fmt.Sprintf("192.0.2.%d", 4*n+2), 9, 1, marked(word, 60))
		if strings.Contains(o.String(), word+"-000000; "+want) {
			return
		}
		if time.Now().After(end) {
			l.t.Fatalf("%s is not seen on new%d:\n%s", word, n, o.String())
		}
	}
}

// TestSpareSockets captures without any capability on interfaces that appear, go
// down, come up, vanish and come back: the kernel asks for CAP_NET_RAW for
// nothing but socket(2).
func TestSpareSockets(t *testing.T) {
	t.Parallel()
	for _, v := range []Version{V3, V2} {
		t.Run(fmt.Sprintf("V%d", v), func(t *testing.T) {
			t.Parallel()
			l := newLab(t)
			o := l.runUnprivileged(unprivileged{Netns: l.near, Rings: 1, Spare: 2, Version: v, Promisc: true})
			l.shows(o, "left 3, missed 0, captured near.")
			l.newcomer(1)
			l.seen(o, 1, "appeared")
			l.run("ip", "-n", l.near, "link", "set", "new1", "down")
			l.run("ip", "-n", l.near, "link", "set", "new1", "up")
			l.run("ip", "-n", l.near, "neigh", "replace", "192.0.2.6", "lladdr", "02:00:00:00:00:09", "dev", "new1")
			l.seen(o, 1, "flapped")
			for round := range 5 { // more often than there are sockets
				l.run("ip", "-n", l.near, "link", "del", "new1")
				l.newcomer(1)
				l.seen(o, 1, fmt.Sprintf("again%d", round))
			}
			l.newcomer(2)
			l.seen(o, 2, "second")
			l.shows(o, "left 1, missed 0, captured near new1 new2.")
			l.newcomer(3)
			l.shows(o, "left 1, missed 1, captured near new1 new2.")
			l.shows(o, "REFUSED capture on new3: capture on new3: no spare packet socket is left")
			l.run("ip", "-n", l.near, "link", "del", "new2")
			l.seen(o, 3, "room") // the socket of the one that is gone
			if s := o.String(); strings.Contains(s, "REFUSED promiscuous") || strings.Contains(s, "missed 2") {
				t.Errorf("%s", s)
			}
		})
	}
}

// TestSpareSocketsTun: a device without link header takes a socket of the other
// kind.
func TestSpareSocketsTun(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	o := l.runUnprivileged(unprivileged{Netns: l.near, Rings: 1, Spare: 2})
	if out, err := exec.Command("ip", "-n", l.near, "tuntap", "add", "tun5", "mode", "tun").CombinedOutput(); err != nil {
		t.Skipf("no tun devices: %s", out)
	}
	l.run("ip", "-n", l.near, "link", "set", "tun5", "up")
	l.shows(o, "left 2, missed 0, captured near tun5.")
}

// TestSpareSocketsFanout: each reader has a spare socket for an interface that
// appears. A member of a fan-out is not used again.
func TestSpareSocketsFanout(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	o := l.runUnprivileged(unprivileged{Netns: l.near, Rings: 2, Spare: 2})
	if strings.Contains(o.String(), "FEWER") {
		t.Skip(o.String())
	}
	l.shows(o, "left 6, missed 0, captured near.")
	for round := range 2 {
		l.newcomer(1)
		l.seen(o, 1, fmt.Sprintf("round%d", round))
		l.run("ip", "-n", l.near, "link", "del", "new1")
		l.shows(o, fmt.Sprintf("left %d, missed 0, captured near.", 4-2*round))
	}
	l.newcomer(1)
	l.shows(o, "left 2, missed 1, captured near.")
}

// TestSparesAreClosed: no socket outlives the capture, those that came back
// after its end included.
func TestSparesAreClosed(t *testing.T) {
	l := newLab(t)
	before := packetSockets(t)
	c := l.config("near")
	c.Spare = 5
	s := l.source(c)
	if n := packetSockets(t) - before; n != 1+5+2 {
		t.Errorf("%d sockets, want one, five spare and two without link header", n)
	}
	if left, missed := s.Spares(); left != 7 || missed != 0 {
		t.Errorf("%d left, %d missed", left, missed)
	}
	l.sendUDP(l.nearNS, farIP, 9, 3, marked("lent", 60))
	batch := make([]capture.Packet, 64)
	if _, err := s.ReadBatch(t.Context(), batch); err != nil {
		t.Fatal(err)
	}
	release := s.Lend()
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	release()
	if n := packetSockets(t) - before; n != 0 {
		t.Errorf("%d sockets are left open", n)
	}
}

// packetSockets counts the packet sockets of this process.
func packetSockets(t *testing.T) int {
	t.Helper()
	list, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Skip(err)
	}
	n := 0
	for _, e := range list {
		var fd int
		if _, err := fmt.Sscan(e.Name(), &fd); err != nil {
			t.Fatal(err)
		}
		if domain, err := unix.GetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_DOMAIN); err == nil && domain == unix.AF_PACKET {
			n++
		}
	}
	return n
}

func TestSpareIsValidated(t *testing.T) {
	for _, n := range []int{-1, MaxSpare + 1} {
		c := Default()
		c.Interfaces, c.Spare = []string{"lo"}, n
		if err := c.Validate(); err == nil || !strings.Contains(err.Error(), "spare packet sockets") {
			t.Errorf("%d: %v", n, err)
		}
	}
}
