//go:build linux

package afpacket

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/bpf"

	"github.com/wirespan/wirespan/capture"
	"github.com/wirespan/wirespan/capture/defrag"
	"github.com/wirespan/wirespan/capture/wire"
)

// marked builds datagrams that are told apart by number.
func marked(word string, size int) func(int) []byte {
	return func(i int) []byte {
		b := fmt.Appendf(nil, "%s-%06d;", word, i)
		return append(b, bytes.Repeat([]byte{'.'}, max(0, size-len(b)))...)
	}
}

func versions(t *testing.T, f func(t *testing.T, v Version)) {
	for _, v := range []Version{V2, V3} {
		t.Run(fmt.Sprintf("TPACKET_V%d", v), func(t *testing.T) { f(t, v) })
	}
}

func TestEveryPacketOnceInOrder(t *testing.T) {
	t.Parallel()
	versions(t, func(t *testing.T, v Version) {
		l := newLab(t)
		for _, dev := range []string{"near", Any} {
			c := l.config(dev)
			c.Version, c.FrameSize = v, 2048
			s := l.source(c)
			const n = 300
			l.sendUDP(l.farNS, nearIP, 9, n, marked("packet", 100))
			ps := collect(t, s)
			next := 0
			for _, p := range ps {
				at := bytes.Index(p.data, []byte("packet-"))
				// What was refused comes back inside ICMP; the datagrams come in.
				if at < 0 || p.Dir != capture.DirIn {
					continue
				}
				if want := fmt.Sprintf("packet-%06d;", next); string(p.data[at:at+14]) != want {
					t.Fatalf("%s: got %q, want %q", dev, p.data[at:at+14], want)
				}
				next++
				if p.point != "near" || int(p.WireLen) != len(p.data) {
					t.Fatalf("%s: point %q, %d of %d bytes", dev, p.point, len(p.data), p.WireLen)
				}
				if d := time.Since(time.Unix(0, p.Time)); d < 0 || d > time.Minute {
					t.Fatalf("%s: time is %v ago", dev, d)
				}
			}
			if next != n {
				t.Errorf("%s: %d datagrams, want %d", dev, next, n)
			}
			all := len(ps)
			if st := balanced(t, s, &all); st.Drops != 0 || st.Faults != 0 {
				t.Errorf("%s: %+v", dev, st)
			}
			if d := s.Degraded(); len(d) != 0 {
				t.Errorf("%s: degraded %v", dev, d)
			}
			_ = s.Close()
		}
	})
}

// TestDecodes shows that what comes out is what capture/wire reads.
func TestDecodes(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	for _, dev := range []string{"near", Any} {
		s := l.source(l.config(dev))
		l.sendUDP(l.nearNS, farIP, 4242, 1, marked("hello", 20))
		l.sendUDP(l.nearNS, farIP6, 4243, 1, marked("hello", 20))
		d := wire.NewDecoder(defrag.Default())
		var ports []uint16
		for _, p := range collect(t, s) {
			p.Packet.Data = p.data
			var f wire.Frame
			if d.Decode(&p.Packet, &f) == wire.OK && bytes.HasPrefix(f.Payload, []byte("hello")) {
				ports = append(ports, f.DstPort)
				if f.Dir != capture.DirOut {
					t.Errorf("%s: direction %d, want out", dev, f.Dir)
				}
			}
		}
		if !slices.Equal(ports, []uint16{4242, 4243}) {
			t.Errorf("%s: ports %v", dev, ports)
		}
		_ = s.Close()
	}
}

func TestLoopbackOnce(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	for _, dev := range []string{"lo", Any} {
		for _, dir := range []capture.Direction{capture.DirUnknown, capture.DirIn, capture.DirOut} {
			c := l.config(dev)
			c.Direction = dir
			s := l.source(c)
			l.sendUDP(l.nearNS, "127.0.0.1", 9, 10, marked("loop", 50))
			ps := collect(t, s)
			// Each is seen once, and once more inside the ICMP answer.
			udp := 0
			for _, p := range ps {
				if i := bytes.Index(p.data, []byte("loop-")); i >= 28 && i < 28+14+20+1 && len(p.data) < 120 {
					udp++
				}
			}
			if udp != 10 {
				t.Errorf("%s, direction %d: %d frames, want 10", dev, dir, udp)
			}
			_ = s.Close()
		}
	}
}

func TestDirection(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	for _, dev := range []string{"near", Any} {
		for _, dir := range []capture.Direction{capture.DirIn, capture.DirOut} {
			c := l.config(dev)
			c.Direction = dir
			s := l.source(c)
			l.sendUDP(l.nearNS, farIP, 4300, 7, marked("out", 30))
			l.sendUDP(l.farNS, nearIP, 4300, 5, marked("in", 30))
			ps := collect(t, s)
			for _, p := range ps {
				if p.Dir != dir {
					t.Errorf("%s: direction %d among %d", dev, p.Dir, dir)
				}
			}
			// The kernel leaves the rest out: it is not among what was received.
			if all := len(ps); balanced(t, s, &all).Packets < 5 {
				t.Errorf("%s direction %d: %d packets", dev, dir, all)
			}
			_ = s.Close()
		}
	}
}

// udpPort accepts IPv4 UDP to a port in Ethernet frames, keeping keep bytes.
func udpPort(port uint32, keep uint32) func(capture.LinkType) ([]bpf.RawInstruction, error) {
	return func(link capture.LinkType) ([]bpf.RawInstruction, error) {
		base := uint32(14)
		proto := uint32(12)
		if link == capture.LinkSLL2 {
			base, proto = 20, 0
		}
		return bpf.Assemble([]bpf.Instruction{
			bpf.LoadAbsolute{Off: proto, Size: 2},
			bpf.JumpIf{Cond: bpf.JumpNotEqual, Val: 0x0800, SkipTrue: 6},
			bpf.LoadAbsolute{Off: base + 9, Size: 1},
			bpf.JumpIf{Cond: bpf.JumpNotEqual, Val: 17, SkipTrue: 4},
			bpf.LoadMemShift{Off: base},
			bpf.LoadIndirect{Off: base + 2, Size: 2},
			bpf.JumpIf{Cond: bpf.JumpNotEqual, Val: port, SkipTrue: 1},
			bpf.RetConstant{Val: keep},
			bpf.RetConstant{Val: 0},
		})
	}
}

// TestFilterFromTheFirstPacket opens rings while packets flow: none passes that
// the filter does not want.
func TestFilterFromTheFirstPacket(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	stop, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		for {
			select {
			case <-stop:
				return
			default:
				l.sendUDP(l.farNS, nearIP, 9, 200, marked("stray", 60))
			}
		}
	}()
	defer func() { close(stop); <-done }()
	for i := range 10 {
		dev := []string{"near", Any}[i%2]
		c := l.config(dev)
		c.Filter = udpPort(4444, 1<<18)
		s := l.source(c)
		l.sendUDP(l.farNS, nearIP, 4444, 3, marked("wanted", 60))
		ps := collectUntil(t, s, func(ps []got) bool { return len(ps) >= 3 })
		if len(ps) != 3 || holds(ps, "wanted-") != 3 {
			t.Fatalf("%s: %d packets, %d wanted", dev, len(ps), holds(ps, "wanted-"))
		}
		_ = s.Close()
	}
}

func TestSetFilterWhileRunning(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	for _, dev := range []string{"near", Any} {
		s := l.source(l.config(dev))
		if err := s.SetFilterFunc(udpPort(4444, 1<<18)); err != nil {
			t.Fatal(err)
		}
		l.sendUDP(l.farNS, nearIP, 4444, 3, marked("wanted", 60))
		l.sendUDP(l.farNS, nearIP, 4445, 3, marked("unwanted", 60))
		if ps := collect(t, s); len(ps) != 3 {
			t.Errorf("%s: %d packets, want 3", dev, len(ps))
		}
		failing := errors.New("no program")
		if err := s.SetFilterFunc(func(capture.LinkType) ([]bpf.RawInstruction, error) { return nil, failing }); !errors.Is(err, failing) {
			t.Errorf("%s: error %v", dev, err)
		}
		l.sendUDP(l.farNS, nearIP, 4445, 3, marked("unwanted", 60))
		if ps := collect(t, s); len(ps) != 0 {
			t.Errorf("%s: %d packets after a filter that failed, want those of the filter before", dev, len(ps))
		}
		if err := s.SetFilter(nil); err != nil {
			t.Fatal(err)
		}
		l.sendUDP(l.farNS, nearIP, 4445, 3, marked("unwanted", 60))
		if ps := collect(t, s); holds(ps, "unwanted") < 3 {
			t.Errorf("%s: %d packets without filter", dev, len(ps))
		}
		_ = s.Close()
	}
}

func TestSnaplen(t *testing.T) {
	t.Parallel()
	versions(t, func(t *testing.T, v Version) {
		l := newLab(t)
		for _, byFilter := range []bool{false, true} {
			c := l.config("near")
			c.Version = v
			c.Filter = udpPort(4444, 1<<18)
			want := 96
			if c.Snaplen = want; byFilter {
				c.Snaplen, want = MaxSnaplen, 80
				c.Filter = udpPort(4444, 80)
			}
			s := l.source(c)
			l.sendUDP(l.farNS, nearIP, 4444, 3, marked("long", 1000))
			ps := collect(t, s)
			if len(ps) != 3 {
				t.Fatalf("%d packets", len(ps))
			}
			for _, p := range ps {
				if len(p.data) != want || p.WireLen != 14+20+8+1000 {
					t.Errorf("by filter %v: %d of %d bytes", byFilter, len(p.data), p.WireLen)
				}
			}
			_ = s.Close()
		}
	})
}

// TestVLAN sends frames with tags; the kernel strips the outer one.
func TestVLAN(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	udp := frameUDP(nearIP, farIP, 4000, 4001, "tagged")
	tag := func(frame []byte, tags ...uint16) []byte {
		out := slices.Clone(frame[:12])
		for i, v := range tags {
			typ := uint16(0x8100)
			if i < len(tags)-1 {
				typ = 0x88a8
			}
			out = binary.BigEndian.AppendUint16(out, typ)
			out = binary.BigEndian.AppendUint16(out, v)
		}
		return append(out, frame[12:]...)
	}
	versions(t, func(t *testing.T, v Version) {
		for _, dev := range []string{"near", Any} {
			c := l.config(dev)
			c.Version, c.Direction = v, capture.DirIn
			s := l.source(c)
			l.sendFrame(l.farNS, "far", tag(udp, 0x2000|300), tag(udp, 100, 200), udp)
			var ids []uint16
			d := wire.NewDecoder(defrag.Default())
			for _, p := range collect(t, s) {
				p.Packet.Data = p.data
				var f wire.Frame
				if d.Decode(&p.Packet, &f) == wire.OK && string(f.Payload) == "tagged" {
					ids = append(ids, f.VLAN)
				} else {
					t.Logf("%x", p.data)
				}
			}
			if !slices.Equal(ids, []uint16{300, 200, 0}) {
				t.Errorf("%s: innermost tags %v, want 300, 200, 0", dev, ids)
			}
			_ = s.Close()
		}
	})
}

// frameUDP is an Ethernet frame with a datagram.
func frameUDP(src, dst string, sport, dport uint16, payload string) []byte {
	be := binary.BigEndian
	b := append(bytes.Repeat([]byte{0xff}, 6), 2, 0, 0, 0, 0, 9, 0x08, 0x00)
	ip := make([]byte, 20)
	ip[0], ip[8], ip[9] = 0x45, 64, 17
	be.PutUint16(ip[2:], uint16(28+len(payload)))
	copy(ip[12:], mustIP4(src))
	copy(ip[16:], mustIP4(dst))
	b = append(b, ip...)
	b = be.AppendUint16(b, sport)
	b = be.AppendUint16(b, dport)
	b = be.AppendUint16(b, uint16(8+len(payload)))
	return append(append(b, 0, 0), payload...)
}

// TestFullRing sends more than the ring holds while nobody reads: what was
// sent is what was delivered and what the kernel says it dropped.
func TestFullRing(t *testing.T) {
	t.Parallel()
	versions(t, func(t *testing.T, v Version) {
		l := newLab(t)
		c := l.config("near")
		c.Version, c.Direction = v, capture.DirIn
		c.BlockSize, c.Blocks, c.MaxMemory = 64<<10, 2, 128<<10
		c.FrameSize = 2048
		s := l.source(c)
		const n = 2000
		l.sendUDP(l.farNS, nearIP, 9, n, marked("full", 500))
		got := len(collect(t, s))
		st := balanced(t, s, &got)
		if st.Drops == 0 || st.Received < n {
			t.Errorf("%d delivered: %+v", got, st)
		}
		if v == V3 && st.Freezes == 0 {
			t.Error("no freeze counted")
		}
		// It goes on.
		l.sendUDP(l.farNS, nearIP, 9, 10, marked("again", 100))
		if n := holds(collect(t, s), "again-"); n < 10 {
			t.Errorf("%d packets after the ring was full", n)
		}
		after := stats(t, s)
		if again := stats(t, s); again.Received < after.Received || after.Drops < st.Drops || again.Drops != after.Drops {
			t.Errorf("reading counters changes them: %+v, %+v", after, again)
		}
	})
}

func TestCloseUnblocks(t *testing.T) {
	l := newLab(t)
	s := l.source(l.config("lo"))
	end := make(chan error)
	go func() {
		_, err := s.ReadBatch(context.Background(), make([]capture.Packet, 8))
		end <- err
	}()
	time.Sleep(20 * time.Millisecond)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	select {
	case err := <-end:
		if !errors.Is(err, io.EOF) {
			t.Errorf("error %v", err)
		}
	case <-time.After(5 * time.Second):
		t.Fatal("ReadBatch still waits")
	}
	if _, err := s.Stats(); err != nil {
		t.Errorf("stats after close: %v", err)
	}
	if err := s.SetFilter(nil); err != nil {
		t.Errorf("filter after close: %v", err)
	}
}

func TestContext(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	s := l.source(l.config("lo"))
	ctx, cancel := context.WithCancel(context.Background())
	time.AfterFunc(20*time.Millisecond, cancel)
	if n, err := s.ReadBatch(ctx, make([]capture.Packet, 8)); n != 0 || !errors.Is(err, context.Canceled) {
		t.Errorf("%d, %v", n, err)
	}
	// It can be read on.
	l.sendUDP(l.nearNS, "127.0.0.1", 9, 1, marked("later", 20))
	if ps := collect(t, s); holds(ps, "later-") == 0 {
		t.Error("nothing after a context that ended")
	}
}

// TestStop drains: what the ring holds comes out, then io.EOF.
func TestStop(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	c := l.config("near")
	c.Direction = capture.DirIn
	s := l.source(c)
	l.sendUDP(l.farNS, nearIP, 9, 50, marked("before", 60))
	if err := s.Stop(); err != nil {
		t.Fatal(err)
	}
	l.sendUDP(l.farNS, nearIP, 9, 50, marked("after", 60))
	batch := make([]capture.Packet, 16)
	var before, after int
	for {
		n, err := s.ReadBatch(context.Background(), batch)
		for _, p := range batch[:n] {
			if strings.Contains(string(p.Data), "before-") {
				before++
			} else if strings.Contains(string(p.Data), "after-") {
				after++
			}
		}
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if before != 50 || after != 0 {
		t.Errorf("%d packets of before, %d of after", before, after)
	}
}

func TestErrors(t *testing.T) {
	l := newLab(t)
	open := func(change func(*Config)) error {
		c := l.config("near")
		change(&c)
		s, err := Open(context.Background(), c)
		if err == nil {
			_ = s.Close()
			t.Error("opened")
			return errors.New("none")
		}
		return err
	}
	if err := open(func(c *Config) { c.Interfaces = []string{"nowhere0"} }); !strings.Contains(err.Error(), "nowhere0: there is no such interface") {
		t.Error(err)
	}
	if err := open(func(c *Config) { c.Netns = "no-such-namespace" }); !errors.Is(err, fs.ErrNotExist) || !strings.Contains(err.Error(), "ip netns") {
		t.Error(err)
	}
	bad := errors.New("bad word")
	if err := open(func(c *Config) {
		c.Filter = func(capture.LinkType) ([]bpf.RawInstruction, error) { return nil, bad }
	}); !errors.Is(err, bad) {
		t.Error(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := Open(ctx, l.config("near")); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	before := openFiles(t)
	for range 5 {
		_ = open(func(c *Config) { c.Interfaces = []string{"near", "nowhere0"} })
	}
	if after := openFiles(t); after > before {
		t.Errorf("%d files were open, %d are", before, after)
	}
}

func openFiles(t *testing.T) int {
	t.Helper()
	list, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Skip(err)
	}
	return len(list)
}
