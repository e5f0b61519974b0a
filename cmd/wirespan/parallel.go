package main

import (
	"context"
	"math"
	"sync"

	"github.com/wirespan/wirespan/capture"
	"github.com/wirespan/wirespan/tracer/link"
)

// jobsPerWorker bounds the jobs that wait for a worker.
const jobsPerWorker = 4

// result is what one worker made of one job.
type result struct {
	worker int
	batch  *link.Batch
	mark   int64
	names  []capture.Name
	last   bool // the worker has ended
}

// parallel runs the reader, the workers and the linker on goroutines of their
// own. Jobs go to every worker; each takes the shards that are its own.
type parallel struct {
	p       *pipeline
	jobs    []chan *job
	results chan result
	spare   chan *job
	batches chan *link.Batch
	lender  capture.Lender
}

// runParallel is the pipeline on several goroutines.
func (p *pipeline) runParallel(ctx context.Context) error {
	r := &parallel{
		p: p, results: make(chan result, 4*p.workers),
		spare: make(chan *job, jobsPerWorker+2), batches: make(chan *link.Batch, 8*p.workers),
	}
	r.lender, _ = p.readers[0].src.(capture.Lender)
	for range cap(r.spare) {
		r.spare <- &job{}
	}
	for range p.workers {
		r.jobs = append(r.jobs, make(chan *job, jobsPerWorker))
	}
	p.board.watch(r)
	var wg sync.WaitGroup
	for w := range p.workers {
		wg.Go(func() { r.worker(w) })
	}
	go func() {
		r.read(ctx)
		wg.Wait()
		close(r.results)
	}()
	return r.link(context.WithoutCancel(ctx))
}

// read makes jobs until the input ends.
func (r *parallel) read(ctx context.Context) {
	for more := true; more; {
		j := <-r.spare
		more = r.p.next(ctx, r.p.readers[0], j)
		j.refs.Store(int32(len(r.jobs)))
		j.free = nil
		if more {
			r.borrow(j)
		}
		for _, c := range r.jobs {
			c <- j
		}
		r.p.board.reader(0)
	}
	for _, c := range r.jobs {
		close(c)
	}
}

// borrow takes the memory behind a job's packets from the source, or copies
// the payloads if the source does not lend. A batch that was cut at a grid point
// is lent with its last job: workers are done with the others by then.
func (r *parallel) borrow(j *job) {
	if r.lender != nil {
		if rd := r.p.readers[0]; rd.from == rd.n {
			j.free = r.lender.Lend()
		}
		return
	}
	for i := range j.n {
		if j.frames[i].Fragments == 0 {
			j.keep(&j.frames[i])
		}
	}
}

func (r *parallel) worker(w int) {
	for j := range r.jobs[w] {
		out := r.batch()
		r.p.work(j, out, w, len(r.jobs))
		res := result{worker: w, batch: out, mark: watermark(j), last: j.last}
		if w == 0 {
			res.names = append(res.names, j.names...)
		}
		if j.refs.Add(-1) == 0 {
			if j.free != nil {
				j.free()
			}
			r.spare <- j
		}
		r.results <- res
		r.p.board.worker(w)
	}
}

func (r *parallel) batch() *link.Batch {
	select {
	case b := <-r.batches:
		return b
	default:
		return &link.Batch{}
	}
}

// link consumes the records of all workers up to the lowest watermark. It goes
// on taking results after an error, so that nothing waits for it.
func (r *parallel) link(ctx context.Context) error {
	queues := make([]link.Queue, r.p.workers)
	marks := newMarks(r.p.workers)
	done := func(b *link.Batch) {
		b.Reset()
		select {
		case r.batches <- b:
		default:
		}
	}
	var failed error
	low := int64(0)
	var names []result // that the linker has not been told: their jobs are not consumed yet
	for res := range r.results {
		if failed != nil {
			continue
		}
		if len(res.names) > 0 {
			names = append(names, result{mark: res.mark, names: res.names})
		}
		if len(res.batch.Records) == 0 {
			done(res.batch)
		} else {
			queues[res.worker].Push(res.batch)
		}
		if lowest := marks.set(&res); lowest > low {
			low = lowest
			for len(names) > 0 && names[0].mark <= low {
				for _, n := range names[0].names {
					r.p.linker.SetName(n.Addr, n.Name)
				}
				names = names[1:]
			}
			failed = r.p.consume(ctx, queues, low, done)
		}
		r.p.board.link()
	}
	return failed
}

// marks are the times up to which the workers have come.
type marks struct {
	at    []int64
	ended []bool
}

func newMarks(workers int) *marks {
	return &marks{at: make([]int64, workers), ended: make([]bool, workers)}
}

// set notes how far a worker has come and returns the time before which nothing
// more comes from any. A worker that has ended holds up nobody.
func (m *marks) set(res *result) int64 {
	m.at[res.worker], m.ended[res.worker] = res.mark, res.last
	lowest, latest := int64(math.MaxInt64), int64(0)
	for w, t := range m.at {
		latest = max(latest, t)
		if !m.ended[w] {
			lowest = min(lowest, t)
		}
	}
	return min(lowest, latest)
}
