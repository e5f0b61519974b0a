package main

import (
	"encoding/json"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// idsByAgent lists the span ids of ndjson, by who captured them; self is who
// did where a span does not say.
func idsByAgent(t *testing.T, b []byte, self string) map[string][]string {
	t.Helper()
	ids := make(map[string][]string)
	for line := range strings.Lines(string(b)) {
		var s struct {
			Span     string         `json:"span_id"`
			Resource map[string]any `json:"resource"`
		}
		if err := json.Unmarshal([]byte(line), &s); err != nil || s.Span == "" {
			t.Fatalf("%v: %s", err, line)
		}
		agent := self
		if a, ok := s.Resource["wirespan.agent"].(string); ok {
			agent = a
		}
		ids[agent] = append(ids[agent], s.Span)
	}
	for _, l := range ids {
		slices.Sort(l)
	}
	return ids
}

// TestRecordingsOfTwoAgents holds that recordings of two agents, whose points
// have one name, give the span ids of both live runs when they are read
// together, that spans say who captured them, and that --agent goes before.
func TestRecordingsOfTwoAgents(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	want := make(map[string][]string)
	var files []string
	for agent, name := range map[string]string{"host1": "http-siblings", "host2": "http-pipeline"} {
		file := filepath.Join(dir, agent+".pcapng")
		live := recordLive(t, []string{"--agent", agent, "-w", file, "-U"}, goldenCapture(name))
		want[agent] = idsByAgent(t, live, agent)[agent]
		files = append(files, file)
	}
	if len(want["host1"]) < 3 || len(want["host2"]) < 3 {
		t.Fatalf("live: %v", want)
	}
	if d := cmp.Diff(want, idsByAgent(t, outputOf(t, "ndjson", files...), "offline")); d != "" {
		t.Errorf("read together (-live +read):\n%s", d)
	}
	for _, format := range []string{"otlp", "otlp-proto"} {
		out := string(outputOf(t, format, files...))
		for _, agent := range []string{"host1", "host2"} {
			if !strings.Contains(out, agent) {
				t.Errorf("%s does not name %s", format, agent)
			}
		}
		if strings.Contains(out, "offline") {
			t.Errorf("%s names the reader, who captured nothing", format)
		}
	}
	mine := idsByAgent(t, outputOf(t, "ndjson", append(files, "--agent", "reader")...), "reader")
	if len(mine) != 1 || len(mine["reader"]) != len(want["host1"])+len(want["host2"]) || slices.Contains(mine["reader"], want["host1"][0]) {
		t.Errorf("with --agent: %v", mine)
	}
}
