package relay

import (
	"slices"

	"github.com/wirespan/wirespan/l7"
	"github.com/wirespan/wirespan/tracer/assemble"
	"github.com/wirespan/wirespan/tracer/facts"
	"github.com/wirespan/wirespan/tracer/link"
	"github.com/wirespan/wirespan/tracer/span"
	"github.com/wirespan/wirespan/tracer/store"
)

// Shape makes the spans of a trace that leave: under one trace id, with the parents
// that assembly chose and corrected times, each exchange as one CLIENT and one SERVER
// span. The SERVER span is the child of the CLIENT span itself; what was seen
// between them hangs below the CLIENT span as INTERNAL, since service graphs look
// for nothing in between.
func Shape(t *assemble.Trace, how *Shaping) []store.Span {
	p := &shaper{t: t, how: how, out: make([]shaped, len(t.Nodes))}
	for i := range t.Nodes {
		p.out[i] = shaped{span: p.plain(i), parent: t.Nodes[i].Parent}
	}
	list := p.exchanges()
	p.name(list)
	for i := range list {
		p.exchange(&list[i])
	}
	return p.list()
}

// shaped is a span on its way out.
type shaped struct {
	span   store.Span
	parent int // node
	above  *store.Span
	gone   bool
}

type shaper struct {
	t     *assemble.Trace
	how   *Shaping
	out   []shaped
	extra []*store.Span
}

// exchange is what a trace has of one: nodes from the client to the server.
type exchange struct {
	chain  []int // NET and SYS
	caller int   // span of the SDK that sent it, -1: none
	takers []int // spans of SDKs that took it
}

// exchanges lists the exchanges of a trace in order.
func (p *shaper) exchanges() []exchange {
	var list []exchange
	at := map[int]int{}
	for i := range p.t.Nodes {
		n := &p.t.Nodes[i]
		if n.Exchange < 0 {
			continue
		}
		k, ok := at[n.Exchange]
		if !ok {
			k = len(list)
			at[n.Exchange] = k
			list = append(list, exchange{caller: -1})
		}
		x := &list[k]
		if n.Span.Signal == store.APP {
			x.takers = append(x.takers, i)
			continue
		}
		if len(x.chain) == 0 && n.Parent >= 0 {
			if up := p.t.Nodes[n.Parent].Span; up.Signal == store.APP && (up.Kind == span.Client || up.Kind == span.Producer) {
				x.caller = n.Parent
			}
		}
		x.chain = append(x.chain, i)
	}
	return slices.DeleteFunc(list, func(x exchange) bool { return len(x.chain) == 0 })
}

// exchange decides on the kinds and parents of one.
func (p *shaper) exchange(x *exchange) {
	if p.how.WithAPM == Separate {
		x.caller, x.takers = -1, nil
	}
	if p.how.WithAPM == Skip && (x.caller >= 0 || len(x.takers) > 0) {
		for _, i := range x.chain {
			p.out[i].gone = true
		}
		for _, i := range x.takers {
			p.out[i].parent = x.caller
			if x.caller < 0 {
				p.out[i].parent = p.t.Nodes[x.chain[0]].Parent
			}
		}
		return
	}
	if !paired(p.t.Nodes[x.chain[0]].Span) {
		p.oneSided(x)
		return
	}
	p.pair(x)
}

// oneSided is for databases and queues: the conventions know the client's span only.
func (p *shaper) oneSided(x *exchange) {
	head := x.chain[0]
	kind := p.t.Nodes[head].Span.Kind
	for _, i := range x.chain {
		if s := p.t.Nodes[i].Span; s.Signal == store.NET { // a process has no kind of its own
			kind = s.Kind
			break
		}
	}
	for _, i := range x.chain {
		p.out[i].span.Kind = span.Internal
	}
	if s := &p.out[head].span; x.caller < 0 && !p.how.Instrumented[s.Service] {
		s.Kind = kind
	}
}

// pair makes the outermost span CLIENT and the innermost SERVER, unless an SDK tells
// of that side.
func (p *shaper) pair(x *exchange) {
	head, tail := x.chain[0], x.chain[len(x.chain)-1]
	service := p.out[tail].span.Service
	asks := x.caller < 0 && !p.how.Instrumented[p.clientOf(x)]
	serves := len(x.takers) == 0 && !p.how.Instrumented[service]
	for _, i := range x.chain {
		p.out[i].span.Kind = span.Internal
	}
	if asks && serves && head == tail {
		p.split(x, head)
		return
	}
	if asks {
		s := &p.out[head].span
		s.Kind = span.Client
		p.rename(s, p.clientOf(x))
	}
	if serves {
		p.out[tail].span.Kind = span.Server
	}
	client := head
	if x.caller >= 0 {
		client = x.caller
	}
	if serves && tail != head {
		p.out[tail].parent = client
	}
	for _, i := range x.takers {
		p.out[i].parent = client
	}
}

// split makes the span of the side that nobody saw.
func (p *shaper) split(x *exchange, i int) {
	s := &p.out[i].span
	c := *s
	c.Kind, c.ID, c.Attrs, c.Links = span.Client, pairID(s), slices.Clone(s.Attrs), s.Links
	c.Attrs = append(c.Attrs, store.Attr{Key: "wirespan.synthetic", Value: store.BoolValue(true)})
	p.rename(&c, p.clientOf(x))
	s.Kind, s.Links = span.Server, nil
	p.extra = append(p.extra, &c)
	p.out[i].above = &c
}

// pairID is the id of a span that is made for the side without a sighting.
func pairID(s *store.Span) span.SpanID {
	var h span.Hasher
	id := h.Start("pair").Bytes(s.ID[:]).H64()
	var out span.SpanID
	for i := range out {
		out[i] = byte(id >> (56 - 8*i))
	}
	return out
}

// clientOf is the service that made an exchange: the one whose request it was made
// for, else the address it came from.
func (p *shaper) clientOf(x *exchange) string {
	n := &p.t.Nodes[x.chain[0]]
	if s := n.Span; s.Signal == store.SYS || s.Kind == span.Client {
		return s.Service // it is told from that side
	}
	if n.Parent >= 0 && n.Rule != "message" {
		return p.out[n.Parent].span.Service
	}
	return n.Span.Text("client.address")
}

// rename makes a span one of the client's.
func (p *shaper) rename(s *store.Span, service string) {
	if s.Service != service {
		s.Service, s.Instance, s.Resource = service, "", nil
	}
}

// plain is a span as it leaves, but for its kind: with corrected times, and what
// assembly found about its parent.
func (p *shaper) plain(i int) store.Span {
	n := &p.t.Nodes[i]
	s := *n.Span
	s.Trace, s.Start, s.End = p.t.ID, n.Start, n.End
	s.Attrs = slices.DeleteFunc(slices.Clone(s.Attrs), func(a store.Attr) bool {
		return a.Key == store.AttrFacts || s.Signal != store.APP && (a.Key == "wirespan.link.rule" || a.Key == "wirespan.link.confidence" || a.Key == "wirespan.link.evidence" || a.Key == "wirespan.clock.offset")
	})
	if n.Offset != 0 {
		s.Attrs = append(s.Attrs, store.Attr{Key: "wirespan.clock.offset", Value: store.IntValue(-n.Offset)})
	}
	if name := s.Text("db.system.name"); p.how.Tempo && name != "" && s.Text("db.system") == "" {
		s.Attrs = append(s.Attrs, store.Attr{Key: "db.system", Value: store.StringValue(name)})
	}
	if s.Signal == store.APP {
		return s
	}
	if n.Rule != "" {
		s.Attrs = append(s.Attrs, store.Attr{Key: "wirespan.link.rule", Value: store.StringValue(n.Rule)},
			store.Attr{Key: "wirespan.link.confidence", Value: store.DoubleValue(n.Confidence)},
			store.Attr{Key: "wirespan.link.evidence", Value: store.StringValue(n.Evidence)})
	}
	s.Links = p.links(n)
	return s
}

// likely is the confidence from which a parent that was not chosen leaves as a span
// link (DESIGN.md, section 7).
const likely = 0.5

func (p *shaper) links(n *assemble.Node) (list []store.Link) {
	for _, a := range n.Alternatives {
		if a.Confidence < likely || p.isAbove(a.Node, n) {
			continue
		}
		list = append(list, store.Link{Trace: p.t.ID, ID: p.t.Nodes[a.Node].Span.ID, Attrs: []store.Attr{
			{Key: "wirespan.link.rule", Value: store.StringValue(a.Rule)},
			{Key: "wirespan.link.confidence", Value: store.DoubleValue(a.Confidence)},
		}})
	}
	return list
}

// isAbove reports whether a node is an ancestor of another: that is no news.
func (p *shaper) isAbove(i int, n *assemble.Node) bool {
	for at := n.Parent; at >= 0; at = p.t.Nodes[at].Parent {
		if at == i {
			return true
		}
	}
	return false
}

// list resolves parents: what does not leave is passed over.
func (p *shaper) list() []store.Span {
	spans := make([]store.Span, 0, len(p.out)+len(p.extra))
	for i := range p.out {
		o := &p.out[i]
		if o.gone {
			continue
		}
		up := p.parentID(i, o.parent)
		if o.above != nil {
			o.above.Parent = up
			p.separate(o.above, i)
			spans = append(spans, *o.above)
			up = o.above.ID
		}
		o.span.Parent = up
		p.separate(&o.span, i)
		spans = append(spans, o.span)
	}
	return spans
}

func (p *shaper) parentID(i, parent int) span.SpanID {
	app := p.out[i].span.Signal == store.APP
	for at := parent; at >= 0; at = p.out[at].parent {
		if p.out[at].gone || p.apart() && (p.out[at].span.Signal == store.APP) != app {
			continue
		}
		return p.t.Nodes[at].Span.ID
	}
	s := p.t.Nodes[i].Span
	if app {
		return s.Parent // somebody else may know it
	}
	if x, ok := contextOf(s); ok && x.Sampled && parent < 0 && !p.apart() {
		return x.Parent // so does whoever made the request
	}
	return span.SpanID{}
}

// contextOf is what an agent knows of a span that carries a context.
func contextOf(s *store.Span) (facts.Facts, bool) {
	v, _ := s.Attr(store.AttrFacts)
	f, err := facts.Parse([]byte(v.Str))
	return f, err == nil && f.HasContext
}

// apart reports whether what packets tell leaves as a trace of its own.
func (p *shaper) apart() bool { return p.how.WithAPM == Separate && p.hasSDK() }

// separate gives a NET or SYS span a trace of its own, with a link to the span of an
// SDK that it would be below.
func (p *shaper) separate(s *store.Span, i int) {
	if s.Signal == store.APP || !p.apart() {
		return
	}
	var h span.Hasher
	own := h.Start("net").Bytes(p.t.ID[:]).H128()
	for k := range s.Links {
		s.Links[k].Trace = own
	}
	if at := p.t.Nodes[i].Parent; at >= 0 && p.t.Nodes[at].Span.Signal == store.APP {
		s.Links = append(s.Links, store.Link{Trace: p.t.ID, ID: p.t.Nodes[at].Span.ID})
	}
	s.Trace = own
}

func (p *shaper) hasSDK() bool {
	return slices.ContainsFunc(p.t.Nodes, func(n assemble.Node) bool { return n.Span.Signal == store.APP })
}

// paired reports whether an exchange leaves as a CLIENT and a SERVER span.
func paired(s *store.Span) bool {
	if v, ok := s.Attr(store.AttrFacts); ok {
		if f, err := facts.Parse([]byte(v.Str)); err == nil {
			return f.Kind == 0 && link.Flags(f.Flags)&link.ContentLess == 0 && (l7.Class(f.Class) == l7.ClassHTTP || l7.Class(f.Class) == l7.ClassRPC || l7.Class(f.Class) == l7.ClassOther)
		}
	}
	for _, k := range [...]string{"db.system.name", "messaging.system", "dns.question.name"} {
		if s.Text(k) != "" {
			return false
		}
	}
	return s.Kind == span.Client || s.Kind == span.Server
}
