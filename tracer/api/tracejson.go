package api

import (
	"github.com/wirespan/wirespan/tracer/assemble"
	"github.com/wirespan/wirespan/tracer/span"
	"github.com/wirespan/wirespan/tracer/store"
)

// Trace is an assembled trace.
type Trace struct {
	TraceID  string        `json:"trace_id"`
	Aliases  []string      `json:"aliases" doc:"other trace ids under which its spans were sent"`
	Time     string        `json:"time" doc:"start, RFC 3339, UTC"`
	Start    string        `json:"start_ns" doc:"ns since 1970, as a string of digits; clocks corrected"`
	End      string        `json:"end_ns" doc:"ns since 1970, as a string of digits; clocks corrected"`
	Duration int64         `json:"duration_ns"`
	Spans    int           `json:"spans"`
	Errors   int           `json:"errors" doc:"spans whose status is ERROR"`
	Services []ServiceTime `json:"services" doc:"by the time that they spent themselves, the longest first"`
	Clocks   []Clock       `json:"clocks" doc:"of agents whose clocks differ from that of the root"`
	Limits   []string      `json:"limits" doc:"what was left out and why; empty if nothing was"`
	Nodes    []Node        `json:"nodes" doc:"parents before their children, siblings in order of time"`
}

// ServiceTime is the time that a service spent itself.
type ServiceTime struct {
	Service string `json:"service"`
	Spans   int    `json:"spans"`
	Errors  int    `json:"errors"`
	Self    int64  `json:"self_ns" doc:"time in which several of its spans ran counts once"`
}

// Clock is what is known of an agent's clock.
type Clock struct {
	Agent  string `json:"agent"`
	Offset int64  `json:"offset_ns" doc:"was added to its times"`
	Bound  int64  `json:"bound_ns" doc:"error of the offset"`
	Pairs  int    `json:"pairs" doc:"exchanges by which it was measured"`
}

// Node is a span in its place in the tree.
type Node struct {
	Parent   *int   `json:"parent" doc:"index into nodes; null on roots"`
	Depth    int    `json:"depth"`
	Why      *Why   `json:"why" doc:"why it hangs there; null on roots"`
	Exchange *int   `json:"exchange" doc:"number of the exchange that the span tells of; null if it belongs to none"`
	Offset   int64  `json:"offset_ns" doc:"was added to the span's own times"`
	Start    string `json:"start_ns" doc:"ns since 1970, as a string of digits; clock corrected"`
	End      string `json:"end_ns" doc:"ns since 1970, as a string of digits; clock corrected"`
	Self     int64  `json:"self_ns" doc:"time in which no child was under way"`
	Critical int64  `json:"critical_ns" doc:"time of the critical path that passes here"`
	Span     Span   `json:"span"`
}

// Why is the reason of an edge.
type Why struct {
	Rule         string        `json:"rule" doc:"as wirespan.link.rule"`
	Confidence   float64       `json:"confidence" doc:"0 to 1"`
	Evidence     string        `json:"evidence,omitempty" doc:"for people"`
	Alternatives []Alternative `json:"alternatives,omitempty" doc:"other spans that could be the parent, the likeliest first"`
}

// Alternative is a possible parent.
type Alternative struct {
	Node       int     `json:"node" doc:"index into nodes"`
	Rule       string  `json:"rule"`
	Confidence float64 `json:"confidence"`
}

// Summary is a trace in a line.
type Summary struct {
	TraceID  string   `json:"trace_id"`
	Aliases  []string `json:"aliases,omitempty" doc:"other trace ids under which its spans were sent"`
	Time     string   `json:"time" doc:"start, RFC 3339, UTC"`
	Start    string   `json:"start_ns" doc:"ns since 1970, as a string of digits; clocks corrected"`
	Duration int64    `json:"duration_ns"`
	Service  string   `json:"service" doc:"of the first root"`
	Name     string   `json:"name" doc:"of the first root"`
	Protocol string   `json:"protocol,omitempty" doc:"of the first root"`
	Outcome  string   `json:"outcome,omitempty" doc:"of the first root"`
	Status   string   `json:"status" enum:"UNSET,OK,ERROR" doc:"of the first root"`
	Roots    int      `json:"roots"`
	Spans    int      `json:"spans"`
	Errors   int      `json:"errors" doc:"spans whose status is ERROR"`
	Matched  int      `json:"matched" doc:"spans that satisfy the search"`
	Services []string `json:"services" doc:"by the time that they spent themselves, the longest first"`
	Limits   []string `json:"limits,omitempty" doc:"what was left out of the trace and why"`
}

func traceOf(t *assemble.Trace) *Trace {
	out := &Trace{
		TraceID: t.ID.String(), Aliases: []string{}, Time: stamp(t.Start), Start: digits(t.Start), End: digits(t.End), Duration: exact(t.End - t.Start),
		Spans: len(t.Nodes), Services: []ServiceTime{}, Clocks: []Clock{}, Limits: append([]string{}, t.Limits...), Nodes: make([]Node, len(t.Nodes)),
	}
	for _, a := range t.Aliases {
		out.Aliases = append(out.Aliases, a.String())
	}
	for _, s := range t.Services {
		out.Services = append(out.Services, ServiceTime{s.Service, s.Spans, s.Errors, exact(s.Self)})
	}
	for _, c := range t.Clocks {
		out.Clocks = append(out.Clocks, Clock{c.Agent, exact(c.Offset), exact(c.Bound), c.Pairs})
	}
	for i := range t.Nodes {
		out.Nodes[i] = nodeOf(&t.Nodes[i])
		if t.Nodes[i].Span.Status == span.Error {
			out.Errors++
		}
	}
	return out
}

func nodeOf(n *assemble.Node) Node {
	out := Node{
		Depth: n.Depth, Offset: exact(n.Offset), Start: digits(n.Start), End: digits(n.End),
		Self: exact(n.Self), Critical: exact(n.Critical), Span: spanOf(n.Span),
	}
	if n.Exchange >= 0 {
		out.Exchange = &n.Exchange
	}
	if n.Parent < 0 {
		return out
	}
	out.Parent = &n.Parent
	out.Why = &Why{Rule: n.Rule, Confidence: n.Confidence, Evidence: n.Evidence}
	for _, a := range n.Alternatives {
		out.Why.Alternatives = append(out.Why.Alternatives, Alternative{a.Node, a.Rule, a.Confidence})
	}
	return out
}

// summaryOf sums a trace up; matches says which spans were searched for.
func summaryOf(t *assemble.Trace, matches func(*store.Span) bool) Summary {
	out := Summary{
		TraceID: t.ID.String(), Time: stamp(t.Start), Start: digits(t.Start), Duration: exact(t.End - t.Start), Status: "UNSET",
		Spans: len(t.Nodes), Services: []string{}, Limits: t.Limits,
	}
	for _, a := range t.Aliases {
		out.Aliases = append(out.Aliases, a.String())
	}
	for _, s := range t.Services {
		out.Services = append(out.Services, s.Service)
	}
	for i := range t.Nodes {
		n := &t.Nodes[i]
		if n.Parent < 0 {
			if out.Roots == 0 {
				call := store.CallOf(n.Span)
				out.Service, out.Name, out.Protocol = n.Span.Service, n.Span.Name, n.Span.Protocol()
				out.Outcome, out.Status = outcome(n.Span, &call), statusName(n.Span.Status)
			}
			out.Roots++
		}
		if n.Span.Status == span.Error {
			out.Errors++
		}
		if matches(n.Span) {
			out.Matched++
		}
	}
	return out
}
