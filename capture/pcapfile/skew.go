package pcapfile

import (
	"context"
	"math"
	"slices"
)

const (
	leastSkew  = int64(100_000)       // nanoseconds; less is left to those who see whole exchanges
	oneWay     = int64(1_000_000_000) // what a path may take, where only one direction was seen at both points
	maxAligned = 64                   // files or points whose clocks are compared
	// Two captures with so many segments in common show the same traffic; where
	// one rotation goes on in the next file, few segments are repeated.
	manyInCommon = 8
)

// skew is how far one clock is ahead of another, nanoseconds.
type skew struct{ ahead, within int64 }

// skewOf compares the clocks of two captures by the segments that both saw:
// those of one direction are late by the offset and the path, those of the
// other by the offset less the path.
func skewOf(a, b *sketch) (k skew, ok bool) {
	var late [2][]int64
	common(a, b, func(key uint64, ta, tb int64) { late[key&1] = append(late[key&1], tb-ta) })
	n := len(late[0]) + len(late[1])
	if n < 2 || n < manyInCommon && 2*n < min(len(a.list), len(b.list)) {
		return k, false
	}
	if len(late[0]) == 0 || len(late[1]) == 0 {
		mid, spread := middle(append(late[0], late[1]...))
		return skew{mid, oneWay + spread}, true
	}
	m0, s0 := middle(late[0])
	m1, s1 := middle(late[1])
	return skew{m0 + (m1-m0)/2, max(m0-m1, m1-m0)/2 + max(s0, s1)}, true
}

// middle returns the median, and the median distance from it.
func middle(list []int64) (mid, spread int64) {
	slices.Sort(list)
	mid = list[len(list)/2]
	for i, v := range list {
		list[i] = max(v-mid, mid-v)
	}
	slices.Sort(list)
	return mid, list[len(list)/2]
}

// aligned finds out whose clock is how far ahead. The first of the captures
// that saw the same segments has the right time; those that share none with it
// keep their own.
func aligned(sketches []*sketch) []skew {
	out := make([]skew, len(sketches))
	sketches = sketches[:min(len(sketches), maxAligned)]
	pairs := make([][]skew, len(sketches))
	for i := range sketches {
		for j := range sketches {
			k, ok := skewOf(sketches[i], sketches[j])
			if !ok {
				k.within = math.MaxInt64
			}
			pairs[i] = append(pairs[i], k)
		}
	}
	done := make([]bool, len(sketches))
	for range sketches {
		at, to := nextAligned(pairs, done)
		done[to] = true
		if at == to {
			continue // the first of those that hang together
		}
		out[to] = out[at]
		if k := pairs[at][to]; max(k.ahead, -k.ahead) > max(k.within, leastSkew) {
			out[to] = skew{out[at].ahead + k.ahead, out[at].within + k.within}
		}
	}
	return out
}

// nextAligned is the capture that can be compared best with one that is done,
// or by itself the first of those that cannot.
func nextAligned(pairs [][]skew, done []bool) (at, to int) {
	best := int64(math.MaxInt64)
	at = -1
	for i := range pairs {
		for j, k := range pairs[i] {
			if done[i] && !done[j] && k.within < best {
				at, to, best = i, j, k.within
			}
		}
	}
	if at < 0 {
		to = slices.Index(done, false)
		at = to
	}
	return at, to
}

// align brings the points to one clock, so that packets are merged in the
// order in which they were sent.
func (p *planner) align(ctx context.Context) {
	if len(p.groups) < 2 || p.unsized || p.src.follow {
		return
	}
	groups := p.groups[:min(len(p.groups), maxAligned)]
	sketches := make([]*sketch, len(groups))
	for i, g := range groups {
		sketches[i] = p.sketchOf(ctx, g, maxSketched/len(groups))
	}
	for i, k := range aligned(sketches) {
		groups[i].skew = k
	}
}

// sketchOf is the sketch of the files of a point, or of as many as it may have;
// those that have not been read to their ends yet are.
func (p *planner) sketchOf(ctx context.Context, g *group, most int) *sketch {
	var files []*probed
	for _, sequence := range g.sequences {
		for i := range sequence {
			files = append(files, &sequence[i])
		}
	}
	var list []*sketch
	for i := 0; i < len(files); i += (len(files)-1)/most + 1 {
		f := files[i]
		if f.sketch == nil && f.kind == regularFile {
			if again, fault := p.src.probe(ctx, f.path, toSketch); fault == nil {
				f.sketch = again.sketch
			}
		}
		list = append(list, f.sketch)
	}
	return union(list)
}

// oneClock makes the times of files comparable that were taken by several
// clocks: files that lie apart for that only are no rotation.
func oneClock(files []probed) {
	sketches := make([]*sketch, len(files))
	for i := range files {
		sketches[i] = files[i].sketch
	}
	for i, k := range aligned(sketches) {
		files[i].first -= k.ahead
		files[i].last -= k.ahead
	}
}

// howDeep says how far files are looked into that may be one point: names of
// one rotation need no comparison.
func howDeep(paths []string) depth {
	if len(paths) <= maxSketched {
		for _, path := range paths {
			if stem(path) != stem(paths[0]) {
				return toSketch
			}
		}
	}
	return toEnd
}
