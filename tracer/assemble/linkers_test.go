package assemble

import (
	"errors"
	"math/rand/v2"
	"runtime"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wirespan/wirespan/tracer/assemble/scene"
	"github.com/wirespan/wirespan/tracer/store"
)

// TestUsedLinkers: a trace is the same whether its linker is new or has linked others
// before, large and small, of one agent and of several.
func TestUsedLinkers(t *testing.T) {
	soup := wide(400)
	for x := range uint64(60) {
		at := int64(x) * 7
		soup = append(soup,
			seen{Agent: "a", Point: "eth0", X: 1000 + x, From: client, To: gwIn, Start: at, End: at + 100, Request: id1}.Net(),
			seen{Agent: "b", Point: "eth0", X: 1000 + x, From: client, To: gwIn, Start: at + 1 + int64(x%3)*400, End: at + 99, Request: id1}.Net(),
			seen{Agent: "b", Point: "eth1", X: 2000 + x, From: gwOut, To: app, Start: at + 10, End: at + 90, Request: id1}.Net(),
			seen{Agent: "c", Point: "eth0", X: 3000 + x, From: appOut, To: db, Start: at + 20, End: at + 80, Proto: "mysql"}.Net(),
		)
	}
	rnd := rand.New(rand.NewPCG(1, 2))
	used := newLinkers()
	for round := range 80 {
		spans := slices.Clone(soup)
		rnd.Shuffle(len(spans), func(i, j int) { spans[i], spans[j] = spans[j], spans[i] })
		spans = spans[:1+rnd.IntN(1+round*len(spans)/80)]
		seeds := map[spanKey]bool{keyOf(&spans[0]): true}
		fresh, err := build(t.Context(), slices.Clone(spans), scene.TraceOf("T"), seeds, nil, nil)
		again, err2 := build(t.Context(), slices.Clone(spans), scene.TraceOf("T"), seeds, nil, used)
		if err != nil && !errors.Is(err, ErrNotFound) || (err == nil) != (err2 == nil) {
			t.Fatalf("%v, fresh %v", err2, err)
		}
		if d := cmp.Diff(fresh, again); d != "" {
			t.Fatalf("round %d, %d spans (-fresh +used):\n%s", round, len(spans), d)
		}
	}
	if len(used) == 0 {
		t.Error("no linker was kept")
	}
}

// BenchmarkSmall is a trace of eight spans, as most are.
func BenchmarkSmall(b *testing.B) {
	spans := wide(8)
	used := newLinkers()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := build(b.Context(), slices.Clone(spans), spans[0].Trace, nil, nil, used); err != nil {
			b.Fatal(err)
		}
	}
}

// TestAllocs holds assembling a small trace to what it takes beside its linker.
func TestAllocs(t *testing.T) {
	spans := []store.Span{
		seen{Agent: "a", Point: "eth0", X: 1, From: client, To: gwIn, Start: 0, End: 100, Request: id1}.Net(),
		seen{Agent: "b", Point: "eth0", X: 1, From: client, To: gwIn, Start: 1, End: 99, Request: id1}.Net(),
		seen{Agent: "b", Point: "eth1", X: 2, From: gwOut, To: app, Start: 10, End: 90, Request: id1}.Net(),
	}
	used := newLinkers()
	const rounds = 50
	var before, after runtime.MemStats
	for round := range rounds + 1 {
		if round == 1 { // the first one makes the linker
			runtime.ReadMemStats(&before)
		}
		if _, err := build(t.Context(), slices.Clone(spans), spans[0].Trace, nil, nil, used); err != nil {
			t.Fatal(err)
		}
	}
	runtime.ReadMemStats(&after)
	bytes := (after.TotalAlloc - before.TotalAlloc) / rounds
	if bytes > 100<<10 {
		t.Errorf("%d bytes for a trace of three spans", bytes)
	}
}
