package red

import (
	"context"
	"sync"

	"github.com/wirespan/wirespan/tracer/sink"
	"github.com/wirespan/wirespan/tracer/span"
)

// Sink counts exchanges. It meets sink.Sink and sink.Flusher.
type Sink struct {
	cfg    Config
	fields fields

	mu      sync.Mutex
	v       view
	trace   span.TraceID // of what is pending
	pending []entry      // exchanges of it
	n       int
	split   bool // some of its exchanges were counted before it was through
	tables  tables
	stats   Stats
}

var (
	_ sink.Sink    = (*Sink)(nil)
	_ sink.Flusher = (*Sink)(nil)
)

// New returns a Sink that has counted nothing.
func New(c Config) (*Sink, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	s := &Sink{cfg: c, fields: newFields(c.Keys), pending: make([]entry, maxPending)}
	s.tables = newTables(&s.cfg)
	return s, nil
}

// WriteSpans counts the exchanges of traces that are through. Spans of one
// trace come in a row; the last trace waits for the next one, or for Flush. It
// never fails.
func (s *Sink) WriteSpans(_ context.Context, spans []span.Span) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stats.Spans += uint64(len(spans))
	for i := range spans {
		if spans[i].Trace != s.trace {
			s.settle(s.n)
			s.trace, s.split = spans[i].Trace, false
		}
		s.take(&spans[i])
	}
	return nil
}

// Flush counts what waits: the spans so far end with a whole trace.
func (s *Sink) Flush() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.settle(s.n)
	s.split = false
	return nil
}

// Close counts what waits; the counts stay.
func (s *Sink) Close(context.Context) error { return s.Flush() }

// take joins a span to the exchange that it tells of.
func (s *Sink) take(sp *span.Span) {
	s.fields.read(&s.v, sp)
	e := s.find(&s.v)
	if e == nil {
		if s.n == len(s.pending) {
			s.split = true
			s.settle(s.n / 2)
		}
		e = &s.pending[s.n]
		s.n++
		e.exchange, e.head = s.v.exchange, !s.v.inner
		e.fill(sp, &s.v)
		return
	}
	e.head = e.head || !s.v.inner
	if e.better(sp) {
		e.fill(sp, &s.v)
	}
}

// find returns the exchange that a span belongs to, the latest first. Every
// outermost span begins one of its own, unless it was preceded by an inner
// span: those of a pair may begin at the same time.
func (s *Sink) find(v *view) *entry {
	for i := s.n - 1; i >= 0; i-- {
		if e := &s.pending[i]; e.exchange == v.exchange && (v.inner || !e.head) {
			return e
		}
	}
	return nil
}

// settle counts the first n exchanges that wait. Where a long trace is counted
// in parts, a further sighting may be in another part than the outermost span,
// with which the exchange is counted.
func (s *Sink) settle(n int) {
	for i := range n {
		if s.pending[i].head || !s.split {
			s.count(&s.pending[i])
		}
	}
	// The buffers of those that are done are used again.
	for i := n; i < s.n; i++ {
		s.pending[i-n], s.pending[i] = s.pending[i], s.pending[i-n]
	}
	s.n -= n
}

func (s *Sink) count(e *entry) {
	w := uint64(1)
	if s.cfg.Weight != nil {
		w = s.cfg.Weight(e.start)
	}
	p, own := s.tables.endpointOf(e)
	p.requests += w
	p.last = max(p.last, e.end)
	if e.fail {
		p.failed += w
	}
	s.stats.Exchanges++
	if !e.partial {
		h, all := s.tables.seriesOf(e, own)
		h.observe(e, w)
		own = own && all
	}
	if !own {
		s.stats.Other++
	}
}

// Stats returns the counters.
func (s *Sink) Stats() Stats {
	s.mu.Lock()
	defer s.mu.Unlock()
	st := s.stats
	st.Forgotten = s.tables.forgotten
	st.Series, st.Services = len(s.tables.series), len(s.tables.services)
	return st
}
