package main

import (
	"context"
	"maps"
	"sync"

	"github.com/wirespan/wirespan/tracer/link"
	"github.com/wirespan/wirespan/tracer/sink"
	"github.com/wirespan/wirespan/tracer/span"
)

// tally counts the spans that reach a sink, for the summary: the linker
// counts what it linked, and that is not what --where lets through, nor one
// span per exchange where pairs are written.
type tally struct {
	sink.Sink
	mu    sync.Mutex // copies are made while the sinks are written to
	walk  bool       // look at the rules of spans, which the linker's count does not tell
	spans uint64
	// traces are runs of spans with one trace id: spans leave by trace.
	traces uint64
	last   span.TraceID
	links  map[string]uint64 // by rule
	likely uint64
	made   uint64 // synthetic spans
}

// newTally puts a tally in front of the sink of a form.
func newTally(f *link.Form, chosen bool) *tally {
	t := &tally{Sink: f.Sink, walk: chosen || f.Pair, links: make(map[string]uint64)}
	f.Sink = t
	return t
}

// WriteSpans meets sink.Sink.
func (t *tally) WriteSpans(ctx context.Context, spans []span.Span) error {
	t.count(spans)
	return t.Sink.WriteSpans(ctx, spans)
}

func (t *tally) count(spans []span.Span) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.spans += uint64(len(spans))
	for i := range spans {
		s := &spans[i]
		if t.traces == 0 || s.Trace != t.last {
			t.traces++
			t.last = s.Trace
		}
		if t.walk {
			t.look(s)
		}
	}
}

// copy returns the counts so far, without a sink.
func (t *tally) copy() *tally {
	t.mu.Lock()
	defer t.mu.Unlock()
	return &tally{walk: t.walk, spans: t.spans, traces: t.traces, links: maps.Clone(t.links), likely: t.likely, made: t.made}
}

func (t *tally) look(s *span.Span) {
	for at := range s.Attrs.All {
		switch at.Key {
		case span.KeyLinkRule:
			t.links[string(at.Str)]++
		case span.KeySynthetic:
			t.made++
		}
	}
	t.likely += uint64(len(s.Links))
}

// Flush meets sink.Flusher.
func (t *tally) Flush() error {
	if f, ok := t.Sink.(sink.Flusher); ok {
		return f.Flush()
	}
	return nil
}

// linked gives the count of a rule among the spans that were written. The two
// spans of a pair are one sighting, not a link between two.
func (t *tally) linked(r link.Rule, s *link.Stats) uint64 {
	if !t.walk {
		return s.Links[r]
	}
	n := t.links[r.String()]
	if r == link.ContextTrace {
		return 0 // the name is that of WireContext, which has them all
	}
	if r == link.Sighting {
		n -= min(n, t.made)
	}
	return n
}
