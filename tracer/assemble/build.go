package assemble

import (
	"bytes"
	"context"
	"slices"

	"github.com/wirespan/wirespan/tracer/span"
	"github.com/wirespan/wirespan/tracer/store"
)

// Build makes the trace of an id from spans that may belong to it. seeds are those
// that were asked for, whatever their trace id; limits what is known to be missing.
// The trace keeps references to spans.
func Build(ctx context.Context, spans []store.Span, id span.TraceID, seeds map[spanKey]bool, cfg Config, limits []string) (*Trace, error) {
	return build(ctx, spans, id, seeds, limits, nil)
}

func build(ctx context.Context, spans []store.Span, id span.TraceID, seeds map[spanKey]bool, limits []string, spare linkers) (*Trace, error) {
	spans = store.Merge(spans)
	f := &forest{spans: spans, clocks: newClocks(spans), edges: make([]edge, len(spans)), others: make([][]possible, len(spans))}
	for i := range f.edges {
		f.edges[i] = noEdge
	}
	var err error
	if f.linked, err = relink(ctx, spans, f.clocks, spare); err != nil {
		return nil, err
	}
	f.number()
	f.time()
	f.group()
	f.chain()
	f.kin()
	f.graft()
	f.uncycle()
	keep := f.reachable(id, seeds)
	t := f.tree(keep)
	if len(t.Nodes) == 0 {
		return nil, ErrNotFound
	}
	t.Limits = limits
	t.Clocks = f.clocks.list()
	f.identify(t)
	measure(t)
	return t, nil
}

// forest is what is known of the spans on the way to a Trace. Spans go by their
// index.
type forest struct {
	spans  []store.Span
	clocks *clocks
	linked *relinked

	byID   map[span.SpanID][]int
	groups []group
	of     []int // group of a span, -1: none
	edges  []edge
	others [][]possible // alternatives, by span

	shift map[string]int64 // to add to the times of an SDK's clock
	begin []int64          // corrected start of a span
}

// group is an exchange with all that saw it.
type group struct {
	chain []int // from the client to the server: SYS, NET..., SYS
	edge  edge  // to the parent of the outermost; the parent is a span of another group or of an SDK
}

func (g *group) head() int { return g.chain[0] }
func (g *group) tail() int { return g.chain[len(g.chain)-1] }

func (f *forest) number() {
	f.byID = make(map[span.SpanID][]int, len(f.spans))
	f.of = make([]int, len(f.spans))
	for i := range f.spans {
		f.of[i] = -1
		f.byID[f.spans[i].ID] = append(f.byID[f.spans[i].ID], i)
	}
}

// span finds a span by id: of the same agent if one is wanted, else of the same
// trace if there is one.
func (f *forest) span(id span.SpanID, near *store.Span, net bool) int {
	found := -1
	for _, i := range f.byID[id] {
		s := &f.spans[i]
		if net != (s.Signal != store.APP) {
			continue
		}
		if net && s.Agent == near.Agent || !net && s.Trace == near.Trace {
			return i
		}
		if found < 0 && !net {
			found = i
		}
	}
	return found
}

// time corrects the times of all spans by what is known of clocks.
func (f *forest) time() {
	if f.begin == nil {
		f.begin = make([]int64, len(f.spans))
	}
	for i := range f.spans {
		s := &f.spans[i]
		if s.Signal == store.APP {
			f.begin[i] = s.Start + f.shift[appClock(s)]
			continue
		}
		ahead, _ := s.Int("wirespan.clock.offset")
		f.begin[i] = s.Start - ahead - f.clocks.off(s)
	}
}

// start and end are the corrected times of a span.
func (f *forest) start(i int) int64 { return f.begin[i] }

func (f *forest) end(i int) int64 {
	return f.begin[i] + max(0, f.spans[i].End-f.spans[i].Start)
}

// uncycle takes out the least sure edge of each cycle.
func (f *forest) uncycle() {
	state := make([]uint8, len(f.spans)) // 1: on the way, 2: ends at a root
	var way []int
	for i := range f.spans {
		way = way[:0]
		at := i
		for at >= 0 && state[at] == 0 {
			state[at] = 1
			way = append(way, at)
			at = f.edges[at].parent
		}
		if at >= 0 && state[at] == 1 {
			f.cut(way[slices.Index(way, at):])
		}
		for _, w := range way {
			state[w] = 2
		}
	}
}

func (f *forest) cut(cycle []int) {
	least := cycle[0]
	for _, i := range cycle {
		if f.edges[i].confidence < f.edges[least].confidence || f.edges[i].confidence == f.edges[least].confidence && i > least {
			least = i
		}
	}
	e := f.edges[least]
	f.others[least] = append(f.others[least], possible{e.parent, e.rule, e.confidence})
	f.edges[least] = noEdge
}

// reachable are the spans that are connected with what was asked for: by an edge,
// by being of one exchange, or by the trace id. What merely looked alike is left
// out.
func (f *forest) reachable(id span.TraceID, seeds map[spanKey]bool) []bool {
	up := make([]int, len(f.spans))
	for i := range up {
		up[i] = i
	}
	find := func(i int) int {
		for up[i] != i {
			up[i] = up[up[i]]
			i = up[i]
		}
		return i
	}
	for i := range f.spans {
		if p := f.edges[i].parent; p >= 0 {
			up[find(i)] = find(p)
		}
	}
	for g := range f.groups {
		for _, i := range f.groups[g].chain {
			up[find(i)] = find(f.groups[g].head())
		}
	}
	wanted := map[int]bool{}
	traces := map[span.TraceID]bool{id: true}
	f.spread(find, wanted, traces, seeds)
	keep := make([]bool, len(f.spans))
	for i := range f.spans {
		keep[i] = wanted[find(i)]
	}
	return keep
}

// spread adds trees to what is wanted until none has a trace id of the others.
func (f *forest) spread(find func(int) int, wanted map[int]bool, traces map[span.TraceID]bool, seeds map[spanKey]bool) {
	for more := true; more; {
		more = false
		for i := range f.spans {
			r := find(i)
			s := &f.spans[i]
			if !wanted[r] && (traces[s.Trace] || seeds[keyOf(s)]) {
				wanted[r], more = true, true
			}
			if wanted[r] && !traces[s.Trace] {
				traces[s.Trace], more = true, true
			}
		}
	}
}

// identify names the trace: by the context of its first root, else by the first
// context, else by its first root. Other ids of its spans are aliases.
func (f *forest) identify(t *Trace) {
	for i := range t.Nodes {
		if n := &t.Nodes[i]; t.ID.IsZero() && inContext(n.Span) {
			t.ID = n.Span.Trace
		}
	}
	if t.ID.IsZero() {
		t.ID = t.Nodes[0].Span.Trace
	}
	for i := range t.Nodes {
		if id := t.Nodes[i].Span.Trace; id != t.ID && !slices.Contains(t.Aliases, id) {
			t.Aliases = append(t.Aliases, id)
		}
	}
	slices.SortFunc(t.Aliases, func(a, b span.TraceID) int { return bytes.Compare(a[:], b[:]) })
}

// inContext reports whether the trace id of a span comes from whoever made the
// request, not from us.
func inContext(s *store.Span) bool {
	if s.Signal == store.APP {
		return true
	}
	f, ok := factsOf(s)
	return ok && f.HasContext && f.Trace == s.Trace
}
