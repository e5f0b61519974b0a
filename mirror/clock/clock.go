package clock

import (
	"time"

	"github.com/wirespan/wirespan/capture/tunnel"
	"github.com/wirespan/wirespan/capture/wire"
)

// MaxSources bounds the clocks that are followed; packets of others keep the
// time of their arrival.
const MaxSources = 4096

const (
	window = int64(time.Second) // in which the fastest packet is looked for
	// A difference beyond this is no delay: a clock was set.
	maxStep = int64(time.Second)
	// What clocks drift apart at most: 1 ns in so many. A longer delay of all
	// packets of a window is no drift beyond that.
	driftUnit = 5000 // 200 ppm
)

// Clock follows the clocks of mirrors. The zero value is ready.
type Clock struct {
	sources map[key]*source
	last    key
	recent  *source // of last: most packets come from one source
	n       Counters
}

// Counters tell about clocks.
type Counters struct {
	Sources int    // clocks that are followed
	Stamped uint64 // packets that got the time of a mirror
	Plain   uint64 // packets with a stamp for which there was no room
	Steps   uint64 // times that a clock jumped and was laid on anew
}

// key is what has a clock of its own: each piece of hardware of a switch.
type key struct {
	addr wire.Addr
	hw   uint8
	unit tunnel.Unit
}

// source is one clock. Times are in ns; "own" ones are of the mirror's clock,
// extended to 64 bits.
type source struct {
	own     int64 // of the last packet
	arrival int64
	offset  int64 // from own times to ours

	ends  int64 // of the window, by arrival
	least int64 // smallest difference between arrival and own time in it
}

// At gives the time of a frame: the mirror's where it has stamped it, else
// f.Time. The mark is that of the Decoder for f.
func (c *Clock) At(f *wire.Frame, m tunnel.Mark) int64 {
	if m.Unit == tunnel.NoStamp || f.Time == 0 {
		return f.Time
	}
	stamp, period := scale(m)
	k := key{addr: f.Tunnel.Src, hw: uint8(m.Origin >> 32), unit: m.Unit}
	s := c.recent
	if s == nil || k != c.last {
		if s = c.find(k, f.Time, stamp); s == nil {
			c.n.Plain++
			return f.Time
		}
		c.last, c.recent = k, s
	}
	c.n.Stamped++
	return c.at(s, f.Time, stamp, period)
}

// scale turns a stamp into ns, of which it gives the remainder by a period.
func scale(m tunnel.Mark) (stamp, period int64) {
	switch m.Unit {
	case tunnel.HundredMicros:
		return int64(m.Stamp) * 100_000, 100_000 << 32
	case tunnel.HundredNanos:
		return int64(m.Stamp) * 100, 100 << 32
	}
	return int64(m.Stamp) % int64(time.Second), int64(time.Second)
}

func (c *Clock) find(k key, arrival, stamp int64) *source {
	s := c.sources[k]
	if s != nil {
		return s
	}
	if len(c.sources) >= MaxSources {
		return nil
	}
	if c.sources == nil {
		c.sources = make(map[key]*source)
	}
	s = &source{}
	s.lay(arrival, stamp)
	c.sources[k] = s
	c.n.Sources++
	return s
}

// lay begins with a packet as if it had arrived at once.
func (s *source) lay(arrival, own int64) {
	*s = source{own: own, arrival: arrival, offset: arrival - own, ends: arrival + window, least: arrival - own}
}

// at extends a stamp and translates it.
func (c *Clock) at(s *source, arrival, stamp, period int64) int64 {
	own := nearest(s.own+arrival-s.arrival, stamp, period)
	delay := arrival - own - s.offset
	if delay > maxStep || delay < -maxStep {
		c.n.Steps++
		s.lay(arrival, own)
		return arrival
	}
	if arrival > s.arrival {
		s.own, s.arrival = own, arrival
	}
	s.least = min(s.least, arrival-own)
	switch {
	case arrival < own+s.offset: // faster than the fastest so far
		s.offset = arrival - own
	case arrival >= s.ends:
		drift := (arrival - s.ends + window) / driftUnit
		s.offset = min(s.least, s.offset+drift) // the clocks drift apart
		s.ends, s.least = arrival+window, arrival-own
	}
	return own + s.offset
}

// nearest gives the number that is stamp by the period and nearest to what is
// expected.
func nearest(expected, stamp, period int64) int64 {
	d := (stamp - expected) % period
	switch {
	case d > period/2:
		d -= period
	case d < -period/2:
		d += period
	}
	return expected + d
}

// Counters gives the counters so far.
func (c *Clock) Counters() Counters { return c.n }
