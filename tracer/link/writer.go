package link

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"slices"

	"github.com/wirespan/wirespan/l7"
	"github.com/wirespan/wirespan/tracer/sink"
	"github.com/wirespan/wirespan/tracer/span"
)

// writer makes spans of exchanges that leave, and gives them to the sinks in
// batches. All its memory is reused.
type writer struct {
	l     *Linker
	form  *Form
	count bool // the writer whose spans are counted

	cards [numCards]card
	views []view
	text  []byte
	ev    []byte

	messages []byte

	*spanBatch
	out *output // nil: the sink is called by the Linker's goroutine
}

// spanBatch is a batch of spans with the memory they point to.
type spanBatch struct {
	spans  []span.Span
	links  []span.Link
	attrs  span.Attrs
	places []place
	names  []byte

	complete bool // the spans end with a whole trace, and no more is known
}

func (b *spanBatch) reset() {
	b.complete = false
	b.spans, b.places = b.spans[:0], b.places[:0]
	b.attrs, b.names, b.links = b.attrs[:0], b.names[:0], b.links[:0]
}

// view is a span of one exchange that is about to be written.
type view struct {
	x, s      int32
	kind      span.Kind
	synthetic bool
	id        span.SpanID
	parent    span.SpanID
	rule      Rule // why parent is the parent
	depth     int
	side      whose // of a process, not of a capture point
}

// place says where the byte strings of a span lie in the writer's buffers,
// which may move while a batch grows.
type place struct {
	attrs, name, service, instance [2]int
	links                          [2]int
}

func (w *writer) init(l *Linker, f *Form, count bool) {
	w.l, w.form, w.count = l, f, count
	w.spanBatch = newSpanBatch(l.cfg.Batch)
	if l.cfg.Async {
		w.out = startOutput(f.Sink, l.cfg.Batch)
	}
}

// trace writes the spans of one trace in the order (start, depth, place on the
// wire, span id).
func (w *writer) trace(ctx context.Context, xs []int32) error {
	w.views = w.views[:0]
	for _, x := range xs {
		w.addViews(x)
	}
	if len(w.views) > 1 {
		slices.SortFunc(w.views, func(a, b view) int {
			if c := cmp.Compare(w.startOf(&a), w.startOf(&b)); c != 0 {
				return c
			}
			ax, bx := w.l.exchs.at(a.x), w.l.exchs.at(b.x)
			return cmp.Or(cmp.Compare(ax.depth, bx.depth), w.l.wireOrder(a.x, b.x), bytes.Compare(a.id[:], b.id[:]))
		})
	}
	var err error
	for i := range w.views {
		w.add(&w.views[i])
		if len(w.spans) == cap(w.spans) {
			err = errors.Join(err, w.flush(ctx))
		}
	}
	return err
}

// addViews lists the spans of an exchange, each the parent of the next: one per
// sighting and per process, and the other side if pairs are asked for.
func (w *writer) addViews(x int32) {
	l := w.l
	e := l.exchs.at(x)
	from := len(w.views)
	if e.sides.client != 0 {
		w.addSide(x, askingSide)
	}
	for s := e.first; s != 0; s = l.sights.at(s).next {
		w.views = append(w.views, view{x: x, s: s, kind: kindOf(&l.sights.at(s).rec), id: l.spanID(s)})
	}
	if e.sides.server != 0 {
		w.addSide(x, servingSide)
	}
	if w.form.Pair {
		w.pair(from)
	}
	parent, rule := w.parentOf(x)
	depth := w.depthOf(x)
	for i := from; i < len(w.views); i++ {
		v := &w.views[i]
		if w.form.Pair && v.kind == span.Server && i > from { // service graphs look for nothing between both
			parent = w.views[from].id
		}
		v.parent, v.rule, v.depth = parent, rule, depth
		parent, rule = v.id, Sighting
		depth++
	}
}

// pair makes the outermost span of an exchange the CLIENT and the innermost the
// SERVER; where there is only one, the other is made up.
func (w *writer) pair(from int) {
	all := w.views[from:]
	first, last := &all[0], &all[len(all)-1]
	for i := 1; i < len(all); i++ {
		all[i].kind = span.Internal
	}
	if !paired(&w.l.sights.at(first.s).rec) {
		return
	}
	first.kind = span.Client
	if len(all) > 1 {
		last.kind = span.Server
		return
	}
	server := *first
	server.kind = span.Server
	first.synthetic, first.id = true, w.l.pairID(first.s)
	w.views = append(w.views, server)
}

// kinOf returns our own parent of an exchange.
func (l *Linker) kinOf(x int32) kin {
	e := l.exchs.at(x)
	p := e.parent
	switch {
	case e.fixed:
		return l.relativesOf(x).left
	case e.cut != 0:
		p = e.cut
	case p == 0:
		return kin{}
	}
	return kin{trace: l.exchs.at(p).trace, id: l.innermostID(p), cut: e.cut != 0}
}

// parentOf returns the exported parent of the outermost sighting.
func (w *writer) parentOf(x int32) (span.SpanID, Rule) {
	k := w.l.kinOf(x)
	own := !k.id.IsZero() && !k.cut
	if c, ok := w.l.wireContext(x); ok && !c.Parent.IsZero() && (!own || w.exportWire(x, &c)) {
		if !own { // a root here: nobody knows the wire's parent
			return c.Parent, NoRule
		}
		return c.Parent, WireContext
	}
	if !own {
		return span.SpanID{}, NoRule
	}
	return k.id, w.l.verdictOf(x).rule
}

// exportWire reports whether the parent on the wire is exported although we
// know one (SPANS.md, "Ids").
func (w *writer) exportWire(x int32, c *Context) bool {
	switch w.form.Parent {
	case ParentWire:
		return true
	case ParentOwn:
		return false
	}
	return c.Sampled && !w.l.isForwarded(x)
}

// isForwarded reports whether the context of x was sent on unchanged: a request
// above it has the same.
func (l *Linker) isForwarded(x int32) bool {
	e := l.exchs.at(x)
	if e.fixed {
		return l.relativesOf(x).forwarded
	}
	own, ok := l.wireContext(x)
	for p := e.parent; ok && p != 0; p = l.exchs.at(p).parent {
		if c, has := l.wireContext(p); has && c.Parent == own.Parent {
			return true
		}
	}
	return false
}

// wireContext returns the context that an exchange carries, as the outermost
// point saw it.
func (l *Linker) wireContext(x int32) (Context, bool) {
	for s := l.exchs.at(x).first; s != 0; s = l.sights.at(s).next {
		if r := &l.sights.at(s).rec; r.Flags&HasContext != 0 {
			return r.Context, true
		}
	}
	return Context{}, false
}

// innermostID is the span below which the children of an exchange hang.
func (l *Linker) innermostID(x int32) span.SpanID {
	if l.has(x, servingSide) {
		return l.sideID(x, servingSide)
	}
	return l.spanID(l.exchs.at(x).last)
}

// pairID is the id of the span that is made for the side without a sighting.
func (l *Linker) pairID(s int32) span.SpanID {
	sg := l.sights.at(s)
	return l.observedID(sg.rec.Exchange, sg.rec.Point, 1<<32|uint64(sg.index))
}

// depthOf counts the spans above an exchange in this release.
func (w *writer) depthOf(x int32) int {
	l := w.l
	d := 0
	for p := l.exchs.at(x).parent; p != 0; p = l.exchs.at(p).parent {
		n := int(l.exchs.at(p).sightings) + l.numSides(p)
		if w.form.Pair && n == 1 && paired(&l.sights.at(l.exchs.at(p).first).rec) {
			n = 2
		}
		d += n
	}
	return d
}

// add composes one span.
func (w *writer) add(v *view) {
	l := w.l
	r := &l.sights.at(v.s).rec
	e := l.exchs.at(v.x)
	w.spans = append(w.spans, span.Span{
		Trace: e.trace, ID: v.id, Parent: v.parent, Start: r.Start, End: max(r.Start, r.End),
		Kind: v.kind, Status: statusOf(r, v.kind), Depth: v.depth,
	})
	if ahead := l.setAside(r.Point); ahead != 0 {
		s := &w.spans[len(w.spans)-1]
		s.Start, s.End = s.Start+ahead, s.End+ahead
	}
	as := v.kind
	if v.side != noSide { // whoever it is, whatever its span is called
		as = v.side.kind()
		s := &w.spans[len(w.spans)-1]
		s.Start, s.End = l.sideTimes(v)
	}
	var p place
	id := l.resourceOf(v, r, as)
	w.spans[len(w.spans)-1].Resource = id.Attrs
	host := l.piece(r, Host)
	card := w.card(host, &r.Server)
	p.service[0] = len(w.names)
	w.service(r, as, card, id)
	p.service[1] = len(w.names)
	p.instance[0] = len(w.names)
	w.instance(as, card, id)
	p.instance[1] = len(w.names)
	p.name[0] = len(w.names)
	template := l.piece(r, Template)
	term := ""
	if r.Class == l7.ClassMessaging && r.Pieces.has(Answers) {
		term = w.term(r)
	}
	if term != "" {
		w.names = appendNamed(w.names, l.piece(r, Name), term)
	} else {
		w.names = append(w.names, l.piece(r, Name)...)
	}
	if len(template) > 0 && (r.Flags&Routed != 0 || l.names.templates.Admit(w.names[p.service[0]:p.service[1]], template)) {
		w.names = append(append(w.names, ' '), template...)
	} else {
		template = nil // one too many
	}
	p.name[1] = len(w.names)
	p.attrs[0] = len(w.attrs)
	if v.side != noSide {
		w.sideAttributes(v, r, card.certain)
	} else {
		w.attributes(v, r, card.certain, template)
		if term != "" {
			w.attrs = span.AppendString(w.attrs, l.terms.key, []byte(term))
		}
	}
	p.attrs[1] = len(w.attrs)
	p.links[0] = len(w.links)
	w.spanLinks(v)
	p.links[1] = len(w.links)
	w.places = append(w.places, p)
	if w.count {
		l.stats.Links[v.rule]++
	}
}

// spanLinks adds the parents that were not chosen but are likely, and our own
// where the wire's is exported.
func (w *writer) spanLinks(v *view) {
	l := w.l
	e := l.exchs.at(v.x)
	if v.s != e.first || v.rule == Sighting {
		return // the outermost span has them
	}
	if e.cut != 0 || e.fixed && l.relativesOf(v.x).left.cut || v.rule == WireContext {
		if k := l.kinOf(v.x); !k.id.IsZero() {
			why := l.verdictOf(v.x)
			w.link(k, &why)
		}
	}
	if e.parent != 0 || e.fixed {
		return
	}
	for _, c := range l.candsOf(v.x) {
		if c.confidence >= linkThreshold && c.x != e.cut && !l.above(v.x, c.x) &&
			!l.exchs.at(c.x).trace.IsZero() && l.contains(c.x, v.x) != outside {
			w.link(kin{trace: l.exchs.at(c.x).trace, id: l.innermostID(c.x)}, &c)
		}
	}
}

func (w *writer) link(k kin, c *candidate) {
	if w.count {
		w.l.stats.SpanLinks++
	}
	w.links = append(w.links, span.Link{
		Trace: k.trace, ID: k.id, Rule: c.rule.String(), Confidence: round(c.confidence),
	})
}

// flush gives the batch to the sinks.
func (w *writer) flush(ctx context.Context) error {
	if len(w.spans) == 0 && !w.complete {
		return nil
	}
	n := 0
	for i := range w.spans {
		s, p := &w.spans[i], &w.places[i]
		s.Attrs = w.attrs[p.attrs[0]:p.attrs[1]:p.attrs[1]]
		s.Name = w.names[p.name[0]:p.name[1]:p.name[1]]
		s.Service = w.names[p.service[0]:p.service[1]:p.service[1]]
		s.Instance = w.names[p.instance[0]:p.instance[1]:p.instance[1]]
		s.Links = w.links[p.links[0]:p.links[1]:p.links[1]]
		if sel := w.l.cfg.Selector; sel != nil && !sel(s) {
			if w.count {
				w.l.stats.Unselected++
			}
			continue
		}
		w.spans[n] = *s
		n++
	}
	if w.count {
		w.l.stats.Spans += uint64(n)
	}
	if n == 0 && !w.complete {
		w.reset()
		return nil
	}
	var err error
	if w.out == nil {
		err = w.form.Sink.WriteSpans(ctx, w.spans[:n])
		w.reset()
	} else {
		w.spans = w.spans[:n]
		w.spanBatch, err = w.out.swap(w.spanBatch)
	}
	if err != nil {
		w.l.stats.WriteErrors++
	}
	return err
}

// prompt writes what has left, and tells the sink that it is complete.
func (w *writer) prompt(ctx context.Context) error {
	if w.out != nil {
		w.spanBatch.complete = true
		return w.flush(ctx)
	}
	return errors.Join(w.flush(ctx), complete(w.form.Sink))
}

// complete tells a sink that gathers output that nothing is missing.
func complete(s sink.Sink) error {
	if f, ok := s.(sink.Flusher); ok {
		return f.Flush()
	}
	return nil
}

// close writes what is left and waits for the sink to have taken it.
func (w *writer) close(ctx context.Context) error {
	err := w.flush(ctx)
	if w.out != nil {
		if late := w.out.stop(); late != nil {
			w.l.stats.WriteErrors++
			err = errors.Join(err, late)
		}
	}
	return err
}
