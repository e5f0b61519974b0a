//go:build linux

package afpacket

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/wirespan/wirespan/capture"
	"github.com/wirespan/wirespan/capture/defrag"
	"github.com/wirespan/wirespan/capture/pcapfile"
	"github.com/wirespan/wirespan/capture/wire"
)

// TestSameAsTcpdump captures beside tcpdump: the same frames, byte for byte,
// of the same lengths, as often.
func TestSameAsTcpdump(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("tcpdump"); err != nil {
		t.Skip("no tcpdump")
	}
	versions(t, func(t *testing.T, v Version) {
		for _, dev := range []string{"near", Any} {
			t.Run(dev, func(t *testing.T) { sameAsTcpdump(t, dev, v) })
		}
	})
}

func sameAsTcpdump(t *testing.T, dev string, v Version) {
	l := newLab(t)
	file := filepath.Join(t.TempDir(), "tcpdump.pcap")
	args := []string{"netns", "exec", l.near, "tcpdump", "-i", dev, "-nn", "-s0", "-B", "16384", "-U", "-w", file}
	if dev == Any {
		args = append(args, "-y", "LINUX_SLL2")
	}
	cmd := exec.Command("ip", args...)
	stderr, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	said := bufio.NewReader(stderr)
	for {
		line, err := said.ReadString('\n')
		if err != nil {
			t.Skipf("tcpdump does not start: %v", err)
		}
		if strings.Contains(line, "listening on") {
			break
		}
	}
	c := l.config(dev)
	c.Version, c.FrameSize, c.BlockSize, c.Blocks = v, 80<<10, 1<<20, 32
	if v == V3 {
		c.FrameSize = 0
	}
	s := l.source(c)

	read := make(chan []got)
	go func() {
		ctx, cancel := context.WithCancel(context.Background())
		defer cancel()
		read <- collectStopped(ctx, t, s)
	}()

	// Something of every kind: large segments, small ones, fragments, tags.
	ln := l.listen(l.farNS, farIP+":0")
	go func() {
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			_, _ = io.Copy(io.Discard, c)
			_, _ = c.Write(bytes.Repeat([]byte("answer "), 30000))
			_ = c.Close()
		}
	}()
	for range 5 {
		c := l.dial(l.nearNS, ln.Addr().String())
		_, _ = c.Write(bytes.Repeat([]byte("request "), 20000))
		_ = c.(*net.TCPConn).CloseWrite()
		_, _ = io.Copy(io.Discard, c)
		_ = c.Close()
	}
	l.sendUDP(l.farNS, nearIP6, 9, 50, marked("six", 3000))
	l.sendUDP(l.nearNS, "127.0.0.1", 9, 50, marked("loop", 30))
	if err := s.Stop(); err != nil {
		t.Fatal(err)
	}
	ours := make(map[string]int)
	for _, p := range <-read {
		p.Packet.Data = p.data
		if transport(&p.Packet) {
			ours[sameKey(&p.Packet)]++
		}
	}
	// libpcap takes a block that is not full after a second.
	time.Sleep(1300 * time.Millisecond)
	// The signal is for tcpdump, which took the place of ip.
	_ = cmd.Process.Signal(syscall.SIGINT)
	rest, _ := io.ReadAll(said)
	_ = cmd.Wait()
	if !bytes.Contains(rest, []byte("\n0 packets dropped by kernel")) {
		t.Skipf("tcpdump dropped packets: %s", rest)
	}
	if st := stats(t, s); st.Drops > 0 {
		t.Fatalf("dropped: %+v", st)
	}
	theirs := fromFile(t, file)
	if len(theirs) < 100 {
		t.Fatalf("tcpdump has %d different frames", len(theirs))
	}
	missing, more := 0, 0
	for k, n := range theirs {
		if ours[k] < n {
			missing += n - ours[k]
		}
	}
	for k, n := range ours {
		if theirs[k] < n {
			more += n - theirs[k]
		}
	}
	if missing > 0 || more > 0 {
		t.Errorf("%d frames of tcpdump are missing, %d are only ours", missing, more)
	}
}

// collectStopped reads until Stop has taken effect.
func collectStopped(ctx context.Context, t *testing.T, s *Source) []got {
	batch := make([]capture.Packet, 64)
	var out []got
	for {
		n, err := s.ReadBatch(ctx, batch)
		for _, p := range batch[:n] {
			out = append(out, got{Packet: p, data: bytes.Clone(p.Data)})
		}
		if err != nil {
			if !errors.Is(err, io.EOF) {
				t.Error(err)
			}
			return out
		}
	}
}

// sameKey is what of a packet must be equal.
func sameKey(p *capture.Packet) string { return fmt.Sprintf("%d %d %s", p.Link, p.WireLen, p.Data) }

// transport leaves neighbour discovery out, which goes on after one of the two
// has ended.
func transport(p *capture.Packet) bool {
	var f wire.Frame
	r := wire.NewDecoder(defrag.Default()).Decode(p, &f)
	return r != wire.NotIP && r != wire.NotTransport
}

func fromFile(t *testing.T, file string) map[string]int {
	t.Helper()
	src, err := pcapfile.Open(context.Background(), pcapfile.Config{Inputs: []pcapfile.Input{{Paths: []string{file}}}})
	if err != nil {
		t.Fatal(err)
	}
	defer src.Close()
	out := make(map[string]int)
	batch := make([]capture.Packet, 64)
	for {
		n, err := src.ReadBatch(context.Background(), batch)
		for i := range batch[:n] {
			if transport(&batch[i]) {
				out[sameKey(&batch[i])]++
			}
		}
		if errors.Is(err, io.EOF) {
			return out
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}
