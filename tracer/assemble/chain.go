package assemble

import (
	"cmp"
	"slices"

	"github.com/wirespan/wirespan/tracer/span"
	"github.com/wirespan/wirespan/tracer/store"
)

// group puts NET and SYS spans of one exchange together: by what tracer/link found,
// else by the key that is on the span.
func (f *forest) group() {
	joined := map[uint64]uint64{} // keys on spans to keys of exchanges
	for i := range f.spans {
		if x := f.linked.exchanges[i]; x != 0 {
			if key, ok := exchangeOf(&f.spans[i]); ok {
				joined[key] = x
			}
		}
	}
	byKey := map[uint64]int{}
	for i := range f.spans {
		s := &f.spans[i]
		if s.Signal == store.APP {
			continue
		}
		x := f.linked.exchanges[i]
		if key, ok := exchangeOf(s); x == 0 && ok {
			if x = key; joined[key] != 0 {
				x = joined[key]
			}
		}
		g, ok := byKey[x]
		if !ok || x == 0 {
			g = len(f.groups)
			f.groups = append(f.groups, group{edge: noEdge})
			byKey[x] = g
		}
		f.of[i] = g
		f.groups[g].chain = append(f.groups[g].chain, i)
	}
}

// chain puts the spans of each exchange in order: the process that asked, capture
// points from the client to the server, the process that served. Each is the parent
// of the next.
func (f *forest) chain() {
	for g := range f.groups {
		c := f.groups[g].chain
		depth := map[int]int{}
		for _, i := range c {
			depth[i] = f.depthIn(g, i)
		}
		slices.SortStableFunc(c, func(a, b int) int {
			return cmp.Or(cmp.Compare(f.place(a), f.place(b)), cmp.Compare(depth[a], depth[b]), cmp.Compare(f.start(a), f.start(b)))
		})
		for n := 1; n < len(c); n++ {
			f.edges[c[n]] = f.sighting(c[n-1], c[n])
		}
	}
}

// place is where a span lies between client and server: process, network, process.
func (f *forest) place(i int) int {
	s := &f.spans[i]
	switch {
	case s.Signal != store.SYS:
		return 1
	case s.Text("wirespan.observation") == "c-app":
		return 0
	}
	return 2
}

// depthIn counts the sightings above a span, by what tracer/link found, else by
// what its agent did.
func (f *forest) depthIn(g, i int) (n int) {
	for ; n < len(f.groups[g].chain); n++ {
		e := f.linked.edges[i]
		if e.parent < 0 {
			e = f.stored(i)
		}
		if e.rule != "sighting" || e.parent < 0 || f.of[e.parent] != g {
			return n
		}
		i = e.parent
	}
	return n
}

// sighting is the edge between neighbours in a chain.
func (f *forest) sighting(above, i int) edge {
	for _, e := range [...]edge{f.linked.edges[i], f.stored(i)} {
		if e.parent == above && e.rule == "sighting" {
			return e
		}
	}
	return edge{parent: above, rule: "sighting", confidence: 1, evidence: "exchange " + f.spans[i].Text("wirespan.exchange") + " seen nearer the client"}
}

// stored is the edge that the agent of a span wrote on it.
func (f *forest) stored(i int) edge {
	s := &f.spans[i]
	if s.Parent.IsZero() {
		return noEdge
	}
	p := f.span(s.Parent, s, true)
	if p < 0 || p == i {
		return noEdge
	}
	e := edge{parent: p, rule: s.Text("wirespan.link.rule"), confidence: 1, evidence: s.Text("wirespan.link.evidence")}
	if v, ok := s.Attr("wirespan.link.confidence"); ok {
		e.confidence = v.Float()
	}
	return e
}

// kin chooses the parent of each exchange: what tracer/link found with the spans of
// all agents, or what an agent found that knew more: threads, and all that was open
// at an instance.
func (f *forest) kin() {
	for g := range f.groups {
		f.groups[g].edge = f.parentOf(g)
	}
	for g := range f.groups {
		e := f.groups[g].edge
		if e.parent < 0 {
			continue
		}
		e.parent = f.groups[f.of[e.parent]].tail()
		f.groups[g].edge, f.edges[f.groups[g].head()] = e, e
	}
	f.alternatives()
}

func (f *forest) parentOf(g int) edge {
	best := noEdge
	var agent string
	for _, i := range f.groups[g].chain {
		if e := f.stored(i); e.parent >= 0 && e.rule != "sighting" && f.of[e.parent] != g && f.better(&e, &best) {
			best, agent = e, f.spans[i].Agent
		}
	}
	for _, i := range f.groups[g].chain {
		e := f.linked.edges[i]
		if e.parent < 0 || e.rule == "sighting" || f.of[e.parent] == g {
			continue
		}
		if best.parent < 0 || rank(e.rule) < rank(best.rule) || rank(e.rule) == rank(best.rule) && !f.saw(agent, f.of[e.parent]) {
			best, agent = e, ""
		}
	}
	return best
}

// better reports whether an edge is surer than another.
func (f *forest) better(a, b *edge) bool {
	if b.parent < 0 {
		return true
	}
	return cmp.Or(cmp.Compare(rank(a.rule), rank(b.rule)), -cmp.Compare(a.confidence, b.confidence)) < 0
}

// saw reports whether an agent has a span of an exchange.
func (f *forest) saw(agent string, g int) bool {
	if agent == "" {
		return false
	}
	for _, i := range f.groups[g].chain {
		if f.spans[i].Agent == agent {
			return true
		}
	}
	return false
}

// ranks are the rules in the order in which they are preferred (DESIGN.md, section
// 7); context and header ID are one.
var ranks = map[string]int{
	"sighting": 0, "context": 1, "header_id": 1, "thread": 2, "goroutine": 2, "dns": 3, "message": 4, "sole_candidate": 5, "inferred": 6,
}

func rank(rule string) int {
	if r, ok := ranks[rule]; ok {
		return r
	}
	return len(ranks)
}

// alternatives keeps what else could have been the parent: what tracer/link and the
// agents of the spans thought likely.
func (f *forest) alternatives() {
	for g := range f.groups {
		head := f.groups[g].head()
		add := func(p int, rule string, confidence float64) {
			q := f.of[p]
			if q < 0 || q == g {
				return
			}
			if t := f.groups[q].tail(); t != f.edges[head].parent {
				f.other(head, possible{t, rule, confidence})
			}
		}
		for _, i := range f.groups[g].chain {
			if e := f.linked.edges[i]; e.parent >= 0 && e.rule != "sighting" {
				add(e.parent, e.rule, e.confidence)
			}
			if e := f.stored(i); e.parent >= 0 && e.rule != "sighting" {
				add(e.parent, e.rule, e.confidence)
			}
			for _, l := range f.linked.links[i] {
				add(l.span, l.rule, l.confidence)
			}
			f.storedLinks(i, add)
		}
	}
}

// storedLinks are the span links that an agent wrote.
func (f *forest) storedLinks(i int, add func(p int, rule string, confidence float64)) {
	s := &f.spans[i]
	for k := range s.Links {
		l := &s.Links[k]
		p := f.span(l.ID, s, true)
		if p < 0 {
			continue
		}
		rule, confidence := "", 0.0
		for _, a := range l.Attrs {
			switch a.Key {
			case "wirespan.link.rule":
				rule = a.Value.Str
			case "wirespan.link.confidence":
				confidence = a.Value.Float()
			}
		}
		add(p, rule, confidence)
	}
}

// other notes an alternative once, with the highest confidence.
func (f *forest) other(i int, p possible) {
	for k := range f.others[i] {
		if o := &f.others[i][k]; o.span == p.span {
			if p.confidence > o.confidence {
				*o = p
			}
			return
		}
	}
	f.others[i] = append(f.others[i], p)
}

// caller is the span id that the context of an exchange names, as the outermost
// point saw it.
func (f *forest) caller(g int) (id span.SpanID, trace span.TraceID, ok bool) {
	for _, i := range f.groups[g].chain {
		if x, has := factsOf(&f.spans[i]); has && x.HasContext && x.Parent != [8]byte{} {
			return x.Parent, x.Trace, true
		}
	}
	return id, trace, false
}
