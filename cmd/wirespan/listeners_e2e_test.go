//go:build linux

package main

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"maps"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"

	"github.com/wirespan/wirespan/capture"
	"github.com/wirespan/wirespan/capture/netns"
	"github.com/wirespan/wirespan/capture/pcapfile"
	"github.com/wirespan/wirespan/mirror/listen"
)

// tunnelled is a way to send frames to a listener.
type tunnelled struct {
	kind string // of the listener
	port uint16 // 0: IP protocol 47
	wrap func(frame []byte) []byte
}

// headed puts a header in front of frames.
func headed(header ...byte) func([]byte) []byte {
	return func(frame []byte) []byte { return append(bytes.Clone(header), frame...) }
}

func tunnelledWays() []tunnelled {
	return []tunnelled{
		{"vxlan", 4789, headed(8, 0, 0, 0, 0, 0, 7, 0)},
		{"vxlan-gpe", 4790, headed(0xc, 0, 0, 3, 0, 0, 7, 0)},
		{"geneve", 6081, headed(0, 0, 0x65, 0x58, 0, 0, 9, 0)},
		{"tzsp", 37008, headed(1, 0, 0, 1, 10, 1, 0x42, 1)},
		{"gre-udp", 4754, headed(0, 0, 0x65, 0x58)},
		{"gtpu", 2152, func(frame []byte) []byte {
			head := []byte{0x30, 0xff, 0, 0, 0, 0, 0, 5}
			binary.BigEndian.PutUint16(head[2:], uint16(len(frame)-14))
			return append(head, frame[14:]...)
		}},
		{"l2gre", 0, headed(0, 0, 0x65, 0x58)},
		{"nvgre", 0, headed(0x20, 0, 0x65, 0x58, 0, 0x10, 0, 1)},
		{"erspan", 0, headed(0, 0, 0x88, 0xbe)},
		{"erspan", 0, headed(0x10, 0, 0x88, 0xbe, 0, 0, 0, 1, 0x10, 100, 0, 3, 0, 0, 0, 9)},
		{"erspan", 0, headed(0x10, 0, 0x22, 0xeb, 0, 0, 0, 1, 0x20, 100, 0, 3, 0, 0, 0, 1, 0, 0, 0, 0)},
	}
}

// TestListenersGolden sends every recorded capture through listeners, and wants
// the spans that the capture itself gives: all kinds in turn, and the demo
// through each.
func TestListenersGolden(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	files, _ := filepath.Glob(filepath.Join(goldenDir, "*.pcap"))
	ways := tunnelledWays()
	done := make(map[string]int)
	turn := 0
	for _, f := range files {
		frames := ethernetFrames(t, f)
		if frames == nil {
			continue
		}
		way := ways[turn%len(ways)]
		turn++
		if way.kind == "gtpu" && !allIP(frames) {
			way = ways[0]
		}
		done[way.kind] += l.compare(t, f, frames, way)
	}
	for _, way := range ways {
		f := demoCaptures()[1]
		frames := ethernetFrames(t, f)
		if way.kind != "gtpu" || allIP(frames) {
			done[way.kind] += l.compare(t, f, frames, way)
		}
	}
	t.Logf("spans compared: %v", done)
	for _, way := range ways {
		if done[way.kind] == 0 {
			t.Errorf("no span came through %s", way.kind)
		}
	}
}

// compare sends frames through a listener and reads what came as a capture.
func (l *lab) compare(t *testing.T, file string, frames []capture.Packet, way tunnelled) (spans int) {
	t.Helper()
	spec, err := listen.Parse(way.kind + "=10.79.0.2")
	if err != nil {
		t.Fatal(err)
	}
	c := listen.Default()
	c.Netns, c.Listen = l.server, []listen.Spec{spec}
	src, err := listen.Open(c)
	if err != nil {
		t.Fatal(err)
	}
	defer src.Close()
	if err := netns.Do(l.client, func() error { return sendTunnelled(frames, way) }); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), filepath.Base(file))
	out, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	w := pcapfile.NewWriter(out, pcapfile.Pcap)
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	batch := make([]capture.Packet, 256)
	for i := 0; i < len(frames); {
		n, err := src.ReadBatch(ctx, batch)
		if err != nil {
			t.Fatalf("%s through %s: %d of %d packets: %v", file, way.kind, i, len(frames), err)
		}
		for _, p := range batch[:n] {
			p.Time = frames[i].Time
			p.WireLen += frames[i].WireLen - uint32(len(frames[i].Data))
			if err := w.Write(&p, ""); err != nil {
				t.Fatal(err)
			}
			i++
		}
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	want := plainSpans(t, file)
	if d := cmp.Diff(want, plainSpans(t, path)); d != "" {
		t.Errorf("%s through %s (-plain +mirrored):\n%s", file, way.kind, d)
	}
	return len(want)
}

// TestMirrorCuts cuts the frames of captures as mirrors do, which tell nobody,
// and wants the spans that a capture cut by a snaplen gives, which says so: what
// is missing is truncation, not a gap.
func TestMirrorCuts(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	files, _ := filepath.Glob(filepath.Join(goldenDir, "http*.pcap"))
	cut := 0
	for i, f := range append(files, demoCaptures()...) {
		frames := ethernetFrames(t, f)
		if frames == nil {
			continue
		}
		for j := range frames {
			// The wire had no more than what the headers say: padding is gone.
			if p := &frames[j]; len(p.Data) > 200 {
				p.Data = p.Data[:200]
				cut++
			}
		}
		path := filepath.Join(t.TempDir(), filepath.Base(f))
		out, err := os.Create(path)
		if err != nil {
			t.Fatal(err)
		}
		w := pcapfile.NewWriter(out, pcapfile.Pcap)
		for _, p := range frames {
			if err := w.Write(&p, ""); err != nil {
				t.Fatal(err)
			}
		}
		if err := errors.Join(w.Flush(), out.Close()); err != nil {
			t.Fatal(err)
		}
		for j := range frames {
			frames[j].WireLen = uint32(len(frames[j].Data)) // as the mirror sends it
		}
		ways := tunnelledWays()
		l.compare(t, path, frames, []tunnelled{ways[0], ways[2], ways[3], ways[6], ways[9], ways[10]}[i%6])
	}
	if cut == 0 {
		t.Error("no frame was long enough")
	}
}

// TestMirrorClock delays the packets of a capture on their way from a switch,
// and has the spans that its stamps give last as long as those of the capture.
func TestMirrorClock(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 2))
	off := func(a, b []spanLine) (most int64) {
		for i := range min(len(a), len(b)) {
			d := a[i].End - a[i].Start - (b[i].End - b[i].Start)
			most = max(most, d, -d)
		}
		return most
	}
	file := demoCaptures()[0]
	frames := ethernetFrames(t, file)
	plain := plainSpans(t, file)
	var last int64
	for i := range frames {
		p := &frames[i]
		head := []byte{
			0x45, 0, 0, 0, 0, 0, 0, 0, 64, 47, 0, 0, 192, 0, 2, 1, 192, 0, 2, 2, // IPv4
			0x10, 0, 0x22, 0xeb, 0, 0, 0, 1, // GRE
			0x20, 100, 0, 3, 0, 0, 0, 0, 0, 0, 0, 2, // ERSPAN III in units of 100 ns
		}
		binary.BigEndian.PutUint16(head[2:], uint16(len(head)+len(p.Data)))
		binary.BigEndian.PutUint32(head[32:], uint32(p.Time/100+1<<40))
		way := int64(100_000)
		if i > 0 {
			way += random.Int64N(3_000_000)
		}
		last = max(last+1000, p.Time+way)
		p.Time, p.Link = last, capture.LinkRaw
		p.Data = append(head, p.Data...)
		p.WireLen = uint32(len(p.Data))
	}
	path := filepath.Join(t.TempDir(), filepath.Base(file))
	out, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	w := pcapfile.NewWriter(out, pcapfile.Pcap)
	for _, p := range frames {
		if err := w.Write(&p, ""); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(w.Flush(), out.Close()); err != nil {
		t.Fatal(err)
	}
	arrived, stamped := plainSpans(t, path), plainSpans(t, path, "--mirror-clock", "erspan")
	if len(plain) == 0 || len(arrived) != len(plain) || len(stamped) != len(plain) {
		t.Fatalf("%d spans, by arrival %d, by the switch %d", len(plain), len(arrived), len(stamped))
	}
	// What is left is the grain, and drift that there could be.
	if a, s := off(plain, arrived), off(plain, stamped); a < 100_000 || s > 5_000 {
		t.Errorf("spans last up to %v longer or shorter by arrival, %v by the switch", time.Duration(a), time.Duration(s))
	}
}

// plainSpans gives the spans of a capture without what a tunnel adds: its
// attributes, and ids, which it is part of.
func plainSpans(t *testing.T, args ...string) []spanLine {
	t.Helper()
	spans := decodeSpans(t, outputOf(t, "ndjson", args...))
	for i := range spans {
		s := &spans[i]
		s.Trace, s.ID, s.Parent, s.Links = "", "", "", nil
		maps.DeleteFunc(s.Attributes, func(k string, _ any) bool { return strings.HasPrefix(k, "wirespan.tunnel.") })
	}
	sort.SliceStable(spans, func(a, b int) bool {
		x, y := &spans[a], &spans[b]
		if x.Start != y.Start {
			return x.Start < y.Start
		}
		return x.Name+x.what() < y.Name+y.what()
	})
	return spans
}

// ethernetFrames reads a capture of Ethernet; nil of another link type.
func ethernetFrames(t *testing.T, file string) []capture.Packet {
	t.Helper()
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	r := pcapfile.NewReader(f, file)
	var all []capture.Packet
	batch := make([]capture.Packet, 64)
	for {
		n, err := r.ReadBatch(batch)
		for _, p := range batch[:n] {
			if p.Link != capture.LinkEthernet {
				return nil
			}
			p.Data = bytes.Clone(p.Data)
			all = append(all, p)
		}
		if errors.Is(err, io.EOF) {
			return all
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

// allIP tells whether frames can go without their Ethernet headers.
func allIP(frames []capture.Packet) bool {
	for _, p := range frames {
		kind := binary.BigEndian.Uint16(p.Data[12:])
		if kind != 0x0800 && kind != 0x86dd {
			return false
		}
	}
	return true
}

func sendTunnelled(frames []capture.Packet, way tunnelled) error {
	if way.port == 0 {
		fd, err := unix.Socket(unix.AF_INET, unix.SOCK_RAW|unix.SOCK_CLOEXEC, 47)
		if err != nil {
			return err
		}
		defer unix.Close(fd)
		for _, p := range frames {
			if err := unix.Sendto(fd, way.wrap(p.Data), 0, &unix.SockaddrInet4{Addr: [4]byte{10, 79, 0, 2}}); err != nil {
				return err
			}
		}
		return nil
	}
	c, err := net.DialUDP("udp4", nil, &net.UDPAddr{IP: net.IPv4(10, 79, 0, 2), Port: int(way.port)})
	if err != nil {
		return err
	}
	defer c.Close()
	for _, p := range frames {
		if _, err := c.Write(way.wrap(p.Data)); err != nil {
			return err
		}
	}
	return nil
}
