package complete

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

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
		r := got.Data.Tracing[1]
		for k, want := range map[string]any{
			"trace_id": scene.TraceOf("T").String(), "x_request_id_0": "7f3a9c5e1b2d4f608a7c9e1f2b3d4c5e", "req_tcp_seq": 1.0, "resp_tcp_seq": 2.0,
			"duration": 98000.0, "l7_protocol": 20.0, "vtap_id": "a", "app_service": "shop", "response_status": 0.0,
		} {
			if r[k] != want {
				t.Errorf("%s: %v, want %v", k, r[k], want)
			}
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
		var got struct{ Data tracing }
		if err := json.Unmarshal(b, &got); err != nil || code != 200 || len(got.Data.Tracing) != 3 || len(got.Data.Services) == 0 {
			t.Errorf("%s: %d %v %s", body, code, err, b)
		}
	}
	if code, b := post(http.MethodPost, ByFlow, `{"trace_id":"abc"}`); code != 200 || !strings.Contains(string(b), `"tracing":[]`) {
		t.Errorf("unknown: %d %s", code, b)
	}
	if code, b := post(http.MethodGet, Params, ""); code != 200 || !strings.Contains(string(b), "max_iteration") {
		t.Errorf("params: %d %s", code, b)
	}
}

func TestRefused(t *testing.T) {
	post := serve(t)
	one := func(change, to string) string { return strings.Replace(apm(false), change, to, 1) }
	for body, what := range map[string]string{
		"": "no JSON", "{}": "at least one", one(`"trace_id":"`, `"trace_id":"x`): "app_spans[0].trace_id", one(`"span_id":"`, `"span_id":"x`): "app_spans[0].span_id",
		one(`"span_kind":3`, `"span_kind":9`): "span_kind", one(`"start_time_us":`, `"start_time_us":-`): "start_time_us", one(`"parent_span_id":""`, `"parent_span_id":"zz"`): "parent_span_id",
		`{"app_spans":[` + strings.Repeat("{},", 5) + `{}]}`: "at most 5",
	} {
		code, b := post(http.MethodPost, ByAppSpans, body)
		if code != 400 || !strings.Contains(string(b), what) || !strings.Contains(string(b), "INVALID_PARAMETERS") {
			t.Errorf("%s: %d %s", body, code, b)
		}
		if code, b = post(http.MethodPost, Own, body); code != 400 || !strings.Contains(string(b), "detail") {
			t.Errorf("%s: %d %s", body, code, b)
		}
	}
	if code, b := post(http.MethodPost, ByAppSpans, `{"app_spans":[`+strings.Repeat(" ", 20_000)); code != 413 {
		t.Errorf("too large: %d %s", code, b)
	}
	for _, body := range []string{`{"TABLE":"other"}`, `{}`, `{"trace_id":"x y"}`, `{"_id":"zz"}`, `{"trace_id":"ab","TIME_START":5,"TIME_END":1}`} {
		if code, b := post(http.MethodPost, ByFlow, body); code != 400 {
			t.Errorf("%s: %d %s", body, code, b)
		}
	}
}

// FuzzRead: whatever comes, spans or a fault.
func FuzzRead(f *testing.F) {
	f.Add(apm(false))
	f.Add(apm(true))
	f.Add(`{"spans":[{"trace_id":"1","span_id":"2","start_time_us":1,"end_time_us":1,"attributes":{"a":"b"}}]}`)
	a := &API{Config: Config{Limits: DefaultLimits()}}
	f.Fuzz(func(t *testing.T, body string) {
		spans, err := a.read(httptest.NewRequest(http.MethodPost, ByAppSpans, strings.NewReader(body)))
		if err != nil {
			return
		}
		for i := range spans {
			if s := &spans[i]; s.Trace.IsZero() || s.ID.IsZero() || s.Start <= 0 || s.End < s.Start {
				t.Fatalf("%+v of %s", s, body)
			}
		}
	})
}
