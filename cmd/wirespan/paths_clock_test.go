package main

import (
	"maps"
	"math"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// halfSecond is what the clocks of captures are off by in these tests, in
// microseconds.
const halfSecond = 500_000

// pointSkews are clocks of the four points of the chain: one that is off, of
// the first point and of others, and two, by which the captures are a second
// apart.
func pointSkews() [][]skewed {
	return [][]skewed{
		{{"client", halfSecond, 0}},
		{{"client", -halfSecond, 0}},
		{{"router", halfSecond, 0}},
		{{"nginx", -halfSecond, 0}},
		{{"haproxy", halfSecond, 0}},
		{{"haproxy", -halfSecond, 0}},
		{{"router", halfSecond, 0}, {"haproxy", -halfSecond, 0}},
		{{"client", -halfSecond, 0}, {"nginx", halfSecond, 0}},
		{{"nginx", halfSecond, 0}, {"haproxy", halfSecond, 0}},
	}
}

// TestPointsClocks rewrites the times of one or two of the four captures of the
// chain of address translation, nginx, HAProxy and servers, and holds that the
// offsets are found, and that nothing in the trees is different but times.
func TestPointsClocks(t *testing.T) {
	t.Parallel()
	files := make(map[string]string)
	for _, p := range chainPoints {
		files[p] = pointCaptures(p)[0]
	}
	checkPointClocks(t, files)
}

// checkPointClocks reads captures of the points of the chain, with clocks that
// agree and then with those of pointSkews.
func checkPointClocks(t *testing.T, files map[string]string) {
	t.Helper()
	right := shifted(t, files, chainPoints)
	want := treesOf(t, true, right, nil)
	order := chainsOf(spansOf(t, right...))
	if len(want) == 0 || len(order) == 0 {
		t.Fatal("no spans")
	}
	for _, skews := range pointSkews() {
		t.Run(skewNames(skews), func(t *testing.T) {
			t.Parallel()
			args := shifted(t, files, chainPoints, skews...)
			if d := cmp.Diff(order, chainsOf(spansOf(t, args...))); d != "" {
				t.Errorf("points in order (-want +got):\n%s", d)
			}
			if d := cmp.Diff(want, treesOf(t, true, args, nil)); d != "" {
				t.Errorf("trees (-want +got):\n%s", d)
			}
			o := wirespan(t, append([]string{"read", "--progress=never", "--out", "ndjson:" + filepath.Join(t.TempDir(), "o")}, args...)...)
			checkClockLines(t, o.stderr, skews)
		})
	}
}

func skewNames(skews []skewed) string {
	var names []string
	for _, s := range skews {
		way := "ahead" // a + in the name of a directory would join files
		if s.late < 0 {
			way = "behind"
		}
		names = append(names, s.name+" "+way)
	}
	return strings.Join(names, " and ")
}

// checkClockLines holds that the summary has the right offset, within one
// millisecond, for each point whose clock differs from that of the first one,
// and none for others.
func checkClockLines(t *testing.T, summary string, skews []skewed) {
	t.Helper()
	late := make(map[string]float64) // milliseconds
	for _, s := range skews {
		late[s.name] = float64(s.late) / 1e3
	}
	want := make(map[string]float64)
	for _, p := range chainPoints[1:] {
		if d := late[p] - late[chainPoints[0]]; d != 0 {
			want[p] = d
		}
	}
	for _, m := range clockLine.FindAllStringSubmatch(summary, -1) {
		ms, _ := strconv.ParseFloat(m[2], 64)
		bound, _ := strconv.ParseFloat(m[4], 64)
		if m[3] == "behind" {
			ms = -ms
		}
		if d, ok := want[m[1]]; !ok || math.Abs(ms-d) > 1 || bound > 1 {
			t.Errorf("%q: want %+v ms, found within 1 ms", m[0], d)
		}
		delete(want, m[1])
	}
	if len(want) > 0 {
		t.Errorf("nothing is said of the clocks of %v:\n%s", slices.Sorted(maps.Keys(want)), summary)
	}
}
