package main

import (
	"context"

	"github.com/wirespan/wirespan/tracer/link"
	"github.com/wirespan/wirespan/tracer/sink"
	"github.com/wirespan/wirespan/tracer/span"
)

// rateMark states the rate at which connections were sampled when a span
// began, on the span, before any sink sees it.
type rateMark struct {
	sink.Sink
	s     *connSampler
	attrs span.Attrs // of the spans of one call
}

// markRates puts a rateMark in front of every form.
func markRates(forms []link.Form, s *connSampler) {
	for i := range forms {
		forms[i].Sink = &rateMark{Sink: forms[i].Sink, s: s}
	}
}

// WriteSpans meets sink.Sink. The list of spans is the linker's, which does not
// look at it again; what they point to is copied, not changed.
func (m *rateMark) WriteSpans(ctx context.Context, spans []span.Span) error {
	if m.s.used() {
		m.attrs = m.attrs[:0]
		for i := range spans {
			m.mark(&spans[i])
		}
	}
	return m.Sink.WriteSpans(ctx, spans)
}

func (m *rateMark) mark(s *span.Span) {
	level := m.s.levelAt(s.Start)
	if level == 0 {
		return
	}
	from := len(m.attrs)
	m.attrs = append(m.attrs, s.Attrs...)
	m.attrs = span.AppendFloat(m.attrs, span.KeySampleRate, rateOf(level))
	s.Attrs = m.attrs[from:len(m.attrs):len(m.attrs)]
}

// Flush meets sink.Flusher.
func (m *rateMark) Flush() error {
	if f, ok := m.Sink.(sink.Flusher); ok {
		return f.Flush()
	}
	return nil
}
