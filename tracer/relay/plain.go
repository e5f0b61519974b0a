package relay

import (
	"github.com/wirespan/wirespan/tracer/assemble"
	"github.com/wirespan/wirespan/tracer/store"
)

// Plain makes the spans of a trace as they were seen, under one trace id, with the
// parents that assembly chose and corrected times: for those who look at a trace, not
// at services.
func Plain(t *assemble.Trace) []store.Span {
	p := &shaper{t: t, how: &Shaping{}, out: make([]shaped, len(t.Nodes))}
	for i := range t.Nodes {
		p.out[i] = shaped{span: p.plain(i), parent: t.Nodes[i].Parent}
	}
	return p.list()
}
