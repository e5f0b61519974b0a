package ingest

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"github.com/wirespan/wirespan/tracer/ingest/batch"
	"github.com/wirespan/wirespan/tracer/ingest/skywalking"
	"github.com/wirespan/wirespan/tracer/store"
)

// Writer takes spans, which are borrowed until Write returns; nil means that it has
// them. A store.Store is one. It is called by several goroutines at once.
type Writer interface {
	Write(ctx context.Context, spans []store.Span) error
}

// Receiver takes requests. Its methods may be called at the same time.
type Receiver struct {
	c         Config
	w         Writer
	places    chan struct{} // one element per request that is under way
	streams   atomic.Int64  // unary gRPC requests, those that wait for a place too
	batches   sync.Pool     // of *batch.Batch
	unpackers unpackers
	instances *skywalking.Instances
	tallies   [NumFormats]tally
	said      atomic.Int64 // when the last complaint was logged, unix seconds
}

// New returns a Receiver that writes to w.
func New(c Config, w Writer) (*Receiver, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	r := &Receiver{c: c, w: w, places: make(chan struct{}, c.MaxConcurrent), instances: skywalking.NewInstances(maxInstances)}
	r.batches.New = func() any { return batch.New(c.Limits) }
	return r, nil
}

// maxInstances is the number of SkyWalking's service instances of which properties
// are kept; one is a few hundred bytes.
const maxInstances = 10_000

// fault is why a request as a whole was not taken.
type fault struct {
	Fault              // counted, unless it is a store's
	store bool         // the store did not take the spans
	why   batch.Reason // of the store
	after time.Duration
	err   error
}

// Error says it to the sender.
func (f *fault) Error() string { return f.err.Error() }

// result is what became of a request that was taken.
type result struct {
	refused batch.Refused
	dropped int
}

// message tells the sender what became of single spans, empty if all is well.
func (r *result) message() string {
	m := r.refused.String()
	if r.dropped > 0 {
		if m != "" {
			m += "; "
		}
		m += fmt.Sprintf("%d attributes, elements, events or links are beyond a limit, or have no key or id, and were left out", r.dropped)
	}
	return m
}

var errBusy = errors.New("too many requests are under way")

// refuse counts a request that is refused as a whole.
func (r *Receiver) refuse(f Format, why Fault, err error) *fault {
	r.tallies[f].faults[why].Add(1)
	ft := &fault{Fault: why, err: err}
	if why == Busy {
		ft.after = r.pause()
	}
	return ft
}

// pause is the time that a sender is told to wait: not the same for all, so that they
// do not come back together.
func (r *Receiver) pause() time.Duration { return r.c.RetryAfter + rand.N(r.c.RetryAfter) }

// enter takes a place within a time; leave gives it back.
func (r *Receiver) enter(ctx context.Context, f Format, within time.Duration) *fault {
	select {
	case r.places <- struct{}{}:
		return nil
	default:
	}
	t := time.NewTimer(within)
	defer t.Stop()
	select {
	case r.places <- struct{}{}:
		return nil
	case <-t.C:
		return r.refuse(f, Busy, errBusy)
	case <-ctx.Done():
		return r.refuse(f, Broken, ctx.Err())
	}
}

func (r *Receiver) leave() { <-r.places }

// take decodes a body of size bytes and writes its spans. The caller has a place.
func (r *Receiver) take(ctx context.Context, f Format, size int, decode func(*batch.Batch) error) (result, *fault) {
	b := r.batches.Get().(*batch.Batch)
	defer r.batches.Put(b)
	b.Reset(r.latest())
	defer b.Reset(0)
	t := &r.tallies[f]
	t.bytes.Add(uint64(size))
	if ft := r.decode(f, b, decode); ft != nil {
		return result{}, ft
	}
	t.received.Add(uint64(b.Received()))
	for why, n := range b.Refused {
		t.refused[why].Add(uint64(n))
	}
	if ft := r.write(ctx, f, b.Spans); ft != nil {
		return result{}, ft
	}
	t.kept.Add(uint64(len(b.Spans)))
	t.dropped.Add(uint64(b.Dropped))
	t.mended.Add(uint64(b.Mended))
	if r.c.Tap != nil && len(b.Spans) > 0 {
		r.c.Tap(b.Spans)
	}
	return result{b.Refused, b.Dropped}, nil
}

// latest is the latest start that a span may have.
func (r *Receiver) latest() int64 {
	if r.c.Ahead == 0 {
		return 0
	}
	return time.Now().Add(r.c.Ahead).UnixNano()
}

// decode runs a decoder on bytes of others; a panic is a fault of this request.
func (r *Receiver) decode(f Format, b *batch.Batch, decode func(*batch.Batch) error) (ft *fault) {
	defer func() {
		if v := recover(); v != nil {
			r.c.Log.Error("decoding spans panicked", "format", f.String(), "panic", fmt.Sprint(v))
			ft = r.refuse(f, Panicked, errors.New("decoding failed"))
		}
	}()
	if err := decode(b); err != nil {
		return r.refuse(f, Malformed, err)
	}
	return nil
}

// write hands spans to the store. It goes on when the sender has gone: a request that
// is half written would come again.
func (r *Receiver) write(ctx context.Context, f Format, spans []store.Span) *fault {
	if len(spans) == 0 {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), r.c.WriteTimeout)
	defer cancel()
	err := r.w.Write(ctx, spans)
	if err == nil {
		return nil
	}
	ft := &fault{store: true, why: batch.StoreFailed, after: r.pause(), err: errors.New("the store failed")}
	switch {
	case errors.Is(err, store.ErrFull):
		ft.why, ft.err = batch.StoreFull, errors.New("the store is full")
	case errors.Is(err, context.DeadlineExceeded):
		ft.why, ft.err = batch.StoreSlow, fmt.Errorf("the store took longer than %v", r.c.WriteTimeout)
	}
	r.tallies[f].refused[ft.why].Add(uint64(len(spans)))
	// Senders come again; the log says it once in ten seconds.
	if now, last := time.Now().Unix(), r.said.Load(); now-last >= 10 && r.said.CompareAndSwap(last, now) {
		r.c.Log.Warn("spans not stored, senders were told to come again", "format", f.String(), "spans", len(spans), "error", err)
	}
	return ft
}
