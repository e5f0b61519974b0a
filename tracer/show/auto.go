package show

import (
	"context"
	"io"

	"github.com/wirespan/wirespan/tracer/sink"
	"github.com/wirespan/wirespan/tracer/span"
)

var _ sink.Sink = (*Auto)(nil)

// Bounds up to which Auto shows every trace.
const (
	autoTraces = 50
	autoBytes  = 200 << 10
)

// Auto prints every trace as Tree does if they are few (50 traces, 200 KB of
// text), and an Overview of all of them if not. Either is printed by Close.
type Auto struct {
	over  Overview
	trees []byte
	shown int
	large bool
}

// NewAuto returns an Auto that writes to w, which Close does not close.
func NewAuto(w io.Writer, keys *span.Keys, c Config) *Auto {
	return &Auto{over: Overview{w: w, render: newRenderer(keys, c)}}
}

// WriteSpans takes spans trace by trace.
func (a *Auto) WriteSpans(_ context.Context, spans []span.Span) error {
	for i := range spans {
		a.over.cut.add(&spans[i], a.take)
	}
	return nil
}

func (a *Auto) take(b *block) {
	if a.large {
		a.over.take(b)
		return
	}
	from := len(a.trees)
	if a.shown == 0 {
		a.trees = a.over.render.appendLegend(a.trees)
		from = len(a.trees)
	}
	a.trees = a.over.render.appendBlock(a.trees, b)
	a.shown++
	text := a.trees[from:]
	if a.over.render.Verbose { // the overview counts folded sightings
		b.join(true)
	}
	a.over.sum(b)
	a.over.note(b, func(dst []byte) []byte { return append(dst, text...) })
	if a.shown > autoTraces || len(a.trees) > autoBytes {
		a.large, a.trees = true, nil
	}
}

// Large reports whether Close prints, or has printed, an overview.
func (a *Auto) Large() bool { return a.large }

// Close prints what was gathered.
func (a *Auto) Close(ctx context.Context) error {
	a.over.cut.flush(a.take)
	if a.large {
		return a.over.Close(ctx)
	}
	return write(a.over.w, &a.trees, "tree")
}
