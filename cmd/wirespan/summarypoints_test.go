package main

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/wirespan/wirespan/capture"
	"github.com/wirespan/wirespan/flows"
	"github.com/wirespan/wirespan/tracer/link"
)

// TestPointLines holds what the summary says of capture points.
func TestPointLines(t *testing.T) {
	s := &summary{pointCount: pointCount{
		points: []capture.Point{{Name: "eth0"}, {Name: "eth1"}, {Name: "edge"}, {Name: "gw"}},
		seen: []flows.PointStats{
			{Conns: 100, Bytes: 1e6, Unseen: 100, Holes: 1},
			{Conns: 100, Bytes: 988_000, Unseen: 12_000, Holes: 9},
			{Conns: 100, OneSided: 95},
			{Conns: 9, OneSided: 9},
			{Bytes: 900, Unseen: 1, Holes: 1},
		},
		clocks: []link.Clock{
			{Point: 1, Base: 0, Ahead: 900, Bound: 1000},
			{Point: 3, Base: 2, Ahead: 500_123_000, Bound: 20_000, Drift: 3.04, DriftBound: 0.2},
			{Point: 0, Base: 2, Ahead: -7_000_000, Bound: 3_000_000, Drift: 3, DriftBound: 100, Sets: 1},
		},
	}}
	var b bytes.Buffer
	s.printPoints(&b)
	want := `point        eth1: 1.2 % of TCP bytes never seen, in 9 holes (mirror oversubscribed?)
point        edge: one direction only, in 95 of 100 connections
point        #4: 0.11 % of TCP bytes never seen, in 1 hole
clock        gw is 500.123 ms ahead of edge (+- 0.020 ms, drift 3.0 ppm)
clock        eth0 is 7.000 ms behind edge (+- 3.000 ms, set 1 time)
`
	if d := cmp.Diff(want, b.String()); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	s.source.Drops = 1
	b.Reset()
	if s.printPoints(&b); !strings.Contains(b.String(), "9 holes (dropped here: see losses)") {
		t.Error(b.String())
	}
}

// TestPointFamilies holds that labels are bounded, and that nothing of what is
// beyond is lost.
func TestPointFamilies(t *testing.T) {
	c := &pointCount{}
	for range 3 {
		c.addSeen(slices.Repeat([]flows.PointStats{{Bytes: 2, Unseen: 1, Conns: 1}}, 2*maxPoints))
	}
	f := c.families()[0]
	sum, most := 0.0, 0.0
	for _, p := range f.Points {
		sum, most = sum+p.Value, max(most, p.Value)
	}
	if len(f.Points) != 2*(maxPoints+1) || sum != 9*2*maxPoints || most != 6*maxPoints {
		t.Errorf("%d series, sum %v, other %v", len(f.Points), sum, most)
	}
	c.reset()
	c.addSeen([]flows.PointStats{{Bytes: 5}})
	if len(c.seen) != 1 || c.seen[0].Bytes != 5 {
		t.Errorf("after reset: %+v", c.seen)
	}
}

// TestPointLayer holds that doctor names the point that sees too little.
func TestPointLayer(t *testing.T) {
	const payload, conns = `wirespan_capture_point_payload_bytes_total{wirespan_capture_point="`, `wirespan_capture_point_connections_total{wirespan_capture_point="`
	series := healthy()
	series[payload+`eth0",fate="seen"}`] = 1000
	series[payload+`eth0",fate="unseen"}`] = 1
	series[payload+`eth1",fate="seen"}`] = 950
	series[payload+`eth1",fate="unseen"}`] = 50
	series[conns+`eth1",directions="one"}`] = 19
	series[conns+`eth1",directions="both"}`] = 1
	s, err := readScrape(page(series))
	if err != nil {
		t.Fatal(err)
	}
	v := &view{before: s, after: s, ready: true, says: []string{"capturing"}}
	v.judge()
	var got []string
	for _, l := range v.layers {
		if l.Name == "points" {
			got = append(got, l.Text)
		}
	}
	want := []string{"eth1: 5 % of TCP bytes were acknowledged but never seen", "eth1: one direction only, in 19 of 20 connections"}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}
