package main

import (
	"bufio"
	"bytes"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"os/exec"
	"slices"
	"strings"
	"testing"

	commonpb "go.opentelemetry.io/proto/otlp/common/v1"
	resourcepb "go.opentelemetry.io/proto/otlp/resource/v1"
	trace "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"
)

func hexOf(id []byte) string { return hex.EncodeToString(id) }

// startJaeger runs Jaeger's query service, from its module, which takes OTLP, too.
func startJaeger(t *testing.T) string {
	t.Helper()
	cmd := exec.Command(buildOther(t, "jaeger", "."))
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = in.Close() })
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	start(t, cmd)
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(line)
}

// TestServeToJaeger sends traces on to Jaeger and asks Jaeger, and serve, the same
// questions: the traces are there, and what serve answers has the fields of what Jaeger
// answers.
func TestServeToJaeger(t *testing.T) {
	t.Parallel()
	jaeger := startJaeger(t)
	s := startServe(t, "--otlp", jaeger, "--otlp-quiet", "5s")
	for i, f := range demoCaptures() {
		if o := wirespan(t, "read", "--agent", fmt.Sprint("on-", i), "--server", s.http, f); o.code != 0 {
			t.Fatalf("%s: exit status %d\n%s", f, o.code, o.stderr)
		}
	}
	all := s.traces(t)
	ids := make([]string, 0, len(all))
	for id := range all {
		ids = append(ids, id)
	}
	slices.SortFunc(ids, func(a, b string) int { return len(all[b].Nodes) - len(all[a].Nodes) })
	waitFor(t, func() bool {
		for _, id := range ids {
			_, body := getHTTP(t, jaeger+"/api/traces/"+id)
			for i := range all[id].Nodes {
				if !strings.Contains(body, all[id].Nodes[i].Span.SpanID) {
					return false
				}
			}
		}
		return true
	})
	for _, id := range ids {
		checkInJaeger(t, jaeger, all[id])
	}
	service := url.QueryEscape(all[ids[0]].Nodes[len(all[ids[0]].Nodes)-1].Span.Service)
	for _, path := range []string{
		"/api/traces/" + ids[0],
		"/api/services",
		"/api/services/" + service + "/operations",
		"/api/operations?service=" + service,
		"/api/traces?service=" + service + "&limit=5&start=1&end=4000000000000000",
		"/api/dependencies?endTs=4000000000000&lookback=4000000000000",
		"/api/v3/services",
		"/api/v3/operations?service=" + service,
		"/api/v3/traces/" + ids[0],
		"/api/traces/00000000000000000000000000000001",
		"/api/traces/nonsense",
	} {
		code, theirs := getHTTP(t, jaeger+path)
		ours, mine := getHTTP(t, s.ui+path)
		if code != ours {
			t.Errorf("%s: Jaeger answers %d, serve %d: %.200s, %.200s", path, code, ours, theirs, mine)
		}
		var a, b any
		if err := json.Unmarshal([]byte(theirs), &a); err != nil {
			t.Errorf("%s: %v: %s", path, err, theirs)
			continue
		}
		if err := json.Unmarshal([]byte(mine), &b); err != nil {
			t.Errorf("%s: %v: %s", path, err, mine)
			continue
		}
		sameShape(t, path, a, b)
	}
}

// checkInJaeger holds a trace in Jaeger to the server's: no span that lacks its parent.
func checkInJaeger(t *testing.T, jaeger string, tr *toldTrace) {
	t.Helper()
	_, body := getHTTP(t, jaeger+"/api/traces/"+tr.TraceID)
	var got struct {
		Data []struct {
			Spans []struct {
				SpanID     string
				Warnings   []string
				References []struct{ RefType, TraceID, SpanID string }
			}
		}
	}
	if err := json.Unmarshal([]byte(body), &got); err != nil || len(got.Data) != 1 {
		t.Fatalf("%v: %s", err, body)
	}
	there := map[string]bool{}
	for _, s := range got.Data[0].Spans {
		if there[s.SpanID] {
			t.Errorf("%s: span %s is there twice", tr.TraceID, s.SpanID)
		}
		there[s.SpanID] = true
		if len(s.Warnings) > 0 {
			t.Errorf("%s: Jaeger warns: %v", tr.TraceID, s.Warnings)
		}
	}
	roots := 0
	for _, s := range got.Data[0].Spans {
		if !slices.ContainsFunc(s.References, func(r struct{ RefType, TraceID, SpanID string }) bool {
			return r.RefType == "CHILD_OF" && there[r.SpanID]
		}) {
			roots++
		}
	}
	if roots != 1 {
		t.Errorf("%s: %d roots", tr.TraceID, roots)
	}
	for i := range tr.Nodes {
		if !there[tr.Nodes[i].Span.SpanID] {
			t.Errorf("%s: %s is not in Jaeger", tr.TraceID, tr.Nodes[i].Span.Name)
		}
	}
}

// sameShape demands every field of theirs in ours, of the same type; of lists the fields
// that any element has. What Jaeger has as null may be anything.
func sameShape(t *testing.T, at string, theirs, ours any) {
	t.Helper()
	switch a := theirs.(type) {
	case nil:
	case map[string]any:
		b, ok := ours.(map[string]any)
		if !ok {
			t.Errorf("%s: %T, Jaeger has an object", at, ours)
			return
		}
		if strings.HasSuffix(at, ".processes") { // its names are made up
			for _, p := range a {
				for _, q := range b {
					sameShape(t, at+".*", p, q)
					return
				}
			}
		}
		for k, v := range a {
			if w, ok := b[k]; ok {
				sameShape(t, at+"."+k, v, w)
			} else {
				t.Errorf("%s: no %s, which is %v with Jaeger", at, k, v)
			}
		}
	case []any:
		b, ok := ours.([]any)
		if !ok || len(a) > 0 && len(b) == 0 {
			t.Errorf("%s: %v, Jaeger has a list of %d", at, ours, len(a))
			return
		}
		if strings.HasSuffix(at, ".tags") || strings.HasSuffix(at, ".attributes") || strings.HasSuffix(at, ".references") {
			return // which ones there are is the span's
		}
		if len(a) > 0 {
			sameShape(t, at+"[]", union(a), union(b))
		}
	default:
		if fmt.Sprintf("%T", theirs) != fmt.Sprintf("%T", ours) {
			t.Errorf("%s: %v, Jaeger has %v", at, ours, theirs)
		}
	}
}

// union is an object with the fields of all objects of a list, the first element of
// another list.
func union(list []any) any {
	all := map[string]any{}
	for _, v := range list {
		m, ok := v.(map[string]any)
		if !ok {
			return list[0]
		}
		for k, w := range m {
			old, ok := all[k].([]any)
			more, _ := w.([]any)
			switch {
			case all[k] == nil:
				all[k] = w
			case ok:
				all[k] = append(old[:len(old):len(old)], more...)
			}
		}
	}
	return all
}

// TestServeAsksJaeger has the spans of SDKs in Jaeger, and packets with their trace id on
// the wire at serve, which asks Jaeger for the rest of the tree, by both of its APIs.
func TestServeAsksJaeger(t *testing.T) {
	t.Parallel()
	jaeger := startJaeger(t)
	file := goldenCapture("contexts")
	var on spanLine
	for _, s := range spansOf(t, file) {
		if c, ok := s.Attributes["wirespan.context"]; ok && strings.Contains(fmt.Sprint(c), "traceparent=") {
			on = s
			break
		}
	}
	header := fmt.Sprint(on.Attributes["wirespan.context"])
	_, header, _ = strings.Cut(header, "traceparent=")
	parts := strings.Split(header, "-")
	if len(parts) < 4 {
		t.Fatalf("no traceparent in %s: %v", file, on.Attributes)
	}
	traceID, err := hex.DecodeString(parts[1])
	if err != nil {
		t.Fatal(err)
	}
	caller, err := hex.DecodeString(parts[2])
	if err != nil {
		t.Fatal(err)
	}
	text := func(s string) *commonpb.AnyValue {
		return &commonpb.AnyValue{Value: &commonpb.AnyValue_StringValue{StringValue: s}}
	}
	message, err := proto.Marshal(&trace.TracesData{ResourceSpans: []*trace.ResourceSpans{{
		Resource: &resourcepb.Resource{Attributes: []*commonpb.KeyValue{{Key: "service.name", Value: text("caller")}}},
		ScopeSpans: []*trace.ScopeSpans{{Spans: []*trace.Span{{
			TraceId: traceID, SpanId: caller, Name: "call", Kind: trace.Span_SPAN_KIND_CLIENT,
			StartTimeUnixNano: uint64(on.Start) - 1e6, EndTimeUnixNano: uint64(on.End) + 1e6,
		}}}},
	}}})
	if err != nil {
		t.Fatal(err)
	}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, jaeger+"/v1/traces", bytes.NewReader(message))
	if err != nil {
		t.Fatal(err)
	}
	if code, body := askHTTP(t, http.DefaultClient, req, "Content-Type", "application/x-protobuf"); code != http.StatusOK {
		t.Fatalf("%d %s", code, body)
	}
	for _, kind := range []string{"jaeger", "jaeger-v3"} {
		s := startServe(t, "--apm", kind+"="+jaeger)
		if o := wirespan(t, "read", "--server", s.http, file); o.code != 0 {
			t.Fatalf("exit status %d\n%s", o.code, o.stderr)
		}
		var tr toldTrace
		s.json(t, "/api/v1/traces/"+parts[1], &tr)
		below := false
		for i := range tr.Nodes {
			n := &tr.Nodes[i]
			if n.Span.SpanID == on.ID || n.Parent != nil && tr.Nodes[*n.Parent].Span.SpanID == parts[2] && n.Span.Signal == "NET" {
				below = below || n.Parent != nil && tr.Nodes[*n.Parent].Span.Service == "caller"
			}
		}
		if !below {
			t.Errorf("%s: no span of packets is below that of the SDK:\n%s", kind, drawn(&tr))
		}
		s.stop(t)
	}
}
