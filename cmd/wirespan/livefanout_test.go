package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/pflag"

	"github.com/wirespan/wirespan/capture"
	"github.com/wirespan/wirespan/capture/defrag"
	"github.com/wirespan/wirespan/capture/pcapfile"
	"github.com/wirespan/wirespan/capture/wire"
)

// script is a source that a test feeds.
type script struct {
	points []capture.Point
	feed   chan []capture.Packet // a closed channel is the end

	mu    sync.Mutex
	stats capture.Stats
}

func newScript(point string) *script {
	return &script{points: []capture.Point{{Name: point}}, feed: make(chan []capture.Packet, 1024)}
}

func (s *script) ReadBatch(ctx context.Context, dst []capture.Packet) (int, error) {
	select {
	case b, ok := <-s.feed:
		if !ok {
			return 0, io.EOF
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		s.stats.Packets += uint64(len(b))
		return copy(dst, b), nil
	case <-ctx.Done():
		return 0, ctx.Err()
	}
}

func (s *script) Points() []capture.Point { return s.points }
func (s *script) Close() error            { return nil }
func (s *script) Stats() (capture.Stats, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.stats, nil
}

// packetsOf reads a capture into memory.
func packetsOf(t *testing.T, path string) []capture.Packet {
	t.Helper()
	src, err := pcapfile.Open(t.Context(), pcapfile.Config{Inputs: []pcapfile.Input{{Paths: []string{path}}}})
	if err != nil {
		t.Fatal(err)
	}
	defer src.Close()
	var all []capture.Packet
	batch := make([]capture.Packet, 64)
	for {
		n, err := src.ReadBatch(t.Context(), batch)
		for _, p := range batch[:n] {
			p.Data = bytes.Clone(p.Data)
			all = append(all, p)
		}
		if err != nil {
			return all
		}
	}
}

// shiftTo moves packets in time, so that the last one is at a moment.
func shiftTo(pkts []capture.Packet, last time.Time) {
	d := last.UnixNano() - pkts[len(pkts)-1].Time
	for i := range pkts {
		pkts[i].Time += d
	}
}

// spread gives each packet to one of n feeds, a connection always to one, as a
// fan-out does.
func spread(t *testing.T, pkts []capture.Packet, n int) [][]capture.Packet {
	t.Helper()
	out := make([][]capture.Packet, n)
	dec := wire.NewDecoder(defrag.Default())
	for i := range pkts {
		var f wire.Frame
		ring := 0
		if dec.Decode(&pkts[i], &f) == wire.OK {
			ring = int(f.Hash()>>8) % n
		}
		out[ring] = append(out[ring], pkts[i])
	}
	return out
}

// liveParts composes a live run that writes one output.
func liveParts(t *testing.T, args ...string) *parts {
	t.Helper()
	o := &liveOptions{}
	flags := pflag.NewFlagSet("live", pflag.ContinueOnError)
	o.addLive(flags)
	if err := flags.Parse(append([]string{"--agent", "host1"}, args...)); err != nil {
		t.Fatal(err)
	}
	if err := o.settle(); err != nil {
		t.Fatal(err)
	}
	o.spool = func(f *os.File) *spool { return newSpool(f, nil, nil) }
	p, err := compose(&o.options)
	if err != nil {
		t.Fatal(err)
	}
	var c liveCounts
	p.steadySinks(&c)
	return p
}

// sortedLines are the lines of a text in order.
func sortedLines(b []byte) []string {
	l := strings.Split(strings.TrimSpace(string(b)), "\n")
	slices.Sort(l)
	return l
}

// TestFanoutGivesTheSame holds that spans do not depend on how many rings the
// kernel spread the connections over.
func TestFanoutGivesTheSame(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"http-siblings", "http-pipeline", "http-methods", "dns-tcp"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var want []string
			for _, rings := range []int{1, 2, 3} {
				pkts := packetsOf(t, goldenCapture(name))
				shiftTo(pkts, time.Unix(2e9, 0)) // all runs have the same times
				out := filepath.Join(t.TempDir(), "out")
				p := liveParts(t, "--out", "ndjson:"+out)
				var src []capture.Source
				for _, part := range spread(t, pkts, rings) {
					s := newScript("lan")
					for c := range slices.Chunk(part, 7) {
						s.feed <- c
					}
					close(s.feed)
					src = append(src, s)
				}
				pipe, err := p.newPipelineOn(src...)
				if err != nil {
					t.Fatal(err)
				}
				if err := pipe.run(t.Context()); err != nil {
					t.Fatal(err)
				}
				got := sortedLines(readFile(t, out))
				if want == nil {
					want = got
				}
				if len(got) < 2 || len(got) != len(want) {
					t.Errorf("%d rings: %d spans, want %d", rings, len(got), len(want))
				} else if d := cmp.Diff(want, got); d != "" {
					t.Errorf("%d rings (-one +these):\n%s", rings, d)
				}
			}
		})
	}
}

// TestIdleRing holds that a worker without packets does not hold up the traces
// of another, and that timers go on in silence.
func TestIdleRing(t *testing.T) {
	t.Parallel()
	for rings := 1; rings <= 3; rings++ {
		out := filepath.Join(t.TempDir(), "out")
		p := liveParts(t, "--out", "ndjson:"+out)
		var src []capture.Source
		for range rings {
			src = append(src, newScript("lan"))
		}
		pipe, err := p.newPipelineOn(src...)
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error)
		go func() { ended <- pipe.run(ctx) }()
		pkts := packetsOf(t, goldenCapture("http-siblings"))
		shiftTo(pkts, time.Now())
		for c := range slices.Chunk(pkts, 100) {
			src[rings-1].(*script).feed <- c
		}
		waitFor(t, func() bool { b, _ := os.ReadFile(out); return bytes.Count(b, []byte("\n")) == 7 })
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	}
}

// TestEndReadsTheRing holds that what the kernel had taken before the end was
// asked for is still analysed.
func TestEndReadsTheRing(t *testing.T) {
	t.Parallel()
	for _, rings := range []int{1, 2} {
		out := filepath.Join(t.TempDir(), "out")
		p := liveParts(t, "--out", "ndjson:"+out)
		pkts := packetsOf(t, goldenCapture("http-siblings"))
		shiftTo(pkts, time.Now())
		var src []capture.Source
		for range rings {
			src = append(src, newScript("lan"))
		}
		pipe, err := p.newPipelineOn(src...)
		if err != nil {
			t.Fatal(err)
		}
		refused := 0
		pipe.readers[0].pace.refuse = func() {
			refused++
			src[0].(*script).feed <- pkts
			close(src[0].(*script).feed)
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if err := pipe.run(ctx); err != nil {
			t.Error(err)
		}
		if n := len(sortedLines(readFile(t, out))); n != 7 || refused != 1 {
			t.Errorf("%d rings: %d spans, want 7; stopped %d times", rings, n, refused)
		}
	}
}

// brokenSource fails after what it is fed.
type brokenSource struct{ *script }

var errBroken = errors.New("the ring is broken")

func (s brokenSource) ReadBatch(ctx context.Context, dst []capture.Packet) (int, error) {
	n, err := s.script.ReadBatch(ctx, dst)
	if errors.Is(err, io.EOF) {
		err = errBroken
	}
	return n, err
}

// TestBrokenRing holds that the failure of one ring ends the run, with what
// all had read, and is told.
func TestBrokenRing(t *testing.T) {
	t.Parallel()
	for _, rings := range []int{1, 2} {
		out := filepath.Join(t.TempDir(), "out")
		p := liveParts(t, "--out", "ndjson:"+out)
		pkts := packetsOf(t, goldenCapture("http-siblings"))
		shiftTo(pkts, time.Now())
		s := brokenSource{newScript("lan")}
		s.feed <- pkts
		close(s.feed)
		src := []capture.Source{s}
		if rings == 2 {
			src = append(src, newScript("lan"))
		}
		pipe, err := p.newPipelineOn(src...)
		if err != nil {
			t.Fatal(err)
		}
		if err := pipe.run(t.Context()); !errors.Is(err, errBroken) {
			t.Errorf("%d rings: the run says %v", rings, err)
		}
		if n := len(sortedLines(readFile(t, out))); n != 7 {
			t.Errorf("%d rings: %d spans, want 7", rings, n)
		}
	}
}
