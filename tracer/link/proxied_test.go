package link

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/wirespan/wirespan/tracer/span"
)

// TestProxiedAtRandom sends requests of few kinds and clients through a
// transparent proxy between two points that lose some of them, and holds that
// whatever becomes one exchange was one request.
func TestProxiedAtRandom(t *testing.T) {
	for _, c := range []struct {
		about   string
		targets int
		every   int64 // ms between requests
		lost    float64
		clock   int64
		one     bool    // the clock is known to be one
		least   float64 // share of the requests seen by both that must be found
	}{
		{"many targets", 2000, 7, 0.05, 0, false, 0.95},
		{"few targets", 5, 40, 0.05, 0, false, 0.1}, // until one was alone for a while, all are ambiguous
		{"few targets, one clock", 5, 40, 0.05, 0, true, 0.9},
		{"health checks at once", 1, 10, 0.05, 0, true, 0},
		{"clocks apart", 2000, 7, 0.05, 480, false, 0},
		{"few targets, clocks apart", 5, 40, 0.05, 480, false, 0},
	} {
		t.Run(c.about, func(t *testing.T) {
			both, found, wrong := 0, 0, 0
			for seed := range uint64(4) {
				r := rand.New(rand.NewPCG(seed, 7))
				s := newScene(t)
				s.cfg.OneClock = c.one
				var calls []call
				seen := make(map[string]int)
				for i := range int64(600) {
					at, took := i*c.every+r.Int64N(5), 5+r.Int64N(60)
					client := fmt.Sprintf("10.9.0.%d", 1+r.IntN(6))
					target := fmt.Sprintf("GET /%d", r.IntN(c.targets))
					a := call{name: fmt.Sprint("n", i), key: uint64(2*i + 1), from: fmt.Sprintf("%s:%d", client, 20000+i), to: sa, at: at, end: at + took, point: "in", target: target, seq: r.Uint32()}
					b := a
					b.key, b.from, b.seq, b.point, b.clock = uint64(2*i+2), fmt.Sprintf("%s:%d", client, 30000+r.IntN(30000)), r.Uint32(), "out", c.clock
					b.at, b.end = at+1+r.Int64N(2), at+took-1-r.Int64N(2)
					for _, one := range []call{a, b} {
						if r.Float64() >= c.lost {
							calls = append(calls, one)
							seen[one.name]++
						}
					}
				}
				s.feed(calls...)
				s.flush()
				ids := make(map[span.SpanID]string)
				for _, sp := range s.spans {
					ids[sp.ID] = string(sp.Name)
				}
				for _, n := range seen {
					both += n / 2
				}
				for _, sp := range s.spans {
					if p, ok := ids[sp.Parent]; ok {
						if found++; p != string(sp.Name) {
							wrong++
						}
					}
				}
			}
			t.Logf("%d requests at both points, %d recognised, %d wrongly", both, found, wrong)
			if wrong > 0 || float64(found) < c.least*float64(both) {
				t.Errorf("%d of %d recognised, %d wrongly; want %g of them and none wrong", found, both, wrong, c.least)
			}
		})
	}
}
