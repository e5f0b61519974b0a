package main

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/wirespan/wirespan/tracer/sink"
	"github.com/wirespan/wirespan/tracer/span"
)

// steady is the sink of a form in a live run: what a sink says of an error does
// not end the run, since its own counters tell what was lost. It counts the
// spans for the status line.
type steady struct {
	sink.Sink
	spans  *atomic.Uint64
	failed *atomic.Uint64
	outs   *outputs
}

// WriteSpans meets sink.Sink.
func (s *steady) WriteSpans(ctx context.Context, spans []span.Span) error {
	s.spans.Add(uint64(len(spans)))
	s.outs.awaitRoom()
	if err := s.Sink.WriteSpans(ctx, spans); err != nil {
		s.failed.Add(1)
	}
	return nil
}

// Flush meets sink.Flusher.
func (s *steady) Flush() error {
	if f, ok := s.Sink.(sink.Flusher); ok {
		if err := f.Flush(); err != nil {
			s.failed.Add(1)
		}
	}
	return nil
}

// Close meets sink.Sink. What could not be delivered is in the counters.
func (s *steady) Close(ctx context.Context) error {
	if err := s.Sink.Close(ctx); err != nil {
		s.failed.Add(1)
	}
	return nil
}

// liveCounts are what a live run counts as it goes, for the status line.
type liveCounts struct{ spans, failed atomic.Uint64 }

// steadySinks puts a steady in front of every form. Only the first counts
// spans: the others write the same exchanges in another form.
func (p *parts) steadySinks(c *liveCounts) {
	var others atomic.Uint64
	for i := range p.cfg.link.Forms {
		f := &p.cfg.link.Forms[i]
		n := &others
		if i == 0 {
			n = &c.spans
		}
		f.Sink = &steady{Sink: f.Sink, spans: n, failed: &c.failed, outs: p.outs}
	}
}

// drain lets sinks wait for room from now on, until ctx ends. While packets
// come nothing waits; at the end, when all that was held leaves at once, there
// is time.
func (o *outputs) drain(ctx context.Context) {
	o.draining.Store(&ctx)
	for _, f := range o.files {
		if f.spool != nil {
			f.spool.await(ctx)
		}
	}
}

// awaitRoom waits, at the end of a run, until every receiver has room for a
// batch.
func (o *outputs) awaitRoom() {
	ctx := o.draining.Load()
	if ctx == nil {
		return
	}
	for (*ctx).Err() == nil {
		full := false
		for _, x := range o.exporters {
			full = full || x.Stats().Bytes > liveQueue/2
		}
		if o.keep != nil {
			full = full || o.keep.sink.Stats().Bytes > liveQueue/2
		}
		if !full {
			return
		}
		time.Sleep(drainLook)
	}
}

// drainLook is how often the queues of receivers are looked at.
const drainLook = 2 * time.Millisecond
