package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wirespan/wirespan/tracer/metric"
)

// fetch asks a server in the server's namespace, from there.
func (l *lab) fetch(t *testing.T, url string) string {
	t.Helper()
	b, err := l.in(l.server, toolPath(t, "curl"), "-s", "--max-time", "10", url).Output()
	if err != nil {
		t.Fatalf("curl %s: %v", url, err)
	}
	return string(b)
}

// TestLiveMetrics holds that a live capture can be scraped, privileges dropped
// and all, that the requests of the traced server are there, each once, and
// that scrapes are not traced.
func TestLiveMetrics(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	l.nginx(t)
	w := l.live(t, "-i", "vb", "-i", "lo", "--metrics", "9171", "--out", "ndjson:"+os.DevNull)
	paths, _ := numbered(20)
	l.curl(t, l.client, "http://10.79.0.2:8080", paths...)
	var text string
	waitFor(t, func() bool {
		text = l.fetch(t, "http://127.0.0.1:9171/metrics")
		return strings.Contains(text, "wirespan_red_exchanges_total 20\n")
	})
	for _, want := range []string{
		"wirespan_sampling_rate_ratio 1\n", `wirespan_capture_point_dropped_packets_total{kind="kernel",wirespan_capture_point="vb"} 0`,
		`wirespan_capture_point_dropped_packets_total{kind="kernel",wirespan_capture_point="lo"} 0`, `http_response_status_code="200"`,
		"process_open_fds ", "process_resident_memory_bytes ",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("%s is missing in\n%s", want, text)
		}
	}
	if s := l.fetch(t, "http://127.0.0.1:9171/readyz"); !strings.HasPrefix(s, "capturing: ") {
		t.Errorf("readyz says %q", s)
	}
	if s := l.fetch(t, "http://127.0.0.1:9171/healthz"); s != "ok\n" {
		t.Errorf("healthz says %q", s)
	}
	w.interrupt(t)
	if w.code != 0 || w.number("http") > 20 {
		t.Errorf("exit status %d\n%s", w.code, w.err.String())
	}
}

// TestLiveBudget loads a capture that may use next to no CPU, and wants what it
// leaves out to be stated everywhere, and no request to be taken for one that
// nobody answered.
func TestLiveBudget(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	l.nginx(t)
	out := filepath.Join(t.TempDir(), "spans")
	w := l.live(t, "-i", "vb", "tcp", "port", "8080", "--cpu", "1%", "--metrics", "9172", "--out", "ndjson:"+out)
	for !strings.Contains(w.err.String(), "over budget") {
		l.wrk(t, 64, 1)
	}
	l.wrk(t, 64, 1)
	ready := l.fetch(t, "http://127.0.0.1:9172/readyz")
	text := l.fetch(t, "http://127.0.0.1:9172/metrics")
	w.interrupt(t)
	if !strings.Contains(ready, "sampling: 1 of ") || strings.Contains(text, "wirespan_sampling_rate_ratio 1\n") {
		t.Errorf("readyz: %s", ready)
	}
	err := w.err.String()
	if w.code != 0 || !strings.Contains(err, "\nsampling ") || !strings.Contains(err, "packets left out by sampling") {
		t.Errorf("exit status %d\n%s", w.code, err)
	}
	sampled := 0
	for _, line := range sortedLines(readFile(t, out)) {
		var s shown
		if json.Unmarshal([]byte(line), &s) != nil {
			t.Fatalf("not a span: %s", line)
		}
		if rate, ok := s.Attributes["wirespan.sample.rate"]; ok {
			sampled++
			if r, _ := rate.(float64); r <= 0 || r >= 1 {
				t.Errorf("rate %v", rate)
			}
		}
		if s.Attributes["error.type"] == "timeout" { // wrk closes what it leaves
			t.Errorf("a request that was left out is taken for one without answer: %v", s.Attributes)
		}
	}
	t.Logf("%d spans have a rate; %s", sampled, strings.TrimSpace(ready))
}

// TestFormsMeasureTheSame holds that services are measured alike whichever form
// the spans are written in.
func TestFormsMeasureTheSame(t *testing.T) {
	t.Parallel()
	measure := func(form string) []string {
		p := liveParts(t, "--out", "ndjson:"+os.DevNull, "--spans", form)
		o := &options{agent: "host1", watchOptions: watchOptions{metrics: "0", interval: defaultInterval}}
		tel, err := p.watch(o)
		if err != nil {
			t.Fatal(err)
		}
		src := newScript("lan")
		for _, name := range []string{"http-siblings", "dns-call", "http-pipeline"} {
			src.feed <- packetsOf(t, goldenCapture(name))
		}
		close(src.feed)
		pipe, err := p.newPipelineOn(src)
		if err != nil {
			t.Fatal(err)
		}
		if err := pipe.run(t.Context()); err != nil {
			t.Fatal(err)
		}
		var lines []string
		for _, f := range tel.red.Families() {
			for _, x := range f.Points {
				v := x.Value
				if f.Kind == metric.KindHistogram {
					v = x.Hist.Sum
				}
				lines = append(lines, fmt.Sprint(f.Name, x.Labels, v))
			}
		}
		return lines
	}
	single, pair := measure("single"), measure("pair")
	if len(single) < 6 {
		t.Errorf("%d lines", len(single))
	}
	if d := cmp.Diff(single, pair); d != "" {
		t.Errorf("(-single +pair):\n%s", d)
	}
}
