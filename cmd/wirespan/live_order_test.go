package main

import (
	"bytes"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"
	"golang.org/x/sys/unix"

	"github.com/wirespan/wirespan/capture"
	"github.com/wirespan/wirespan/capture/netns"
	"github.com/wirespan/wirespan/tracer/link"
)

// leg is one connection of a chain whose packets a test makes.
type leg struct {
	t    *testing.T
	ends [2]net.IP
	seq  [2]uint32
}

// outerLeg is from a client to a program, innerLeg from there to what it calls.
func outerLeg(t *testing.T) *leg {
	return &leg{t: t, ends: [2]net.IP{{192, 0, 2, 1}, {192, 0, 2, 2}}, seq: [2]uint32{1000, 2000}}
}

func innerLeg(t *testing.T) *leg {
	return &leg{t: t, ends: [2]net.IP{{192, 0, 2, 2}, {192, 0, 2, 3}}, seq: [2]uint32{3000, 4000}}
}

// says makes the next segment of an end.
func (l *leg) says(from int, payload string) []byte {
	l.t.Helper()
	eth := &layers.Ethernet{SrcMAC: []byte{2, 0, 0, 0, 0, 1}, DstMAC: []byte{2, 0, 0, 0, 0, 2}, EthernetType: layers.EthernetTypeIPv4}
	ip := &layers.IPv4{Version: 4, TTL: 64, Protocol: layers.IPProtocolTCP, SrcIP: l.ends[from], DstIP: l.ends[1-from]}
	ports := [2]layers.TCPPort{40000, 80}
	h := &layers.TCP{SrcPort: ports[from], DstPort: ports[1-from], Seq: l.seq[from], Ack: l.seq[1-from], ACK: true, PSH: true, Window: 65535}
	if err := h.SetNetworkLayerForChecksum(ip); err != nil {
		l.t.Fatal(err)
	}
	b := gopacket.NewSerializeBuffer()
	opts := gopacket.SerializeOptions{FixLengths: true, ComputeChecksums: true}
	if err := gopacket.SerializeLayers(b, opts, eth, ip, h, gopacket.Payload(payload)); err != nil {
		l.t.Fatal(err)
	}
	l.seq[from] += uint32(len(payload))
	return bytes.Clone(b.Bytes())
}

func (l *leg) asks(path string) []byte {
	return l.says(0, "GET "+path+" HTTP/1.1\r\nHost: shop.example\r\n\r\n")
}

func (l *leg) answers() []byte { return l.says(1, "HTTP/1.1 204 No Content\r\n\r\n") }

// chained draws which exchange caused which, in order of time.
func chained(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "GET /outer/%d\n  GET /inner/%d\n", i, i)
	}
	return b.String()
}

// chainsIn draws the same of spans: by the requests that are thought to have caused
// others, which nothing but the time tells here.
func chainsIn(spans []spanLine) string {
	caused := make(map[string]string)
	for i := range spans {
		for _, l := range spans[i].Links {
			caused[l.ID] += "  " + spans[i].what() + "\n"
		}
	}
	var b strings.Builder
	for i := range spans {
		if len(spans[i].Links) == 0 {
			b.WriteString(spans[i].what() + "\n" + caused[spans[i].ID])
		}
	}
	return b.String()
}

// TestRingsOutOfStep has a ring whose blocks are full at once, in which the calls
// of a program are, and one whose blocks are handed over when their timer fires,
// in which is what it was asked: what caused which is the same as in one ring.
func TestRingsOutOfStep(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		args []string
		want string
	}{
		{"one ring", []string{"-i", "any"}, "listening on any"},
		{"two rings", []string{"-i", "fast", "-i", "slow"}, "listening on fast, slow"},
		{"as they appear", nil, "listening on"},
		{"a fan-out", []string{"-i", "fast", "-i", "slow", "--workers", "2"}, "listening on fast, slow"},
		{"tpacket_v2", []string{"-i", "fast", "-i", "slow", "--ring", "v2"}, "listening on fast, slow"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			l := newLab(t)
			l.must(t, "-n", l.server, "link", "set", "vb", "down")
			for _, dev := range []string{"fast", "slow"} {
				l.must(t, "link", "add", dev+"0", "netns", l.client, "type", "veth", "peer", "name", dev, "netns", l.server)
				l.must(t, "-n", l.client, "link", "set", dev+"0", "up")
				l.must(t, "-n", l.server, "link", "set", dev, "up")
			}
			out := filepath.Join(t.TempDir(), "spans")
			w := l.live(t, append(c.args, "--retire", "50ms", "-B", "65536", "--out", "ndjson:"+out)...)
			if !strings.Contains(w.err.String(), c.want) {
				t.Fatal(w.err.String())
			}
			const n = 20
			l.sendChains(t, n)
			waitFor(t, func() bool { b, _ := os.ReadFile(out); return bytes.Count(b, []byte("\n")) >= n })
			w.interrupt(t)
			if got, want := chainsIn(decodeSpans(t, readFile(t, out))), chained(n); got != want {
				t.Errorf("got\n%swant\n%s%s", got, want, w.err.String())
			}
		})
	}
}

// sendChains sends through both interfaces, one packet after another: a request
// in slow causes one in fast, among others that fill its blocks.
func (l *lab) sendChains(t *testing.T, n int) {
	t.Helper()
	outer, inner := outerLeg(t), innerLeg(t)
	bulk := &leg{t: t, ends: [2]net.IP{{192, 0, 2, 8}, {192, 0, 2, 9}}}
	noise := bulk.says(0, strings.Repeat(".", 1400))
	ns, err := netns.Open(l.client)
	if err != nil {
		t.Fatal(err)
	}
	defer ns.Close()
	err = ns.Do(func() error {
		send := make(map[string]func([]byte) error)
		for _, dev := range []string{"fast0", "slow0"} {
			f, done, err := sender(dev)
			if err != nil {
				return err
			}
			defer done()
			send[dev] = f
		}
		for i := range n {
			for _, s := range []struct {
				dev   string
				frame []byte
				times int
			}{
				{"slow0", outer.asks(fmt.Sprintf("/outer/%d", i)), 1}, {"fast0", inner.asks(fmt.Sprintf("/inner/%d", i)), 1},
				{"fast0", noise, 100}, {"fast0", inner.answers(), 1}, {"slow0", outer.answers(), 1},
			} {
				for range s.times {
					if err := send[s.dev](s.frame); err != nil {
						return err
					}
				}
				time.Sleep(time.Millisecond) // the pace of the traffic; nothing depends on it
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// sender sends frames through an interface of the namespace of the thread.
func sender(dev string) (send func([]byte) error, done func(), err error) {
	i, err := net.InterfaceByName(dev)
	if err != nil {
		return nil, nil, err
	}
	fd, err := unix.Socket(unix.AF_PACKET, unix.SOCK_RAW|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, nil, err
	}
	to := &unix.SockaddrLinklayer{Ifindex: i.Index, Protocol: 0x0300}
	return func(b []byte) error { return unix.Sendto(fd, b, 0, to) }, func() { _ = unix.Close(fd) }, nil
}

// TestFanoutOutOfStep has one ring show packets at once and the other one late,
// around the times at which readers without packets let their clocks go on.
func TestFanoutOutOfStep(t *testing.T) {
	t.Parallel()
	const n, late = 40, 20 * time.Millisecond
	for _, delay := range []time.Duration{0, 5 * time.Millisecond, late} {
		out := filepath.Join(t.TempDir(), "spans")
		synctest.Test(t, func(t *testing.T) {
			p := liveParts(t, "--out", "ndjson:"+out)
			slow, fast := newScript("slow"), newScript("fast")
			pipe, err := p.newPipelineOn(slow, fast)
			if err != nil {
				t.Fatal(err)
			}
			for _, r := range pipe.readers {
				r.pace.lag, r.pace.owed = late, late
				r.pace.refuse = func() {}
			}
			ended := make(chan error)
			go func() { ended <- pipe.run(t.Context()) }()
			outer, inner := outerLeg(t), innerLeg(t)
			// The step is no part of the grid, so that every phase is met.
			for i := range n {
				begin := time.Now().Add(time.Duration(i) * 103 * time.Millisecond)
				slow.shows(begin, delay, outer.asks(fmt.Sprintf("/outer/%d", i)))
				fast.shows(begin.Add(2*time.Millisecond), 0, inner.asks(fmt.Sprintf("/inner/%d", i)))
				fast.shows(begin.Add(4*time.Millisecond), 0, inner.answers())
				slow.shows(begin.Add(30*time.Millisecond), 0, outer.answers()) // a block that was full
			}
			time.Sleep(n*103*time.Millisecond + 2*time.Second)
			close(slow.feed)
			close(fast.feed)
			if err := <-ended; err != nil {
				t.Error(err)
			}
		})
		if got, want := chainsIn(decodeSpans(t, readFile(t, out))), chained(n); got != want {
			t.Errorf("%v late: got\n%swant\n%s", delay, got, want)
		}
	}
}

// shows lets a ring show a packet some time after it passed.
func (s *script) shows(at time.Time, late time.Duration, frame []byte) {
	time.AfterFunc(time.Until(at.Add(late)), func() {
		s.feed <- []capture.Packet{{Data: frame, WireLen: uint32(len(frame)), Link: capture.LinkEthernet, Time: at.UnixNano()}}
	})
}

// TestOwedSilence holds that a clock stays behind the wall by the lag, however old
// the last packet was, and that it takes that only once.
func TestOwedSilence(t *testing.T) {
	now := time.Unix(2e9, 0)
	for _, c := range []struct{ age, want time.Duration }{
		{0, 70}, {5, 75}, {30, 100}, {60, 100}, {-10, 70},
	} {
		p := pace{lag: 30 * time.Millisecond, seen: now}
		p.behind(now.Add(-c.age * time.Millisecond).UnixNano())
		got := p.silent(20*time.Millisecond) + p.silent(30*time.Millisecond) + p.silent(50*time.Millisecond)
		if got != c.want*time.Millisecond || p.owed != 0 {
			t.Errorf("packet of %d ms ago: the clock moved by %v of 100 ms, want %d ms", c.age, got, c.want)
		}
	}
}

// TestClockOrder holds that packets of one instant, and late ones, keep the order
// in which they came, in the records as well.
func TestClockOrder(t *testing.T) {
	var c clock
	const t0 = int64(1e18)
	var last int64
	for i, at := range []int64{t0, t0, t0 - 5, t0, t0 + 1, t0 + 100, t0 + 100, 0} {
		now := c.step(at)
		if now <= last && at > 0 || now < at || now > at+int64(10*time.Millisecond) && at > 0 {
			t.Errorf("packet %d at %d: clock %d after %d", i, at, now, last)
		}
		last = now
	}
	if g, ok := c.crossed(); ok {
		t.Errorf("grid %d passed within %d", g, link.Grid)
	}
}
