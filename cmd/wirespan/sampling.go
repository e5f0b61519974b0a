package main

import (
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"sync/atomic"

	"github.com/wirespan/wirespan/tracer/sink"
	"github.com/wirespan/wirespan/tracer/span"
)

// sampler is a sink that lets a share of the traces through to another one.
//
// It decides on the trace id alone, as TraceIdRatioBased of OpenTelemetry
// does, so that a trace leaves whole or not at all, several agents choose the
// same traces, and a larger ratio keeps what a smaller one kept. The bits are
// those that the SDKs for Go, Ruby and Perl take, and in effect Python's: the
// last eight bytes of the id as a big-endian number without its last bit, kept
// below ratio * 2^63. These are the bits that 64-bit ids of B3 and Datadog
// have.
type sampler struct {
	next  sink.Sink
	bound atomic.Uint64 // of the 63 bits
	out   atomic.Uint64 // spans left out
	kept  []span.Span   // scratch, of the size of the largest batch
}

// maxSampled keeps the scratch of a sampler small.
const maxSampled = 1 << 12

// newSampler puts a sampler in front of a sink.
func newSampler(next sink.Sink, ratio float64) *sampler {
	s := &sampler{next: next}
	s.setRatio(ratio)
	return s
}

// setRatio changes the share, from 0 to 1. Any goroutine may call it.
func (s *sampler) setRatio(r float64) {
	switch {
	case r >= 1:
		s.bound.Store(1 << 63) // above all that 63 bits can say
	case r > 0:
		s.bound.Store(uint64(r * math.Exp2(63)))
	default:
		s.bound.Store(0)
	}
}

// sampledTrace reports whether the traces below bound have this one.
func sampledTrace(id *span.TraceID, bound uint64) bool {
	return binary.BigEndian.Uint64(id[8:])>>1 < bound
}

// WriteSpans meets sink.Sink. The spans are the caller's, and other sinks see
// them: those that stay are copied, not what they point to.
func (s *sampler) WriteSpans(ctx context.Context, spans []span.Span) error {
	bound := s.bound.Load()
	if bound == 1<<63 {
		return s.next.WriteSpans(ctx, spans)
	}
	kept := s.kept[:0]
	for i := range spans {
		if sampledTrace(&spans[i].Trace, bound) {
			kept = append(kept, spans[i])
		}
	}
	s.out.Add(uint64(len(spans) - len(kept)))
	var err error
	if len(kept) > 0 {
		err = s.next.WriteSpans(ctx, kept)
		clear(kept) // what they point to is not ours
	}
	if cap(kept) <= maxSampled {
		s.kept = kept[:0]
	}
	return err
}

// sample puts one sampler before the exporters. What is written to files and
// shown is always all of it.
func (o *outputs) sample(opt *options, exports []sink.Sink) ([]sink.Sink, error) {
	if !(opt.sampleRatio >= 0 && opt.sampleRatio <= 1) {
		return nil, fmt.Errorf("--sample-ratio %v: want a number from 0 to 1", opt.sampleRatio)
	}
	if len(exports) == 0 {
		return nil, nil
	}
	o.sampler = newSampler(sink.Tee(exports...), opt.sampleRatio)
	return []sink.Sink{o.sampler}, nil
}

// printSampling adds to the summary what was not chosen.
func (o *outputs) printSampling(w io.Writer) {
	if o == nil || o.sampler == nil {
		return
	}
	if n := o.sampler.leftOut(); n > 0 {
		fmt.Fprintf(w, "%-12s %d spans left out of the export (--sample-ratio)\n", "sampling", n)
	}
}

// Flush meets sink.Flusher.
func (s *sampler) Flush() error {
	if f, ok := s.next.(sink.Flusher); ok {
		return f.Flush()
	}
	return nil
}

// Close meets sink.Sink.
func (s *sampler) Close(ctx context.Context) error { return s.next.Close(ctx) }

// leftOut counts the spans that did not pass. Any goroutine may call it.
func (s *sampler) leftOut() uint64 { return s.out.Load() }
