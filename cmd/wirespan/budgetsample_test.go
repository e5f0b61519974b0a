package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"

	"github.com/wirespan/wirespan/capture"
	"github.com/wirespan/wirespan/capture/wire"
	"github.com/wirespan/wirespan/flows"
	"github.com/wirespan/wirespan/tracer/link"
)

// talk makes the packets of one HTTP connection.
type talk struct {
	t          *testing.T
	port       layers.TCPPort
	seq        [2]uint32
	pkts       []capture.Packet
	start, gap int64 // time of the first packet, and between two
}

func newTalk(t *testing.T, i int, start int64) *talk {
	c := &talk{t: t, port: layers.TCPPort(20000 + i), seq: [2]uint32{uint32(i) * 7919, uint32(i) * 104729}, start: start, gap: int64(time.Millisecond)}
	c.packet(0, "", func(h *layers.TCP) { h.SYN, h.ACK = true, false })
	c.packet(1, "", func(h *layers.TCP) { h.SYN = true })
	c.packet(0, "", nil)
	return c
}

func (c *talk) packet(from int, payload string, flags func(*layers.TCP)) {
	eth := &layers.Ethernet{SrcMAC: []byte{2, 0, 0, 0, 0, 1}, DstMAC: []byte{2, 0, 0, 0, 0, 2}, EthernetType: layers.EthernetTypeIPv4}
	ip := &layers.IPv4{Version: 4, TTL: 64, Protocol: layers.IPProtocolTCP, SrcIP: []byte{192, 0, 2, 1}, DstIP: []byte{192, 0, 2, 2}}
	h := &layers.TCP{SrcPort: c.port, DstPort: 80, Seq: c.seq[from], Ack: c.seq[1-from], ACK: true, Window: 65535}
	if from == 1 {
		ip.SrcIP, ip.DstIP, h.SrcPort, h.DstPort = ip.DstIP, ip.SrcIP, h.DstPort, h.SrcPort
	}
	if flags != nil {
		flags(h)
	}
	if err := h.SetNetworkLayerForChecksum(ip); err != nil {
		c.t.Fatal(err)
	}
	b := gopacket.NewSerializeBuffer()
	if err := gopacket.SerializeLayers(b, gopacket.SerializeOptions{FixLengths: true, ComputeChecksums: true}, eth, ip, h, gopacket.Payload(payload)); err != nil {
		c.t.Fatal(err)
	}
	c.pkts = append(c.pkts, capture.Packet{
		Data: bytes.Clone(b.Bytes()), WireLen: uint32(len(b.Bytes())), Link: capture.LinkEthernet,
		Time: c.start + int64(len(c.pkts))*c.gap,
	})
	c.seq[from] += uint32(len(payload))
	if h.SYN || h.FIN {
		c.seq[from]++
	}
}

func (c *talk) request(path string) {
	c.packet(0, "GET "+path+" HTTP/1.1\r\nHost: shop.example\r\n\r\n", nil)
}

func (c *talk) response() { c.packet(1, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", nil) }

// inTime merges the packets of several talks.
func inTime(talks []*talk) []capture.Packet {
	var all []capture.Packet
	for _, c := range talks {
		all = append(all, c.pkts...)
	}
	slices.SortStableFunc(all, func(a, b capture.Packet) int { return int(a.Time - b.Time) })
	return all
}

// shown is a span as --out ndjson writes it.
type shown struct {
	Name       string         `json:"name"`
	Start      any            `json:"start"`
	Status     string         `json:"status"`
	Attributes map[string]any `json:"attributes"`
}

// replayAtRate runs packets through a live pipeline whose rate is set before.
func replayAtRate(t *testing.T, rings, workers int, pkts []capture.Packet, set func(*connSampler)) ([]shown, *summary) {
	t.Helper()
	out := filepath.Join(t.TempDir(), "out")
	p := liveParts(t, "--out", "ndjson:"+out, "--workers", fmt.Sprint(workers))
	s := newConnSampler()
	set(s)
	p.cfg.rooms.sampler, p.cfg.watched = s, true
	markRates(p.cfg.link.Forms, s)
	var src []capture.Source
	for _, part := range spread(t, pkts, rings) {
		sc := newScript("lan")
		for c := range slices.Chunk(part, 11) {
			sc.feed <- c
		}
		close(sc.feed)
		src = append(src, sc)
	}
	pipe, err := p.newPipelineOn(src...)
	if err != nil {
		t.Fatal(err)
	}
	if err := pipe.run(t.Context()); err != nil {
		t.Fatal(err)
	}
	var spans []shown
	for _, l := range sortedLines(readFile(t, out)) {
		var sp shown
		if l == "" {
			continue
		}
		if err := json.Unmarshal([]byte(l), &sp); err != nil {
			t.Fatalf("%v in %s", err, l)
		}
		spans = append(spans, sp)
	}
	return spans, pipe.count()
}

// replayFrom is the time of the first packet: a little after the clocks of a
// fan-out begin, which is when it starts.
func replayFrom() int64 { return time.Now().Add(time.Minute).Truncate(time.Second).UnixNano() }

// TestSamplingIsTheSameEverywhere holds that whole connections are left out,
// the same ones whatever the number of workers and rings, that every span says
// the rate, and that packets are accounted for.
func TestSamplingIsTheSameEverywhere(t *testing.T) {
	t.Parallel()
	var talks []*talk
	start := replayFrom()
	for i := range 400 {
		c := newTalk(t, i, start+int64(i)*int64(time.Millisecond))
		c.request("/a")
		c.response()
		c.request("/b")
		c.response()
		talks = append(talks, c)
	}
	pkts := inTime(talks)
	var want []float64
	for _, c := range []struct{ rings, workers int }{{1, 1}, {1, 2}, {1, 3}, {2, 1}, {3, 1}} {
		spans, sum := replayAtRate(t, c.rings, c.workers, pkts, func(s *connSampler) { s.set(2) })
		var ports []float64
		for _, sp := range spans {
			if sp.Attributes["wirespan.sample.rate"] != .25 {
				t.Fatalf("%d rings, %d workers: a span without its rate: %v", c.rings, c.workers, sp.Attributes)
			}
			if sp.Attributes["http.response.status_code"] != 200. {
				t.Errorf("an exchange was cut: %v", sp.Attributes)
			}
			ports = append(ports, sp.Attributes["client.port"].(float64))
		}
		slices.Sort(ports)
		conns := slices.Compact(slices.Clone(ports))
		if len(ports) != 2*len(conns) {
			t.Errorf("%d spans of %d connections, want two of each", len(ports), len(conns))
		}
		if n := len(conns); n < 60 || n > 140 {
			t.Errorf("%d of 400 connections, want about 100", n)
		}
		if want == nil {
			want = ports
		} else if !slices.Equal(want, ports) {
			t.Errorf("%d rings, %d workers: other connections than with one", c.rings, c.workers)
		}
		if in := sum.decode[wire.OK]; in != uint64(len(pkts)) || sum.sampled+sum.flows.Packets != in || sum.lowest != .25 {
			t.Errorf("%d packets, %d left out, %d analysed, lowest rate %v", in, sum.sampled, sum.flows.Packets, sum.lowest)
		}
	}
}

// TestRateFallsMidway holds what becomes of connections that are open when the
// rate falls: those in the sample go on, the others end as the capture's doing,
// no span before the step has a rate and every one after it has.
func TestRateFallsMidway(t *testing.T) {
	t.Parallel()
	var talks []*talk
	start := replayFrom()
	step := start + int64(time.Second)
	for i := range 200 {
		c := newTalk(t, i, start+int64(i)*int64(time.Millisecond)/2)
		c.request("/done")
		c.response()
		c.request("/open") // answered after the step
		c.gap = 0
		c.start = step + int64(200*time.Millisecond)
		c.response()
		c.request("/after")
		c.start += int64(time.Millisecond)
		c.response()
		talks = append(talks, c)
	}
	for _, c := range []struct{ rings, workers int }{{1, 1}, {1, 2}, {2, 1}} {
		spans, sum := replayAtRate(t, c.rings, c.workers, inTime(talks), func(s *connSampler) {
			s.clock.Store(step - 2*link.Grid)
			s.set(1)
		})
		count := map[string]int{}
		for _, sp := range spans {
			path, _ := sp.Attributes["url.path"].(string)
			rate, sampled := sp.Attributes["wirespan.sample.rate"]
			switch {
			case sampled != (path == "/after") || sampled && rate != .5:
				t.Fatalf("rate of %s: %v", path, sp.Attributes)
			case sp.Attributes["wirespan.response"] != nil:
				path += " cut"
				if sp.Attributes["error.type"] != "capture_ended" || strings.EqualFold(sp.Status, "error") {
					t.Errorf("a cut exchange says %v %v", sp.Status, sp.Attributes)
				}
			}
			count[path]++
		}
		kept := count["/after"]
		if count["/done"] != 200 || count["/open"] != kept || count["/open cut"] != 200-kept || kept < 60 || kept > 140 {
			t.Errorf("%d rings, %d workers: %v", c.rings, c.workers, count)
		}
		if sum.cut != uint64(200-kept) {
			t.Errorf("%d connections were cut, want %d", sum.cut, 200-kept)
		}
	}
}

// TestRateRises holds that connections come back, although they began while
// they were outside the sample.
func TestRateRises(t *testing.T) {
	t.Parallel()
	var talks []*talk
	start := replayFrom()
	back := start + int64(2*time.Second)
	for i := range 100 {
		c := newTalk(t, i, start+int64(i)*int64(time.Millisecond)/2)
		c.request("/before")
		c.response()
		c.gap, c.start = 0, back+int64(500*time.Millisecond)
		c.request("/again")
		c.start += int64(time.Millisecond)
		c.response()
		talks = append(talks, c)
	}
	spans, _ := replayAtRate(t, 1, 1, inTime(talks), func(s *connSampler) {
		s.clock.Store(start + 40*int64(time.Millisecond)) // some are open then
		s.set(3)
		s.clock.Store(back)
		s.set(0)
	})
	count := map[string]int{}
	for _, sp := range spans {
		if sp.Attributes["wirespan.response"] == nil {
			count[sp.Attributes["url.path"].(string)]++
		}
	}
	if count["/again"] != 100 || count["/before"] > 100 {
		t.Errorf("%v, want all 100 again", count)
	}
}

// TestSampleHash holds that both directions agree, frames and connections too,
// that levels are nested, and that rates are what they say.
func TestSampleHash(t *testing.T) {
	n := [maxLevel + 1]int{}
	const conns = 1 << 16
	for i := range conns {
		f := wire.Frame{SrcPort: uint16(i), DstPort: 80, Src: wire.Addr{15: 1}, Dst: wire.Addr{14: byte(i >> 12), 15: 2}}
		r := f
		r.Src, r.Dst, r.SrcPort, r.DstPort = f.Dst, f.Src, f.DstPort, f.SrcPort
		r.Tap, r.TunnelKey = 3, 9
		c := flows.Conn{Client: flows.Endpoint{Addr: f.Src, Port: f.SrcPort}, Server: flows.Endpoint{Addr: f.Dst, Port: f.DstPort}}
		h := frameHash(&f)
		if h != frameHash(&r) || h != connHash(&c) {
			t.Fatal("the two ends, or frame and connection, differ")
		}
		for l := range uint8(maxLevel + 1) {
			if !kept(h, l) {
				if l > 0 && l < maxLevel && kept(h, l+1) {
					t.Fatal("levels are not nested")
				}
				continue
			}
			n[l]++
		}
	}
	for l, got := range n {
		want := conns * rateOf(uint8(l))
		if d := math.Abs(float64(got) - want); d > 5*math.Sqrt(want) {
			t.Errorf("level %d: %d connections, want about %.0f", l, got, want)
		}
	}
}

// TestRateSteps holds that a change comes into force on the grid, ahead of every
// reader, and is remembered.
func TestRateSteps(t *testing.T) {
	s := newConnSampler()
	if s.used() || s.levelAt(5) != 0 {
		t.Error("a new sampler leaves something out")
	}
	now := 1_000_037 * int64(time.Millisecond)
	s.clock.Store(now)
	s.set(3)
	at := 1_000_200 * int64(time.Millisecond)
	if s.levelAt(at-1) != 0 || s.levelAt(at) != 3 || s.level() != 3 || !s.used() {
		t.Errorf("steps %v", *s.steps.Load())
	}
	s.set(4) // before the other came into force
	if s.levelAt(at-1) != 0 || s.levelAt(at) != 4 {
		t.Errorf("steps %v", *s.steps.Load())
	}
	for i := range 3 * maxSteps {
		s.clock.Add(link.Grid)
		s.set(uint8(i % 3))
	}
	if n := len(*s.steps.Load()); n > maxSteps {
		t.Errorf("%d steps are kept", n)
	}
	if s.lowest() != 1./16 {
		t.Errorf("lowest rate %v", s.lowest())
	}
	var none *connSampler
	if none.levelAt(1) != 0 {
		t.Error("no sampler leaves something out")
	}
}

// TestBudgetTells holds that the operator hears of every change.
func TestBudgetTells(t *testing.T) {
	var told []string
	b := &budget{t: &telemetry{sampler: newConnSampler(), warn: func(s string) { told = append(told, s) }}}
	c := newController(limits{cpu: .5})
	at, cpu := time.Unix(1, 0), time.Duration(0)
	for i := range 60 {
		at = at.Add(time.Second)
		if i < 10 {
			cpu += 900 * time.Millisecond / time.Duration(int(1)<<c.level)
		}
		b.step(c, reading{at: at, cpu: cpu})
	}
	if len(told) != 2 || !strings.Contains(told[0], "1 of 2 connections") || !strings.Contains(told[0], "cpu 0.90 of 0.50") || !strings.Contains(told[1], "all connections") {
		t.Errorf("%q", told)
	}
	if b.t.sampler.lowest() != .5 || b.t.sampler.level() != 0 {
		t.Error("the sampler was not told")
	}
}

// TestProcessReading holds that the process sees what it uses.
func TestProcessReading(t *testing.T) {
	p := openProcess()
	defer p.close()
	r := p.read()
	if r.cpu <= 0 || r.memory < mib || r.at.IsZero() {
		t.Errorf("%+v", r)
	}
	if _, err := os.Stat("/proc/self/fd"); err == nil && p.openFiles() < 3 {
		t.Errorf("%d open files", p.openFiles())
	}
}
