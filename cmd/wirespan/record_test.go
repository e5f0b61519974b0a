package main

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/pflag"

	"github.com/wirespan/wirespan/capture"
	"github.com/wirespan/wirespan/capture/pcapfile"
	"github.com/wirespan/wirespan/capture/record"
	"github.com/wirespan/wirespan/tracer/link"
	"github.com/wirespan/wirespan/tracer/sink"
	"github.com/wirespan/wirespan/tracer/span"
)

// liveLike makes a capture file look like interfaces: points are called after
// interfaces, tags are stripped as the kernel does it, and packets have a
// direction.
type liveLike struct {
	*pcapfile.Source
	names  []string
	points []capture.Point
}

func (s *liveLike) ReadBatch(ctx context.Context, dst []capture.Packet) (int, error) {
	n, err := s.Source.ReadBatch(ctx, dst)
	for i := range dst[:n] {
		p := &dst[i]
		p.Dir = capture.DirIn + capture.Direction(p.Time&1)
		if p.Link == capture.LinkEthernet && len(p.Data) > 18 && binary.BigEndian.Uint16(p.Data[12:]) == 0x8100 {
			p.VLAN = binary.BigEndian.Uint16(p.Data[14:])
			p.Data = append(bytes.Clone(p.Data[:12]), p.Data[16:]...)
			p.WireLen -= 4
		}
	}
	return n, err
}

func (s *liveLike) Points() []capture.Point {
	for i := len(s.points); i < len(s.Source.Points()); i++ {
		s.points = append(s.points, capture.Point{Name: s.names[i]})
	}
	return s.points
}

// recordLive traces files as if they were interfaces, with the flags of a
// recording, and returns the spans.
func recordLive(t *testing.T, flags []string, files ...string) []byte {
	t.Helper()
	spans, _ := keepLive(t, flags, nil, files...)
	return spans
}

// keepLive is recordLive that also returns what was kept. Spans go to more, too.
func keepLive(t *testing.T, flags []string, more sink.Sink, files ...string) ([]byte, *recording) {
	t.Helper()
	out := filepath.Join(t.TempDir(), "live")
	var o options
	var keep recordOptions
	fs := pflag.NewFlagSet("live", pflag.ContinueOnError)
	o.add(fs)
	keep.add(fs)
	if err := fs.Parse(append([]string{"--agent", "host1", "--out", "ndjson:" + out}, flags...)); err != nil {
		t.Fatal(err)
	}
	inputs, err := parseInputs(files, nil)
	if err != nil {
		t.Fatal(err)
	}
	src, err := pcapfile.Open(t.Context(), pcapfile.Config{Inputs: inputs})
	if err != nil {
		t.Fatal(err)
	}
	defer src.Close()
	p, err := compose(&o)
	if err != nil {
		t.Fatal(err)
	}
	kept, err := keep.open(o.agent, time.Unix(1, 0), src.Stats)
	if err != nil {
		t.Fatal(err)
	}
	if more != nil {
		p.outs.addForm([]sink.Sink{more}, link.Form{})
		p.cfg.link.Forms = p.outs.forms
	}
	pipe, err := p.newPipelineOn(kept.tee(&liveLike{Source: src, names: []string{"eth0", "lo", "tun0", "br0"}}))
	if err != nil {
		t.Fatal(err)
	}
	if err := pipe.run(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := kept.close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if n := kept.lost(); n > 0 {
		t.Fatalf("%d packets are not in the recording", n)
	}
	return readFile(t, out), kept
}

// TestRecentAsFile cuts every exchange out of memory, and wants the packets
// that --out pcapng cuts out of the file; of headers, as many and as long.
func TestRecentAsFile(t *testing.T) {
	t.Parallel()
	for _, file := range []string{
		filepath.Join(demoDir, "app.pcap"), goldenCapture("fragments-dns4"), goldenCapture("fragments-dns6"),
		goldenCapture("vxlan"), goldenCapture("vxlan-fragments"), goldenCapture("gateway-nginx-retry"),
	} {
		for _, whole := range []bool{true, false} {
			flags := []string{"--record", "4MiB"}
			if whole {
				flags = append(flags, "--record-payload")
			}
			var spans exchanges
			_, kept := keepLive(t, flags, &spans, file)
			if len(spans) == 0 {
				t.Fatalf("%s: no spans", file)
			}
			for _, x := range spans[:min(len(spans), 25)] {
				sel, again := record.NewSelection(), record.NewSelection()
				if err := errors.Join(sel.Add(x), again.Add(x)); err != nil {
					t.Fatal(err)
				}
				var fromMemory, fromFile bytes.Buffer
				if _, err := kept.recent.Cut(t.Context(), sel, &fromMemory); err != nil {
					t.Fatal(err)
				}
				src, err := pcapfile.Open(t.Context(), pcapfile.Config{Inputs: []pcapfile.Input{{Paths: []string{file}}}})
				if err != nil {
					t.Fatal(err)
				}
				if _, err := record.Copy(t.Context(), &liveLike{Source: src, names: []string{"eth0"}}, again, &fromFile); err != nil {
					t.Fatal(err)
				}
				src.Close()
				want, got := packetsIn(t, &fromFile), packetsIn(t, &fromMemory)
				if !whole {
					for i := range want {
						want[i].Data = nil
					}
					for i := range got {
						got[i].Data = nil
					}
				}
				if d := cmp.Diff(want, got); d != "" || len(want) == 0 {
					t.Errorf("%s, payload %v: %d packets of %+v (-file +memory):\n%.1000s", file, whole, len(want), x, d)
				}
			}
		}
	}
}

// exchanges is a sink that remembers which packets spans were made of.
type exchanges []record.Exchange

func (e *exchanges) WriteSpans(_ context.Context, spans []span.Span) error {
	for i := range spans {
		if x, ok := exchangeOf(&spans[i]); ok {
			*e = append(*e, x)
		}
	}
	return nil
}

func (e *exchanges) Close(context.Context) error { return nil }

// packetsIn reads a capture.
func packetsIn(t *testing.T, b *bytes.Buffer) (list []capture.Packet) {
	t.Helper()
	r := pcapfile.NewReader(b, "cut")
	batch := make([]capture.Packet, 100)
	for {
		n, err := r.ReadBatch(batch)
		for _, p := range batch[:n] {
			p.Data = bytes.Clone(p.Data)
			list = append(list, p)
		}
		if errors.Is(err, io.EOF) {
			return list
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

// TestRecordingReadsAsLive wants the spans of a live run from its recording,
// byte for byte: from what stands in the files, and by --agent and --point.
func TestRecordingReadsAsLive(t *testing.T) {
	t.Parallel()
	golden, err := filepath.Glob(filepath.Join(goldenDir, "*.pcap*"))
	if err != nil || len(golden) == 0 {
		t.Fatalf("golden captures: %v, %v", golden, err)
	}
	cases := [][]string{{filepath.Join(demoDir, "app.pcap")}, {filepath.Join(demoDir, "app.pcap"), filepath.Join(demoDir, "edge.pcap")}}
	for _, g := range golden {
		cases = append(cases, []string{g})
	}
	spans := 0
	for _, files := range cases {
		name := strings.Join(files, " and ")
		dir := t.TempDir()
		recording := filepath.Join(dir, "rec.pcapng")
		want := recordLive(t, []string{"-w", recording, "-U"}, files...)
		spans += bytes.Count(want, []byte("\n"))
		if got := outputOf(t, "ndjson", recording); !bytes.Equal(got, want) {
			t.Errorf("%s: the recording has other spans:\n%.2000s\nlive:\n%.2000s", name, got, want)
		}
		if len(files) > 1 || bytes.Contains(want, []byte(`"lo"`)) {
			continue
		}
		if got := outputOf(t, "ndjson", recording, "--agent", "host1", "--point", "eth0"); !bytes.Equal(got, want) {
			t.Errorf("%s: with --agent and --point, the recording has other spans:\n%.2000s\nlive:\n%.2000s", name, got, want)
		}
		if other := outputOf(t, "ndjson", recording, "--agent", "host2"); len(want) > 0 && bytes.Equal(other, want) {
			t.Errorf("%s: --agent has no effect on a recording", name)
		}
	}
	if spans < 100 {
		t.Errorf("the captures gave %d spans", spans)
	}
}

// TestRotationReadsAsLive records into many files: they are one run again,
// given as files in any order, and as a directory.
func TestRotationReadsAsLive(t *testing.T) {
	t.Parallel()
	app := filepath.Join(demoDir, "app.pcap")
	edge := filepath.Join(demoDir, "edge.pcap")
	for _, flags := range [][]string{{"-C", "4k"}, {"-G", "1"}, {"-G", "1", "-C", "4k"}} {
		dir := t.TempDir()
		want := recordLive(t, append([]string{"-w", filepath.Join(dir, "rec-%Y%m%d%H%M%S.pcapng")}, flags...), app, edge)
		files, err := filepath.Glob(filepath.Join(dir, "*"))
		if err != nil || len(files) < 3 {
			t.Fatalf("%v: files %v, %v", flags, files, err)
		}
		for i, j := 0, len(files)-1; i < j; i, j = i+1, j-1 {
			files[i], files[j] = files[j], files[i]
		}
		for _, args := range [][]string{files, {dir}} {
			if got := outputOf(t, "ndjson", args...); !bytes.Equal(got, want) {
				t.Errorf("%v: %d files read have other spans (%d bytes, %d live)", flags, len(args), len(got), len(want))
			}
		}
	}
}

// TestRecordedByPeriodEnds ends a run with the last file, as tcpdump -G -W does.
func TestRecordedByPeriodEnds(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	app := filepath.Join(demoDir, "app.pcap")
	all := recordLive(t, nil, app)
	some := recordLive(t, []string{"-w", filepath.Join(dir, "rec-%s"), "-G", "1", "-W", "2"}, app)
	files, err := os.ReadDir(dir)
	if err != nil || len(files) != 2 {
		t.Fatalf("files %v, %v", files, err)
	}
	if bytes.Count(some, []byte("\n")) >= bytes.Count(all, []byte("\n")) {
		t.Errorf("%d bytes of spans from two seconds, %d from all", len(some), len(all))
	}
	if got := outputOf(t, "ndjson", dir); !bytes.Equal(got, some) {
		t.Errorf("the recording has other spans:\n%s\nlive:\n%s", got, some)
	}
}

func TestRecordFlags(t *testing.T) {
	for _, c := range []struct {
		args string
		want string
	}{
		{"-w x", ""},
		{"-w x -C 1 -W 3 -G 60 -U", ""},
		{"-w x -G 1h30m", ""},
		{"-w x -C 64MiB", ""},
		{"-w x -C 0", "-C 0: want millions of bytes"},
		{"-w x -C x", "-C x: want millions of bytes"},
		{"-w x -C 0.0001k", "-C 0.0001k: want more than no bytes"},
		{"-w x -G 0", "-G 0: want whole seconds"},
		{"-w x -G 1.5", "-G 1.5: want whole seconds"},
		{"-w x -G 100ms", "-G 100ms: want whole seconds"},
		{"-w x -W 3", "a file count needs a file size or a period"},
		{"-w - -C 1", "standard output is one file"},
		{"-w %Q -G 1", `"%Q" is no conversion of strftime`},
		{"-C 1", "-w, which is not given"},
		{"-U", "-w, which is not given"},
		{"--record 64MiB --record-payload", ""},
		{"--record-payload", "--record, which is not given"},
		{"--record 1k", "keep recent packets: 1024 bytes: want"},
		{"--record x", "--record: parse size"},
		{"-w x --write-buffer 1", "buffer of 1 bytes"},
	} {
		var o recordOptions
		fs := pflag.NewFlagSet("live", pflag.ContinueOnError)
		o.add(fs)
		if err := fs.Parse(strings.Fields(c.args)); err != nil {
			t.Fatal(err)
		}
		err := o.check()
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %v, want %q", c.args, err, c.want)
		}
	}
	for s, want := range map[string]int64{"1": 1_000_000, "100": 100_000_000, "64MiB": 64 << 20, "1k": 1024, "1.5g": 3 << 29} {
		if got, err := parseFileSize(s); got != want || err != nil {
			t.Errorf("-C %s: %d, %v; want %d", s, got, err, want)
		}
	}
}

func FuzzRecordFlags(f *testing.F) {
	f.Add("x-%H", "1", 3, "60", "64MiB")
	f.Add("-", "1.5MiB", 0, "1h", "0")
	f.Add("%", "99999999999999999999", -1, "-1", "1e99")
	f.Fuzz(func(t *testing.T, path, size string, count int, period, recent string) {
		o := recordOptions{write: path, fileSize: size, fileCount: count, rotate: period, recent: recent, buffer: "4MiB"}
		c, err := o.filesConfig()
		if err == nil && (c.Size < 0 || c.Count < 0 || c.Period < 0 || path == "") && path != "" {
			t.Errorf("%+v gives %+v", o, c)
		}
		if r, err := o.recentConfig("x"); err == nil && r.Size != 0 && r.Validate() != nil {
			t.Errorf("%q gives %+v", recent, r)
		}
	})
}

// TestRecordPlaces names what a sandbox must let through.
func TestRecordPlaces(t *testing.T) {
	for _, c := range []struct{ write, rotate, want string }{
		{"", "", ""},
		{"-", "", ""},
		{"out.pcapng", "", "out.pcapng"},
		{"/var/%Y/out", "", "/var/%Y/out"},
		{"/var/x/out-%H", "60", "/var/x/out-%H"},
		{"/var/x/%Y/%m/out", "60", "/var/x"},
		{"%Y/out", "60", "."},
	} {
		o := recordOptions{write: c.write, rotate: c.rotate}
		if got := strings.Join(o.places(), " "); got != c.want {
			t.Errorf("-w %s -G %s: %q, want %q", c.write, c.rotate, got, c.want)
		}
	}
}
