package main

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// traceScore is what score_traces.py --json prints.
type traceScore struct {
	Spans, Duplicates int
	Traces            int
	TraceExact        float64  `json:"trace_exact"`
	WrongMerges       int      `json:"wrong_merges"`
	ParentWrong       int      `json:"parent_wrong"`
	ParentMissing     int      `json:"parent_missing"`
	ParentAccuracy    *float64 `json:"parent_accuracy"`
	FalsePositives    int      `json:"false_positives"`
	Protocols         map[string]struct {
		Truth                          int
		Recall, Method, Target, Status *float64
	}
	ByLink map[string]struct {
		N, Wrong, Missing int
		OK                *float64
	} `json:"parent_by_link"`
}

// scoreTraces runs the shared scorer of traces.
func scoreTraces(t *testing.T, truth string, captures []string, args ...string) traceScore {
	t.Helper()
	script := sharedCapture(t, "bench", "score_traces.py")
	out := filepath.Join(t.TempDir(), "spans.jsonl")
	mustRead(t, 0, append([]string{"--out", "otlp:" + out}, captures...)...)
	args = append([]string{script, "--truth", truth, "--spans", out, "--point-attr", "wirespan.capture.point", "--json"}, args...)
	cmd := exec.Command(toolPath(t, "python3"), args...)
	cmd.Env = append(os.Environ(), "PYTHONDONTWRITEBYTECODE=1")
	b, err := cmd.Output()
	if err != nil {
		t.Fatalf("score_traces.py: %v", err)
	}
	var s traceScore
	if err := json.Unmarshal(b, &s); err != nil {
		t.Fatal(err)
	}
	return s
}

// wantRight wants every parent that was asked for right and no two traces in
// one.
func (s *traceScore) wantRight(t *testing.T) {
	t.Helper()
	if s.WrongMerges != 0 || s.ParentWrong != 0 || s.ParentMissing != 0 || s.Traces == 0 {
		t.Errorf("%d traces asked for: %d wrong merges, %d wrong and %d missing parents: %+v", s.Traces, s.WrongMerges, s.ParentWrong, s.ParentMissing, s.ByLink)
	}
}

// TestChainTraces holds the chain of haproxy and three nginx: 276 traces, each
// exact.
func TestChainTraces(t *testing.T) {
	t.Parallel()
	base := filepath.Join("captures", "chain", "debian-chain_haproxy_nginx")
	s := scoreTraces(t, sharedCapture(t, base+".trace-truth.ndjson"), []string{sharedCapture(t, base+".pcap")})
	s.wantRight(t)
	if s.Traces != 276 || s.TraceExact != 100 {
		t.Errorf("%d traces of which %.2f %% are exact, want all of 276", s.Traces, s.TraceExact)
	}
}

// TestLabTraces holds the gateway chains and queues of the lab: what carries an
// ID, in whatever protocol, is linked, on each capture alone and on all of them;
// nothing is linked wrongly; every HTTP and DNS exchange is there.
func TestLabTraces(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, lab string
		points    []string
	}{
		{"f1-bridge", "f1", []string{"bridge"}},
		{"f1-gw", "f1", []string{"gw"}},
		{"f1-db", "f1", []string{"db"}},
		{"f1-all", "f1", []string{"bridge", "gw", "db"}},
		{"f2", "f2", []string{"bridge"}},
		{"f3-bridge", "f3", []string{"bridge"}},
		{"f3-cli", "f3", []string{"cli"}},
		{"f3-all", "f3", []string{"bridge", "cli"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			truth := sharedCapture(t, "captures", "lab", c.lab, "truth.ndjson")
			var files, points []string
			for _, p := range c.points {
				files = append(files, sharedCapture(t, "captures", "lab", c.lab, p+".pcap"))
				points = append(points, "--point", p)
			}
			whole := scoreTraces(t, truth, files, points...)
			if whole.WrongMerges != 0 || whole.ParentWrong != 0 {
				t.Errorf("everything: %d wrong merges, %d wrong parents: %+v", whole.WrongMerges, whole.ParentWrong, whole.ByLink)
			}
			for _, p := range []string{"http", "dns"} {
				if q, ok := whole.Protocols[p]; ok && q.Truth > 0 && (q.Recall == nil || *q.Recall != 100) {
					t.Errorf("%s: recall is not 100 %%: %+v", p, q)
				}
			}
			if c.name == "f1-db" {
				return // no HTTP there
			}
			asked := scoreTraces(t, truth, files, append(points, "--links", "xrid,traceparent,comment")...)
			asked.wantRight(t)
		})
	}
}
