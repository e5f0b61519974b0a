package sink

import (
	"context"
	"encoding/binary"
	"errors"

	"github.com/wirespan/wirespan/tracer/span"
)

// Queued is a Sink behind an Outbox.
type Queued struct {
	next Sink
	box  *Outbox
	wait bool
}

// Queue puts a bound, retry and counters before a Sink: spans are copied, and
// one goroutine writes them, in order, whatever cfg.Senders says. Errors of next
// are taken as those of a Sender. With cfg.Block, WriteSpans waits for room,
// else it returns ErrFull for the spans it counted as dropped.
func Queue(next Sink, cfg QueueConfig) (*Queued, error) {
	cfg.Senders = 1
	box, err := NewOutbox(spanSender{next}, cfg)
	if err != nil {
		return nil, err
	}
	return &Queued{next: next, box: box, wait: cfg.Block}, nil
}

// WriteSpans copies the spans into the queue.
func (q *Queued) WriteSpans(ctx context.Context, spans []span.Span) error {
	if len(spans) == 0 {
		return nil
	}
	b := q.box.Buffer()
	for i := range spans {
		b = appendSpan(b, &spans[i])
	}
	p := Parcel{Bytes: b, Spans: len(spans)}
	if q.wait {
		return q.box.Put(ctx, p)
	}
	return q.box.Offer(p)
}

// Close drains the queue within ctx, then closes the Sink behind it. The error
// says what was lost.
func (q *Queued) Close(ctx context.Context) error {
	return errors.Join(q.box.Close(ctx), q.next.Close(ctx))
}

// Stats returns the counters of the queue.
func (q *Queued) Stats() Stats { return q.box.Stats() }

// spanSender gives copied spans to a Sink.
type spanSender struct{ next Sink }

// Send decodes the parcel; the spans point into it.
func (s spanSender) Send(ctx context.Context, p *Parcel) error {
	spans := make([]span.Span, p.Spans)
	b := p.Bytes
	for i := range spans {
		b = readSpan(b, &spans[i])
	}
	return s.next.WriteSpans(ctx, spans)
}

// appendSpan adds a copy: ids, then varints, then pieces with their length.
func appendSpan(b []byte, s *span.Span) []byte {
	b = append(b, s.Trace[:]...)
	b = append(b, s.ID[:]...)
	b = append(b, s.Parent[:]...)
	b = append(b, byte(s.Kind), byte(s.Status))
	b = binary.AppendVarint(b, s.Start)
	b = binary.AppendVarint(b, s.End)
	b = binary.AppendVarint(b, int64(s.Depth))
	b = appendPiece(b, s.Service)
	b = appendPiece(b, s.Instance)
	b = appendPiece(b, s.Name)
	b = appendPiece(b, s.Attrs)
	b = appendPiece(b, s.Resource)
	b = binary.AppendUvarint(b, uint64(len(s.Links)))
	for i := range s.Links {
		l := &s.Links[i]
		b = append(b, l.Trace[:]...)
		b = append(b, l.ID[:]...)
		b = appendPiece(b, l.Rule)
		b = appendFloat(b, l.Confidence)
	}
	return b
}

// readSpan undoes appendSpan and returns the rest.
func readSpan(b []byte, s *span.Span) []byte {
	b = b[copy(s.Trace[:], b):]
	b = b[copy(s.ID[:], b):]
	b = b[copy(s.Parent[:], b):]
	s.Kind, s.Status = span.Kind(b[0]), span.Status(b[1])
	b = b[2:]
	var depth int64
	s.Start, b = readVarint(b)
	s.End, b = readVarint(b)
	depth, b = readVarint(b)
	s.Depth = int(depth)
	s.Service, b = readPiece(b)
	s.Instance, b = readPiece(b)
	s.Name, b = readPiece(b)
	s.Attrs, b = readPiece(b)
	s.Resource, b = readPiece(b)
	n, w := binary.Uvarint(b)
	b = b[w:]
	if n > 0 {
		s.Links = make([]span.Link, n)
	}
	for i := range s.Links {
		l := &s.Links[i]
		b = b[copy(l.Trace[:], b):]
		b = b[copy(l.ID[:], b):]
		var rule []byte
		rule, b = readPiece(b)
		l.Rule = string(rule)
		l.Confidence, b = readFloat(b)
	}
	return b
}
