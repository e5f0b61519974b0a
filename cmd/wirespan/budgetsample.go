package main

import (
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"math/bits"
	"sync/atomic"

	"github.com/wirespan/wirespan/capture/wire"
	"github.com/wirespan/wirespan/flows"
	"github.com/wirespan/wirespan/tracer/link"
)

// maxLevel is the lowest rate: one connection in 1,024.
const maxLevel = 10

// maxSteps is how many changes of the rate are remembered, for spans that
// began before the latest.
const maxSteps = 64

// connSampler decides which connections are analysed. At level n it is one in 2^n,
// chosen by a hash of the addresses and ports alone, so that both directions,
// all capture points and all workers agree, and a connection that is in the
// sample stays in it at every lower level. It is shared by all goroutines.
type connSampler struct {
	steps atomic.Pointer[[]rateStep] // oldest first; the slice is never changed
	clock atomic.Int64               // latest processing clock of any reader

	deepest atomic.Uint32 // highest level that was ever set
}

// rateStep is a change of the rate: from at on, in packet time.
type rateStep struct {
	at    int64
	level uint8
}

func newConnSampler() *connSampler {
	s := &connSampler{}
	s.steps.Store(&[]rateStep{{}})
	return s
}

// set changes the level, from the second next grid point of packet time on, so
// that every reader changes it at the same packet. One goroutine calls it.
func (s *connSampler) set(level uint8) {
	old := *s.steps.Load()
	at := int64(0)
	if c := s.clock.Load(); c != 0 {
		at = c - c%link.Grid + 2*link.Grid
	}
	if last := old[len(old)-1]; at <= last.at {
		at = last.at // replaces what did not come into force
	}
	steps := make([]rateStep, 0, len(old)+1)
	for _, st := range old {
		if st.at < at {
			steps = append(steps, st)
		}
	}
	steps = append(steps, rateStep{at, level})
	if n := len(steps) - maxSteps; n > 0 {
		steps = steps[n:]
	}
	s.steps.Store(&steps)
	s.deepest.Store(max(s.deepest.Load(), uint32(level)))
}

// levelAt is the level in force at a packet time.
func (s *connSampler) levelAt(t int64) uint8 {
	if s == nil {
		return 0
	}
	steps := *s.steps.Load()
	for i := len(steps) - 1; i > 0; i-- {
		if steps[i].at <= t {
			return steps[i].level
		}
	}
	return steps[0].level
}

// level is the one that was set last.
func (s *connSampler) level() uint8 { return s.levelAt(math.MaxInt64) }

// lowest is the lowest rate that was ever set.
func (s *connSampler) lowest() float64 { return rateOf(uint8(s.deepest.Load())) }

// used reports whether anything was ever left out.
func (s *connSampler) used() bool {
	steps := *s.steps.Load()
	return len(steps) > 1 || steps[0].level > 0
}

// rateOf is the share of connections that a level keeps.
func rateOf(level uint8) float64 { return 1 / float64(uint64(1)<<level) }

// kept reports whether a connection is in the sample of a level.
func kept(hash uint64, level uint8) bool { return level == 0 || hash>>(64-level) == 0 }

// frameHash and connHash are the hash of a connection. Unlike Frame.Hash it
// does not depend on the capture point or the tunnel: one connection that is
// seen in several places is in the sample in all of them.
func frameHash(f *wire.Frame) uint64 {
	return pairHash(endHash(&f.Src, f.SrcPort), endHash(&f.Dst, f.DstPort))
}

func connHash(c *flows.Conn) uint64 {
	return pairHash(endHash(&c.Client.Addr, c.Client.Port), endHash(&c.Server.Addr, c.Server.Port))
}

// Odd constants with about as many ones as zeros, from wyhash.
const (
	sampleMix0 = 0x2d358dccaa6c78a5
	sampleMix1 = 0x8bb84b93962eacc9
)

func endHash(a *wire.Addr, port uint16) uint64 {
	lo, hi := binary.LittleEndian.Uint64(a[:8]), binary.LittleEndian.Uint64(a[8:])
	return foldMul(lo^uint64(port)<<17^sampleMix0, hi^uint64(port)^sampleMix1)
}

// pairHash is symmetric: sum and exclusive or do not change with the order.
func pairHash(a, b uint64) uint64 { return foldMul((a+b)^sampleMix1, (a^b)^sampleMix0) }

func foldMul(a, b uint64) uint64 {
	hi, lo := bits.Mul64(a, b)
	return hi ^ lo
}

// readerSample is the connSampler as one reader uses it. A nil one keeps all.
type readerSample struct {
	s     *connSampler
	level uint8
	left  uint64 // packets of connections outside the sample
}

// leaves reports whether a frame is to be left out, and counts it. The rate
// changes at grid points only, and no job spans one: the first frame of a job
// decides on its level.
func (x *readerSample) leaves(j *job, f *wire.Frame, now int64) bool {
	if j.n == 0 {
		if now > x.s.clock.Load() {
			x.s.clock.Store(now)
		}
		x.level = x.s.levelAt(now)
		j.level = x.level
	}
	if x.level == 0 || kept(frameHash(f), x.level) {
		return false
	}
	x.left++
	return true
}

// current is the level of the latest frames.
func (x *readerSample) current() uint8 {
	if x == nil {
		return 0
	}
	return x.level
}

// printRate tells of sampling, if there was any.
func (s *summary) printRate(w io.Writer) {
	if s.lowest > 0 && s.lowest < 1 {
		fmt.Fprintf(w, "%-12s as few as 1 of %.0f connections, %d packets left out\n", "sampling", 1/s.lowest, s.sampled)
	}
}

// follow tells the shards of a worker the rate of a job's frames.
func (p *pipeline) follow(j *job, out *link.Batch, worker, workers int) {
	if p.shards[0].gate == nil {
		return
	}
	now := j.now
	switch {
	case j.tick != 0:
		now = j.tick
	case j.n > 0:
		now = j.clocks[0]
	}
	for i := worker; i < numShards; i += workers {
		p.shards[i].follow(j.level, now, out)
	}
}
