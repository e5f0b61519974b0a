package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/wirespan/wirespan/tracer/ingest/batch"
	"github.com/wirespan/wirespan/tracer/ingest/otlp"
	encode "github.com/wirespan/wirespan/tracer/otlp"
	"github.com/wirespan/wirespan/tracer/sink"
	"github.com/wirespan/wirespan/tracer/span"
	"github.com/wirespan/wirespan/tracer/store"
)

// storeSink writes the spans of this process to its store. They go the way of those of
// other agents, encoded and decoded, so that what is stored is the same. They wait in
// an Outbox, so that a slow store holds up nothing that must not wait.
type storeSink struct {
	enc  *encode.Encoder
	box  *sink.Outbox
	wait bool
}

// newStoreSink returns a sink in front of a store, which it does not close. saw is shown
// what was stored, which it borrows.
func newStoreSink(st store.Store, keys *span.Keys, c encode.Config, q sink.QueueConfig, saw func([]store.Span)) (*storeSink, error) {
	q.Senders = 1
	box, err := sink.NewOutbox(&storeSender{st: st, b: batch.New(batch.DefaultLimits()), saw: saw}, q)
	if err != nil {
		return nil, fmt.Errorf("open store: %w", err)
	}
	return &storeSink{enc: encode.NewEncoder(keys, c), box: box, wait: q.Block}, nil
}

// WriteSpans meets sink.Sink.
func (s *storeSink) WriteSpans(ctx context.Context, spans []span.Span) error {
	if len(spans) == 0 {
		return nil
	}
	p := sink.Parcel{Spans: len(spans), Bytes: s.enc.Encode(s.box.Buffer(), spans)}
	if s.wait {
		return s.box.Put(ctx, p)
	}
	return s.box.Offer(p)
}

// Close meets sink.Sink.
func (s *storeSink) Close(ctx context.Context) error { return s.box.Close(ctx) }

// Stats returns the counters of what waits.
func (s *storeSink) Stats() sink.Stats { return s.box.Stats() }

// storeSender decodes parcels and writes them.
type storeSender struct {
	st  store.Store
	b   *batch.Batch
	saw func([]store.Span)
}

// storeWriteTime bounds one attempt to write.
const storeWriteTime = 10 * time.Second

// Send meets sink.Sender; the Outbox has one sender.
func (s *storeSender) Send(ctx context.Context, p *sink.Parcel) error {
	defer s.b.Reset(0)
	if err := otlp.Decode(s.b, string(p.Bytes)); err != nil {
		return fmt.Errorf("store spans: %w", err) // a mistake of ours
	}
	ctx, cancel := context.WithTimeout(ctx, storeWriteTime)
	defer cancel()
	if err := s.st.Write(ctx, s.b.Spans); err != nil {
		return &sink.RetryError{Err: fmt.Errorf("store spans: %w", err)}
	}
	s.saw(s.b.Spans)
	if n := s.b.Refused.Sum(); n > 0 {
		return &sink.PartialError{Rejected: n, Err: errors.New(s.b.Refused.String())}
	}
	return nil
}
