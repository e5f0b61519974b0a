package assemble

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/wirespan/wirespan/l7"
	"github.com/wirespan/wirespan/tracer/facts"
	"github.com/wirespan/wirespan/tracer/link"
	"github.com/wirespan/wirespan/tracer/span"
	"github.com/wirespan/wirespan/tracer/store"
)

// epoch is when scenes begin, ns; ms is a millisecond.
const (
	epoch = int64(1_700_000_000_000_000_000)
	ms    = int64(1e6)
)

// Addresses of scenes.
const (
	client = "192.0.2.1:40000"
	gwIn   = "192.0.2.2:80"
	gwOut  = "192.0.2.2:41000"
	app    = "192.0.2.3:8080"
	appOut = "192.0.2.3:42000"
	db     = "192.0.2.4:3306"
)

// seen is an exchange at a capture point.
type seen struct {
	agent, point   string
	x              uint64
	from, to       string
	start, end     int64  // ms since epoch, by the agent's clock
	request, reply string // request IDs
	context        string // trace and span that a context names, letters
	parent         string // point and exchange of the parent that the agent found
	rule           string
	proto          string
	ttl            uint8
	observation    string
}

// id makes ids of letters.
func traceOf(c string) (t span.TraceID)               { copy(t[:], c); return t }
func spanOf(c string) (s span.SpanID)                 { copy(s[:], c); return s }
func netID(agent, point string, x uint64) span.SpanID { return span.SpanIDOf(x, agent, point, 0) }

// ends splits an address.
func ends(a string) (ip string, port int64) {
	i := strings.LastIndexByte(a, ':')
	fmt.Sscan(a[i+1:], &port)
	return a[:i], port
}

// net makes the span that an agent would send.
func (e seen) net() store.Span {
	if e.proto == "" {
		e.proto = "http"
	}
	class := l7.ClassHTTP
	if e.proto == "mysql" {
		class = l7.ClassDB
	}
	f := facts.Facts{Class: uint8(class), Status: uint8(l7.OK), TTL: e.ttl, Flags: uint16(link.TCP | link.Handshake | link.HasSeq | link.HasSeqResp)}
	s := store.Span{
		Trace: span.TraceOfRoot(e.x), ID: netID(e.agent, e.point, e.x), Start: epoch + e.start*ms, End: epoch + e.end*ms,
		Kind: span.Server, Signal: store.NET, Agent: e.agent, Service: e.to, Name: "GET",
	}
	if e.context != "" {
		f.HasContext, f.Sampled = true, true
		trace, parent, _ := strings.Cut(e.context, "/")
		f.Trace, f.Parent = traceOf(trace), spanOf(parent)
		s.Trace = f.Trace
	}
	text := func(k, v string) { s.Attrs = append(s.Attrs, store.Attr{Key: k, Value: store.StringValue(v)}) }
	num := func(k string, v int64) { s.Attrs = append(s.Attrs, store.Attr{Key: k, Value: store.IntValue(v)}) }
	text("wirespan.signal", "NET")
	text("wirespan.capture.point", e.point)
	text("wirespan.exchange", fmt.Sprintf("%016x", e.x))
	text("network.protocol.name", e.proto)
	if e.observation != "" {
		text("wirespan.observation", e.observation)
	}
	ip, port := ends(e.to)
	text("network.local.address", ip)
	num("network.local.port", port)
	ip, port = ends(e.from)
	text("network.peer.address", ip)
	num("network.peer.port", port)
	num("wirespan.flow.seq.request", int64(uint32(e.x)))
	num("wirespan.flow.seq.response", int64(uint32(e.x+1)))
	num("wirespan.phase.send", 0)
	num("wirespan.phase.receive", 0)
	for k, v := range map[string]string{"wirespan.request_id": e.request, "wirespan.request_id.response": e.reply} {
		if v != "" {
			s.Attrs = append(s.Attrs, store.Attr{Key: k, Value: store.Value{Type: store.Array, List: []store.Value{store.StringValue("x-request-id=" + v)}}})
		}
	}
	if e.parent != "" {
		point, x, _ := strings.Cut(e.parent, "/")
		var key uint64
		fmt.Sscan(x, &key)
		s.Parent = netID(e.agent, point, key)
		text("wirespan.link.rule", e.rule)
		s.Attrs = append(s.Attrs, store.Attr{Key: "wirespan.link.confidence", Value: store.DoubleValue(0.9)})
	}
	s.Attrs = append(s.Attrs, store.Attr{Key: store.AttrFacts, Value: store.BytesValue(string(facts.Append(nil, &f)))})
	return s
}

// sys makes the span of a process.
func (e seen) sys() store.Span {
	s := e.net()
	s.Signal = store.SYS
	s.ID = span.SpanIDOf(e.x, e.agent, e.observation, 0)
	if e.parent != "" {
		point, x, _ := strings.Cut(e.parent, "/")
		var key uint64
		fmt.Sscan(x, &key)
		s.Parent = span.SpanIDOf(key, e.agent, point, 0)
	}
	kept := s.Attrs[:0]
	for _, a := range s.Attrs {
		if a.Key != store.AttrFacts && a.Key != "wirespan.capture.point" && !strings.HasPrefix(a.Key, "wirespan.flow") {
			kept = append(kept, a)
		}
	}
	s.Attrs = kept
	return s
}

// sdk is a span of an SDK.
func sdk(service, trace, id, parent string, kind span.Kind, start, end int64, attrs ...store.Attr) store.Span {
	return store.Span{
		Trace: traceOf(trace), ID: spanOf(id), Parent: spanOf(parent), Kind: kind, Service: service, Name: id,
		Start: epoch + start*ms, End: epoch + end*ms, Attrs: attrs,
	}
}

// held is a Source of spans in memory.
type held []store.Span

func (h held) Related(_ context.Context, keys []store.Key, w store.Window, limit int) (spans []store.Span, more bool, err error) {
	want := map[store.Key]bool{}
	for _, k := range keys {
		want[k] = true
	}
	for i := range h {
		for _, k := range store.AppendKeys(nil, &h[i]) {
			if want[k] && w.Holds(h[i].Start) {
				if len(spans) == limit {
					return spans, true, nil
				}
				spans = append(spans, h[i])
				break
			}
		}
	}
	return spans, false, nil
}

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
