package relay

import (
	"testing"

	"github.com/wirespan/wirespan/tracer/assemble/scene"
	"github.com/wirespan/wirespan/tracer/span"
	"github.com/wirespan/wirespan/tracer/store"
)

// TestNames: the agent of the last server knows it by the Host that the gateway preserved
// only; another one knows better.
func TestNames(t *testing.T) {
	spans := append(packets()[:4],
		scene.Seen{Agent: "c", Point: "eth0", X: 2, From: scene.GatewayOut, To: scene.App, Start: 11, End: 89}.Net())
	for i, service := range []string{"shop", "shop", "shop", "orders", "shop"} {
		spans[i].Service = service
	}
	servers := map[string]bool{}
	for _, s := range Shape(build(t, spans), &Shaping{}) {
		if s.Kind == span.Server {
			servers[s.Service] = true
		}
	}
	if len(servers) != 2 || !servers["shop"] || !servers["orders"] {
		t.Errorf("servers %v, want shop and orders", servers)
	}
	spans[3].Service = "shop" // nobody knows better
	for _, s := range Shape(build(t, spans), &Shaping{}) {
		if s.Kind == span.Server && s.Service != "shop" {
			t.Errorf("a server is %s", s.Service)
		}
	}
}

// TestAfterwards: sightings that come when their exchange has left are INTERNAL, below
// what left, whichever of them come late.
func TestAfterwards(t *testing.T) {
	all := packets()[:4]
	for late := range 3 {
		first := append(append([]store.Span{}, all[:late]...), all[late+1:]...)
		sent := map[span.SpanID]bool{}
		kinds := map[span.Kind]int{}
		for _, s := range Shape(build(t, first), &Shaping{}) {
			sent[s.ID] = true
			kinds[s.Kind]++
		}
		if kinds[span.Client] != 2 || kinds[span.Server] != 2 {
			t.Fatalf("%d: %v", late, kinds)
		}
		tr := build(t, all)
		behind := 0
		for _, s := range afterwards(Shape(tr, &Shaping{}), tr, sent) {
			if sent[s.ID] {
				continue
			}
			behind++
			if s.ID != all[late].ID || s.Kind != span.Internal || s.Parent != (span.SpanID{}) && !sent[s.Parent] {
				t.Errorf("%d: %v %s below %v comes behind", late, s.Kind, s.Name, s.Parent)
			}
		}
		if behind != 1 {
			t.Errorf("%d: %d spans come behind, want 1", late, behind)
		}
	}
}
