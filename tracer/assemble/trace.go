package assemble

import (
	"github.com/wirespan/wirespan/tracer/span"
	"github.com/wirespan/wirespan/tracer/store"
)

// Trace is a tree of spans, of one or several roots, and what is known of it as a
// whole. It is the caller's own.
type Trace struct {
	ID      span.TraceID
	Aliases []span.TraceID // other ids under which its spans are stored
	Nodes   []Node         // parents before their children, siblings in order of time
	Start   int64          // corrected, of the earliest span, ns since 1970
	End     int64          // corrected, of the latest end

	Services []ServiceTime // by time spent, the longest first
	Clocks   []Clock       // of agents whose clocks differ from the root's
	Limits   []string      // what was left out and why, empty if nothing was
}

// Node is a span in its place in the tree.
type Node struct {
	Span   *store.Span
	Parent int // index into Nodes, -1 on roots
	Depth  int

	Rule       string  // of the edge to the parent, as wirespan.link.rule; empty on roots
	Confidence float64 // 0 to 1
	Evidence   string  // for people

	// Alternatives are other spans that could be the parent, the likeliest first.
	Alternatives []Alternative

	Exchange int   // number of the exchange that the span tells of, -1 for those of SDKs that belong to none
	Offset   int64 // ns, added to the span's own times
	Start    int64 // corrected
	End      int64
	Self     int64 // ns in which no child was under way
	Critical int64 // ns of the critical path that pass here
}

// Alternative is a possible parent.
type Alternative struct {
	Node       int
	Rule       string
	Confidence float64
}

// ServiceTime is the time that a service spent itself.
type ServiceTime struct {
	Service string
	Spans   int
	Errors  int
	Self    int64 // ns; time in which several of its spans ran counts once
}

// Clock is what is known of an agent's clock.
type Clock struct {
	Agent  string
	Offset int64 // ns, to be added to its times
	Bound  int64 // ns, the error of it
	Pairs  int   // exchanges by which it was measured
}
