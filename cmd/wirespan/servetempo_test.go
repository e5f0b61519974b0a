package main

import (
	"bytes"
	"net/http"
	"os/exec"
	"strings"
	"testing"

	trace "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"
)

// TestTempoTypes asks what Grafana's data source asks, and reads the answers with Tempo's
// own types, strictly.
func TestTempoTypes(t *testing.T) {
	t.Parallel()
	answers := buildOther(t, "tempo", "./answers")
	s := startServe(t)
	if o := wirespan(t, append([]string{"read", "--server", s.http}, demoCaptures()...)...); o.code != 0 {
		t.Fatalf("exit status %d\n%s", o.code, o.stderr)
	}
	var id string
	var told *toldTrace
	for key, tr := range s.traces(t) {
		if told == nil || len(tr.Nodes) > len(told.Nodes) {
			id, told = key, tr
		}
	}
	times := "&start=1&end=4000000000"
	for _, c := range []struct{ kind, path, want string }{
		{"search", "/api/search?q=%7B%7D" + times, id},
		{"search", "/api/search?tags=service.name%3Dorders.example" + times, "spanSets"},
		{"tags", "/api/search/tags", "http.request.method"},
		{"tags2", "/api/v2/search/tags", "service.name"},
		{"tags2", "/api/v2/search/tags?scope=intrinsic", "duration"},
		{"values", "/api/search/tag/service.name/values", "tagValues"},
		{"values2", "/api/v2/search/tag/resource.service.name/values", "string"},
		{"values2", "/api/v2/search/tag/status/values", "keyword"},
	} {
		code, body := getHTTP(t, s.ui+"/tempo"+c.path)
		out, err := readAnswer(answers, c.kind, "json", body)
		if code != http.StatusOK || err != nil || !strings.Contains(string(out), c.want) {
			t.Errorf("%s: %d, %v: %s\nread as %s, want %s in it", c.path, code, err, body, out, c.want)
		}
	}
	for _, kind := range []string{"trace", "trace2"} {
		path := map[string]string{"trace": "/tempo/api/traces/", "trace2": "/tempo/api/v2/traces/"}[kind] + id
		for form, accept := range map[string]string{"json": "application/json", "proto": "application/protobuf"} {
			code, body := getHTTP(t, s.ui+path, "Accept", accept)
			out, err := readAnswer(answers, kind, form, body)
			if code != http.StatusOK || err != nil {
				t.Errorf("%s as %s: %d, %v: %.300s", path, form, code, err, body)
				continue
			}
			checkTempoTrace(t, kind+" "+form, out, told)
		}
	}
}

// readAnswer reads an answer with Tempo's types.
func readAnswer(program, kind, form, body string) ([]byte, error) {
	cmd := exec.Command(program, kind, form)
	cmd.Stdin = strings.NewReader(body)
	var said bytes.Buffer
	cmd.Stderr = &said
	out, err := cmd.Output()
	if err != nil {
		return said.Bytes(), err
	}
	return out, nil
}

// checkTempoTrace holds the trace that Tempo's types have read to the tree of the server.
func checkTempoTrace(t *testing.T, what string, message []byte, told *toldTrace) {
	t.Helper()
	var data trace.TracesData
	if err := proto.Unmarshal(message, &data); err != nil {
		t.Fatal(err)
	}
	parents := map[string]string{}
	for _, rs := range data.ResourceSpans {
		for _, ss := range rs.ScopeSpans {
			for _, s := range ss.Spans {
				if id := hexOf(s.TraceId); id != told.TraceID {
					t.Errorf("%s: trace id %s", what, id)
				}
				parents[hexOf(s.SpanId)] = hexOf(s.ParentSpanId)
			}
		}
	}
	if len(parents) != len(told.Nodes) {
		t.Errorf("%s: %d spans, want %d", what, len(parents), len(told.Nodes))
	}
	for i := range told.Nodes {
		n := &told.Nodes[i]
		want := ""
		if n.Parent != nil {
			want = told.Nodes[*n.Parent].Span.SpanID
		}
		if got, ok := parents[n.Span.SpanID]; !ok || got != want {
			t.Errorf("%s: span %s is below %q, want %q (there: %v)", what, n.Span.SpanID, got, want, ok)
		}
	}
}
