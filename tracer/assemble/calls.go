package assemble

import (
	"context"
	"fmt"

	"github.com/wirespan/wirespan/tracer/span"
	"github.com/wirespan/wirespan/tracer/store"
)

// Searcher is met by a Source that can be searched by time: then calls that SDKs tell
// of, and that nothing on the wire connects with them, as those of databases, are
// looked for.
type Searcher interface {
	Search(ctx context.Context, q *store.Query, yield func(*store.Span) bool) error
}

// Bounds of looking for calls.
const (
	maxCalls  = 64  // of a trace
	maxLooked = 512 // spans that began while a call was under way
)

// calls looks for what packets tell of calls of SDKs. Of each there must be exactly
// one exchange that it can be; whether it is the only call that the exchange can be
// is seen later (hangAlone).
func (g *gather) calls(ctx context.Context) error {
	src, ok := g.a.src.(Searcher)
	if !ok {
		return nil
	}
	known := g.callers()
	from, asked := len(g.spans), 0
	for i := range from {
		s := &g.spans[i]
		if !isCall(s) || known[s.ID] || store.CallOf(s).Server.Port == 0 {
			continue
		}
		if asked++; asked > maxCalls {
			g.limit("of %d calls of SDKs the packets were looked for only", maxCalls)
			break
		}
		found, err := g.packetsOf(ctx, src, s)
		if err != nil {
			return fmt.Errorf("look for calls: %w", err)
		}
		for k := range found {
			if len(g.spans) < g.a.cfg.MaxSpans {
				g.take(found[k])
			}
		}
	}
	return g.connectFrom(ctx, from)
}

// isCall reports whether a span of an SDK is of a request to somebody else.
func isCall(s *store.Span) bool {
	return s.Signal == store.APP && (s.Kind == span.Client || s.Kind == span.Producer)
}

// callers are the spans that contexts on the wire name.
func (g *gather) callers() map[span.SpanID]bool {
	known := map[span.SpanID]bool{}
	for i := range g.spans {
		if f, ok := factsOf(&g.spans[i]); ok && f.HasContext {
			known[f.Parent] = true
		}
	}
	return known
}

// packetsOf returns the sightings of the one exchange that a call can be, none if
// there is not exactly one: those wholly within its time come before those that are
// so if clocks are a little apart.
func (g *gather) packetsOf(ctx context.Context, src Searcher, app *store.Span) ([]store.Span, error) {
	q := store.Query{Window: store.Window{From: app.Start - slack, To: app.End + slack}}
	looked := 0
	within, near := alike{}, alike{}
	err := src.Search(ctx, &q, func(s *store.Span) bool {
		looked++
		x, ok := exchangeOf(s)
		if s.Signal != store.NET || !ok || s.End > app.End+slack || !toServer(app, s) {
			return looked < maxLooked
		}
		near.add(x, s)
		if s.Start >= app.Start && s.End <= app.End {
			within.add(x, s)
		}
		return looked < maxLooked
	})
	switch {
	case err != nil || looked == maxLooked:
		return nil, err
	case len(within.keys) == 1:
		return within.spans, nil
	case len(within.keys) == 0 && len(near.keys) == 1:
		return near.spans, nil
	}
	return nil, nil
}

// alike are exchanges that a call can be, and the spans of the first.
type alike struct {
	keys  map[uint64]bool
	spans []store.Span
}

func (a *alike) add(x uint64, s *store.Span) {
	if a.keys == nil {
		a.keys = map[uint64]bool{}
	}
	if a.keys[x] = true; len(a.keys) == 1 {
		a.spans = append(a.spans, s.Clone())
	}
}
