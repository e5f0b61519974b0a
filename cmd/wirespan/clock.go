package main

import (
	"time"

	"github.com/wirespan/wirespan/tracer/link"
)

// clock makes the processing clock from packet times: it never goes back, and
// a packet without time does not move it.
type clock struct {
	now   int64
	shift int64 // added to packet times since the capture's clock was set back
	grid  int64 // last grid point that was passed
}

// setBack is how far a packet may lie behind the newest before its clock
// counts as set back.
const setBack = int64(5e9)

// step takes a packet time and returns the clock.
func (c *clock) step(t int64) int64 {
	if t <= 0 {
		return c.now
	}
	if c.now == 0 {
		c.now = t
		c.grid = t - t%link.Grid
	}
	if t += c.shift; t < c.now-setBack {
		c.shift += c.now - t
		return c.now
	}
	c.now = max(c.now, t)
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
