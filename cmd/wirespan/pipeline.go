package main

import (
	"context"
	"errors"
	"slices"
	"sync/atomic"
	"time"

	"github.com/wirespan/wirespan/capture"
	"github.com/wirespan/wirespan/capture/defrag"
	"github.com/wirespan/wirespan/capture/wire"
	"github.com/wirespan/wirespan/flows"
	"github.com/wirespan/wirespan/l7/engine"
	"github.com/wirespan/wirespan/tracer/join"
	"github.com/wirespan/wirespan/tracer/link"
)

// roomConfig configures rooms 3 to 5 of every shard.
type roomConfig struct {
	flows  flows.Config
	engine engine.Config
	join   join.Config
}

// pipeline is the way of a packet from a source to the sinks.
type pipeline struct {
	src     capture.Source
	forms   []link.Form
	written *tally
	reader  reader
	shards  []*shard
	linker  *link.Linker
	workers int
	points  atomic.Pointer[[]capture.Point]
	free    []*link.Batch // used by the linker's goroutine when there is one worker
}

// pipelineConfig is what a pipeline needs beside a source.
type pipelineConfig struct {
	rooms   roomConfig
	link    link.Config
	workers int
	live    bool // the input is still being written
}

func newPipeline(src capture.Source, cfg pipelineConfig) (*pipeline, error) {
	cfg.link.Forms = slices.Clone(cfg.link.Forms)
	p := &pipeline{src: src, forms: cfg.link.Forms, workers: max(1, cfg.workers)}
	p.written = newTally(&p.forms[0], cfg.link.Selector != nil)
	p.points.Store(&[]capture.Point{})
	p.reader = reader{
		src: src, dec: wire.NewDecoder(defrag.Default()), pkts: make([]capture.Packet, maxFrames),
		live: cfg.live, silent: time.Second,
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
	return p, err
}

// run analyses the source to its end. When ctx is cancelled, what was read
// until then is finished and written. The error is that of the source or of
// the sinks.
func (p *pipeline) run(ctx context.Context) error {
	var err error
	if p.workers == 1 {
		err = p.runAlone(ctx)
	} else {
		err = p.runParallel(ctx)
	}
	drain := context.WithoutCancel(ctx)
	err = errors.Join(err, p.linker.Flush(drain))
	for _, f := range p.forms {
		err = errors.Join(err, f.Sink.Close(drain))
	}
	if p.reader.err != nil && !errors.Is(p.reader.err, context.Canceled) {
		err = errors.Join(p.reader.err, err)
	}
	return err
}

// next fills a job and publishes the capture points that it needs.
func (p *pipeline) next(ctx context.Context, j *job) bool {
	more := p.reader.fill(ctx, j)
	if pts := p.src.Points(); len(pts) != len(*p.points.Load()) {
		p.points.Store(&pts)
	}
	return more
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
		more = p.next(ctx, j)
		out := p.batch()
		p.work(j, out, 0, 1)
		p.setNames(j)
		if len(out.Records) == 0 {
			done(out)
		} else {
			queues[0].Push(out)
		}
		if err := p.linker.Consume(drain, queues, watermark(j), done); err != nil {
			return err
		}
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

// work runs the frames of a job that belong to a worker.
func (p *pipeline) work(j *job, out *link.Batch, worker, workers int) {
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
