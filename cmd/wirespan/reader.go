package main

import (
	"context"
	"errors"
	"io"
	"sync/atomic"
	"time"

	"github.com/wirespan/wirespan/capture"
	"github.com/wirespan/wirespan/capture/defrag"
	"github.com/wirespan/wirespan/capture/wire"
)

// maxFrames is the most frames of one job.
const maxFrames = 512

// job is a run of frames between two grid points, with the memory they borrow.
type job struct {
	tick   int64 // grid point to fire before the frames, 0 none
	now    int64 // processing clock after the frames, at most the next job's tick
	last   bool  // the input has ended: flush
	n      int
	frames [maxFrames]wire.Frame
	clocks [maxFrames]int64
	shards [maxFrames]uint8
	names  []capture.Name
	side   []byte // payloads of reassembled datagrams
	free   func() // gives the packets' memory back; may be nil
	refs   atomic.Int32
	level  uint8 // of sampling, for all frames
}

// reader turns packets into jobs: room 1 and 2.
type reader struct {
	src    capture.Source
	dec    *wire.Decoder
	clock  clock
	pkts   []capture.Packet
	from   int // packets of pkts that are done
	n      int
	live   bool          // advance the clock when the input is silent
	silent time.Duration // for how long ReadBatch may wait then
	pace   *pace         // of a live capture; nil for files and pipes
	named  []capture.Name
	tick   int64 // grid point that the next job fires, 0 none
	own    ownShards
	sample *readerSample // nil without a budget
	inner  innerFilter   // nil without --filter-inner
	places *places
	left   uint64 // packets that it left out
	err    error
}

// innerFilter decides on a packet that dec has decoded last.
type innerFilter func(dec *wire.Decoder, p *capture.Packet) (bool, error)

// ownShards are the shards that a reader's connections go to: every step-th
// from first.
type ownShards struct{ first, step uint32 }

func (o ownShards) of(hash uint32) uint8 {
	if o.step == 1 {
		return uint8(hash % numShards) // without a division
	}
	return uint8(hash%(numShards/o.step)*o.step + o.first)
}

func newReader(src capture.Source, cfg *pipelineConfig, own ownShards) *reader {
	r := &reader{
		src: src, dec: wire.NewDecoder(defrag.Default()), pkts: make([]capture.Packet, maxFrames),
		live: cfg.live, silent: time.Second, own: own, inner: cfg.inner, places: newPlaces(cfg),
	}
	if cfg.paced {
		r.pace = &pace{}
	}
	if cfg.rooms.sampler != nil {
		r.sample = &readerSample{s: cfg.rooms.sampler}
	}
	return r
}

// fill decodes the next frames into a job. It reports false at the end of the
// input, with the reader's err set unless that is io.EOF; the job is then the
// last.
func (r *reader) fill(ctx context.Context, j *job) bool {
	j.n, j.tick, j.last, j.names, j.side = 0, 0, false, j.names[:0], j.side[:0]
	j.level = r.sample.current()
	if r.from == r.n {
		if !r.read(ctx, j) {
			j.now, j.last = r.clock.now, true
			return false
		}
	}
	j.names = append(j.names, r.named...)
	r.named = r.named[:0]
	j.tick, r.tick = r.tick, 0
	for ; r.from < r.n && j.n < maxFrames; r.from++ {
		p := &r.pkts[r.from]
		now := r.clock.step(p.Time)
		if g, ok := r.clock.crossed(); ok {
			if j.n > 0 || j.tick != 0 { // it belongs at the head of the next job
				r.tick, j.now = g, g
				return true
			}
			j.tick = g
		}
		f := &j.frames[j.n]
		if r.dec.Decode(p, f) != wire.OK {
			continue
		}
		if r.places.busy && r.places.set(r.dec, f) {
			r.places.look(f)
		}
		if r.sample != nil && r.sample.leaves(j, f, now) {
			continue
		}
		if r.inner != nil {
			if pass, err := r.inner(r.dec, p); err != nil {
				r.err, j.now, j.last = err, r.clock.now, true
				return false
			} else if !pass {
				r.left++
				continue
			}
		}
		if f.Fragments > 0 {
			j.keep(f)
		}
		j.clocks[j.n] = now
		j.shards[j.n] = r.own.of(f.Hash())
		j.n++
	}
	if r.live && j.n == 0 && j.tick == 0 {
		j.tick, _ = r.clock.crossed()
	}
	j.now = r.clock.now
	return true
}

// keep copies the payload of a reassembled datagram, which is the decoder's
// only until the next packet.
func (j *job) keep(f *wire.Frame) {
	if cap(j.side)-len(j.side) < len(f.Payload) {
		j.side = make([]byte, 0, max(64<<10, len(f.Payload)))
	}
	from := len(j.side)
	j.side = append(j.side, f.Payload...)
	f.Payload = j.side[from:]
}

// read gets packets.
func (r *reader) read(ctx context.Context, j *job) bool {
	if r.pace != nil {
		return r.readLive(ctx)
	}
	for {
		wait, cancel := ctx, context.CancelFunc(func() {})
		if r.live {
			wait, cancel = context.WithTimeout(ctx, r.silent)
		}
		n, err := r.src.ReadBatch(wait, r.pkts)
		cancel()
		r.from, r.n = 0, n
		r.takeNames()
		r.places.learn(r.src)
		switch {
		case n > 0:
			return true
		case err == nil:
			continue
		case r.live && errors.Is(err, context.DeadlineExceeded) && ctx.Err() == nil:
			r.clock.advance(r.silent)
			return true
		case !errors.Is(err, io.EOF):
			r.err = err
		}
		return false
	}
}

// takeNames gathers the names that came with the packets.
func (r *reader) takeNames() {
	if src, ok := r.src.(capture.Namer); ok {
		r.named = append(r.named, src.TakeNames()...)
	}
}
