package relay

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/wirespan/wirespan/tracer/assemble"
	"github.com/wirespan/wirespan/tracer/assemble/scene"
	"github.com/wirespan/wirespan/tracer/span"
	"github.com/wirespan/wirespan/tracer/store"
)

// edges are those that Tempo's service graphs find (metrics generator, processor
// "service-graphs"): a CLIENT or PRODUCER span with the SERVER or CONSUMER span that
// names it as its parent; what is left of CLIENT spans goes to a node that peer.service
// or db.system names.
func edges(spans []store.Span) []string {
	type end struct{ from, to string }
	open := map[string]*end{}
	at := func(trace span.TraceID, id span.SpanID) *end {
		k := trace.String() + id.String()
		if open[k] == nil {
			open[k] = &end{}
		}
		return open[k]
	}
	virtual := map[*end]string{}
	for i := range spans {
		s := &spans[i]
		switch s.Kind {
		case span.Client, span.Producer:
			e := at(s.Trace, s.ID)
			e.from = s.Service
			for _, k := range []string{"peer.service", "db.system"} {
				if virtual[e] == "" {
					virtual[e] = s.Text(k)
				}
			}
		case span.Server, span.Consumer:
			if !s.Parent.IsZero() {
				at(s.Trace, s.Parent).to = s.Service
			}
		}
	}
	var list []string
	for _, e := range open {
		if e.to == "" {
			e.to = virtual[e]
		}
		if e.from != "" && e.to != "" {
			list = append(list, e.from+">"+e.to)
		}
	}
	slices.Sort(list)
	return list
}

// tree draws spans by parent: kind, service and who tells.
func tree(spans []store.Span) string {
	var b strings.Builder
	var walk func(parent span.SpanID, depth int)
	walk = func(parent span.SpanID, depth int) {
		for i := range spans {
			s := &spans[i]
			root := depth == 0 && !slices.ContainsFunc(spans, func(o store.Span) bool { return o.ID == s.Parent })
			if s.Parent != parent && !root || depth == 0 && !root {
				continue
			}
			fmt.Fprintf(&b, "%s%v %s %v\n", strings.Repeat("  ", depth), s.Kind, s.Service, s.Signal)
			walk(s.ID, depth+1)
		}
	}
	walk(span.SpanID{}, 0)
	return b.String()
}

func build(t *testing.T, spans []store.Span) *assemble.Trace {
	t.Helper()
	a, err := assemble.New(scene.Held(spans), assemble.Default())
	if err != nil {
		t.Fatal(err)
	}
	got, err := a.Trace(t.Context(), spans[0].Trace, store.Window{})
	if err != nil {
		t.Fatal(err)
	}
	return got
}

const id1 = "7f3a9c5e1b2d4f608a7c9e1f2b3d4c5e"

// packets are a chain that packets alone tell: a client, a gateway that three points
// saw asked, a service, a database.
func packets() []store.Span {
	return []store.Span{
		scene.Seen{Agent: "a", Point: "eth0", X: 1, From: scene.Client, To: scene.GatewayIn, Start: 0, End: 100, Request: id1, TTL: 64}.Net(),
		scene.Seen{Agent: "m", Point: "tap", X: 1, From: scene.Client, To: scene.GatewayIn, Start: 1, End: 99, Request: id1, TTL: 63}.Net(),
		scene.Seen{Agent: "b", Point: "eth0", X: 1, From: scene.Client, To: scene.GatewayIn, Start: 2, End: 98, Request: id1, TTL: 62}.Net(),
		scene.Seen{Agent: "b", Point: "eth1", X: 2, From: scene.GatewayOut, To: scene.App, Start: 10, End: 90, Request: id1, Parent: "eth0/1", Rule: "header_id"}.Net(),
		scene.Seen{Agent: "b", Point: "eth1", X: 3, From: scene.AppOut, To: scene.DB, Start: 20, End: 80, Proto: "mysql", Parent: "eth1/2", Rule: "thread"}.Net(),
	}
}

// full has SDKs at both ends, besides.
func full() []store.Span {
	return []store.Span{
		scene.SDK("web", "T", "call", "", span.Client, 0, 100),
		scene.Seen{Agent: "a", Point: "eth0", X: 1, From: scene.Client, To: scene.App, Start: 1, End: 99, Context: "T/call"}.Net(),
		scene.Seen{Agent: "b", Point: "eth0", X: 1, From: scene.Client, To: scene.App, Start: 2, End: 98, Context: "T/call"}.Net(),
		scene.SDK("shop", "T", "serve", "call", span.Server, 3, 97),
		scene.Seen{Agent: "b", Point: "eth0", X: 3, From: scene.AppOut, To: scene.DB, Start: 20, End: 80, Proto: "mysql", Parent: "eth0/1", Rule: "thread"}.Net(),
	}
}

func without(spans []store.Span, names ...string) []store.Span {
	return slices.DeleteFunc(spans, func(s store.Span) bool { return slices.Contains(names, s.Name) })
}

func TestShape(t *testing.T) {
	for _, c := range []struct {
		name  string
		spans []store.Span
		how   Shaping
		tree  string
		edges string
	}{
		{"packets", packets(), Shaping{}, `CLIENT 192.0.2.1 NET
  INTERNAL gw NET
  SERVER gw NET
    CLIENT gw NET
      SERVER shop NET
        CLIENT shop NET
`, "192.0.2.1>gw gw>shop shop>db"},
		{"both", full(), Shaping{}, `CLIENT web APP
  INTERNAL shop NET
    INTERNAL shop NET
  SERVER shop APP
    CLIENT shop NET
`, "shop>db web>shop"},
		{"client only", without(full(), "serve"), Shaping{}, `CLIENT web APP
  INTERNAL shop NET
  SERVER shop NET
    CLIENT shop NET
`, "shop>db web>shop"},
		{"server only", without(full(), "call"), Shaping{}, `CLIENT 192.0.2.1 NET
  INTERNAL shop NET
  SERVER shop APP
    CLIENT shop NET
`, "192.0.2.1>shop shop>db"},
		{"skip", full(), Shaping{WithAPM: Skip}, `CLIENT web APP
  SERVER shop APP
    CLIENT shop NET
`, "shop>db web>shop"},
		{"separate", full(), Shaping{WithAPM: Separate}, `CLIENT web APP
  SERVER shop APP
CLIENT web NET
  SERVER shop NET
    CLIENT shop NET
`, "shop>db web>shop web>shop"},
		{"instrumented", packets(), Shaping{Instrumented: map[string]bool{"shop": true, "gw": true}}, `CLIENT 192.0.2.1 NET
  INTERNAL gw NET
    INTERNAL gw NET
      INTERNAL shop NET
        INTERNAL shop NET
`, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.how.Tempo = true
			trace := build(t, c.spans)
			got := Shape(trace, &c.how)
			if d := tree(got); d != c.tree {
				t.Errorf("got:\n%s\nwant:\n%s\nof:", d, c.tree)
			}
			if e := strings.Join(edges(got), " "); e != c.edges {
				t.Errorf("edges %s, want %s", e, c.edges)
			}
			seen := map[span.SpanID]bool{}
			for i := range got {
				s := &got[i]
				if seen[s.ID] {
					t.Errorf("twice: %v", s.ID)
				}
				seen[s.ID] = true
				if _, ok := s.Attr(store.AttrFacts); ok {
					t.Error("facts have left")
				}
				if c.how.WithAPM != Separate && s.Trace != trace.ID {
					t.Errorf("of trace %v, not %v", s.Trace, trace.ID)
				}
			}
		})
	}
}

// TestTempo: Tempo knows databases by an attribute of older conventions.
func TestTempo(t *testing.T) {
	for _, tempo := range []bool{false, true} {
		got := Shape(build(t, packets()), &Shaping{Tempo: tempo})
		last := &got[len(got)-1]
		if has := last.Text("db.system") == "mysql"; has != tempo {
			t.Errorf("db.system with tempo=%v: %v", tempo, has)
		}
	}
}
