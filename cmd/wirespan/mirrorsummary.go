package main

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/wirespan/wirespan/capture"
	clocks "github.com/wirespan/wirespan/mirror/clock"
	"github.com/wirespan/wirespan/mirror/dup"
	"github.com/wirespan/wirespan/mirror/point"
	"github.com/wirespan/wirespan/tracer/metric"
)

// placeCounts are what readers and shards counted about capture points.
type placeCounts struct {
	points []dup.Count  // by point; none where duplicates are kept
	others uint64       // packets of points beyond the bound
	halves []point.Half // points that show one direction each
	stamps clocks.Counters
}

// addPlaces takes over what a reader found.
func (c *placeCounts) addPlaces(p *places) {
	c.others += p.others()
	c.halves = append(c.halves, p.halves()...)
	if p.stamps != nil {
		c.addStamps(p.stamps.Counters())
	}
}

func (c *placeCounts) addStamps(n clocks.Counters) {
	c.stamps.Sources += n.Sources
	c.stamps.Stamped += n.Stamped
	c.stamps.Plain += n.Plain
	c.stamps.Steps += n.Steps
}

func (c *placeCounts) addCounts(list []dup.Count) {
	for len(c.points) < len(list) {
		c.points = append(c.points, dup.Count{})
	}
	for i := range list {
		c.points[i].Packets += list[i].Packets
		c.points[i].Dropped += list[i].Dropped
	}
}

func (c *placeCounts) add(o *placeCounts) {
	c.addCounts(o.points)
	c.others += o.others
	c.addStamps(o.stamps)
	for _, h := range o.halves {
		i := slices.IndexFunc(c.halves, func(have point.Half) bool { return have.A == h.A && have.B == h.B })
		if i < 0 {
			c.halves = append(c.halves, h)
		} else {
			c.halves[i].Conns += h.Conns
		}
	}
}

// manyDuplicates is the share of packets, in percent, from which on a mirror is
// said to show too much: it costs the port, and it is likely not meant.
const (
	manyDuplicates = 20
	fewMirrored    = 500 // are no evidence
)

// many reports whether a point shows too many duplicates.
func many(c dup.Count) bool {
	return c.Packets >= fewMirrored && c.Dropped*100 > c.Packets*manyDuplicates
}

// print writes what people should know of the points.
func (c *placeCounts) print(w io.Writer, points []capture.Point, cfg *pipelineConfig) {
	var l list
	for i, n := range c.points {
		if n.Dropped > 0 {
			l.add(n.Dropped, fmt.Sprintf("at %s (%d%%)", pointName(points, i), n.Dropped*100/n.Packets))
		}
	}
	if len(l.parts) > maxPoints {
		l.parts = append(l.parts[:maxPoints], "...")
	}
	l.print(w, "duplicates")
	if c.others > 0 {
		fmt.Fprintf(w, "%-12s %d packets of points beyond --max-points are point %q\n", "points", c.others, point.Other)
	}
	for i, n := range c.points {
		if many(n) {
			fmt.Fprintf(w, "%-12s %s\n", "note", duplicatesText(pointName(points, i), n))
		}
	}
	for _, h := range c.halves {
		fmt.Fprintf(w, "%-12s %s\n", "note", halfText(h, points, cfg))
	}
	if cfg.stamps {
		c.printStamps(w)
	}
	if cfg.names != nil {
		if unmet := cfg.names.Unmet(); len(unmet) > 0 {
			fmt.Fprintf(w, "%-12s --point: no packet met what was said of %s\n", "note", enumerate(unmet))
		}
	}
	for _, name := range cfg.taps {
		if text := absentText(name, points); text != "" {
			fmt.Fprintf(w, "%-12s %s\n", "note", text)
		}
	}
}

// printStamps tells whose time packets have with --mirror-clock erspan.
func (c *placeCounts) printStamps(w io.Writer) {
	n := &c.stamps
	if n.Stamped+n.Plain == 0 {
		fmt.Fprintf(w, "%-12s --mirror-clock erspan: no packet came with a time stamp of ERSPAN type III; all have the time of their arrival\n", "note")
		return
	}
	var l list
	l.add(n.Stamped, fmt.Sprintf("packets have the time of their mirror (%s)", countOf(uint64(n.Sources), "clock")))
	l.add(n.Steps, "steps of these clocks")
	l.add(n.Plain, fmt.Sprintf("packets of more than %d clocks have that of their arrival", clocks.MaxSources))
	l.print(w, "mirror time")
}

// absentText says that no capture point has the name that --tap asks for; empty
// if one has.
func absentText(name string, points []capture.Point) string {
	var have []string
	for i := range points {
		if points[i].Name == name {
			return ""
		}
		have = append(have, points[i].Name)
	}
	return fmt.Sprintf("--tap %s: no capture point has this name; there are: %s", name, enumerate(have))
}

// enumerate lists names, not more than people read.
func enumerate(names []string) string {
	const most = 16
	if len(names) > most {
		return strings.Join(names[:most], ", ") + ", ..."
	}
	return strings.Join(names, ", ")
}

// duplicatesText says that a point shows too much twice.
func duplicatesText(name string, n dup.Count) string {
	return fmt.Sprintf("%d%% of the packets of %s are duplicates: mirror one direction of each port (SPAN: rx), or one port of each connection",
		n.Dropped*100/n.Packets, name)
}

// halfText says that two points show one direction each, and what to do.
func halfText(h point.Half, points []capture.Point, cfg *pipelineConfig) string {
	a, b := pointName(points, int(h.A)), pointName(points, int(h.B))
	if b < a { // numbers are in the order of the first packets
		a, b, h.A, h.B = b, a, h.B, h.A
	}
	return fmt.Sprintf("%s and %s show one direction each of the same %d connections: join them with %s", a, b, h.Conns, joinFlag(a, b, h, cfg))
}

// joinFlag is the flag that makes one point of two.
func joinFlag(a, b string, h point.Half, cfg *pipelineConfig) string {
	ta, tb := "iface:"+a, "iface:"+b
	if cfg.names != nil {
		ta, tb = cfg.names.Term(h.A), cfg.names.Term(h.B)
	}
	ia, oka := strings.CutPrefix(ta, "iface:")
	ib, okb := strings.CutPrefix(tb, "iface:")
	if oka && okb && cfg.paced && !strings.ContainsAny(ia+ib, ",:/") {
		return fmt.Sprintf("-i %s+%s=NAME", ia, ib)
	}
	return fmt.Sprintf("--point NAME=%s+%s", ta, tb)
}

func pointName(points []capture.Point, i int) string {
	if i < len(points) {
		return points[i].Name
	}
	return fmt.Sprintf("point %d", i)
}

// families are the counters of points for metrics.
func (c *placeCounts) families(points []capture.Point) []metric.Family {
	if len(c.points) == 0 {
		return nil
	}
	packets := metric.Counter("wirespan.capture.point.packets", "{packet}", "TCP, UDP and echo packets by capture point, duplicates among them")
	again := metric.Counter("wirespan.capture.point.duplicate_packets", "{packet}", "packets that their capture point had shown already, by point")
	var rest dup.Count
	for i, n := range c.points {
		if i >= maxPoints {
			rest.Packets, rest.Dropped = rest.Packets+n.Packets, rest.Dropped+n.Dropped
			continue
		}
		packets.Add(float64(n.Packets), "wirespan.capture.point", pointName(points, i))
		again.Add(float64(n.Dropped), "wirespan.capture.point", pointName(points, i))
	}
	if rest.Packets > 0 {
		packets.Add(float64(rest.Packets), "wirespan.capture.point", point.Other)
		again.Add(float64(rest.Dropped), "wirespan.capture.point", point.Other)
	}
	return []metric.Family{packets, again, oneCount("wirespan.capture.point.beyond_bound", "{packet}", "packets of capture points beyond --max-points", c.others)}
}
