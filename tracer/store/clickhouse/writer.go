package clickhouse

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	ch "github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
	"github.com/wirespan/wirespan/tracer/store"
)

// request is a Write that waits. Its spans are borrowed until gone is set or done is
// answered; mu is held by who reads them, or takes them away.
type request struct {
	spans []store.Span
	done  chan error // of room 1, answered once

	mu   sync.Mutex
	gone bool
}

// leave takes the spans away, once nobody reads them.
func (r *request) leave() {
	r.mu.Lock()
	r.gone, r.spans = true, nil
	r.mu.Unlock()
}

// writer gathers Writes into INSERTs.
type writer struct {
	conn    driver.Conn
	cfg     *Config
	insert  string
	async   bool // the server gathers small INSERTs of several processes
	cluster bool

	queue chan *request
	stop  chan struct{} // no further Writes
	ended chan struct{} // nobody reads the queue
	wg    sync.WaitGroup

	written atomic.Uint64
	refused atomic.Uint64
	why     atomic.Pointer[string] // why nothing is written
}

func newWriter(conn driver.Conn, cfg *Config, t *target, flavour string) *writer {
	w := &writer{
		conn: conn, cfg: cfg, insert: insertSQL(t.database), async: flavour == enhanced, cluster: t.cluster != "",
		queue: make(chan *request, cfg.Waiting), stop: make(chan struct{}), ended: make(chan struct{}),
	}
	w.wg.Add(cfg.Inserts)
	for range cfg.Inserts {
		go w.run()
	}
	return w
}

var errClosed = errors.New("clickhouse: store is closed")

// write waits until the spans are inserted, or cannot be.
func (w *writer) write(ctx context.Context, spans []store.Span) error {
	if err := ctx.Err(); err != nil || len(spans) == 0 {
		return err
	}
	r := &request{spans: spans, done: make(chan error, 1)}
	select {
	case <-w.stop:
		return errClosed
	case <-ctx.Done():
		w.refused.Add(uint64(len(spans)))
		return ctx.Err()
	case w.queue <- r:
	}
	n := len(spans)
	var err error
	select {
	case err = <-r.done:
	case <-w.ended:
		err = errClosed
		select {
		case err = <-r.done:
		default:
		}
	case <-ctx.Done():
		r.leave()
		err = fmt.Errorf("write spans: %w", ctx.Err())
		select {
		case err = <-r.done: // while we left
		default:
		}
	}
	if err != nil {
		w.refused.Add(uint64(n))
		return err
	}
	w.written.Add(uint64(n))
	return nil
}

// run makes INSERTs until the writer is stopped and nobody waits.
func (w *writer) run() {
	defer w.wg.Done()
	var c columns
	var batch []*request
	var last time.Time // when the last INSERT began
	for {
		var stopped bool
		if batch, stopped = w.gather(batch[:0], last.Add(w.cfg.BatchDelay)); len(batch) > 0 {
			last = time.Now()
			w.deliver(&c, batch)
		} else if stopped {
			return
		}
		clear(batch)
	}
}

// gather waits for a request, then for others until a time that has passed when
// there was little to write: a store that is idle writes at once.
func (w *writer) gather(batch []*request, until time.Time) (_ []*request, stopped bool) {
	select {
	case r := <-w.queue:
		batch = append(batch, r)
	case <-w.stop:
		select {
		case r := <-w.queue:
			batch = append(batch, r)
		default:
			return batch, true
		}
	}
	n := batch[0].size()
	timer := time.NewTimer(time.Until(until))
	defer timer.Stop()
	for n < w.cfg.BatchSpans {
		select {
		case r := <-w.queue:
			batch = append(batch, r)
			n += r.size()
		case <-timer.C:
			return batch, false
		case <-w.stop:
			return batch, false
		}
	}
	return batch, false
}

func (r *request) size() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.spans)
}

// deliver inserts a batch and answers its requests. When the server will not take
// the batch, each request is tried for itself, so that one does not spoil the others.
func (w *writer) deliver(c *columns, batch []*request) {
	err := w.retry(c, batch)
	if err != nil && len(batch) > 1 && (fateOf(err) == final || errors.Is(err, errColumns)) {
		for i := range batch {
			batch[i].done <- w.retry(c, batch[i:i+1])
		}
		return
	}
	for _, r := range batch {
		r.done <- err
	}
}

// retry inserts until it works, the server refuses, or the time is over.
func (w *writer) retry(c *columns, batch []*request) error {
	deadline := time.Now().Add(w.cfg.RetryFor)
	number := rand.Uint64()
	for wait := 50 * time.Millisecond; ; wait = min(2*wait, 5*time.Second) {
		n, err := w.try(c, batch, deadline, number)
		if err == nil {
			w.why.Store(nil)
			return nil
		}
		text := err.Error()
		w.why.Store(&text)
		switch f := fateOf(err); {
		case f == full:
			return fmt.Errorf("%w: %w", store.ErrFull, err)
		case f == final || errors.Is(err, errColumns):
			return fmt.Errorf("write spans: %w", err)
		}
		wait += rand.N(wait / 2)
		if n == 0 || time.Until(deadline) < wait {
			return fmt.Errorf("write spans: server is away: %w", err)
		}
		select {
		case <-time.After(wait):
		case <-w.stop:
			return fmt.Errorf("write spans: %w", err)
		}
	}
}

var errColumns = errors.New("clickhouse: span does not fit its columns")

// try makes one INSERT of the requests whose callers still wait; n is how many
// spans that were.
func (w *writer) try(c *columns, batch []*request, deadline time.Time, number uint64) (n int, err error) {
	for _, r := range batch {
		n += r.size()
	}
	if n == 0 {
		return 0, context.Canceled
	}
	ctx, cancel := context.WithDeadline(context.Background(), deadline.Add(dialTimeout))
	defer cancel()
	ctx = ch.Context(ctx, ch.WithColumnNamesAndTypes(inputColumns))
	b, err := w.conn.PrepareBatch(w.context(ctx, n, number), w.insert)
	if err != nil {
		return n, err
	}
	defer b.Close()
	c.open(b, number)
	for _, r := range batch {
		if err := r.encode(c, b); err != nil {
			b.Abort()
			return n, err
		}
	}
	return n, b.Send()
}

// blockBytes is how much text one block of an INSERT has; spans may be huge.
const blockBytes = 32 << 20

// encode adds the spans, and sends what there is whenever it is much.
func (r *request) encode(c *columns, b driver.Batch) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	for i := range r.spans {
		if err := c.add(&r.spans[i]); err != nil {
			return fmt.Errorf("%w: %w", errColumns, err)
		}
		if c.bytes >= blockBytes {
			if err := b.Flush(); err != nil {
				return err
			}
			c.bytes = 0
		}
	}
	return nil
}

// smallInsert is how many spans are left to the server to gather.
const smallInsert = 10_000

// settings are those of an INSERT. A large one has a token, by which the server
// knows it when it comes again; a small one is gathered by the server with those of
// other processes (async), and answered when it is in the tables.
func (w *writer) settings(n int, number uint64) (s ch.Settings, async bool) {
	s = ch.Settings{}
	if w.cluster {
		s["insert_distributed_sync"] = 1
	}
	if !w.async {
		return s, false
	}
	s["max_partitions_per_insert_block"] = 1000
	if n < smallInsert && !w.cluster {
		return s, true
	}
	s["async_insert"] = 0 // current servers have 1
	s["insert_deduplication_token"] = strconv.FormatUint(number, 36)
	s["deduplicate_blocks_in_dependent_materialized_views"] = 1
	return s, false
}

// context carries the settings of an INSERT.
func (w *writer) context(ctx context.Context, n int, number uint64) context.Context {
	s, async := w.settings(n, number)
	if async {
		return ch.Context(ctx, ch.WithSettings(s), ch.WithAsync(true))
	}
	return ch.Context(ctx, ch.WithSettings(s))
}

// close answers who waits, and ends.
func (w *writer) close() {
	close(w.stop)
	w.wg.Wait()
	close(w.ended)
}
