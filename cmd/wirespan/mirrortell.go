package main

import (
	"context"
	"time"
)

// tellEvery is how often a running capture is looked at.
const tellEvery = 2 * time.Second

// tellPlaces says, once each, what is wrong with the points of a running
// capture: too many duplicates, and taps that were not joined.
func (r *liveRun) tellPlaces(ctx context.Context) {
	t := time.NewTicker(tellEvery)
	defer t.Stop()
	told := make(map[string]bool)
	once := func(key, text string) {
		if !told[key] {
			told[key] = true
			r.line.print("wirespan: " + text)
		}
	}
	for {
		select {
		case <-ctx.Done():
			return
		case <-t.C:
		}
		s, _, ended := r.pipe.board.read()
		if ended {
			return
		}
		r.tellOnce(&s.places, once)
	}
}

func (r *liveRun) tellOnce(c *placeCounts, once func(key, text string)) {
	points := *r.pipe.points.Load()
	for i, n := range c.points {
		if many(n) {
			name := pointName(points, i)
			once("duplicates "+name, duplicatesText(name, n))
		}
	}
	for _, h := range c.halves {
		once("halves "+pointName(points, int(h.A))+" "+pointName(points, int(h.B)), halfText(h, points, &r.parts.cfg))
	}
}
