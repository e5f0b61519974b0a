package apm

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/wirespan/wirespan/tracer/span"
	"github.com/wirespan/wirespan/tracer/store"
)

// Attr is the resource attribute that names the source of a span.
const Attr = "wirespan.apm"

// Client asks sources. Its methods may be called at the same time.
type Client struct {
	sources []*source
}

// Report is what one source did for one trace.
type Report struct {
	Source string
	Kind   Kind
	Spans  int  // that it has of the trace
	Cached bool // known from before
	Took   time.Duration
	Note   string // what was left out, empty if nothing was
	Err    error  // why it is not known whether it has the trace
}

// String says it in a line.
func (r Report) String() string {
	var b strings.Builder
	switch {
	case r.Err != nil:
		fmt.Fprintf(&b, "%s: %v", r.Source, r.Err)
		return b.String()
	case r.Spans == 0:
		fmt.Fprintf(&b, "%s: does not have the trace", r.Source)
	default:
		fmt.Fprintf(&b, "%s: %d spans", r.Source, r.Spans)
	}
	if r.Cached {
		b.WriteString(", from the cache")
	} else {
		fmt.Fprintf(&b, " in %v", r.Took.Round(time.Millisecond))
	}
	if r.Note != "" {
		b.WriteString("; " + r.Note)
	}
	return b.String()
}

// New returns a Client. No source is asked before the first Fetch.
func New(c Config) (*Client, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	cl := &Client{}
	for i := range c.Sources {
		s, err := newSource(&c, &c.Sources[i])
		if err != nil {
			return nil, err
		}
		cl.sources = append(cl.sources, s)
	}
	return cl, nil
}

// Close ends connections that are idle.
func (c *Client) Close() {
	for _, s := range c.sources {
		s.http.CloseIdleConnections()
	}
}

// Fetch asks every source for the spans of a trace, and says of each what came of it.
// names are forms in which the id was seen on the wire (Names): SkyWalking knows its
// traces by them only. A span that several sources have is that of the first one. The
// spans are shared with other callers: they may be kept, and must not be changed.
func (c *Client) Fetch(ctx context.Context, id span.TraceID, names ...string) ([]store.Span, []Report) {
	reports := make([]Report, len(c.sources))
	answers := make([][]store.Span, len(c.sources))
	var all sync.WaitGroup
	for i, s := range c.sources {
		all.Go(func() { answers[i], reports[i] = s.fetch(ctx, id, names) })
	}
	all.Wait()
	if len(answers) == 1 {
		return answers[0], reports
	}
	return once(answers), reports
}

// once leaves out spans that an earlier source has. Times may be rounded differently.
func once(answers [][]store.Span) (spans []store.Span) {
	type key struct {
		id      span.SpanID
		kind    span.Kind
		service string
	}
	from := make(map[key]int)
	for i, list := range answers {
		for j := range list {
			k := key{list[j].ID, list[j].Kind, list[j].Service}
			if at, ok := from[k]; ok && at != i {
				continue
			}
			from[k] = i
			spans = append(spans, list[j])
		}
	}
	return spans
}
