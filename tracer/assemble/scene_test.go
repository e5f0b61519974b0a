package assemble

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/wirespan/wirespan/tracer/assemble/scene"
	"github.com/wirespan/wirespan/tracer/store"
)

// What scenes are made of.
type (
	seen = scene.Seen
	held = scene.Held
)

const (
	epoch, ms   = scene.Epoch, scene.Ms
	client, app = scene.Client, scene.App
	gwIn, gwOut = scene.GatewayIn, scene.GatewayOut
	appOut, db  = scene.AppOut, scene.DB
)

// draw writes a tree, a span per line: who saw what, by which rule.
func draw(t *Trace) string {
	var b strings.Builder
	for i := range t.Nodes {
		n := &t.Nodes[i]
		b.WriteString(strings.Repeat("  ", n.Depth))
		switch n.Span.Signal {
		case store.APP:
			b.WriteString(n.Span.Service + " " + n.Span.Name)
		case store.SYS:
			b.WriteString(n.Span.Agent + " " + n.Span.Text("wirespan.observation"))
		default:
			b.WriteString(n.Span.Agent + " " + n.Span.Text("wirespan.capture.point"))
		}
		if n.Span.Signal != store.APP {
			x, _ := exchangeOf(n.Span)
			fmt.Fprintf(&b, " %d", x)
		}
		if n.Rule != "" {
			b.WriteString(" [" + n.Rule + "]")
		}
		b.WriteByte('\n')
	}
	return b.String()
}

// show assembles what belongs to a span, in many orders of the input, which must
// not matter.
func show(t *testing.T, spans []store.Span, seed int) *Trace {
	t.Helper()
	var first *Trace
	var drawn string
	for round := range 10 {
		h := append(held(nil), spans...)
		if round > 0 {
			r := rand.New(rand.NewPCG(uint64(round), 1))
			r.Shuffle(len(h), func(i, j int) { h[i], h[j] = h[j], h[i] })
		}
		a, err := New(h, Default())
		if err != nil {
			t.Fatal(err)
		}
		got, err := a.Trace(t.Context(), spans[seed].Trace, store.Window{})
		if err != nil {
			t.Fatal(err)
		}
		if round == 0 {
			first, drawn = got, draw(got)
		} else if d := draw(got); d != drawn || got.ID != first.ID {
			t.Fatalf("in another order:\n%s\nfirst:\n%s", d, drawn)
		}
	}
	return first
}

func want(t *testing.T, got *Trace, tree string) {
	t.Helper()
	if d := draw(got); d != tree {
		t.Errorf("got:\n%s\nwant:\n%s", d, tree)
	}
}
