package assemble

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/wirespan/wirespan/capture"
	"github.com/wirespan/wirespan/tracer/facts"
	"github.com/wirespan/wirespan/tracer/link"
	"github.com/wirespan/wirespan/tracer/span"
	"github.com/wirespan/wirespan/tracer/store"
)

// edge is a parent, and why it is.
type edge struct {
	parent     int // span, -1: none
	rule       string
	confidence float64
	evidence   string
}

var noEdge = edge{parent: -1}

// relinked is what tracer/link says of the NET spans of all agents together.
type relinked struct {
	edges     []edge   // by span
	exchanges []uint64 // by span: the key of its exchange, after sightings were joined; 0: not linked
	links     [][]possible
}

// possible is a parent that was not good enough.
type possible struct {
	span       int
	rule       string
	confidence float64
}

// relink links the exchanges of all spans anew. Time does not pass meanwhile, so
// that nothing leaves before all is known. Parents are not inferred: that asks for
// all that was open, which only the agent at that instance knows.
func relink(ctx context.Context, spans []store.Span, c *clocks, spare linkers) (*relinked, error) {
	out := &collector{
		relinked: relinked{edges: make([]edge, len(spans)), exchanges: make([]uint64, len(spans)), links: make([][]possible, len(spans))},
		byID:     make(map[span.SpanID]int, len(spans)),
	}
	for i := range out.edges {
		out.edges[i] = noEdge
	}
	in := newInput(spans, c)
	for i := range spans {
		if f, ok := factsOf(&spans[i]); ok && spans[i].Signal == store.NET {
			in.add(i, &f)
			if _, twice := out.byID[spans[i].ID]; !twice {
				out.byID[spans[i].ID] = i
			}
		}
	}
	if len(in.records) == 0 {
		return &out.relinked, nil
	}
	cfg := link.Default()
	cfg.Quiet, cfg.MaxOpen, cfg.Memory = time.Minute, time.Hour, 1<<30
	cfg.Keys, cfg.OneClock = span.NewKeys(), c.one()
	cfg.Inference = &link.Inference{}
	cfg.Inference.Infer(false)
	cfg.Forms, cfg.Batch = []link.Form{{Sink: out}}, min(cfg.Batch, 2*len(in.records))
	l, err := spare.take(cfg, func() []capture.Point { return in.points })
	if err != nil {
		return nil, err
	}
	defer spare.put(l)
	queues := make([]link.Queue, 1)
	queues[0].Push(in.batch())
	if err := l.Consume(ctx, queues, clockless+int64(len(in.records))+1, func(*link.Batch) {}); err != nil {
		return nil, fmt.Errorf("link spans: %w", err)
	}
	if err := l.Flush(ctx); err != nil {
		return nil, fmt.Errorf("link spans: %w", err)
	}
	out.resolve()
	return &out.relinked, nil
}

// clockless is the processing time of the first record; each is a nanosecond later.
const clockless = int64(time.Hour)

// input makes records of spans.
type input struct {
	spans   []store.Span
	clocks  *clocks
	points  []capture.Point
	byName  map[[2]string]uint16
	bytes   link.Batch
	records []link.Record
	at      []int64 // corrected time of each record
	slot    uint32
}

func newInput(spans []store.Span, c *clocks) *input {
	return &input{spans: spans, clocks: c, byName: map[[2]string]uint16{}}
}

// point numbers a capture point.
func (in *input) point(s *store.Span) uint16 {
	name := [2]string{s.Agent, s.Text("wirespan.capture.point")}
	p, ok := in.byName[name]
	if !ok {
		p = uint16(len(in.points))
		in.byName[name] = p
		in.points = append(in.points, capture.Point{Name: name[1], Agent: name[0], Known: name[1]})
	}
	return p
}

func (in *input) add(i int, f *facts.Facts) {
	s := &in.spans[i]
	request, response := messageIDs(f)
	open := link.Record{Slot: in.slot, Event: link.Opened, Facts: factsFrom(s, f, in.point(s), in.clocks.off(s))}
	in.slot++
	if id, ok := firstTrace(s); ok {
		open.Flags |= link.HasRequestIDTrace
		open.IDTrace = id
	}
	open.IDs = in.bytes.Add(appendIDs(request, s, "wirespan.request_id", false))
	done := open
	done.Event = link.Finished
	done.IDs = link.Ref{}
	open.Pieces = in.bytes.PutHost(f.Host)
	var pieces [link.NumPieces][]byte
	pieces[link.ResponseIDs] = appendIDs(response, s, "wirespan.request_id.response", true)
	pieces[link.Answers], pieces[link.Host] = f.Answers, f.Host
	done.Pieces = in.bytes.Put(&pieces)
	in.records = append(in.records, open, done)
	in.at = append(in.at, open.Start, max(open.Start, open.End))
}

// batch puts the records in the order of corrected time; what begins comes before
// what ends.
func (in *input) batch() *link.Batch {
	order := make([]int, len(in.records))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int {
		return cmp.Or(cmp.Compare(in.at[a], in.at[b]), cmp.Compare(in.records[a].Event, in.records[b].Event))
	})
	sorted := make([]link.Record, len(order))
	for n, i := range order {
		sorted[n] = in.records[i]
		sorted[n].Time, sorted[n].Seq = clockless+int64(n), uint64(n)
	}
	in.bytes.Records = sorted
	return &in.bytes
}

// collector is the sink of the linker.
type collector struct {
	relinked
	byID  map[span.SpanID]int
	later []func()
}

// WriteSpans notes edges. Parents may come later.
func (c *collector) WriteSpans(_ context.Context, spans []span.Span) error {
	for i := range spans {
		s := &spans[i]
		at, ok := c.byID[s.ID]
		if !ok {
			continue // of a sighting that has another number here
		}
		if a, ok := s.Attrs.Find(span.KeyExchange); ok {
			c.exchanges[at] = uint64(a.Num)
		}
		if !s.Parent.IsZero() {
			c.parent(at, s)
		}
		for _, l := range s.Links {
			c.later = append(c.later, func() {
				if p, ok := c.byID[l.ID]; ok && p != at {
					c.links[at] = append(c.links[at], possible{p, l.Rule, l.Confidence})
				}
			})
		}
	}
	return nil
}

func (c *collector) parent(at int, s *span.Span) {
	e := edge{}
	if a, ok := s.Attrs.Find(span.KeyLinkRule); ok {
		e.rule = string(a.Str)
	}
	if e.rule == "" {
		return // the wire's parent, which is nobody here
	}
	if a, ok := s.Attrs.Find(span.KeyLinkConfidence); ok {
		e.confidence = a.Float()
	}
	if a, ok := s.Attrs.Find(span.KeyLinkEvidence); ok {
		e.evidence = string(a.Str)
	}
	id := s.Parent
	c.later = append(c.later, func() {
		if p, ok := c.byID[id]; ok {
			e.parent = p
			c.edges[at] = e
		}
	})
}

func (c *collector) resolve() {
	for _, f := range c.later {
		f()
	}
}

// Close does nothing.
func (c *collector) Close(context.Context) error { return nil }
