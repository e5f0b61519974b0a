package api

import (
	"github.com/wirespan/wirespan/tracer/assemble"
	"github.com/wirespan/wirespan/tracer/span"
	"github.com/wirespan/wirespan/tracer/store"
)

// maxEdges bounds the pairs of services of one map.
const maxEdges = 5000

// mapper reads edges off assembled traces.
type mapper struct {
	api   *API
	edges map[edgeKey]*edgeSum
	nodes map[string]*MapNode

	traces, spans int
	covered       int64 // ns
	cut           bool  // not all traces were read
	lost          int   // calls beyond maxEdges
	ids           map[span.TraceID]bool
}

type edgeKey struct{ caller, callee string }

// edgeSum is what was counted of an edge.
type edgeSum struct {
	calls, errors int
	fresh         int     // calls of the part that is being read
	estimate      float64 // calls of the whole time
	durations     []int64
	protocols     map[string]int
	slowest       span.TraceID
	longest       int64
}

// have are the traces that were read: one that reaches into the next part counts
// once.
func (g *mapper) have() map[span.TraceID]bool {
	if g.ids == nil {
		g.ids = map[span.TraceID]bool{}
	}
	return g.ids
}

// settle brings the calls of a part from the time that was read to all of it.
func (g *mapper) settle(scale float64) {
	for _, e := range g.edges {
		e.estimate += float64(e.fresh) * scale
		e.fresh = 0
	}
}

// protocol is that of most calls.
func (e *edgeSum) protocol() (name string) {
	for p, n := range e.protocols {
		if n > e.protocols[name] || n == e.protocols[name] && p < name {
			name = p
		}
	}
	return name
}

// add takes the calls of a trace.
func (g *mapper) add(t *assemble.Trace) {
	g.traces++
	g.spans += len(t.Nodes)
	served := servedBy(t)
	for i := range t.Nodes {
		n := &t.Nodes[i]
		switch {
		case served[i]: // a span below tells of the server's side
		case n.Span.Kind == span.Server || n.Span.Kind == span.Consumer:
			g.call(t, i, n.Span.Service, "service", "")
		case n.Span.Kind == span.Client || n.Span.Kind == span.Producer:
			callee, kind, system := asked(n.Span)
			g.call(t, i, callee, kind, system)
		}
	}
}

// servedBy marks the spans below which another tells of the same call, nearer the
// server: a further sighting, or the span that the server itself sent. Only the
// innermost one is a call.
func servedBy(t *assemble.Trace) []bool {
	out := make([]bool, len(t.Nodes))
	for i := range t.Nodes {
		n := &t.Nodes[i]
		if n.Parent < 0 || n.Span.Kind == span.Internal || n.Span.Kind == 0 {
			continue
		}
		p := &t.Nodes[n.Parent]
		same := n.Exchange >= 0 && n.Exchange == p.Exchange
		answers := asks(p.Span.Kind) && (n.Span.Kind == span.Server || n.Span.Kind == span.Consumer)
		if same || answers {
			out[n.Parent] = true
		}
	}
	return out
}

func asks(k span.Kind) bool { return k == span.Client || k == span.Producer }

// call counts the call that a node tells of.
func (g *mapper) call(t *assemble.Trace, i int, callee, kind, system string) {
	n := &t.Nodes[i]
	k := edgeKey{caller(t, i), callee}
	if k.caller != "" && g.nodes[k.caller] == nil {
		g.nodes[k.caller] = &MapNode{Service: k.caller, Kind: "service", Counted: "edges"}
	}
	e := g.edges[k]
	if e == nil {
		if len(g.edges) == maxEdges {
			g.lost++
			return
		}
		e = &edgeSum{protocols: map[string]int{}}
		g.edges[k] = e
	}
	if have := g.nodes[callee]; have == nil || kind == "service" && have.Kind != kind {
		g.nodes[callee] = &MapNode{Service: callee, Kind: kind, System: system, Counted: "edges"}
	}
	e.calls++
	e.fresh++
	if n.Span.Status == span.Error {
		e.errors++
	}
	d := n.End - n.Start
	e.durations = append(e.durations, d)
	if d >= e.longest {
		e.longest, e.slowest = d, t.ID
	}
	e.protocols[n.Span.Protocol()]++
}

// caller is the service that asked: that of the outermost span of the call if it is
// of the asking side, else that of the span above it.
func caller(t *assemble.Trace, i int) string {
	n := &t.Nodes[i]
	for n.Parent >= 0 {
		p := &t.Nodes[n.Parent]
		same := n.Exchange >= 0 && n.Exchange == p.Exchange
		if !same && !(asks(p.Span.Kind) && !asks(n.Span.Kind)) {
			if asks(n.Span.Kind) {
				return n.Span.Service
			}
			return p.Span.Service
		}
		n = p
	}
	if asks(n.Span.Kind) {
		return n.Span.Service
	}
	return ""
}

// asked is whom a span of the asking side asks, where that one has no span.
func asked(s *store.Span) (name, kind, system string) {
	kind = "peer"
	for _, k := range [...]struct{ key, kind string }{{"db.system.name", "database"}, {"messaging.system", "queue"}} {
		if v, ok := s.Conventional(k.key); ok && v.Str != "" {
			system, kind = v.Str, k.kind
			break
		}
	}
	call := store.CallOf(s)
	switch name = server(s, &call); {
	case s.Text("peer.service") != "":
		name = s.Text("peer.service")
	case name == "" && system != "":
		name = system
	case name == "":
		name = "unknown"
	}
	return name, kind, system
}
