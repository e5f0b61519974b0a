package complete

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/wirespan/wirespan/l7/ids"
	"github.com/wirespan/wirespan/tracer/api"
	"github.com/wirespan/wirespan/tracer/assemble"
	"github.com/wirespan/wirespan/tracer/assemble/scene"
	"github.com/wirespan/wirespan/tracer/span"
	"github.com/wirespan/wirespan/tracer/store"
	"github.com/wirespan/wirespan/tracer/store/memory"
)

// serve has what packets tell of a call and its database; the APM's spans are not
// stored.
func serve(t *testing.T) (post func(method, path, body string) (int, []byte)) {
	t.Helper()
	st, err := memory.New(memory.Default())
	if err != nil {
		t.Fatal(err)
	}
	if err := st.Write(t.Context(), []store.Span{
		scene.Seen{Agent: "a", Point: "eth0", X: 1, From: scene.Client, To: scene.App, Start: 1, End: 99, Context: "T/call", Request: "7f3a9c5e1b2d4f608a7c9e1f2b3d4c5e", Observation: "c-nic"}.Net(),
		scene.Seen{Agent: "b", Point: "eth0", X: 1, From: scene.Client, To: scene.App, Start: 2, End: 98, Context: "T/call", Observation: "s-nic"}.Net(),
		scene.Seen{Agent: "b", Point: "eth0", X: 3, From: scene.AppOut, To: scene.DB, Start: 20, End: 80, Proto: "mysql", Parent: "eth0/1", Rule: "thread"}.Net(),
	}); err != nil {
		t.Fatal(err)
	}
	asm, err := assemble.New(st, assemble.Default())
	if err != nil {
		t.Fatal(err)
	}
	l := DefaultLimits()
	l.Bytes, l.Spans = 10_000, 5
	a, err := New(Config{Store: st, Assembler: asm, Limits: l})
	if err != nil {
		t.Fatal(err)
	}
	return func(method, path, body string) (int, []byte) {
		rec := httptest.NewRecorder()
		a.ServeHTTP(rec, httptest.NewRequest(method, path, strings.NewReader(body)))
		if strings.Contains(rec.Body.String(), store.AttrFacts) {
			t.Error("facts are shown")
		}
		return rec.Code, rec.Body.Bytes()
	}
}

func hexID(s string) string { var id span.SpanID; copy(id[:], s); return id.String() }

// apm are the spans that an APM has: of the client, of the server, and of what it did.
func apm(upper bool) string {
	f := func(id, parent string, kind int, start, end int64) string {
		return fmt.Sprintf(`{"trace_id":%q,"span_id":%q,"parent_span_id":%q,"span_kind":%d,"start_time_us":%d,"end_time_us":%d}`,
			scene.TraceOf("T"), hexID(id), parent, kind, scene.Epoch/1000+start*1000, scene.Epoch/1000+end*1000)
	}
	body := `{"max_iteration":30,"network_delay_us":3000000,"app_spans":[` + f("call", "", 3, 0, 100) + "," + f("serve", hexID("call"), 2, 3, 97) + "," + f("work", hexID("serve"), 1, 10, 90) + `]}`
	if upper {
		return strings.ToUpper(body)
	}
	return body
}

// TestCompletion: the caller rebuilds the tree from the two ids of each row.
func TestCompletion(t *testing.T) {
	post := serve(t)
	for _, upper := range []bool{false, true} {
		code, b := post(http.MethodPost, ByAppSpans, apm(upper))
		var got struct {
			Status string `json:"OPT_STATUS"`
			Data   struct {
				Tracing []map[string]any `json:"tracing"`
			} `json:"DATA"`
		}
		if err := json.Unmarshal(b, &got); err != nil || code != 200 || got.Status != "SUCCESS" {
			t.Fatalf("%d %v %s", code, err, b)
		}
		var tree []string
		depth := map[string]int{"": -1}
		for _, r := range got.Data.Tracing {
			id, parent := r["deepflow_span_id"].(string), r["deepflow_parent_span_id"].(string)
			d, ok := depth[parent]
			if !ok {
				t.Errorf("%s is below an unknown span", id)
			}
			depth[id] = d + 1
			tree = append(tree, fmt.Sprintf("%d %v %v %v", d+1, r["signal_source"], r["tap_side"], r["l7_protocol_str"]))
		}
		want := "0 4 c-app N/A\n1 0 c HTTP\n2 0 s HTTP\n3 4 s-app N/A\n4 4 app N/A\n5 0 rest MySQL"
		if s := strings.Join(tree, "\n"); s != want {
			t.Errorf("got:\n%s\nwant:\n%s", s, want)
		}
		text := func(s string) string {
			if upper {
				return strings.ToUpper(s)
			}
			return s
		}
		// Packets carry the ids of the SDK's span that they are of; the call of the
		// database has none.
		for i, want := range []map[string]any{
			{"span_id": text(hexID("call")), "parent_span_id": "", "deepflow_parent_span_id": "", "vtap_id": 0.0, "flow_id": "0"},
			{
				"trace_id": text(scene.TraceOf("T").String()), "span_id": text(hexID("call")), "parent_span_id": "", "deepflow_parent_span_id": text(hexID("call")),
				"x_request_id_0": "7f3a9c5e1b2d4f608a7c9e1f2b3d4c5e", "req_tcp_seq": 1.0, "resp_tcp_seq": 2.0, "duration": 98000.0, "l7_protocol": 20.0,
				"name": "GET", "wirespan_agent": "a", "app_service": "shop", "response_status": 0.0, "syscall_trace_id_request": "0", "request_id": nil, "process_id": nil,
			},
			{"span_id": text(hexID("call"))},
			{"span_id": text(hexID("serve")), "parent_span_id": text(hexID("call"))},
			{"span_id": text(hexID("work")), "parent_span_id": text(hexID("serve")), "deepflow_parent_span_id": text(hexID("serve"))},
			{"trace_id": "", "span_id": "", "parent_span_id": "", "deepflow_parent_span_id": text(hexID("work"))},
		} {
			for k, v := range want {
				if r := got.Data.Tracing[i]; r[k] != v {
					t.Errorf("row %d: %s: %v, want %v", i, k, r[k], v)
				}
			}
		}
		if a, b := got.Data.Tracing[1]["vtap_id"], got.Data.Tracing[2]["vtap_id"]; a == 0.0 || b == 0.0 || a == b {
			t.Errorf("agents have the numbers %v and %v", a, b)
		}
	}
}

// TestTypes: every field is there with DeepFlow's type, and no other but ours.
func TestTypes(t *testing.T) {
	post := serve(t)
	const text, number, texts = "string", "float64", "[]interface {}"
	common := map[string]string{
		"start_time_us": number, "end_time_us": number, "duration": number, "name": text, "signal_source": number, "tap_side": text, "trace_id": text,
		"span_id": text, "parent_span_id": text, "deepflow_span_id": text, "deepflow_parent_span_id": text, "_ids": texts, "related_ids": texts, "flow_id": text,
		"req_tcp_seq": number, "resp_tcp_seq": number, "l7_protocol": number, "l7_protocol_str": text, "request_type": text, "request_resource": text,
		"request_id": "<nil>", "response_status": number, "endpoint": text, "process_id": "<nil>", "app_service": text, "app_instance": text, "x_request_id": text,
		"x_request_id_0": text, "x_request_id_1": text, "syscall_trace_id_request": text, "syscall_trace_id_response": text, "syscall_cap_seq_0": number,
		"syscall_cap_seq_1": number, "vtap_id": number, "attribute": text,
	}
	flow := maps.Clone(common)
	maps.Copy(flow, map[string]string{"id": number, "parent_id": number, "childs": texts, "selftime": number, "service_uid": text, "service_uname": text, "set_parent_info": text})
	for _, c := range []struct {
		path, body string
		want       map[string]string
	}{
		{ByAppSpans, apm(false), common}, {ByFlow, fmt.Sprintf(`{"trace_id":%q,"has_attributes":1}`, scene.TraceOf("T")), flow},
	} {
		_, b := post(http.MethodPost, c.path, c.body)
		var got struct {
			Status string  `json:"OPT_STATUS"`
			Type   string  `json:"TYPE"`
			Said   *string `json:"DESCRIPTION"`
			Data   struct {
				Tracing  []map[string]any `json:"tracing"`
				Services []map[string]any `json:"services"`
			} `json:"DATA"`
		}
		if err := json.Unmarshal(b, &got); err != nil || got.Status != "SUCCESS" || got.Type == "" || got.Said == nil || *got.Said != "" || len(got.Data.Tracing) == 0 {
			t.Fatalf("%s: %v %s", c.path, err, b)
		}
		for i, r := range got.Data.Tracing {
			for k, want := range c.want {
				if v, ok := r[k]; !ok || fmt.Sprintf("%T", v) != want {
					t.Errorf("%s: row %d: %s is %T, want %s", c.path, i, k, v, want)
				}
			}
			for k := range r {
				if _, ok := c.want[k]; !ok && !strings.HasPrefix(k, "wirespan_") {
					t.Errorf("%s: row %d: %s is not one of DeepFlow's", c.path, i, k)
				}
			}
			var attrs map[string]string
			if err := json.Unmarshal([]byte(r["attribute"].(string)), &attrs); err != nil {
				t.Error(err)
			}
		}
		for _, s := range got.Data.Services {
			if r, ok := s["duration_ratio"].(string); !ok || strings.Contains(r, "%") || s["service_uid"] == nil {
				t.Errorf("service %v", s)
			}
		}
	}
}

// TestIndices: rows of L7FlowTracing have their place in the tree by numbers, too.
func TestIndices(t *testing.T) {
	post := serve(t)
	_, b := post(http.MethodPost, ByFlow, fmt.Sprintf(`{"trace_id":%q}`, scene.TraceOf("T")))
	var got struct{ Data flowTracing }
	if err := json.Unmarshal(b, &got); err != nil || len(got.Data.Tracing) != 3 {
		t.Fatalf("%v %s", err, b)
	}
	for i, r := range got.Data.Tracing {
		if r.Index != i || r.Attribute != nil {
			t.Errorf("row %d: %+v", i, r)
		}
		if r.ParentIndex >= 0 {
			p := got.Data.Tracing[r.ParentIndex]
			if p.ID != r.Parent || !slices.Contains(p.Children, i) || r.Why == "" {
				t.Errorf("row %d: %+v", i, r)
			}
		} else if r.Parent != "" {
			t.Errorf("row %d is a root below %s", i, r.Parent)
		}
	}
}

// TestSources: rows of other sources are left out, and what hung below them hangs
// below the next.
func TestSources(t *testing.T) {
	post := serve(t)
	for sources, want := range map[string]string{
		`["otel"]`: "c-app s-app app", `["packet"]`: "c s rest", `["OTEL","packet"]`: "c-app c s s-app app rest", `["ebpf"]`: "",
	} {
		_, b := post(http.MethodPost, ByAppSpans, strings.Replace(apm(false), `"app_spans"`, `"SIGNAL_SOURCES":`+sources+`,"app_spans"`, 1))
		var got struct{ Data tracing }
		if err := json.Unmarshal(b, &got); err != nil {
			t.Fatalf("%v %s", err, b)
		}
		var sides []string
		ids := map[string]bool{}
		for i, r := range got.Data.Tracing {
			sides = append(sides, r.TapSide)
			if (i == 0) != (r.Parent == "") || i > 0 && !ids[r.Parent] {
				t.Errorf("%s: row %d is below %q", sources, i, r.Parent)
			}
			ids[r.ID] = true
		}
		if s := strings.Join(sides, " "); s != want {
			t.Errorf("%s: %s, want %s", sources, s, want)
		}
	}
}

// TestSkyWalking: ids of SkyWalking meet those of sw8 on the wire, and answers repeat
// them as they came.
func TestSkyWalking(t *testing.T) {
	const trace, segment = "7d3f1a2b4c5d6e7f8091a2b3c4d5e6f7.61.16000000000000001", "0123456789abcdef0123456789abcdef.61.16000000000000003"
	post := serve(t)
	body := fmt.Sprintf(`{"app_spans":[
		{"trace_id":%q,"span_id":"%s-1","parent_span_id":"%s-0","span_kind":3,"start_time_us":1700000000001000,"end_time_us":1700000000002000},
		{"trace_id":%q,"span_id":"%s-0","parent_span_id":"","span_kind":2,"start_time_us":1700000000000000,"end_time_us":1700000000003000}]}`,
		trace, segment, segment, trace, segment)
	code, b := post(http.MethodPost, ByAppSpans, body)
	var got struct{ Data tracing }
	if err := json.Unmarshal(b, &got); err != nil || code != 200 || len(got.Data.Tracing) != 2 {
		t.Fatalf("%d %v %s", code, err, b)
	}
	r := got.Data.Tracing
	if r[0].SpanID != segment+"-0" || r[1].ParentSpanID != segment+"-0" || r[1].Parent != segment+"-0" || r[1].ID != segment+"-1" || r[0].TraceID != trace {
		t.Errorf("%s", b)
	}
	id, ok := spanID(segment + "-1")
	if want := ids.SkyWalkingSpan([]byte(segment), 1); !ok || id != want || id.IsZero() {
		t.Errorf("%s, want %x", id, want)
	}
	if id, _ := traceID(trace); id != ids.SkyWalkingTrace([]byte(trace)) {
		t.Errorf("%s", id)
	}
	for _, c := range [][2]string{{"a", "000000000000000a"}, {"ABCDEF0123456789", "abcdef0123456789"}, {"", "0000000000000000"}, {"0", "0000000000000000"}} {
		if id, ok := spanID(c[0]); !ok || id.String() != c[1] {
			t.Errorf("%s: %s", c[0], id)
		}
	}
	if a, ok := traceID("4bf92f35-77b3-4da6-a3ce-929d0e0e4736"); !ok || a.String() != "4bf92f3577b34da6a3ce929d0e0e4736" {
		t.Errorf("%s", a)
	}
}

// broken is a store that cannot be asked.
type broken struct{ scene.Held }

const secret = "dial tcp 10.1.2.3:9000: password of clickhouse is wrong"

func (broken) Related(context.Context, []store.Key, store.Window, int) ([]store.Span, bool, error) {
	return nil, false, errors.New(secret)
}

func (broken) Search(context.Context, *store.Query, func(*store.Span) bool) error {
	return errors.New(secret)
}

func (broken) Values(context.Context, string, string, store.Window, int) ([]string, error) {
	return nil, errors.New(secret)
}

// TestFailures: what the store says is in the log, not in the answer.
func TestFailures(t *testing.T) {
	asm, err := assemble.New(broken{}, assemble.Default())
	if err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	a, err := New(Config{Store: broken{}, Assembler: asm, Limits: DefaultLimits(), Log: slog.New(slog.NewTextHandler(&log, nil))})
	if err != nil {
		t.Fatal(err)
	}
	for path, body := range map[string]string{ByAppSpans: apm(false), Own: apm(false), ByFlow: `{"trace_id":"abc"}`} {
		log.Reset()
		rec := httptest.NewRecorder()
		a.ServeHTTP(rec, httptest.NewRequest(http.MethodPost, path, strings.NewReader(body)))
		if b := rec.Body.String(); rec.Code != 500 || strings.Contains(b, "10.1.2.3") || !strings.Contains(b, "log of the server") || path != Own && !strings.Contains(b, "INTERNAL_SERVER_ERROR") {
			t.Errorf("%s: %d %s", path, rec.Code, b)
		}
		if !strings.Contains(log.String(), "10.1.2.3") {
			t.Errorf("%s: log: %s", path, log.String())
		}
	}
}

func TestOwn(t *testing.T) {
	post := serve(t)
	code, b := post(http.MethodPost, Own, strings.Replace(apm(false), "app_spans", "spans", 1))
	var got api.Trace
	if err := json.Unmarshal(b, &got); err != nil || code != 200 || len(got.Nodes) != 6 || got.Nodes[1].Why == nil || got.Nodes[1].Why.Rule != "context" {
		t.Errorf("%d %v %s", code, err, b)
	}
}

func TestFlowTracing(t *testing.T) {
	post := serve(t)
	row := span.SpanIDOf(3, "b", "eth0", 0).String()
	for _, body := range []string{
		fmt.Sprintf(`{"DATABASE":"flow_log","TABLE":"l7_flow_log","_id":%q,"TIME_START":%d,"TIME_END":%d}`, row, scene.Epoch/1e9-10, scene.Epoch/1e9+10),
		fmt.Sprintf(`{"trace_id":%q}`, scene.TraceOf("T")),
	} {
		code, b := post(http.MethodPost, ByFlow, body)
		var got struct{ Data flowTracing }
		if err := json.Unmarshal(b, &got); err != nil || code != 200 || len(got.Data.Tracing) != 3 || len(got.Data.Services) == 0 {
			t.Errorf("%s: %d %v %s", body, code, err, b)
		}
	}
	if code, b := post(http.MethodPost, ByFlow, `{"trace_id":"abc"}`); code != 200 || !strings.Contains(string(b), `"tracing":[],"services":[]`) {
		t.Errorf("unknown: %d %s", code, b)
	}
	if code, b := post(http.MethodGet, Params, ""); code != 200 || !strings.Contains(string(b), "max_iteration") {
		t.Errorf("params: %d %s", code, b)
	}
}

func TestRefused(t *testing.T) {
	post := serve(t)
	one := func(change, to string) string { return strings.Replace(apm(false), change, to, 1) }
	long := strings.Repeat("x", 300)
	for body, what := range map[string]string{
		"": "empty", "{}": "at least one", "[]": "array", apm(false) + "x": "behind its end", "{": "unexpected EOF",
		one(`"trace_id":"`, `"trace_id":"`+long): "app_spans[0].trace_id", one(`"trace_id":"`, `"trace_id":"","x":"`): "app_spans[0].trace_id",
		one(`"span_id":"`, `"span_id":"`+long): "app_spans[0].span_id", one(`"span_id":"`, `"span_id":"","x":"`): "app_spans[0].span_id",
		one(`"span_kind":3`, `"span_kind":9`): "span_kind", one(`"span_kind":3`, `"span_kind":"3"`): "app_spans.span_kind: string",
		one(`"start_time_us":`, `"start_time_us":-`): "start_time_us", one(`"parent_span_id":""`, `"parent_span_id":"`+long+`"`): "parent_span_id",
		one(`"max_iteration":30`, `"max_iteration":0`): "max_iteration", one(`"network_delay_us":3000000`, `"network_delay_us":-1`): "network_delay_us",
		one(`"max_iteration"`, `"signal_sources":["x"],"max_iteration"`): "signal_sources", one(`"span_kind":3`, `"span_kind":3,"attributes":{"a":[]}`): "attributes.a",
		`{"app_spans":[` + strings.Repeat("{},", 5) + `{}]}`: "at most 5",
	} {
		code, b := post(http.MethodPost, ByAppSpans, body)
		if code != 400 || !strings.Contains(string(b), what) || !strings.Contains(string(b), `"OPT_STATUS":"INVALID_POST_DATA"`) || strings.Contains(string(b), "DATA\":") {
			t.Errorf("%s: %d %s", body, code, b)
		}
		var p api.Problem
		if code, b = post(http.MethodPost, Own, body); code != 400 || json.Unmarshal(b, &p) != nil || p.Type != "urn:wirespan:problem:body" || !strings.Contains(p.Detail, what) {
			t.Errorf("%s: %d %s", body, code, b)
		}
	}
	for _, path := range []string{ByAppSpans, Own, ByFlow} {
		if code, b := post(http.MethodPost, path, `{"app_spans":[`+strings.Repeat(" ", 20_000)); code != 413 || !strings.Contains(string(b), "10000 bytes") {
			t.Errorf("%s: too large: %d %s", path, code, b)
		}
		if code, b := post(http.MethodGet, path, ""); code != 405 || !strings.Contains(string(b), "POST") || !strings.HasPrefix(string(b), "{") {
			t.Errorf("%s: GET: %d %s", path, code, b)
		}
	}
	for _, body := range []string{`{"TABLE":"other"}`, `{"DATABASE":"other"}`, `{}`, `{"trace_id":"000"}`, `{"_id":"0"}`, `{"_id":null}`, `{"trace_id":"ab","TIME_START":5,"TIME_END":1}`, `{"trace_id":"ab","HOST_CLOCK_OFFSET_US":0}`, `{"trace_id":"ab","MAX_ITERATION":0}`} {
		if code, b := post(http.MethodPost, ByFlow, body); code != 400 {
			t.Errorf("%s: %d %s", body, code, b)
		}
	}
}

// TestPacked: what is packed is refused, so that little cannot become much.
func TestPacked(t *testing.T) {
	a := &API{Config: Config{Limits: DefaultLimits()}}
	r := httptest.NewRequest(http.MethodPost, Own, strings.NewReader(apm(false)))
	r.Header.Set("Content-Encoding", "gzip")
	w := httptest.NewRecorder()
	a.own(w, r)
	if w.Code != http.StatusUnsupportedMediaType {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}

// FuzzRead: whatever comes, spans or a fault.
func FuzzRead(f *testing.F) {
	f.Add(apm(false))
	f.Add(apm(true))
	f.Add(`{"spans":[{"trace_id":"1","span_id":"2","start_time_us":1,"end_time_us":1,"attributes":{"a":"b"}}]}`)
	a := &API{Config: Config{Limits: DefaultLimits()}}
	f.Fuzz(func(t *testing.T, body string) {
		q, err := a.read(httptest.NewRecorder(), httptest.NewRequest(http.MethodPost, ByAppSpans, strings.NewReader(body)))
		if err != nil {
			return
		}
		for i := range q.spans {
			if s := &q.spans[i]; s.Trace.IsZero() || s.ID.IsZero() || s.Start <= 0 || s.End < s.Start {
				t.Fatalf("%+v of %s", s, body)
			}
		}
	})
}
