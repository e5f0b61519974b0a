package local_test

import (
	"context"
	"testing"

	"github.com/wirespan/wirespan/tracer/span"
	"github.com/wirespan/wirespan/tracer/store"
	"github.com/wirespan/wirespan/tracer/store/storetest"
)

// BenchmarkWrite writes plain HTTP spans with all indexes. What testdata/make/bench-store
// measures over minutes, in small: ids repeat, background work is partly left out.
func BenchmarkWrite(b *testing.B) {
	ctx := context.Background()
	cfg := small()
	cfg.BlockSpans, cfg.RunBlocks, cfg.Memory = 1024, 512, 128<<20
	s := open(b, b.TempDir(), cfg)
	defer s.Close(ctx)
	gen := storetest.NewTraffic(1, crashStart, 15_000)
	var list []store.Span
	for len(list) < 8192 {
		for _, sp := range gen.Next() {
			list = append(list, sp.Clone())
		}
	}
	b.ReportAllocs()
	n := 0
	for b.Loop() {
		at := n % len(list)
		if err := s.Write(ctx, list[at:at+256]); err != nil {
			b.Fatal(err)
		}
		n += 256
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(n), "ns/span")
}

// BenchmarkTrace asks for traces by id, of 100,000 spans.
func BenchmarkTrace(b *testing.B) {
	ctx := context.Background()
	cfg := small()
	cfg.BlockSpans, cfg.RunBlocks, cfg.Memory = 1024, 32, 32<<20
	s := open(b, b.TempDir(), cfg)
	defer s.Close(ctx)
	gen := storetest.NewTraffic(1, crashStart, 15_000)
	var ids []span.TraceID
	for range 25_000 {
		list := gen.Next()
		ids = append(ids, list[0].Trace)
		if err := s.Write(ctx, list); err != nil {
			b.Fatal(err)
		}
	}
	if err := s.Sync(ctx); err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		id := ids[i*7919%len(ids)]
		got, _, err := s.Related(ctx, []store.Key{store.TraceKey(id)}, store.Window{}, 100)
		if err != nil || len(got) != 4 {
			b.Fatalf("%d spans, %v", len(got), err)
		}
	}
}

// TestAllocs holds the write path to few allocations: those of blocks, not of spans.
func TestAllocs(t *testing.T) {
	ctx := context.Background()
	cfg := small()
	cfg.BlockSpans = 1024
	s := open(t, t.TempDir(), cfg)
	defer s.Close(ctx)
	gen := storetest.NewTraffic(1, crashStart, 15_000)
	var list []store.Span
	for len(list) < 4096 {
		for _, sp := range gen.Next() {
			list = append(list, sp.Clone())
		}
	}
	write := func() {
		if err := s.Write(ctx, list); err != nil {
			t.Fatal(err)
		}
	}
	for range 8 { // until room is there that is used again
		write()
	}
	if n := testing.AllocsPerRun(5, write) / float64(len(list)); n > 0.5 {
		t.Errorf("%.2f allocations a span", n)
	}
}
