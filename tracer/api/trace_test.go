package api

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"google.golang.org/protobuf/encoding/protojson"

	otlp "go.opentelemetry.io/proto/otlp/trace/v1"

	"github.com/wirespan/wirespan/tracer/assemble/scene"
	"github.com/wirespan/wirespan/tracer/span"
	"github.com/wirespan/wirespan/tracer/store"
)

// TestTrace: a trace is found by every id of it, and says why its spans hang where
// they do.
func TestTrace(t *testing.T) {
	w := newWorld(t, 3, nil)
	want := scene.TraceOf("T1").String()
	rid := requestID(1)
	uuid := want[:8] + "-" + want[8:12] + "-" + want[12:16] + "-" + want[16:20] + "-" + want[20:]
	sdk := requestSpans(1)[3].ID.String()
	for _, id := range []string{want, strings.ToUpper(want), uuid, sdk, rid, "x-request-id=" + rid} {
		got := get[Trace](w, "traces/"+id)
		if got.TraceID != want || got.Spans != 5 || len(got.Nodes) != 5 {
			t.Fatalf("%s: %s of %d spans", id, got.TraceID, got.Spans)
		}
		for i, n := range got.Nodes {
			switch {
			case i == 0 && (n.Parent != nil || n.Why != nil || n.Depth != 0):
				t.Errorf("root: %+v", n)
			case i > 0 && (n.Parent == nil || *n.Parent >= i || n.Why == nil || n.Why.Rule == "" || n.Why.Confidence <= 0 || n.Why.Confidence > 1):
				t.Errorf("node %d: %+v", i, n.Why)
			}
		}
	}
	var tree []string
	for _, n := range get[Trace](w, "traces/"+want).Nodes {
		tree = append(tree, fmt.Sprintf("%d %s %s", n.Depth, n.Span.Service, n.Span.Point+n.Span.Agent))
	}
	if got := strings.Join(tree, ", "); got != "0 gw eth0a, 1 gw eth0b, 2 shop eth1b, 3 shop , 4 shop " {
		t.Error(got)
	}
	w.refused("traces/" + want + "?to=5")
}

// TestTraceAlias: the id of a trace that was merged into another finds it.
func TestTraceAlias(t *testing.T) {
	w := newWorld(t, 1, nil)
	if err := w.st.Alias(t.Context(), []store.Alias{{Old: span.TraceID{9}, Canonical: scene.TraceOf("T0"), Time: 1}}); err != nil {
		t.Fatal(err)
	}
	if got := get[Trace](w, "traces/"+span.TraceID{9}.String()); got.Spans != 5 {
		t.Errorf("%d spans", got.Spans)
	}
}

// TestTraceOTLP: the JSON is read by the types of OpenTelemetry; the tree is whole,
// under one trace id.
func TestTraceOTLP(t *testing.T) {
	w := newWorld(t, 4, nil)
	rec := w.ask("traces/" + scene.TraceOf("T3").String() + "?format=otlp")
	var req otlp.TracesData
	if err := protojson.Unmarshal(idsToBase64(t, rec.Body.Bytes()), &req); err != nil {
		t.Fatalf("%v\n%s", err, rec.Body)
	}
	have := map[string]*otlp.Span{}
	services := map[string]int{}
	for _, rs := range req.ResourceSpans {
		for _, kv := range rs.Resource.Attributes {
			if kv.Key == "service.name" {
				services[kv.Value.GetStringValue()]++
			}
		}
		for _, s := range rs.ScopeSpans[0].Spans {
			have[string(s.SpanId)] = s
		}
	}
	if len(have) != 5 || len(services) != 2 {
		t.Fatalf("%d spans of %v", len(have), services)
	}
	roots, failed := 0, 0
	id := scene.TraceOf("T3")
	for _, s := range have {
		if have[string(s.ParentSpanId)] == nil {
			roots++
		}
		if s.Status.GetCode() == otlp.Status_STATUS_CODE_ERROR && s.Status.Message == "out of stock" {
			failed++
		}
		if !bytes.Equal(s.TraceId, id[:]) || s.EndTimeUnixNano < s.StartTimeUnixNano {
			t.Errorf("%+v", s)
		}
	}
	if roots != 1 || failed != 1 {
		t.Errorf("%d roots, %d failed", roots, failed)
	}
}

// idsToBase64 undoes what sets OTLP JSON apart from protobuf's: ids in hex.
func idsToBase64(t *testing.T, b []byte) []byte {
	t.Helper()
	var x any
	d := json.NewDecoder(bytes.NewReader(b))
	d.UseNumber()
	if err := d.Decode(&x); err != nil {
		t.Fatal(err)
	}
	var walk func(any)
	walk = func(x any) {
		switch v := x.(type) {
		case []any:
			for _, e := range v {
				walk(e)
			}
		case map[string]any:
			for k, e := range v {
				if k == "traceId" || k == "spanId" || k == "parentSpanId" {
					id, ok := hexOf(e.(string))
					if !ok {
						t.Fatalf("%s: %v", k, e)
					}
					v[k] = id
				}
				walk(e)
			}
		}
	}
	walk(x)
	out, err := json.Marshal(x)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func hexOf(s string) ([]byte, bool) {
	if id, ok := traceID(s); ok {
		return id[:], true
	}
	id, ok := spanID(s)
	return id[:], ok
}

func TestTraceTree(t *testing.T) {
	w := newWorld(t, 1, nil)
	plain := w.ask("traces/" + scene.TraceOf("T0").String() + "?format=tree").Body.String()
	for _, want := range []string{"trace " + scene.TraceOf("T0").String(), "5 spans", "gw", "shop", "mysql"} {
		if want == "mysql" { // the database is called by its name
			want = "db.example"
		}
		if !strings.Contains(plain, want) {
			t.Errorf("no %q in\n%s", want, plain)
		}
	}
	if strings.Contains(plain, "why:") || strings.Contains(plain, "\x1b") {
		t.Errorf("unasked:\n%s", plain)
	}
	why := w.ask("traces/" + scene.TraceOf("T0").String() + "?format=tree&why=true&color=1&width=90").Body.String()
	if !strings.Contains(why, "why: sighting") || !strings.Contains(why, "why: header_id") && !strings.Contains(why, "why: context") || !strings.Contains(why, "\x1b") {
		t.Errorf("\n%s", why)
	}
	for line := range strings.Lines(w.ask("traces/" + scene.TraceOf("T0").String() + "?format=tree&why=1&width=60&ascii=1").Body.String()) {
		if len(line) > 61 || strings.ContainsFunc(line, func(r rune) bool { return r > 0x7e }) {
			t.Errorf("%d columns: %s", len(line), line)
		}
	}
}

func TestSpanByID(t *testing.T) {
	w := newWorld(t, 2, nil)
	id := requestSpans(1)[3].ID.String()
	got := get[SpanAnswer](w, "spans/"+id)
	if len(got.Spans) != 1 || got.Spans[0].Name != "s1" || got.Spans[0].Events[0].Name != "cart loaded" {
		t.Errorf("%+v", got)
	}
	if got := get[SpanAnswer](w, "spans/"+id+"?trace="+scene.TraceOf("T1").String()); len(got.Spans) != 1 {
		t.Errorf("%+v", got)
	}
	w.refused("spans/" + id + "?trace=" + scene.TraceOf("T0").String())
	w.refused("spans/" + id + "?trace=T0")
}
