package assemble

import (
	"context"
	"errors"
	"fmt"

	"github.com/wirespan/wirespan/tracer/span"
	"github.com/wirespan/wirespan/tracer/store"
)

// ErrNotFound says that the store has no span of a trace.
var ErrNotFound = errors.New("assemble: no such trace")

// Source is what is asked for spans: a store.Store.
type Source interface {
	Related(ctx context.Context, keys []store.Key, w store.Window, limit int) (spans []store.Span, more bool, err error)
}

// Foreign knows spans that are not in the store: those that an APM keeps
// (tracer/apm).
type Foreign interface {
	// Spans returns what it has of a trace whose id was seen on the wire, and what is
	// to be said about it. have are the spans that are known already. The caller may
	// keep the spans and does not change them.
	Spans(ctx context.Context, id span.TraceID, have []store.Span) (spans []store.Span, notes []string)
}

// Assembler puts traces together. It keeps nothing between calls but room, and they
// may be made at the same time.
type Assembler struct {
	src     Source
	foreign Foreign // nil: nobody else is asked
	cfg     Config
	spare   linkers
}

// With returns an Assembler that asks somebody else, too, for what belongs to the
// trace ids that it finds.
func (a *Assembler) With(f Foreign) *Assembler {
	return &Assembler{src: a.src, foreign: f, cfg: a.cfg, spare: a.spare}
}

// New returns an Assembler.
func New(src Source, cfg Config) (*Assembler, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	return &Assembler{src: src, cfg: cfg, spare: newLinkers()}, nil
}

// Trace assembles the trace with an id, or that a span of that id belongs to by
// now. Spans of the id are looked for in the window around; its zero value is all
// time. Without any there is ErrNotFound.
func (a *Assembler) Trace(ctx context.Context, id span.TraceID, around store.Window) (*Trace, error) {
	seeds, more, err := a.src.Related(ctx, []store.Key{store.TraceKey(id)}, around, a.cfg.MaxSpans)
	if err != nil {
		return nil, fmt.Errorf("collect trace: %w", err)
	}
	g := newGather(a)
	for i := range seeds {
		if carries(&seeds[i], id) {
			g.add(seeds[i])
		}
	}
	if len(g.spans) == 0 {
		return nil, ErrNotFound
	}
	if more {
		g.limit("more than %d spans have this trace id", a.cfg.MaxSpans)
	}
	return a.assemble(ctx, g, id)
}

// carries reports whether a span is of a trace, or names it.
func carries(s *store.Span, id span.TraceID) bool {
	if s.Trace == id {
		return true
	}
	for i := range s.Links {
		if s.Links[i].Trace == id {
			return true
		}
	}
	f, ok := factsOf(s)
	return ok && f.HasContext && f.Trace == id
}

// Around assembles the trace that spans belong to. They need not be in the store:
// an APM's spans bring in what packets tell of them. Without any there is
// ErrNotFound.
func (a *Assembler) Around(ctx context.Context, seeds []store.Span) (*Trace, error) {
	if len(seeds) == 0 {
		return nil, ErrNotFound
	}
	g := newGather(a)
	for i := range seeds {
		g.add(seeds[i])
	}
	return a.assemble(ctx, g, seeds[0].Trace)
}

func (a *Assembler) assemble(ctx context.Context, g *gather, id span.TraceID) (*Trace, error) {
	if err := g.connect(ctx); err != nil {
		return nil, err
	}
	return build(ctx, g.spans, id, g.seeds, g.limits, a.spare)
}
