package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// skewed is a capture point whose clock is off.
type skewed struct {
	name string
	late int64   // microseconds that the clock is ahead
	ppm  float64 // and that it gains
}

// clockLine is what the summary says of a clock.
var clockLine = regexp.MustCompile(`(?m)^clock +(\S+) is ([0-9.]+) ms (ahead of|behind) \S+ \(\+- ([0-9.]+) ms`)

// TestSkewedClocks holds that the clocks of several files may be apart by any
// time, and drift, and that the trees are the same but for the times; so are
// they where nothing is known before the first packet, since one input is a
// pipe, as long as the offset is less than traces are held. Only what is not
// certain differs there: likely parents that come after their children, and
// names that are learnt when a trace has left.
func TestSkewedClocks(t *testing.T) {
	t.Parallel()
	points := map[string]string{"edge": demoCaptures()[0], "app": demoCaptures()[1]}
	order := []string{"edge", "app"}
	if lab := filepath.Join(sharedDir, "captures", "lab", "f1"); exists(lab) {
		points, order = map[string]string{}, []string{"bridge", "gw", "db"}
		for _, p := range order {
			points[p] = filepath.Join(lab, p+".pcap")
		}
	} else {
		t.Log("the shared captures are not here: only the demo is read")
	}
	off := order[1]
	want := treesOf(t, true, shifted(t, points, order), nil)
	piped := treesOf(t, false, shifted(t, points, order), nil)
	if len(want) == 0 {
		t.Fatal("no spans")
	}
	for _, c := range []skewed{
		{off, 500_000, 0},
		{off, -500_000, 0},
		{off, 10_000_000, 0},
		{off, -3_600_000_000, 0},
		{off, 0, 100},
		{off, 500_000, -100},
		{order[0], 500_000, 0},
		{off, 3_000, 0},
	} {
		t.Run(fmt.Sprintf("%s %dus %gppm", c.name, c.late, c.ppm), func(t *testing.T) {
			t.Parallel()
			files := shifted(t, points, order, c)
			checkSkew(t, &c, off, order[0], want, files, nil)
			for _, workers := range []string{"1", "4"} {
				a, b := outputOf(t, "ndjson", files...), outputOf(t, "ndjson", append(files, "--workers", workers)...)
				if !bytes.Equal(a, b) {
					t.Errorf("%s workers give other bytes", workers)
				}
			}
			if max(c.late, -c.late) > 1e6 {
				return // a pipe cannot be looked into before
			}
			for i, p := range order {
				if p != c.name {
					continue
				}
				_, path, _ := strings.Cut(files[2*i+1], "=")
				files[2*i+1] = p + "=-"
				checkSkew(t, &c, off, order[0], piped, files, readFile(t, path))
			}
		})
	}
}

// checkSkew compares trees, and what is said of the clock of one point.
func checkSkew(t *testing.T, c *skewed, off, base string, want []string, files []string, stdin []byte) {
	t.Helper()
	if d := cmp.Diff(want, treesOf(t, stdin == nil, files, stdin)); d != "" {
		t.Errorf("from a pipe: %v, trees (-want +got):\n%s", stdin != nil, d)
	}
	o := wirespanOn(t, bytes.NewReader(stdin), append([]string{"read", "--progress=never", "--out", "ndjson:" + filepath.Join(t.TempDir(), "o")}, files...)...)
	late := c.late
	if c.name == base {
		late = -late
	}
	ms := float64(late) / 1e3
	for _, m := range clockLine.FindAllStringSubmatch(o.stderr, -1) {
		got, _ := strconv.ParseFloat(m[2], 64)
		bound, _ := strconv.ParseFloat(m[4], 64)
		if m[3] == "behind" {
			got = -got
		}
		if m[1] != off {
			continue // moved with the base
		}
		if slack := bound + 0.001 + math.Abs(c.ppm)*1e-3*10; math.Abs(got-ms) > min(1, slack) || bound > 1 {
			t.Errorf("%s, off by %v ms", m[0], ms)
		}
		return
	}
	if late != 0 {
		t.Errorf("nothing is said of the clock of %s:\n%s", off, o.stderr)
	}
}

// shifted writes captures with other clocks and gives the arguments to read
// them.
func shifted(t *testing.T, points map[string]string, order []string, clocks ...skewed) []string {
	t.Helper()
	dir := t.TempDir()
	var args []string
	for _, p := range order {
		b := readFile(t, points[p])
		if i := slices.IndexFunc(clocks, func(c skewed) bool { return c.name == p }); i >= 0 {
			first := int64(0)
			b = retime(b, func(n int, us int64) int64 {
				if n == 0 {
					first = us
				}
				return us + clocks[i].late + int64(clocks[i].ppm*float64(us-first)/1e6)
			})
		}
		path := filepath.Join(dir, p+".pcap")
		if err := os.WriteFile(path, b, 0o644); err != nil {
			t.Fatal(err)
		}
		args = append(args, "--point", p+"="+path)
	}
	return args
}

// treesOf gives all spans without their times, and if not all is asked for
// without links to likely parents and names of services, in any fixed order.
func treesOf(t *testing.T, all bool, files []string, stdin []byte) []string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "o")
	o := wirespanOn(t, bytes.NewReader(stdin), append([]string{"read", "--summary=false", "--progress=never", "--out", "ndjson:" + path}, files...)...)
	if o.code != 0 {
		t.Fatalf("exit status %d: %s", o.code, o.stderr)
	}
	var list []string
	for l := range bytes.Lines(readFile(t, path)) {
		var s map[string]any
		if err := json.Unmarshal(l, &s); err != nil {
			t.Fatal(err)
		}
		for _, k := range []string{"start", "start_ns", "end_ns", "duration_ns"} {
			delete(s, k)
		}
		attrs := s["attributes"].(map[string]any)
		for k := range attrs {
			if k == "wirespan.clock.offset" || strings.HasPrefix(k, "wirespan.phase.") || strings.HasPrefix(k, "wirespan.tcp.rtt") {
				delete(attrs, k)
			}
		}
		if !all {
			delete(s, "links")
			delete(s, "service")
		}
		b, err := json.Marshal(s)
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, string(b))
	}
	slices.Sort(list)
	return list
}
