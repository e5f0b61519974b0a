package apm

import (
	"container/list"
	"sync"
	"time"

	"github.com/wirespan/wirespan/tracer/span"
	"github.com/wirespan/wirespan/tracer/store"
)

// cache keeps the answers of one source. The one that was used longest ago makes room.
type cache struct {
	maxSpans, maxTraces, maxBytes int

	mu     sync.Mutex
	byID   map[span.TraceID]*list.Element // of *kept
	recent list.List                      // the latest first
	spans  int
	bytes  int
}

// kept is an answer, or a question that is under way.
type kept struct {
	id    span.TraceID
	ready chan struct{} // closed when the rest is set
	until time.Time
	answer
}

// answer is what a source knows of a trace.
type answer struct {
	spans []store.Span
	size  int    // bytes of the text that they are parts of
	note  string // what was left out
	err   error
}

func newCache(maxSpans, maxTraces, maxBytes int) *cache {
	return &cache{maxSpans: maxSpans, maxTraces: maxTraces, maxBytes: maxBytes, byID: make(map[span.TraceID]*list.Element)}
}

// find returns what is kept of a trace. With mine the caller must ask, and call put.
func (c *cache) find(id span.TraceID, now time.Time) (k *kept, mine bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if e, ok := c.byID[id]; ok {
		k := e.Value.(*kept)
		select {
		case <-k.ready:
			if now.Before(k.until) {
				c.recent.MoveToFront(e)
				return k, false
			}
			c.drop(e)
		default:
			return k, false
		}
	}
	k = &kept{id: id, ready: make(chan struct{})}
	c.byID[id] = c.recent.PushFront(k)
	return k, true
}

// put makes an answer known to all who wait for it. until in the past keeps it for
// nobody else.
func (c *cache) put(k *kept, a answer, until time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	k.answer, k.until = a, until
	close(k.ready)
	e, ok := c.byID[k.id]
	if !ok || e.Value != k {
		return
	}
	c.spans += len(a.spans)
	c.bytes += a.size
	if until.IsZero() {
		c.drop(e)
	}
	for e := c.recent.Back(); e != nil && (c.spans > c.maxSpans || c.bytes > c.maxBytes || c.recent.Len() > c.maxTraces); {
		before := e.Prev()
		select {
		case <-e.Value.(*kept).ready:
			c.drop(e)
		default: // under way
		}
		e = before
	}
}

// drop forgets an answer; those who have it keep it.
func (c *cache) drop(e *list.Element) {
	k := e.Value.(*kept)
	c.recent.Remove(e)
	delete(c.byID, k.id)
	c.spans -= len(k.spans)
	c.bytes -= k.size
}
