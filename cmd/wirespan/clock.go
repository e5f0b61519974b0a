package main

import (
	"time"

	"github.com/wirespan/wirespan/tracer/link"
)

// clock makes the processing clock from packet times: it never goes back, a
// packet without time does not move it, and neither do single packets whose
// time is far from that of their neighbours. Packets of one instant, and those
// that come later than they were, are a nanosecond apart, so that what follows
// from them stays in the order in which they came.
type clock struct {
	now   int64
	shift int64 // added to packet times since the capture's clock was set
	grid  int64 // last grid point that was passed
	far   int   // packets in a row that were far behind (negative) or ahead
}

// A packet that lies behind by more than setBack or ahead by more than setAhead
// is an outlier, until so many in a row are that the clock must have been set.
const (
	setBack  = int64(5 * time.Second)
	setAhead = int64(time.Hour)
	outliers = 8
)

// start sets the clock before the first packet.
func (c *clock) start(t int64) {
	c.now = t
	c.grid = t - t%link.Grid
}

// step takes a packet time and returns the clock.
func (c *clock) step(t int64) int64 {
	if t <= 0 {
		return c.now
	}
	if c.now == 0 {
		c.start(t)
		return t
	}
	t += c.shift
	switch {
	case t < c.now-setBack:
		if c.far = min(c.far, 0) - 1; c.far > -outliers {
			return c.now
		}
		c.shift += c.now - t
		t = c.now
	case t > c.now+setAhead:
		if c.far = max(c.far, 0) + 1; c.far < outliers {
			return c.now
		}
		c.shift -= t - c.now // the silence does not count: nothing was to be timed in it
		t = c.now
	}
	c.far = 0
	c.now = max(c.now+1, t)
	return c.now
}

// crossed reports whether the clock has passed a grid point since the last
// time it said so, and which.
func (c *clock) crossed() (int64, bool) {
	g := c.now - c.now%link.Grid
	if g <= c.grid {
		return 0, false
	}
	c.grid = g
	return g, true
}

// advance moves the clock by time that passed without a packet.
func (c *clock) advance(d time.Duration) {
	if c.now != 0 {
		c.now += int64(d)
	}
}
