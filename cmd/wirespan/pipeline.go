package main

import (
	"context"
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/wirespan/wirespan/capture"
	"github.com/wirespan/wirespan/flows"
	"github.com/wirespan/wirespan/l7/engine"
	"github.com/wirespan/wirespan/mirror/dup"
	"github.com/wirespan/wirespan/mirror/point"
	"github.com/wirespan/wirespan/tracer/join"
	"github.com/wirespan/wirespan/tracer/link"
)

// roomConfig configures rooms 3 to 5 of every shard.
type roomConfig struct {
	flows  flows.Config
	engine engine.Config
	join   join.Config

	sampler *connSampler // nil without a budget
	dups    *dup.Config  // nil: duplicates are kept
}

// pipeline is the way of a packet from a source to the sinks.
type pipeline struct {
	forms   []link.Form
	written *tally
	readers []*reader // one, or in a fan-out one per worker
	shards  []*shard
	linker  *link.Linker
	sys     sysFeeds // what processes do
	workers int
	drains  func(context.Context) // called with the first half of drain; required with it
	drain   time.Duration         // how long sinks may take at the end, 0 as long as they need
	board   *board                // nil unless somebody reads counters while it runs
	points  atomic.Pointer[[]capture.Point]
	turn    sync.RWMutex  // held by who works on a job or its records
	free    []*link.Batch // used by the linker's goroutine when there is one worker
}

// pipelineConfig is what a pipeline needs beside a source.
type pipelineConfig struct {
	rooms   roomConfig
	link    link.Config
	workers int
	live    bool // the input is still being written
	paced   bool // it is an interface: timers follow the wall clock
	watched bool // somebody reads counters while it runs
	inner   innerFilter
	names   *point.Names // nil: capture points are those of the source
	stamps  bool         // mirrored packets have the times of their mirror
	taps    []string     // names of --tap
}

// newPipeline puts the rooms behind a source; several sources are the rings of
// a fan-out, each of which has a worker of its own.
func newPipeline(cfg pipelineConfig, src ...capture.Source) (*pipeline, error) {
	cfg.link.Forms = slices.Clone(cfg.link.Forms)
	p := &pipeline{forms: cfg.link.Forms, workers: max(1, cfg.workers)}
	if len(src) > 1 {
		p.workers = len(src)
	}
	p.written = newTally(&p.forms[0], cfg.link.Selector != nil)
	p.points.Store(&[]capture.Point{})
	for i, s := range src {
		p.readers = append(p.readers, newReader(s, &cfg, ownShards{uint32(i), uint32(len(src))}))
	}
	for i := range numShards {
		s, err := newShard(&cfg.rooms, i)
		if err != nil {
			return nil, err
		}
		p.shards = append(p.shards, s)
	}
	cfg.link.Async, cfg.link.Prompt = p.workers > 1, cfg.live
	var err error
	p.linker, err = link.New(cfg.link, func() []capture.Point { return *p.points.Load() })
	if err == nil && cfg.watched {
		p.board = newBoard(p)
	}
	return p, err
}

// run analyses the source to its end. When ctx is cancelled, what was read
// until then is finished and written. The error is that of the source or of
// the sinks.
func (p *pipeline) run(ctx context.Context) error {
	var err error
	switch {
	case len(p.readers) > 1:
		err = p.runFanout(ctx)
	case p.workers == 1:
		err = p.runAlone(ctx)
	default:
		err = p.runParallel(ctx)
	}
	drain := context.WithoutCancel(ctx)
	if p.drain > 0 {
		var cancel context.CancelFunc
		drain, cancel = context.WithTimeout(drain, p.drain)
		defer cancel()
		half, enough := context.WithTimeout(drain, p.drain/2)
		defer enough()
		p.drains(half)
	}
	err = errors.Join(err, p.sys.finish(), p.linker.Flush(drain))
	for _, f := range p.forms {
		err = errors.Join(err, f.Sink.Close(drain))
	}
	for _, r := range p.readers {
		if r.err != nil && !errors.Is(r.err, context.Canceled) {
			err = errors.Join(r.err, err)
		}
	}
	if p.board != nil {
		p.board.close(p.count())
	}
	return err
}

// next fills a job and publishes the capture points that it needs.
func (p *pipeline) next(ctx context.Context, r *reader, j *job) bool {
	more := r.fill(ctx, j)
	if pts := r.points(); len(pts) > len(*p.points.Load()) {
		p.publish(pts)
	}
	return more
}

// publish makes capture points known to the linker.
func (p *pipeline) publish(pts []capture.Point) {
	for known := p.points.Load(); len(pts) > len(*known); known = p.points.Load() {
		if p.points.CompareAndSwap(known, &pts) {
			return
		}
	}
}

// runAlone is the pipeline on one goroutine.
func (p *pipeline) runAlone(ctx context.Context) error {
	j := &job{}
	drain := context.WithoutCancel(ctx)
	queues := make([]link.Queue, 1)
	done := func(b *link.Batch) {
		b.Reset()
		p.free = append(p.free, b)
	}
	for more := true; more; {
		more = p.next(ctx, p.readers[0], j)
		out := p.batch()
		p.work(j, out, 0, 1)
		p.setNames(j)
		if len(out.Records) == 0 {
			done(out)
		} else {
			queues[0].Push(out)
		}
		if err := p.consume(drain, queues, watermark(j), done); err != nil {
			return err
		}
		p.board.alone()
	}
	return nil
}

// watermark is the time before which all records of a job's past are known.
func watermark(j *job) int64 {
	if j.last {
		return j.now + 1
	}
	return j.now
}

func (p *pipeline) batch() *link.Batch {
	if n := len(p.free); n > 0 {
		b := p.free[n-1]
		p.free = p.free[:n-1]
		return b
	}
	return &link.Batch{}
}

func (p *pipeline) setNames(j *job) {
	for _, n := range j.names {
		p.linker.SetName(n.Addr, n.Name)
	}
}

// consume gives the linker what is known before a time.
func (p *pipeline) consume(ctx context.Context, queues []link.Queue, mark int64, done func(*link.Batch)) error {
	p.turn.RLock()
	defer p.turn.RUnlock()
	p.sys.upTo(mark)
	return p.linker.Consume(ctx, queues, mark, done)
}

// still makes a change while nobody works on packets or records. It may be
// called by any goroutine but those.
func (p *pipeline) still(change func()) {
	p.turn.Lock()
	defer p.turn.Unlock()
	change()
}

// work runs the frames of a job that belong to a worker.
func (p *pipeline) work(j *job, out *link.Batch, worker, workers int) {
	p.turn.RLock()
	defer p.turn.RUnlock()
	p.follow(j, out, worker, workers)
	if j.tick != 0 {
		for i := worker; i < numShards; i += workers {
			p.shards[i].tick(j.tick, out)
		}
	}
	if workers == 1 {
		for i := range j.n {
			p.shards[j.shards[i]].push(&j.frames[i], j.clocks[i], out)
		}
	} else {
		for i := range j.n {
			if int(j.shards[i])%workers == worker {
				p.shards[j.shards[i]].push(&j.frames[i], j.clocks[i], out)
			}
		}
	}
	if j.last {
		for i := worker; i < numShards; i += workers {
			p.shards[i].flush(j.now, out)
		}
	}
}
