package otlp

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/wirespan/wirespan/tracer/otlp/transport"
	"github.com/wirespan/wirespan/tracer/sink"
	"github.com/wirespan/wirespan/tracer/span"
)

// Exporter is a sink.Sink that sends to a collector. Spans are encoded when
// they are written; batches wait in a sink.Outbox for their delivery. Its
// methods may be called by several goroutines.
type Exporter struct {
	cfg  ExportConfig
	via  transport.Transport
	box  *sink.Outbox
	late sync.WaitGroup // timers under way

	busy   chan struct{} // holds one element while the fields below are in use
	enc    *Encoder
	timer  *time.Timer // sends a batch that does not fill; nil when there is none
	turn   int         // counts timers, so that one that comes too late does nothing
	closed bool

	end    sync.Once
	endErr error // of Close
}

// NewExporter returns an Exporter. It does not connect yet: a far side that is
// down now may be up when there are spans.
func NewExporter(keys *span.Keys, c Config, x ExportConfig) (*Exporter, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	if err := x.Validate(); err != nil {
		return nil, err
	}
	via, err := transport.New(x.transport(c.Version))
	if err != nil {
		return nil, err
	}
	if x.Via != nil {
		next := via
		if via, err = x.Via(next); err != nil {
			return nil, errors.Join(err, next.Close())
		}
	}
	box, err := sink.NewOutbox(via, x.Queue)
	if err != nil {
		return nil, errors.Join(err, via.Close())
	}
	return &Exporter{cfg: x, via: via, box: box, busy: make(chan struct{}, 1), enc: NewEncoder(keys, c)}, nil
}

// WriteSpans encodes the spans and queues every batch they fill. With
// Queue.Block it waits for room; else it returns sink.ErrFull when a batch had
// to be dropped, which is counted already.
func (x *Exporter) WriteSpans(ctx context.Context, spans []span.Span) error {
	if err := x.lock(ctx); err != nil {
		return err
	}
	defer x.unlock()
	if x.closed {
		return sink.ErrClosed
	}
	var first error
	for i := range spans {
		x.enc.Add(&spans[i])
		if x.enc.Spans() < x.cfg.BatchSpans && x.enc.Size() < x.cfg.BatchBytes {
			continue
		}
		if err := x.cut(ctx, x.cfg.Queue.Block); first == nil {
			first = err
		}
	}
	if x.enc.Spans() == 0 {
		return first
	}
	if x.cfg.BatchDelay == 0 {
		if err := x.cut(ctx, x.cfg.Queue.Block); first == nil {
			first = err
		}
	} else if x.timer == nil {
		x.arm()
	}
	return first
}

// Stats returns the counters; spans of a batch that is being filled are in
// none of them yet.
func (x *Exporter) Stats() sink.Stats { return x.box.Stats() }

// Close sends what is left, until ctx ends, and returns when every goroutine
// and connection has ended. The error says what was lost since the start.
func (x *Exporter) Close(ctx context.Context) error {
	x.end.Do(func() { x.endErr = x.drain(ctx) })
	return x.endErr
}

func (x *Exporter) drain(ctx context.Context) error {
	if x.lock(ctx) == nil {
		x.finish(ctx)
	}
	x.box.Close(ctx)
	// Now nothing waits in the Outbox, so the lock is free soon.
	x.lock(context.WithoutCancel(ctx))
	x.finish(ctx)
	x.late.Wait()
	if d, ok := x.via.(Drainer); ok {
		d.Drain(ctx)
	}
	lost := x.box.Stats().Lost()
	if err := x.via.Close(); lost == nil {
		lost = err
	}
	return lost
}

// finish ends writing and gives up the lock.
func (x *Exporter) finish(ctx context.Context) {
	defer x.unlock()
	x.closed = true
	x.disarm()
	if x.enc.Spans() > 0 {
		x.cut(ctx, true)
	}
}

// arm makes sure that the batch does not wait longer than it may.
func (x *Exporter) arm() {
	x.turn++
	turn := x.turn
	x.late.Add(1)
	x.timer = time.AfterFunc(x.cfg.BatchDelay, func() { x.overdue(turn) })
}

// overdue sends a batch that did not fill in time.
func (x *Exporter) overdue(turn int) {
	defer x.late.Done()
	ctx := context.Background()
	x.lock(ctx)
	defer x.unlock()
	if x.timer == nil || turn != x.turn {
		return // the batch went before
	}
	x.timer = nil
	x.cut(ctx, x.cfg.Queue.Block)
}

// cut queues the batch; wait says whether for room.
func (x *Exporter) cut(ctx context.Context, wait bool) error {
	p := sink.Parcel{Spans: x.enc.Spans(), Bytes: x.enc.AppendTo(x.box.Buffer())}
	x.enc.Reset()
	x.disarm()
	if wait {
		return x.box.Put(ctx, p)
	}
	return x.box.Offer(p)
}

// disarm stops the timer.
func (x *Exporter) disarm() {
	if x.timer != nil && x.timer.Stop() {
		x.late.Done()
	}
	x.timer = nil
}

func (x *Exporter) lock(ctx context.Context) error {
	select {
	case x.busy <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (x *Exporter) unlock() { <-x.busy }
