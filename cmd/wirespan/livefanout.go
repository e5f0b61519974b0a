package main

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/wirespan/wirespan/tracer/link"
)

// fanResults bounds the batches of one worker that wait for the linker.
const fanResults = 8

// runFanout is the pipeline on one ring, reader and worker per source. The
// kernel keeps a connection on one ring, so that workers share nothing; their
// records go to the linker in batches, up to the time that every worker has
// come to. A worker without packets goes on with the wall clock, so that it
// holds up no trace. When one ring fails, all end.
func (p *pipeline) runFanout(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	f := &parallel{
		p: p, results: make(chan result, fanResults*p.workers),
		batches: make(chan *link.Batch, 2*fanResults*p.workers),
	}
	p.board.watch(f)
	start := time.Now().UnixNano()
	var wg sync.WaitGroup
	for w, r := range p.readers {
		r.clock.start(start)
		wg.Go(func() {
			f.ring(ctx, w, r)
			if r.err != nil && !errors.Is(r.err, context.Canceled) {
				cancel()
			}
		})
	}
	go func() {
		wg.Wait()
		close(f.results)
	}()
	return f.link(context.WithoutCancel(ctx))
}

// ring analyses what one source gives, to its end.
func (r *parallel) ring(ctx context.Context, w int, rd *reader) {
	j := &job{}
	for more := true; more; {
		more = r.p.next(ctx, rd, j)
		out := r.batch()
		r.p.work(j, out, w, r.p.workers)
		res := result{worker: w, batch: out, mark: watermark(j), last: j.last}
		res.names = append(res.names, j.names...)
		r.results <- res
		r.p.board.ring(w)
	}
}
