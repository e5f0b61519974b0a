package main

import (
	"context"
	"fmt"
	"io"
	"math"
	"sync"
	"time"

	"github.com/wirespan/wirespan/tracer/sink"
)

// benchResult is what came of a run.
type benchResult struct {
	Requests uint64
	Sent     uint64 // spans
	Accepted uint64
	Busy     uint64 // spans of requests that were told to come again, or got no answer
	Rejected uint64 // spans refused for good
	Bytes    uint64 // of requests, before compression

	took      latencies // of accepted requests
	elapsed   time.Duration
	lastError error
}

// print writes the result for people.
func (r *benchResult) print(w io.Writer) {
	s := r.elapsed.Seconds()
	fmt.Fprintf(w, "sent      %d spans in %d requests, %.1f s, %.0f bytes per span\n", r.Sent, r.Requests, s, float64(r.Bytes)/max(1, float64(r.Sent)))
	fmt.Fprintf(w, "accepted  %d spans, %.0f per second\n", r.Accepted, float64(r.Accepted)/s)
	fmt.Fprintf(w, "refused   %d spans were told to come again, %d for good\n", r.Busy, r.Rejected)
	fmt.Fprintf(w, "latency   p50 %v, p90 %v, p99 %v, max %v per accepted request\n",
		r.took.quantile(0.5), r.took.quantile(0.9), r.took.quantile(0.99), r.took.max.Round(time.Microsecond))
	if r.lastError != nil {
		fmt.Fprintf(w, "last      %v\n", r.lastError)
	}
}

// latencies counts durations in buckets whose bounds grow by an eighth of a power of
// two each, from a microsecond on.
type latencies struct {
	n   [bucketsPerTwo * 40]uint64
	all uint64
	max time.Duration
}

const bucketsPerTwo = 8

func (l *latencies) add(d time.Duration) {
	i := 0
	if us := float64(d) / 1e3; us > 1 {
		i = min(int(math.Log2(us)*bucketsPerTwo), len(l.n)-1)
	}
	l.n[i]++
	l.all++
	l.max = max(l.max, d)
}

// quantile is the upper bound of the bucket that holds it, at most the maximum.
func (l *latencies) quantile(q float64) time.Duration {
	want := uint64(math.Ceil(q * float64(l.all)))
	seen := uint64(0)
	for i, n := range l.n {
		if seen += n; seen >= want && n > 0 {
			return min(time.Duration(math.Exp2(float64(i+1)/bucketsPerTwo)*1e3), l.max).Round(time.Microsecond)
		}
	}
	return 0
}

// benchPace lets so many spans go in a second; 0 lets all go.
type benchPace struct {
	rate float64
	mu   sync.Mutex
	next time.Time // when the next ones may go
}

func newBenchPace(rate float64) *benchPace { return &benchPace{rate: rate, next: time.Now()} }

// wait waits until n spans may go; false when ctx ends before that. What a slow server
// kept from being sent is not made up for beyond a second.
func (p *benchPace) wait(ctx context.Context, n int) bool {
	if p.rate == 0 {
		return ctx.Err() == nil
	}
	p.mu.Lock()
	now := time.Now()
	if now.Sub(p.next) > time.Second {
		p.next = now.Add(-time.Second)
	}
	at := p.next
	p.next = at.Add(time.Duration(float64(n) / p.rate * 1e9))
	p.mu.Unlock()
	return sink.Sleep(ctx, max(0, time.Until(at)))
}
