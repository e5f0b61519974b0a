package sink

import (
	"context"
	"errors"

	"github.com/wirespan/wirespan/tracer/span"
)

// tee writes to several sinks.
type tee []Sink

// Tee returns a Sink that gives every span to each of the sinks, in order. A
// sink's error does not keep spans from the others. One that can be slow
// belongs behind its own Queue, or is an exporter, which has one.
func Tee(sinks ...Sink) Sink {
	if len(sinks) == 1 {
		return sinks[0]
	}
	return tee(sinks)
}

// WriteSpans writes to each sink and joins their errors.
func (t tee) WriteSpans(ctx context.Context, spans []span.Span) error {
	var errs []error
	for _, s := range t {
		if err := s.WriteSpans(ctx, spans); err != nil {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

// Flush flushes those that gather output.
func (t tee) Flush() error {
	var errs []error
	for _, s := range t {
		if f, ok := s.(Flusher); ok {
			errs = append(errs, f.Flush())
		}
	}
	return errors.Join(errs...)
}

// Close closes each sink and joins their errors.
func (t tee) Close(ctx context.Context) error {
	var errs []error
	for _, s := range t {
		if err := s.Close(ctx); err != nil {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}
