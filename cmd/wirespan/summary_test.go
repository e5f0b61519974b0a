package main

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/wirespan/wirespan/capture"
	"github.com/wirespan/wirespan/l7/engine"
)

// TestSummaryOfTheChosen holds that the line of the traces counts what was
// written, and that the two spans of a pair are no sighting of their own.
func TestSummaryOfTheChosen(t *testing.T) {
	t.Parallel()
	line := func(text, title string) string {
		for l := range strings.Lines(text) {
			if rest, ok := strings.CutPrefix(l, title); ok {
				return strings.TrimSpace(rest)
			}
		}
		return ""
	}
	whole := wirespan(t, append([]string{"read", "--out", "ndjson"}, demoCaptures()...)...)
	all := decodeSpans(t, []byte(whole.stdout))
	paired := wirespan(t, append([]string{"read", "--spans", "pair", "--out", "ndjson"}, demoCaptures()...)...)
	if a, b := line(whole.stderr, "links "), line(paired.stderr, "links "); a == "" || a != b {
		t.Errorf("links %q, with pairs %q", a, b)
	}
	for _, where := range []string{"http.response.status_code=200", `dns.question.type="A"`, `url.path="/never"`} {
		o := wirespan(t, append([]string{"read", "--where", where, "--out", "ndjson"}, demoCaptures()...)...)
		spans := decodeSpans(t, []byte(o.stdout))
		rules := 0
		for i := range spans {
			if spans[i].str("wirespan.link.rule") != "" {
				rules++
			}
		}
		want := fmt.Sprintf("%d with %d spans, %d spans left out", len(traceIDs(spans)), len(spans), len(all)-len(spans))
		if got := line(o.stderr, "traces "); got != want {
			t.Errorf("--where %s: traces %s, want %s", where, got, want)
		}
		sum := 0
		for _, c := range counted.FindAllStringSubmatch(line(o.stderr, "links "), -1) {
			var n int
			if fmt.Sscan(c[1], &n); c[2] != "likely" {
				sum += n
			}
		}
		if sum != rules {
			t.Errorf("--where %s: %d links counted, %d spans have a rule", where, sum, rules)
		}
	}
}

// TestLossesAreListed holds that --strict counts what the line of the losses
// lists, and that foreign datagrams are none.
func TestLossesAreListed(t *testing.T) {
	s := &summary{}
	s.engine.Discarded[engine.OfDatagram], s.engine.Discarded[engine.OfTrailing], s.engine.Discarded[engine.OfOpaque] = 5, 6, 7
	var b bytes.Buffer
	if s.printLosses(&b); s.lost() != 0 || !strings.Contains(b.String(), "none") {
		t.Errorf("%d losses: %s", s.lost(), &b)
	}
	s.source = capture.Stats{Drops: 1}
	s.flows.Gap, s.flows.Truncated = 30, 20
	s.engine.Opaque[engine.Panic], s.engine.Opaque[engine.Declared] = 2, 9
	s.engine.Discarded[engine.OfGap] = 300
	s.unrecorded = 4000
	b.Reset()
	s.printLosses(&b)
	want := "losses       1 packets dropped by the kernel, 10 bytes missing in streams, 20 bytes cut by snaplen, " +
		"2 connections given up (parser panic), 300 bytes discarded (gap), 4000 packets not recorded (-w)\n"
	if b.String() != want || s.lost() != 4333 {
		t.Errorf("%d losses:\n%swant\n%s", s.lost(), &b, want)
	}
}
