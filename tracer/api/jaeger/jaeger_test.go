package jaeger

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	trace1 "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/encoding/protojson"

	"github.com/wirespan/wirespan/tracer/assemble"
	"github.com/wirespan/wirespan/tracer/assemble/scene"
	"github.com/wirespan/wirespan/tracer/span"
	"github.com/wirespan/wirespan/tracer/store"
	"github.com/wirespan/wirespan/tracer/store/memory"
)

const id1 = "7f3a9c5e1b2d4f608a7c9e1f2b3d4c5e"

// spans are a call that SDKs and packets tell of, and its database.
func spans() []store.Span {
	list := []store.Span{
		scene.SDK("web", "T", "call", "", span.Client, 0, 100),
		scene.Seen{Agent: "a", Point: "eth0", X: 1, From: scene.Client, To: scene.App, Start: 1, End: 99, Context: "T/call", Request: id1}.Net(),
		scene.SDK("shop", "T", "serve", "call", span.Server, 3, 97,
			store.Attr{Key: "list", Value: store.Value{Type: store.Array, List: []store.Value{store.StringValue("x"), store.IntValue(2)}}},
			store.Attr{Key: "http.response.status_code", Value: store.IntValue(503)}),
		scene.Seen{Agent: "a", Point: "eth0", X: 3, From: scene.AppOut, To: scene.DB, Start: 20, End: 80, Proto: "mysql", Parent: "eth0/1", Rule: "thread"}.Net(),
		scene.SDK("other", "O", "alone", "", span.Server, 5000, 5001),
	}
	list[2].Status, list[2].Message = span.Error, "no"
	list[2].Events = []store.Event{{Time: list[2].Start + 5, Name: "e"}}
	return list
}

func serve(t *testing.T) func(path string) (int, []byte) {
	t.Helper()
	st, err := memory.New(memory.Default())
	if err != nil {
		t.Fatal(err)
	}
	if err := st.Write(t.Context(), spans()); err != nil {
		t.Fatal(err)
	}
	asm, err := assemble.New(st, assemble.Default())
	if err != nil {
		t.Fatal(err)
	}
	a, err := New(Config{Store: st, Assembler: asm, Keys: span.NewKeys(), Limits: DefaultLimits(), Now: func() time.Time { return time.Unix(0, scene.Epoch+1e10) }})
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	for _, p := range Paths() {
		mux.Handle("GET "+p, a)
	}
	srv := httptest.NewServer(mux)
	t.Cleanup(srv.Close)
	return func(path string) (int, []byte) {
		t.Helper()
		r, err := http.Get(srv.URL + path)
		if err != nil {
			t.Fatal(err)
		}
		defer r.Body.Close()
		var b strings.Builder
		if _, err := io.Copy(&b, r.Body); err != nil {
			t.Fatal(err)
		}
		return r.StatusCode, []byte(b.String())
	}
}

// client types are those of Grafana's data source and of Jaeger's UI (types/trace.ts).
type client struct {
	Data []struct {
		TraceID string
		Spans   []struct {
			TraceID, SpanID, OperationName, ProcessID string
			References                                []struct{ RefType, TraceID, SpanID string }
			StartTime, Duration                       int64
			Tags                                      []struct {
				Key, Type string
				Value     any
			}
			Logs []struct {
				Timestamp int64
				Fields    []struct{ Key, Value string }
			}
		}
		Processes map[string]struct{ ServiceName string }
	}
	Total  int
	Errors []struct {
		Code int
		Msg  string
	}
}

func parse[T any](t *testing.T, b []byte) (v T) {
	t.Helper()
	if err := json.Unmarshal(b, &v); err != nil {
		t.Fatalf("%v: %s", err, b)
	}
	return v
}

func TestTrace(t *testing.T) {
	get := serve(t)
	id := scene.TraceOf("T").String()
	code, body := get("/api/traces/" + id)
	got := parse[client](t, body)
	if code != 200 || len(got.Data) != 1 || len(got.Data[0].Spans) != 4 {
		t.Fatalf("%d %s", code, body)
	}
	tr := got.Data[0]
	service := func(i int) string { return tr.Processes[tr.Spans[i].ProcessID].ServiceName }
	var order []string
	parents := map[string]string{}
	for i, s := range tr.Spans {
		order = append(order, service(i))
		for _, r := range s.References {
			if r.RefType == "CHILD_OF" {
				parents[s.SpanID] = r.SpanID
			}
		}
		if s.TraceID != id || s.StartTime < scene.Epoch/1000 {
			t.Errorf("%+v", s)
		}
	}
	if want := []string{"web", "shop", "shop", "shop"}; !slices.Equal(order, want) {
		t.Errorf("services %v", order)
	}
	for i := 1; i < 4; i++ {
		if parents[tr.Spans[i].SpanID] != tr.Spans[i-1].SpanID {
			t.Errorf("span %d is not below the one before", i)
		}
	}
	tags := map[string]any{}
	for _, g := range tr.Spans[2].Tags {
		tags[g.Key] = g.Value
	}
	for k, v := range map[string]any{"span.kind": "server", "error": true, "otel.status_description": "no", "list": `["x",2]`, "http.response.status_code": 503.0} {
		if tags[k] != v {
			t.Errorf("tag %s: %v", k, tags[k])
		}
	}
	if l := tr.Spans[2].Logs; len(l) != 1 || l[0].Fields[0].Value != "e" {
		t.Errorf("logs: %+v", l)
	}
	if strings.Contains(string(body), store.AttrFacts) {
		t.Error("facts are shown")
	}
	code, body = get("/api/traces/abc")
	if e := parse[client](t, body); code != 404 || len(e.Errors) != 1 || e.Errors[0].Msg != "trace not found" {
		t.Errorf("%d %s", code, body)
	}
	if code, body = get("/api/traces/xyz"); code != 400 {
		t.Errorf("%d %s", code, body)
	}
}

func TestSearch(t *testing.T) {
	get := serve(t)
	for path, want := range map[string]int{
		"?service=shop": 1,
		"?service=shop&operation=serve&tags=" + url.QueryEscape(`{"error":"true","http.response.status_code":"503"}`): 1,
		"?service=shop&tag=span.kind:server":                       1,
		"?service=shop&tag=http.response.status_code:200":          0,
		"?service=shop&minDuration=1s":                             0,
		"?service=shop&minDuration=90ms&maxDuration=95ms":          1,
		"?service=other&start=1":                                   1,
		"?service=other&end=1":                                     0,
		"?service=nobody":                                          0,
		"?traceID=" + scene.TraceOf("T").String() + "&traceID=abc": 1,
		"?service=shop&lookback=1h&limit=1":                        1,
		"?service=shop&lookback=1s":                                0, // it is 10 s ago
		"?service=shop&lookback=2d":                                1,
		"?service=shop&lookback=custom&maxDuration=&operation=":    1,
		"?service=shop&tags=" + url.QueryEscape(`{"otel.status_code":"ERROR","otel.status_description":"no"}`):                  1,
		"?service=shop&tags=" + url.QueryEscape(`{"otel.status_code":"OK"}`):                                                    0,
		"?service=shop&tags=" + url.QueryEscape(`{"wirespan.signal":"APP","error":true}`):                                       1,
		"?service=shop&tags=" + url.QueryEscape(`{"wirespan.link.rule":"thread","wirespan.agent":"a","wirespan.signal":"NET"}`): 1,
		"?service=shop&tags=" + url.QueryEscape(`{"wirespan.link.rule":"message"}`):                                             0,
	} {
		code, body := get("/api/traces" + path)
		if got := parse[client](t, body); code != 200 || len(got.Data) != want {
			t.Errorf("%s: %d %s", path, code, body)
		}
	}
	for _, path := range []string{"", "?service=a&limit=x", "?service=a&minDuration=fast", "?service=a&tag=x", "?service=a&tags={", "?service=a&start=x", "?service=a&end=-1", "?service=a&start=5&end=4", "?service=a&lookback=long", "?service=a&limit=0"} {
		if code, body := get("/api/traces" + path); code != 400 || !strings.Contains(string(body), `"msg"`) {
			t.Errorf("%s: %d %s", path, code, body)
		}
	}
}

func TestLists(t *testing.T) {
	get := serve(t)
	for path, want := range map[string]string{
		"/api/services":                                             `{"data":["other","shop","web"],"total":3,"limit":0,"offset":0,"errors":null}`,
		"/api/services/shop/operations":                             `{"data":["GET","SELECT","serve"],"total":3,"limit":0,"offset":0,"errors":null}`,
		"/api/operations?service=other":                             `{"data":[{"name":"alone","spanKind":"server"}],"total":1,"limit":0,"offset":0,"errors":null}`,
		"/api/operations?service=shop&spanKind=client":              `{"data":[{"name":"SELECT","spanKind":"client"}],"total":1,"limit":0,"offset":0,"errors":null}`,
		"/api/dependencies?endTs=" + "1700000010000&lookback=60000": `{"data":[{"parent":"shop","child":"db","callCount":1},{"parent":"web","child":"shop","callCount":1}],"total":2,"limit":0,"offset":0,"errors":null}`,
		"/api/v3/services":                                          `{"services":["other","shop","web"]}`,
		"/api/v3/operations?service=other":                          `{"operations":[{"name":"alone","spanKind":"server"}]}`,
		"/api/v3/operations?service=shop&span_kind=SERVER":          `{"operations":[{"name":"GET","spanKind":"server"},{"name":"serve","spanKind":"server"}]}`,
		"/api/services/sh%6Fp/operations":                           `{"data":["GET","SELECT","serve"],"total":3,"limit":0,"offset":0,"errors":null}`,
	} {
		if code, body := get(path); code != 200 || string(body) != want {
			t.Errorf("%s: %d %s", path, code, body)
		}
	}
	if code, body := get("/api/operations?service=shop&spanKind=odd"); code != 400 {
		t.Errorf("%d %s", code, body)
	}
	if code, body := get("/api/v3/nothing"); code != 404 || !strings.Contains(string(body), `"httpCode":404`) {
		t.Errorf("%d %s", code, body)
	}
	if code, body := get("/api/operations"); code != 400 {
		t.Errorf("%d %s", code, body)
	}
	if code, body := get("/api/dependencies?endTs=x"); code != 400 {
		t.Errorf("%d %s", code, body)
	}
}

// TestV3 reads answers as OTLP.
func TestV3(t *testing.T) {
	get := serve(t)
	for _, path := range []string{
		"/api/v3/traces/" + scene.TraceOf("T").String(),
		"/api/v3/traces?query.service_name=shop&query.start_time_min=2023-11-14T22:13:19Z&query.start_time_max=2023-11-15T22:13:19Z&query.attributes=" + url.QueryEscape(`{"error":"true"}`),
	} {
		code, body := get(path)
		r := parse[struct{ Result json.RawMessage }](t, body)
		var data trace1.TracesData
		// Ids are hex in OTLP's JSON, which protobuf's mapping takes for base64: their length is what counts.
		if err := protojson.Unmarshal(r.Result, &data); code != 200 || err != nil {
			t.Fatalf("%s: %d %v %s", path, code, err, body)
		}
		n := 0
		for _, rs := range data.ResourceSpans {
			for _, ss := range rs.ScopeSpans {
				n += len(ss.Spans)
			}
		}
		if n != 4 {
			t.Errorf("%s: %d spans", path, n)
		}
	}
	code, body := get("/api/v3/traces/abc")
	if code != 404 || !strings.Contains(string(body), `"httpCode":404`) {
		t.Errorf("%d %s", code, body)
	}
	if code, body = get("/api/v3/traces?query.service_name=shop&query.start_time_min=yesterday"); code != 400 {
		t.Errorf("%d %s", code, body)
	}
}
