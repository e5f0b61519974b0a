package main

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// TestControllerSheds holds that levels before sampling come first, one by one
// or several at once, that sampling goes as deep as without them, and that they
// come back last.
func TestControllerSheds(t *testing.T) {
	at := func(use load) []string {
		c := newController(limits{cpu: .5})
		c.shed = 2
		var list []string
		for range play(c, 80, func(s int, l uint8) (float64, int64) {
			if text := fmt.Sprint(c.given(), c.sampling()); len(list) == 0 || list[len(list)-1] != text {
				list = append(list, text)
			}
			return use(s, l)
		}) {
			continue
		}
		return list
	}
	for _, c := range []struct {
		name string
		use  load
		want []string
	}{
		{"a little too much", func(_ int, l uint8) (float64, int64) { return .6 - .06*float64(l), 0 }, []string{"0 0", "1 0", "2 0"}},
		{"far too much", func(int, uint8) (float64, int64) { return 4, 0 }, []string{"0 0", "2 1", "2 4", "2 7", "2 10"}},
		{"too much for a while", func(s int, l uint8) (float64, int64) {
			if s < 20 {
				return .6 / float64(1+l), 0
			}
			return .01, 0
		}, []string{"0 0", "1 0", "0 0"}},
	} {
		if d := cmp.Diff(c.want, at(c.use)); d != "" {
			t.Errorf("%s (-want +got):\n%s", c.name, d)
		}
	}
}

// TestBudgetSheds runs requests with bodies and a proxied call through a live
// pipeline: bodies go first, then inference, each is told, counted and in the
// metrics, no connection is left out, and both come back.
func TestBudgetSheds(t *testing.T) {
	t.Parallel()
	out := filepath.Join(t.TempDir(), "out")
	p := liveParts(t, "--bodies", "100", "--out", "ndjson:"+out)
	var told []string
	tel, err := p.watch(&options{agent: "host1", live: true, watchOptions: watchOptions{metrics: "0", interval: defaultInterval, cpu: "0.5"}})
	if err != nil {
		t.Fatal(err)
	}
	tel.warn = func(s string) { told = append(told, s) }
	if got := tel.shedding.names(9); got != "bodies and inferred parents" {
		t.Fatalf("gives up %q", got)
	}
	src := newScript("lan")
	pipe, err := p.newPipelineOn(src)
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- pipe.run(t.Context()) }()
	b := &budget{t: tel}
	c := newController(tel.limits)
	c.shed = uint8(tel.shedding.count())
	now, used := time.Unix(1, 0), time.Duration(0)
	level := func(cores float64, want uint8) {
		t.Helper()
		for range 100 {
			now, used = now.Add(time.Second), used+time.Duration(cores*float64(time.Second))
			if b.step(c, reading{at: now, cpu: used}); c.level == want {
				return
			}
		}
		t.Fatalf("level %d does not come", want)
	}
	start := replayFrom()
	round := func(n int) {
		c := newTalk(t, n, start+int64(n)*int64(10*time.Second))
		body := fmt.Sprintf(`{"n":%d}`, n)
		c.packet(0, fmt.Sprintf("POST /r%d HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", n, len(body), body), nil)
		c.response()
		src.feed <- c.pkts
		waitFor(t, func() bool { return strings.Contains(string(readFile(t, out)), fmt.Sprintf("/r%d\"", n)) })
	}
	round(0)
	level(.7, 1)
	round(1)
	level(.7, 2)
	round(2)
	values := map[string]float64{}
	for _, f := range tel.shedding.families() {
		for _, pt := range f.Points {
			values[f.Name+" "+pt.Labels[0].Value] = pt.Value
		}
	}
	level(.01, 0)
	round(3)
	close(src.feed)
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
	var bodies []bool
	for _, n := range []int{0, 1, 2, 3} {
		for line := range strings.Lines(string(readFile(t, out))) {
			if strings.Contains(line, fmt.Sprintf("/r%d\"", n)) {
				bodies = append(bodies, strings.Contains(line, "request.body\""))
			}
		}
	}
	if want := []bool{true, false, false, true}; !slices.Equal(bodies, want) {
		t.Errorf("bodies %v, want %v", bodies, want)
	}
	want := map[string]float64{
		"wirespan.budget.given_up bodies": 1, "wirespan.budget.given_up inference": 1,
		"wirespan.budget.left_out bodies": 4, "wirespan.budget.left_out inference": 1,
	}
	if d := cmp.Diff(want, values); d != "" {
		t.Errorf("metrics (-want +got):\n%s", d)
	}
	sum := pipe.count()
	sum.shedding = tel.given()
	var l list
	sum.losses(&l)
	if text := strings.Join(l.parts, ", "); text != "4 bodies left out (--cpu, --memory), 1 searches for parents by inference left out (--cpu, --memory)" {
		t.Errorf("losses: %s", text)
	}
	for i, want := range []string{
		"over budget (cpu 0.70 of 0.50 cores): analysing all connections, without bodies",
		"over budget (cpu 0.70 of 0.50 cores): analysing all connections, without bodies and inferred parents",
		"within budget (cpu 0.01 of 0.50 cores): analysing all connections, without bodies",
		"within budget (cpu 0.01 of 0.50 cores): analysing all connections",
	} {
		if i >= len(told) || told[i] != want {
			t.Errorf("%d: told %q, want %q", i, told, want)
		}
	}
}
