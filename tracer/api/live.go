package api

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/wirespan/wirespan/tracer/span"
	"github.com/wirespan/wirespan/tracer/store"
)

// LiveConfig bounds the live stream. All fields are required.
type LiveConfig struct {
	Clients int           // at the same time
	Queue   int           // writes that wait for one client
	Bytes   int           // of what waits for one client
	Rate    int           // spans or traces per second and client at most
	Beat    time.Duration // between signs of life
	Quiet   time.Duration // after the last span of a trace until it is shown
	Traces  int           // that wait for one client to be quiet
}

// DefaultLive is what serve uses.
func DefaultLive() LiveConfig {
	return LiveConfig{Clients: 32, Queue: 64, Bytes: 4 << 20, Rate: 1000, Beat: 15 * time.Second, Quiet: 2 * time.Second, Traces: 1000}
}

// Validate reports all faults.
func (c *LiveConfig) Validate() error {
	var errs []error
	need := func(ok bool, key string) {
		if !ok {
			errs = append(errs, fmt.Errorf("api: live: %s: must be positive", key))
		}
	}
	need(c.Clients > 0, "clients")
	need(c.Queue > 0, "queue")
	need(c.Bytes > 0, "bytes")
	need(c.Rate > 0, "rate")
	need(c.Beat > 0, "beat")
	need(c.Quiet > 0, "quiet")
	need(c.Traces > 0, "traces")
	return errors.Join(errs...)
}

// Live shows clients what is written to a store while it is. It costs a write one
// load while nobody listens; a client that is slow loses spans, and is told how
// many. Only what this process writes is seen.
type Live struct {
	cfg     LiveConfig
	clients atomic.Pointer[[]*listener]
	mu      sync.Mutex // of changes of clients
	closed  chan struct{}
	once    sync.Once
}

// NewLive returns a stream without clients.
func NewLive(c LiveConfig) (*Live, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	return &Live{cfg: c, closed: make(chan struct{})}, nil
}

// Tap returns a store that writes to st, and shows what it took.
func (l *Live) Tap(st store.Store) store.Store { return &tapped{st, l} }

type tapped struct {
	store.Store
	live *Live
}

// Write writes, and shows what was written.
func (t *tapped) Write(ctx context.Context, spans []store.Span) error {
	if err := t.Store.Write(ctx, spans); err != nil {
		return err
	}
	t.live.Publish(spans)
	return nil
}

// Publish shows spans that were written; they are borrowed.
func (l *Live) Publish(spans []store.Span) {
	list := l.clients.Load()
	if list == nil {
		return
	}
	for _, c := range *list {
		c.offer(spans)
	}
}

// Listeners is the number of clients.
func (l *Live) Listeners() int {
	if list := l.clients.Load(); list != nil {
		return len(*list)
	}
	return 0
}

// Close ends all streams; those that begin later end at once.
func (l *Live) Close() { l.once.Do(func() { close(l.closed) }) }

// listen adds a client; false if there are too many.
func (l *Live) listen(c *listener) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	var list []*listener
	if old := l.clients.Load(); old != nil {
		list = *old
	}
	if len(list) >= l.cfg.Clients {
		return false
	}
	list = append(list[:len(list):len(list)], c)
	l.clients.Store(&list)
	return true
}

func (l *Live) leave(c *listener) {
	l.mu.Lock()
	defer l.mu.Unlock()
	old := l.clients.Load()
	if old == nil {
		return
	}
	list := make([]*listener, 0, len(*old))
	for _, x := range *old {
		if x != c {
			list = append(list, x)
		}
	}
	if len(list) == 0 {
		l.clients.Store(nil)
		return
	}
	l.clients.Store(&list)
}

// listener is a client as writers see it.
type listener struct {
	cfg    *LiveConfig
	query  store.Query
	traces bool // ids are enough
	now    func() time.Time

	queue   chan []seenSpan
	waiting atomic.Int64  // bytes in the queue
	dropped atomic.Uint64 // spans that did not fit, or came too fast
	second  atomic.Int64  // of allowed
	allowed atomic.Int64
}

// seenSpan is a span on its way to a client.
type seenSpan struct {
	trace span.TraceID
	start int64
	json  []byte // nil if the client wants traces
}

// offer takes what the client asks for, as far as there is room.
func (c *listener) offer(spans []store.Span) {
	var batch []seenSpan
	size := int64(0)
	for i := range spans {
		s := &spans[i]
		if !store.Fits(&c.query, s) {
			continue
		}
		if !c.traces && !c.may() || c.waiting.Load()+size > int64(c.cfg.Bytes) {
			c.dropped.Add(1)
			continue
		}
		x := seenSpan{trace: s.Trace, start: s.Start}
		if !c.traces {
			b, err := json.Marshal(spanOf(s))
			if err != nil { // types of ours always can be
				continue
			}
			x.json = b
		}
		size += int64(len(x.json)) + 64
		batch = append(batch, x)
	}
	if batch == nil {
		return
	}
	c.waiting.Add(size)
	select {
	case c.queue <- batch:
	default:
		c.waiting.Add(-size)
		c.dropped.Add(uint64(len(batch)))
	}
}

// may counts what leaves in a second.
func (c *listener) may() bool {
	now := c.now().Unix()
	if old := c.second.Load(); old != now && c.second.CompareAndSwap(old, now) {
		c.allowed.Store(0)
	}
	return c.allowed.Add(1) <= int64(c.cfg.Rate)
}

// took says that a batch has left the queue.
func (c *listener) took(batch []seenSpan) {
	size := int64(0)
	for i := range batch {
		size += int64(len(batch[i].json)) + 64
	}
	c.waiting.Add(-size)
}
