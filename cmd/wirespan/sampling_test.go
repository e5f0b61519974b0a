package main

import (
	"context"
	"encoding/hex"
	"errors"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/wirespan/wirespan/tracer/sink"
	"github.com/wirespan/wirespan/tracer/span"
)

// gatherer keeps the ids that reach it.
type gatherer struct {
	ids    []span.TraceID
	closed bool
	err    error
}

func (g *gatherer) WriteSpans(_ context.Context, spans []span.Span) error {
	for i := range spans {
		g.ids = append(g.ids, spans[i].Trace)
	}
	return g.err
}
func (g *gatherer) Close(context.Context) error { g.closed = true; return nil }

// TestSampledTrace compares with what TraceIDRatioBased of the OpenTelemetry
// SDK for Go keeps. The ids stand at the bound of a ratio: the sampler takes the
// last eight bytes without their last bit, and keeps what is below.
func TestSampledTrace(t *testing.T) {
	for _, c := range []struct {
		id    string
		ratio float64
		want  bool
	}{
		{"00000000000000000000000000000000", 0, false},
		{"ffffffffffffffffffffffffffffffff", 1, true},
		{"ffffffffffffffff0000000000000000", 0.0001, true},
		{"ffffffffffffffff7fffffffffffffff", 0.5, true},
		{"00000000000000008000000000000000", 0.5, false},
		{"00000000000000008000000000000001", 0.5, false},
		{"00000000000000003fffffffffffffff", 0.25, true},
		{"00000000000000004000000000000000", 0.25, false},
		{"4bf92f3577b34da6a3ce929d0e0e4736", 0.6, false},
		{"4bf92f3577b34da6a3ce929d0e0e4736", 0.64, true},
	} {
		var id span.TraceID
		if _, err := hex.Decode(id[:], []byte(c.id)); err != nil {
			t.Fatal(err)
		}
		s := newSampler(&gatherer{}, c.ratio)
		if got := sampledTrace(&id, s.bound.Load()); got != c.want {
			t.Errorf("%s at %v: %v", c.id, c.ratio, got)
		}
	}
}

// TestSampler wants the share that was asked for, whole traces, and that a
// larger ratio keeps what a smaller one kept.
func TestSampler(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	var spans []span.Span
	const traces, each = 20_000, 3
	for range traces {
		var id span.TraceID
		for i := range id {
			id[i] = byte(rng.Uint32())
		}
		for range each {
			spans = append(spans, span.Span{Trace: id})
		}
	}
	smaller := make(map[span.TraceID]bool)
	for _, ratio := range []float64{0, 0.01, 0.3, 0.9, 1} {
		g := &gatherer{}
		s := newSampler(g, ratio)
		for b := spans; len(b) > 0; b = b[min(len(b), 512):] {
			if err := s.WriteSpans(t.Context(), b[:min(len(b), 512)]); err != nil {
				t.Fatal(err)
			}
		}
		if got := float64(len(g.ids)) / float64(len(spans)); math.Abs(got-ratio) > 0.01 {
			t.Errorf("ratio %v keeps %v", ratio, got)
		}
		if int(s.leftOut())+len(g.ids) != len(spans) {
			t.Errorf("%d and %d are not %d", s.leftOut(), len(g.ids), len(spans))
		}
		count := make(map[span.TraceID]int)
		for _, id := range g.ids {
			count[id]++
		}
		for id := range smaller {
			if count[id] == 0 {
				t.Fatalf("ratio %v leaves out what a smaller one kept", ratio)
			}
		}
		for id, n := range count {
			if n != each {
				t.Fatalf("%d spans of a trace of %d", n, each)
			}
			smaller[id] = true
		}
	}
}

// TestSamplerPasses hands on errors and the end, and leaves the batch as it
// was: other sinks see it, too.
func TestSamplerPasses(t *testing.T) {
	g := &gatherer{err: sink.ErrFull}
	s := newSampler(g, 0.5)
	batch := []span.Span{{Trace: span.TraceID{8: 0xff}, Depth: 1}, {Depth: 2}, {Trace: span.TraceID{8: 0xff}, Depth: 3}}
	if err := s.WriteSpans(t.Context(), batch); !errors.Is(err, sink.ErrFull) {
		t.Errorf("have %v", err)
	}
	for i := range batch {
		if batch[i].Depth != i+1 {
			t.Error("the batch is changed")
		}
	}
	s.setRatio(1)
	if err := s.WriteSpans(t.Context(), batch); !errors.Is(err, sink.ErrFull) || len(g.ids) != 4 || s.leftOut() != 2 {
		t.Errorf("%v, %d spans, %d left out", err, len(g.ids), s.leftOut())
	}
	if err := s.Close(t.Context()); err != nil || !g.closed {
		t.Error("not closed")
	}
	if n := testing.AllocsPerRun(10, func() { s.setRatio(0.5); g.ids = g.ids[:0]; _ = s.WriteSpans(context.Background(), batch) }); n > 0 {
		t.Errorf("%v allocations", n)
	}
}
