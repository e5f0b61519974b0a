package assemble

import (
	"fmt"
	"testing"

	"github.com/wirespan/wirespan/tracer/assemble/scene"
	"github.com/wirespan/wirespan/tracer/span"
	"github.com/wirespan/wirespan/tracer/store"
)

// wide is a trace of n spans: a service that asks two others in turn, each exchange
// seen at both hosts, with SDKs at all of them.
func wide(n int) []store.Span {
	spans := []store.Span{scene.SDK("web", "T", "root", "", span.Server, 0, int64(n)*10)}
	for x := uint64(1); len(spans) < n; x++ {
		at := int64(x) * 20
		call := fmt.Sprintf("c%d", x)
		to := fmt.Sprintf("192.0.2.%d:80", 10+x%2)
		spans = append(spans,
			scene.SDK("web", "T", call, "root", span.Client, at, at+10),
			seen{Agent: "a", Point: "eth0", X: x, From: client, To: to, Start: at + 1, End: at + 9, Context: "T/" + call, Request: fmt.Sprintf("%032x", x*0x9e3779b97f4a7c15)}.Net(),
			seen{Agent: "b", Point: "eth0", X: x, From: client, To: to, Start: at + 2, End: at + 8, Context: "T/" + call, Request: fmt.Sprintf("%032x", x*0x9e3779b97f4a7c15)}.Net(),
			scene.SDK("shop", "T", "s"+call, call, span.Server, at+3, at+7),
		)
	}
	return spans
}

func BenchmarkBuild(b *testing.B) {
	for _, n := range []int{100, 1_000, 10_000} {
		spans := wide(n)
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := Build(b.Context(), spans, scene.TraceOf("T"), nil, Default(), nil); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// TestWide: nothing of a large trace goes astray.
func TestWide(t *testing.T) {
	spans := wide(2_000)
	got, err := Build(t.Context(), spans, scene.TraceOf("T"), nil, Default(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if len(got.Nodes) != len(spans) {
		t.Fatalf("%d of %d spans", len(got.Nodes), len(spans))
	}
	for i := range got.Nodes[1:] {
		n := &got.Nodes[1+i]
		if n.Parent < 0 || n.Depth != 1+int(i%4) {
			t.Fatalf("node %d: depth %d, %s below %d", 1+i, n.Depth, n.Span.Name, n.Parent)
		}
	}
}

// TestConstantContext: a client that sends one context with everything makes no
// tangle of its calls.
func TestConstantContext(t *testing.T) {
	const n = 2_000
	spans := []store.Span{scene.SDK("web", "T", "call", "", span.Client, 0, 20*n)}
	for x := range uint64(n) {
		at := int64(x) * 20
		spans = append(spans,
			seen{Agent: "a", Point: "eth0", X: x + 1, From: client, To: app, Start: at + 1, End: at + 9, Context: "T/call", Request: id1}.Net(),
			scene.SDK("shop", "T", fmt.Sprintf("s%d", x+1), "call", span.Server, at+3, at+7),
			scene.SDK("shop", "T", fmt.Sprintf("i%d", x+1), fmt.Sprintf("s%d", x+1), span.Internal, at+4, at+6),
		)
	}
	got, err := Build(t.Context(), spans, scene.TraceOf("T"), nil, Default(), nil)
	if err != nil {
		t.Fatal(err)
	}
	for i := range got.Nodes {
		s := got.Nodes[i].Span
		if p := got.Nodes[i].Parent; s.Kind == span.Server && s.Signal == store.APP {
			if x, _ := exchangeOf(got.Nodes[p].Span); fmt.Sprintf("s%d", x) != s.Name {
				t.Fatalf("%s is below exchange %d", s.Name, x)
			}
		}
	}
}
