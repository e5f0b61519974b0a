package show

import "github.com/wirespan/wirespan/tracer/span"

// none is the index of no node.
const none = int32(-1)

// node is a span in its tree. Indices point into block.nodes.
type node struct {
	span.Span
	parent      int32
	first, last int32 // children
	next        int32 // sibling
	shown       int32 // the sighting that stands for this one, or itself
	deepest     int32 // the folded sighting nearest the server, or itself
}

// block is one released trace: copies of its spans and the memory behind them,
// used again for the next one.
type block struct {
	nodes    []node
	links    []span.Link
	arena    []byte
	services [][]byte
	points   [][]byte
	byID     map[span.SpanID]int32

	spans      int // all of them, also those beyond the bounds
	failed     int
	start, end int64
	origin     int64 // start, with the connect phase of the first span
	rooted     bool
}

func (b *block) reset() {
	if b.byID == nil {
		b.byID = make(map[span.SpanID]int32)
	}
	clear(b.byID)
	*b = block{
		nodes: b.nodes[:0], links: b.links[:0], arena: b.arena[:0],
		services: b.services[:0], points: b.points[:0], byID: b.byID,
	}
}

// continues reports whether a span belongs to the trace that is being
// gathered. One tree may hold several trace ids, joined by span links; a root
// of another trace id begins the next tree.
func (b *block) continues(s *span.Span) bool {
	if len(b.nodes) == 0 {
		return true
	}
	if s.Depth == 0 && b.rooted {
		return s.Trace == b.rootTrace()
	}
	if _, ok := b.byID[s.Parent]; ok {
		return true
	}
	for i := range s.Links {
		if _, ok := b.byID[s.Links[i].ID]; ok {
			return true
		}
	}
	for i := range b.nodes { // ends at once for all but odd traces
		n := &b.nodes[i]
		if n.Trace == s.Trace || s.Depth == 0 && n.Parent == s.ID {
			return true
		}
	}
	return false
}

func (b *block) rootTrace() span.TraceID {
	for i := range b.nodes {
		if b.nodes[i].Depth == 0 {
			return b.nodes[i].Trace
		}
	}
	return b.nodes[0].Trace
}

// add copies a span. What the clock of its capture point is ahead is taken off
// the times of the copy: bars of one trace have one scale, and points whose
// clocks are apart would each have a corner of it.
func (b *block) add(s *span.Span) {
	b.spans++
	if s.Status == span.Error {
		b.failed++
	}
	ahead := num(s, span.KeyClockOffset)
	start, end := s.Start-ahead, s.End-ahead
	early := start - num(s, span.KeyPhaseConnect) - num(s, span.KeyPhaseTLS)
	if len(b.nodes) == 0 {
		b.start, b.end, b.origin = start, end, early
	}
	b.start, b.end, b.origin = min(b.start, start), max(b.end, end), min(b.origin, early)
	b.rooted = b.rooted || s.Depth == 0
	if len(b.nodes) >= maxSpans || len(b.arena) > maxBlock {
		return
	}
	n := node{Span: *s}
	n.Start, n.End = start, end
	n.Service, n.Instance, n.Name = b.keep(s.Service), nil, b.keep(s.Name)
	n.Attrs, n.Resource = b.keep(s.Attrs), b.keep(s.Resource)
	from := len(b.links)
	b.links = append(b.links, s.Links...)
	n.Links = b.links[from:]
	b.byID[s.ID] = int32(len(b.nodes))
	b.nodes = append(b.nodes, n)
	b.services = addDistinct(b.services, n.Service)
	b.points = addDistinct(b.points, str(&n.Span, span.KeyCapturePoint))
}

func (b *block) keep(p []byte) []byte {
	from := len(b.arena)
	b.arena = append(b.arena, p...)
	return b.arena[from:len(b.arena):len(b.arena)]
}

func addDistinct(list [][]byte, s []byte) [][]byte {
	if len(s) == 0 || len(list) == maxServices {
		return list
	}
	for _, have := range list {
		if string(have) == string(s) {
			return list
		}
	}
	return append(list, s)
}

// join ties children to parents and, if asked to, folds further sightings of
// an exchange into the first. It may be called again.
func (b *block) join(fold bool) {
	for i := range b.nodes {
		n := &b.nodes[i]
		n.first, n.last, n.next, n.shown, n.deepest = none, none, none, int32(i), int32(i)
		n.parent = b.parentOf(n)
		if fold && n.parent != none && sighting(&n.Span, &b.nodes[n.parent].Span) {
			n.shown = n.parent
		}
	}
	for i := range b.nodes {
		n := &b.nodes[i]
		r := b.line(int32(i))
		if r != int32(i) {
			if d := b.nodes[r].deepest; n.Depth > b.nodes[d].Depth {
				b.nodes[r].deepest = int32(i)
			}
			continue
		}
		if n.parent == none {
			continue
		}
		p := &b.nodes[b.line(n.parent)]
		if p.last == none {
			p.first = int32(i)
		} else {
			b.nodes[p.last].next = int32(i)
		}
		p.last = int32(i)
	}
}

// line is the node whose line shows node i.
func (b *block) line(i int32) int32 {
	for b.nodes[i].shown != i {
		i = b.nodes[i].shown
	}
	return i
}

// nextSighting is the sighting on line i that is nearer to the server than j by
// one, whichever began first by its own clock; none if j is the nearest.
func (b *block) nextSighting(i, j int32) int32 {
	next := none
	for k := range int32(len(b.nodes)) {
		after := b.nodes[k].Depth > b.nodes[j].Depth || b.nodes[k].Depth == b.nodes[j].Depth && k > j
		if after && b.nodes[k].shown != k && b.line(k) == i && (next == none || b.nodes[k].Depth < b.nodes[next].Depth) {
			next = k
		}
	}
	return next
}

// parentOf finds the parent: by id, else by the link to our own parent where
// the wire's is exported. It is always nearer the root, so there are no cycles.
func (b *block) parentOf(n *node) int32 {
	if p, ok := b.byID[n.Parent]; ok && b.nodes[p].Depth < n.Depth {
		return p
	}
	for i := range n.Links {
		if p, ok := b.byID[n.Links[i].ID]; ok && b.nodes[p].Depth == n.Depth-1 && b.nodes[p].Trace == n.Links[i].Trace {
			return p
		}
	}
	return none
}

func sighting(child, parent *span.Span) bool {
	if string(str(child, span.KeyLinkRule)) != "sighting" {
		return false
	}
	x, ok := child.Attrs.Find(span.KeyExchange)
	y, same := parent.Attrs.Find(span.KeyExchange)
	return ok && same && x.Num == y.Num && string(x.Str) == string(y.Str)
}

// cutter gathers the spans of a stream into blocks.
type cutter struct{ block }

// add takes a span; when it begins the next trace, done gets the one before.
func (c *cutter) add(s *span.Span, done func(*block)) {
	if !c.continues(s) {
		c.flush(done)
	}
	if len(c.nodes) == 0 {
		c.reset()
	}
	c.block.add(s)
}

func (c *cutter) flush(done func(*block)) {
	if len(c.nodes) > 0 {
		done(&c.block)
		c.nodes = c.nodes[:0]
	}
}
