package main

import (
	"fmt"
	"io"
	"math"
	"strconv"

	"github.com/wirespan/wirespan/capture"
	"github.com/wirespan/wirespan/flows"
	"github.com/wirespan/wirespan/tracer/link"
	"github.com/wirespan/wirespan/tracer/metric"
)

// Bounds of what is worth a line.
const (
	tellLoss    = 0.0005 // share of TCP payload that a point did not see
	mirrorLoss  = 0.005  // from here on a mirror is asked for more than it can send
	tellSided   = 0.9    // of connections, seen in one direction only
	fewestHoles = 3      // fewer are an accident
	fewestConns = 10     // fewer connections say nothing about directions
)

// pointCount is what was counted and learnt about capture points.
type pointCount struct {
	points []capture.Point
	seen   []flows.PointStats // by point
	clocks []link.Clock
}

// addSeen sums up the counters of a table.
func (c *pointCount) addSeen(list []flows.PointStats) {
	for len(c.seen) < len(list) {
		c.seen = append(c.seen, flows.PointStats{})
	}
	for i := range list {
		c.seen[i].Add(&list[i])
	}
}

// reset empties the counters and keeps their memory.
func (c *pointCount) reset() { *c = pointCount{seen: c.seen[:0]} }

// name is that of a point; a number stands for those beyond a bound.
func (c *pointCount) name(p int) string {
	if p < len(c.points) {
		return c.points[p].Name
	}
	return "#" + strconv.Itoa(p)
}

// linked takes what a linker knows of the points.
func (c *pointCount) linked(l *link.Linker, points []capture.Point) {
	c.points, c.clocks = points, l.Clocks()
}

// printPoints tells what points did not see, and whose clocks are off.
func (s *summary) printPoints(w io.Writer) {
	dropped := s.source.Drops+s.source.IfDrops > 0
	for i := range s.seen {
		p := &s.seen[i]
		if loss := p.Loss(); loss >= tellLoss {
			fmt.Fprintf(w, "%-12s %s: %s %% of TCP bytes never seen, in %s%s\n", "point", s.name(i), percent(loss), countOf(p.Holes, "hole"), blame(p, dropped))
		}
		if p.Conns >= fewestConns && float64(p.OneSided) >= tellSided*float64(p.Conns) {
			fmt.Fprintf(w, "%-12s %s: one direction only, in %d of %d connections\n", "point", s.name(i), p.OneSided, p.Conns)
		}
	}
	for i := range s.clocks {
		if c := &s.clocks[i]; c.Off() || c.Sets > 0 {
			fmt.Fprintf(w, "%-12s %s\n", "clock", s.clockText(c))
		}
	}
}

// blame says where packets that a point did not see may have been lost.
func blame(p *flows.PointStats, dropped bool) string {
	switch {
	case dropped:
		return " (dropped here: see losses)"
	case p.Loss() >= mirrorLoss && p.Holes >= fewestHoles:
		return " (mirror oversubscribed?)"
	}
	return ""
}

// percent writes a share with two digits that matter.
func percent(share float64) string {
	return strconv.FormatFloat(100*share, 'g', 2, 64)
}

// clockText says how a clock differs from another.
func (s *summary) clockText(c *link.Clock) string {
	way, ahead := "ahead of", c.Ahead
	if ahead < 0 {
		way, ahead = "behind", -ahead
	}
	text := fmt.Sprintf("%s is %s ms %s %s (+- %s ms", s.name(int(c.Point)), millis(ahead), way, s.name(int(c.Base)), millis(c.Bound))
	if math.Abs(c.Drift) > c.DriftBound {
		text += fmt.Sprintf(", drift %.1f ppm", c.Drift)
	}
	if c.Sets > 0 {
		text += ", set " + countOf(uint64(c.Sets), "time")
	}
	return text + ")"
}

// millis writes nanoseconds as milliseconds.
func millis(ns int64) string { return strconv.FormatFloat(float64(ns)/1e6, 'f', 3, 64) }

// families tell the same as printPoints.
func (c *pointCount) families() []metric.Family {
	payload := metric.Counter("wirespan.capture.point.payload", "By", "TCP payload of connections that a point saw in both directions: seen, and acknowledged by the receiver but never seen")
	holes := metric.Counter("wirespan.capture.point.holes", "", "runs of TCP payload that the receiver acknowledged and the point never saw")
	conns := metric.Counter("wirespan.capture.point.connections", "{connection}", "TCP connections with payload that have ended, by how many directions the point saw")
	for i, p := range c.bounded() {
		name := c.name(i)
		if i >= maxPoints {
			name = "other"
		}
		payload.Add(float64(p.Bytes), "wirespan.capture.point", name, "fate", "seen")
		payload.Add(float64(p.Unseen), "wirespan.capture.point", name, "fate", "unseen")
		holes.Add(float64(p.Holes), "wirespan.capture.point", name)
		conns.Add(float64(p.Conns-p.OneSided), "wirespan.capture.point", name, "directions", "both")
		conns.Add(float64(p.OneSided), "wirespan.capture.point", name, "directions", "one")
	}
	offset := metric.Gauge("wirespan.capture.point.clock_offset", "s", "how far the clock of a point is ahead of that of its base")
	bound := metric.Gauge("wirespan.capture.point.clock_error", "s", "what clock_offset may be wrong by")
	drift := metric.Gauge("wirespan.capture.point.clock_drift", "1", "what the clock of a point gains on that of its base, per second")
	sets := metric.Counter("wirespan.capture.point.clock_steps", "", "times that the clock of a point or of its base was set")
	for i := range min(len(c.clocks), maxPoints) {
		k := &c.clocks[i]
		labels := []string{"wirespan.capture.point", c.name(int(k.Point)), "base", c.name(int(k.Base))}
		offset.Add(float64(k.Ahead)/1e9, labels...)
		bound.Add(float64(k.Bound)/1e9, labels...)
		drift.Add(k.Drift/1e6, labels...)
		sets.Add(float64(k.Sets), labels...)
	}
	return []metric.Family{payload, holes, conns, offset, bound, drift, sets}
}

// bounded sums up the points that have no label of their own.
func (c *pointCount) bounded() []flows.PointStats {
	if len(c.seen) <= maxPoints {
		return c.seen
	}
	list := append([]flows.PointStats{}, c.seen[:maxPoints+1]...)
	for i := maxPoints + 1; i < len(c.seen); i++ {
		list[maxPoints].Add(&c.seen[i])
	}
	return list
}
