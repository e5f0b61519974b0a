package main

import (
	"context"
	"errors"
	"io"
	"time"

	"github.com/wirespan/wirespan/capture"
	"github.com/wirespan/wirespan/tracer/link"
)

// How a capture ends: what the kernel had taken when the end was asked for is
// still read. A source that can be told to take no more ends by itself; of
// another nothing must come for drainQuiet, and drainLimit is the end.
const (
	drainQuiet = 100 * time.Millisecond
	drainLimit = 2 * time.Second
)

// gatherFloor is how long a read takes that did not have to wait.
const gatherFloor = 200 * time.Microsecond

// pace lets the timers of a live capture follow the wall clock: a read returns
// at the next grid point when no packet comes before.
type pace struct {
	wait   context.Context // ends at the next grid point
	free   context.CancelFunc
	seen   time.Time     // when the processing clock was last set or moved
	lag    time.Duration // how far behind the wall the clock stays in silence
	owed   time.Duration // of the silence to come, what does not move the clock
	quiet  time.Duration // of the end; 0 is drainQuiet
	gather time.Duration // how long packets may gather in the ring while traffic flows
	waited time.Duration // of the last read that gave packets
	room   int           // bytes that may gather; 0: however many
	filled int           // bytes that came since it last rested
	rested time.Time     // when that was
	peak   float64       // bytes per second of late
	refuse func()        // called once at the end: the source is to take no more packets; may be nil
	ending time.Time     // when the end was asked for, zero before
}

// next returns the context of the next read. It reports false when the end was
// asked for so long ago that waiting for silence is over.
func (p *pace) next(ctx context.Context, clock int64) (context.Context, bool) {
	if ctx.Err() != nil {
		return p.last(ctx)
	}
	if p.wait == nil || p.wait.Err() != nil {
		p.release()
		d := p.owed + time.Duration(link.Grid-clock%link.Grid)
		p.wait, p.free = context.WithTimeout(ctx, d)
	}
	return p.wait, true
}

// last returns the context of a read after the end was asked for.
func (p *pace) last(ctx context.Context) (context.Context, bool) {
	if p.ending.IsZero() {
		p.ending = time.Now()
		if p.refuse != nil {
			p.refuse()
		}
	} else if p.refuse == nil && time.Since(p.ending) > drainLimit {
		return nil, false
	}
	p.release()
	quiet := p.quiet
	if quiet == 0 {
		quiet = drainQuiet
	}
	p.wait, p.free = context.WithTimeout(context.WithoutCancel(ctx), quiet)
	return p.wait, true
}

func (p *pace) release() {
	if p.free != nil {
		p.free()
	}
	p.wait, p.free = nil, nil
}

// passed tells how much time went by since it was last asked.
func (p *pace) passed() time.Duration {
	now := time.Now()
	d := now.Sub(p.seen)
	if p.seen.IsZero() {
		d = 0
	}
	p.seen = now
	return d
}

// behind notes that the clock is at the time of a packet that has just come. In
// a fan-out all times are by the clock of the host.
func (p *pace) behind(clock int64) {
	p.owed = p.lag - min(max(p.seen.Sub(time.Unix(0, clock)), 0), p.lag)
}

// silent is by how much the clock moves in a silence.
func (p *pace) silent(d time.Duration) time.Duration {
	pay := min(p.owed, d)
	p.owed -= pay
	return d - pay
}

// ringHeader is about what a packet takes in a ring beside its bytes.
const ringHeader = 100

// rest lets packets gather when the last read had to wait, but not for long:
// then they come in a steady flow. Waking up for every block of the ring costs
// more than what is in it: caches are cold, the runtime looks after threads in
// system calls every 20 us, and the traced programs are interrupted. Where
// packets are few nothing is held up.
func (p *pace) rest() {
	if p.waited > gatherFloor && p.waited < 2*p.gather {
		if d := p.pause(); d > gatherFloor {
			time.Sleep(d)
		}
	}
	p.waited = 0
}

// pause is for how long packets may gather: until they fill the room, at the
// fastest that they came of late.
func (p *pace) pause() time.Duration {
	now := time.Now()
	if d := now.Sub(p.rested); !p.rested.IsZero() && d > 0 {
		p.peak = max(p.peak*7/8, float64(p.filled)/d.Seconds())
	}
	p.rested, p.filled = now, 0
	if p.room == 0 || p.peak*p.gather.Seconds() <= float64(p.room) {
		return p.gather
	}
	return time.Duration(float64(p.room) / p.peak * float64(time.Second))
}

// came counts packets that were read.
func (p *pace) came(pkts []capture.Packet) {
	for i := range pkts {
		p.filled += len(pkts[i].Data) + ringHeader
	}
}

// readLive gets packets of a live capture, or lets the clock go on by the time
// that passed without one. Packets are a little older than the moment at which
// they are read, so the clock never gets ahead of the wall.
func (r *reader) readLive(ctx context.Context) bool {
	r.pace.rest()
	wait, more := r.pace.next(ctx, r.clock.now)
	if !more {
		r.pace.release()
		return false
	}
	begin := time.Now()
	n, err := r.src.ReadBatch(wait, r.pkts)
	r.from, r.n = 0, n
	r.takeNames()
	r.places.learn(r.src)
	d := r.pace.passed()
	switch {
	case n > 0:
		r.pace.came(r.pkts[:n])
		if r.pace.lag > 0 {
			r.pace.behind(max(r.clock.now, r.pkts[n-1].Time))
		}
		if r.pace.ending.IsZero() {
			r.pace.waited = r.pace.seen.Sub(begin)
		}
		return true
	case err == nil || errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled):
		r.clock.advance(r.pace.silent(d))
		if r.pace.ending.IsZero() || err == nil {
			return true
		}
	case !errors.Is(err, io.EOF):
		r.err = err
	}
	r.pace.release()
	return false
}
