package assemble

import (
	"math/rand/v2"
	"testing"

	"github.com/wirespan/wirespan/tracer/assemble/scene"
	"github.com/wirespan/wirespan/tracer/span"
	"github.com/wirespan/wirespan/tracer/store"
)

// pick takes the next byte as one of several.
func pick[T any](b *[]byte, list ...T) T {
	n := 0
	if len(*b) > 0 {
		n, *b = int((*b)[0]), (*b)[1:]
	}
	return list[n%len(list)]
}

// sceneOf makes spans of bytes: exchanges at several points with what connects them,
// processes, and SDKs, right or not.
func sceneOf(b []byte) (spans []store.Span) {
	type name struct {
		trace span.TraceID
		id    span.SpanID
	}
	have := map[name]bool{}
	for len(b) > 0 && len(spans) < 24 {
		var s store.Span
		kind := pick(&b, "net", "net", "net", "sys", "sdk", "sdk")
		start := int64(pick(&b, 0, 1, 2, 5, 10, 20, 50, 90, 95))
		end := start + int64(pick(&b, 0, 1, 3, 10, 40, 80, 100))
		if kind == "sdk" {
			s = scene.SDK(pick(&b, "web", "shop", "db"), pick(&b, "T", "U"), pick(&b, "p", "q", "r", "s"), pick(&b, "", "p", "q", "r", "lost"),
				pick(&b, span.Client, span.Server, span.Internal), start, end)
		} else {
			ends := pick(&b, [2]string{client, gwIn}, [2]string{gwOut, app}, [2]string{appOut, db}, [2]string{client, app})
			e := seen{
				Agent: pick(&b, "a", "b", "m"), Point: pick(&b, "eth0", "eth1"), X: pick(&b, uint64(1), 2, 3, 4), From: ends[0], To: ends[1],
				Start: start, End: end, Request: pick(&b, "", "", "7f3a9c5e1b2d4f608a7c9e1f2b3d4c5e", "00112233445566778899aabbccddeeff"),
				Context: pick(&b, "", "", "T/p", "T/q", "U/p"), Parent: pick(&b, "", "", "eth0/1", "eth1/2", "eth0/3"), TTL: pick(&b, uint8(64), 63, 0),
			}
			if e.To == db {
				e.Proto = "mysql"
			}
			if e.Parent != "" {
				e.Rule = pick(&b, "thread", "header_id", "sole_candidate", "containment")
			}
			if s = e.Net(); kind == "sys" {
				e.Observation = pick(&b, "client-process", "server-process")
				s = e.Sys()
			}
		}
		if n := (name{s.Trace, s.ID}); !have[n] {
			have[n] = true
			spans = append(spans, s)
		}
	}
	return spans
}

// FuzzAssemble: whatever spans there are, the tree is one: every span once, parents
// before their children, measures within bounds; and the same tree in any order.
func FuzzAssemble(f *testing.F) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 20 {
		b := make([]byte, 20+r.IntN(200))
		for i := range b {
			b[i] = byte(r.Uint32())
		}
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		spans := sceneOf(b)
		if len(spans) == 0 {
			return
		}
		var first *Trace
		for round := range 3 {
			h := append(held(nil), spans...)
			if round > 0 {
				r := rand.New(rand.NewPCG(uint64(round), 1))
				r.Shuffle(len(h), func(i, j int) { h[i], h[j] = h[j], h[i] })
			}
			a, err := New(h, Default())
			if err != nil {
				t.Fatal(err)
			}
			got, err := a.Trace(t.Context(), spans[0].Trace, store.Window{})
			if err != nil {
				t.Fatal(err)
			}
			sane(t, got)
			if round == 0 {
				first = got
			} else if d := draw(got); d != draw(first) || got.ID != first.ID {
				t.Fatalf("in another order %v:\n%s\nfirst %v:\n%s", got.ID, d, first.ID, draw(first))
			}
		}
	})
}

// sane demands what holds for every tree.
func sane(t *testing.T, got *Trace) {
	t.Helper()
	type name struct {
		trace span.TraceID
		id    span.SpanID
	}
	once := map[name]bool{}
	for i := range got.Nodes {
		n := &got.Nodes[i]
		k := name{n.Span.Trace, n.Span.ID}
		depth := 0
		switch {
		case once[k]:
			t.Fatalf("node %d is there twice:\n%s", i, draw(got))
		case n.Parent >= i || n.Parent < -1:
			t.Fatalf("node %d has parent %d", i, n.Parent)
		case n.Parent >= 0:
			depth = got.Nodes[n.Parent].Depth + 1
		}
		once[k] = true
		if n.Depth != depth || (n.Rule == "") != (n.Parent < 0) || n.Confidence < 0 || n.Confidence > 1 {
			t.Fatalf("node %d: %+v", i, n)
		}
		if n.End < n.Start || n.Self < 0 || n.Self > n.End-n.Start || n.Critical < 0 || n.Critical > n.End-n.Start || n.Start < got.Start || n.End > got.End {
			t.Fatalf("node %d of %d to %d: %+v", i, got.Start, got.End, n)
		}
		for _, o := range n.Alternatives {
			if o.Node < 0 || o.Node >= len(got.Nodes) || o.Node == i || o.Node == n.Parent {
				t.Fatalf("node %d: alternative %+v of %+v", i, o, n)
			}
		}
	}
}
