package tempo

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	trace1 "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"

	"github.com/wirespan/wirespan/tracer/assemble"
	"github.com/wirespan/wirespan/tracer/assemble/scene"
	"github.com/wirespan/wirespan/tracer/query"
	"github.com/wirespan/wirespan/tracer/span"
	"github.com/wirespan/wirespan/tracer/store"
	"github.com/wirespan/wirespan/tracer/store/memory"
)

func TestTranslate(t *testing.T) {
	for q, want := range map[string]string{
		`{}`: "",
		`{ resource.service.name = "shop" && span.http.status_code >= 500 }`: `("service.name" = "shop" and "http.status_code" >= "500")`,
		`{ .a = "x\"y" || !(duration > 1.5s && name =~ "GET.*") }`:           `("a" = "x\"y" or not ((duration > "1.5s" and name ~ "^(?:GET.*)$")))`,
		`{ status = error } || {kind=server}`:                                `(error) or (kind = "server")`,
		"{ status != ok && span.`x` }":                                       "",
		`{ span.db.name != nil }`:                                            `exists "db.name"`,
		`{ nestedSetParent<0 && true && .a = 1 && traceDuration>10ms }`:      `"a" = "1"`,
		`{ (rootName = "x") && true }`:                                       "",
		`{ true || .a = 1 }`:                                                 "",
		`{ span."odd key" = true }`:                                          `"odd key" = "true"`,
	} {
		got, _, err := translate(q)
		if strings.Contains(q, "`") {
			if err == nil {
				t.Errorf("%s: no fault", q)
			}
			continue
		}
		if err != nil || got != want {
			t.Errorf("%s: %q, %v", q, got, err)
		}
		if _, err := query.ParseStored(got, span.NewKeys()); err != nil {
			t.Errorf("%s: %v", got, err)
		}
	}
	for q, place := range map[string]string{
		`{ .a = "x" } >> { .b = "y" }`: "at 14", `{ .a = "x" } && { .b = "y" }`: "at 14", `{ .a = "x" } | count() > 2`: "at 14",
		`{ childCount > 1 }`: "at 3", `{ rootName = "x" || .a = "b" }`: "at 18", `{ .a = "b" || rootName = "x" }`: "at 30", `{ !(rootName = "x") }`: "at 21",
		`{ traceDuration > soon }`: "at 19", `{ traceDuration =~ "1s" }`: "at 20", `{ rootName > "a" }`: "at 14", `{ rootName =~ "(" }`: "at 15", `{ rootName }`: "at 12", `{ rootName = "x" } || {}`: "at 20", `{} || { rootName = "x" }`: "at 25",
		`{ !true }`: "at 9", `{ .a = }`: "at 8", `{ .a = "x" `: "at 12", `.a = "x"`: "at 1", `{ status = bad }`: "at 12", `{ .a = "never ends }`: "at 8",
		"{" + strings.Repeat("(", 100) + ".a" + strings.Repeat(")", 100) + "}": "at 6",
	} {
		if got, _, err := translate(q); err == nil || !strings.Contains(err.Error(), place) {
			t.Errorf("%s: %q, %v", q, got, err)
		}
	}
}

// FuzzTranslate: whatever comes, the result is an expression or a fault with a place.
func FuzzTranslate(f *testing.F) {
	for _, s := range []string{`{ .a = "x" && (duration > 1s || !status = error) }`, `{} || { name =~ "a" }`, "{ span.\"a b\" = `c` }", `{ .a = "\`} {
		f.Add(s)
	}
	keys := span.NewKeys()
	f.Add(`{ nestedSetParent<0 && traceDuration > 1s || rootName =~ "a" }`)
	f.Fuzz(func(t *testing.T, q string) {
		out, _, err := translate(q)
		if err != nil {
			var e *SyntaxError
			if !errors.As(err, &e) || e.At < 0 || e.At > len(q) {
				t.Fatalf("%q: fault %v", q, err)
			}
			return
		}
		if _, err := query.ParseStored(out, keys); err != nil && strings.Contains(err.Error(), "expected") {
			t.Fatalf("%q became %q: %v", q, out, err)
		}
	})
}

func serve(t *testing.T) func(path, accept string) (int, []byte) {
	t.Helper()
	st, err := memory.New(memory.Default())
	if err != nil {
		t.Fatal(err)
	}
	list := []store.Span{
		scene.SDK("web", "T", "call", "", span.Client, 0, 100),
		scene.Seen{Agent: "a", Point: "eth0", X: 1, From: scene.Client, To: scene.App, Start: 1, End: 99, Context: "T/call"}.Net(),
		scene.SDK("shop", "T", "serve", "call", span.Server, 3, 97, store.Attr{Key: "http.response.status_code", Value: store.IntValue(503)}, store.Attr{Key: "cart.size", Value: store.IntValue(2)}),
		scene.SDK("other", "O", "alone", "", span.Server, 5000, 5001),
	}
	list[2].Status, list[2].Message = span.Error, "no"
	if err := st.Write(t.Context(), list); err != nil {
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
	srv := httptest.NewServer(a)
	t.Cleanup(srv.Close)
	return func(path, accept string) (int, []byte) {
		t.Helper()
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, srv.URL+Prefix+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Accept", accept)
		res, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		b, err := io.ReadAll(res.Body)
		if err != nil {
			t.Fatal(err)
		}
		return res.StatusCode, b
	}
}

func count(t *testing.T, b []byte) (n int) {
	t.Helper()
	var data trace1.TracesData
	if err := proto.Unmarshal(b, &data); err != nil {
		t.Fatal(err)
	}
	ids := map[string]bool{}
	for _, rs := range data.ResourceSpans {
		for _, ss := range rs.ScopeSpans {
			for _, s := range ss.Spans {
				n++
				ids[string(s.SpanId)] = true
			}
		}
	}
	for _, rs := range data.ResourceSpans {
		for _, ss := range rs.ScopeSpans {
			for _, s := range ss.Spans {
				if p := string(s.ParentSpanId); p != "" && !ids[p] {
					t.Errorf("%s has an unknown parent", s.Name)
				}
			}
		}
	}
	return n
}

// TestTrace reads a trace as Grafana does: protobuf, of both versions, and as people do.
func TestTrace(t *testing.T) {
	get := serve(t)
	id := scene.TraceOf("T").String()
	if code, b := get("/api/traces/"+id, "application/protobuf"); code != 200 || count(t, b) != 3 {
		t.Errorf("v1: %d %q", code, b)
	}
	code, b := get("/api/v2/traces/"+id+"?start=1&end=2000000000", "application/protobuf")
	num, kind, n := protowire.ConsumeTag(b)
	if code != 200 || num != 1 || kind != protowire.BytesType {
		t.Fatalf("v2: %d %q", code, b)
	}
	inner, _ := protowire.ConsumeBytes(b[n:])
	if count(t, inner) != 3 {
		t.Errorf("v2: %q", b)
	}
	for path, key := range map[string]string{"/api/traces/": "batches", "/api/v2/traces/": "trace"} {
		code, b := get(path+id, "application/json")
		var v map[string]any
		if err := json.Unmarshal(b, &v); code != 200 || err != nil || v[key] == nil || strings.Contains(string(b), store.AttrFacts) {
			t.Errorf("%s: %d %v %s", path, code, err, b)
		}
	}
	for path, want := range map[string]int{"abc": 404, "xyz": 400, id + "?start=x": 400, id + "?start=5&end=4": 400} {
		if code, b := get("/api/traces/"+path, ""); code != want {
			t.Errorf("%s: %d %s", path, code, b)
		}
	}
}

func TestSearch(t *testing.T) {
	get := serve(t)
	for q, want := range map[string]int{
		"": 2, "?q=" + url.QueryEscape(`{ resource.service.name = "shop" && status = error }`): 1,
		"?q=" + url.QueryEscape(`{ span.http.response.status_code >= 500 && duration > 90ms }`): 1,
		"?q=" + url.QueryEscape(`{ resource.service.name = "nobody" }`):                         0,
		"?tags=" + url.QueryEscape(`service.name="shop" http.response.status_code=503`):         1,
		"?tags=" + url.QueryEscape(`service.name=other`) + "&minDuration=1s":                    0,
		"?limit=1": 1, "?start=1&end=2": 0,
		"?q=" + url.QueryEscape(`{ nestedSetParent < 0 && true }`):                                  2,
		"?q=" + url.QueryEscape(`{ name = "serve" && nestedSetParent < 0 }`):                        0,
		"?q=" + url.QueryEscape(`{ name = "serve" && nestedSetParent >= 0 }`):                       1,
		"?q=" + url.QueryEscape(`{ traceDuration > 50ms }`):                                         1,
		"?q=" + url.QueryEscape(`{ trace:duration <= 50ms }`):                                       1,
		"?q=" + url.QueryEscape(`{ rootName = "call" && name = "serve" }`):                          1,
		"?q=" + url.QueryEscape(`{ rootServiceName =~ "we." && trace:rootName != "x" }`):            1,
		"?q=" + url.QueryEscape(`{ rootServiceName !~ "we." }`):                                     1,
		"?q=" + url.QueryEscape(`{ resource.service.name = "shop" && rootName = "alone" && true }`): 0,
		"?q=" + url.QueryEscape(`{ statusMessage = "no" }`):                                         1,
	} {
		code, b := get("/api/search"+q, "")
		var v struct {
			Traces []struct {
				TraceID, RootServiceName string
				SpanSets                 []struct {
					Matched int
					Spans   []struct{ SpanID string }
				}
			}
		}
		if err := json.Unmarshal(b, &v); code != 200 || err != nil || len(v.Traces) != want {
			t.Errorf("%s: %d %v %s", q, code, err, b)
			continue
		}
		for _, tr := range v.Traces {
			if len(tr.SpanSets) != 1 || tr.SpanSets[0].Matched == 0 || len(tr.SpanSets[0].Spans) == 0 {
				t.Errorf("%s: no spans in %+v", q, tr)
			}
		}
	}
	for _, q := range []string{"?q=x", "?limit=0", "?minDuration=fast", "?tags=novalue", `?tags=a="b`, "?start=x", "?q=" + url.QueryEscape(`{ name =~ "(" }`)} {
		if code, b := get("/api/search"+q, ""); code != 400 || len(b) < 10 {
			t.Errorf("%s: %d %s", q, code, b)
		}
	}
}

func TestTags(t *testing.T) {
	get := serve(t)
	for path, want := range map[string]string{
		"/api/echo":                           "echo",
		"/ready":                              "ready",
		"/api/search/tag/service.name/values": `"shop"`,
		"/api/v2/search/tag/resource.service.name/values":          `{"type":"string","value":"web"}`,
		"/api/v2/search/tag/status/values":                         `"error"`,
		"/api/v2/search/tag/rootName/values":                       `"alone"`,
		"/api/v2/search/tag/rootServiceName/values":                `"web"`,
		"/api/v2/search/tag/span.http.response.status_code/values": `{"type":"int","value":"503"}`,
		"/api/search/tags":                                         `"http.request.method"`,
		"/api/search/tags?scope=intrinsic":                         `"duration"`,
		"/api/v2/search/tags":                                      `"name":"resource"`,
		"/api/status/buildinfo":                                    `"version"`,
	} {
		if code, b := get(path, ""); code != 200 || !strings.Contains(string(b), want) || strings.Contains(string(b), store.AttrFacts) {
			t.Errorf("%s: %d %s", path, code, b)
		}
	}
	// What SDKs send is listed where it lies, within the time that is asked for.
	for path, want := range map[string]bool{"?scope=span": true, "?scope=resource": false, "?scope=span&start=1&end=2": false} {
		if code, b := get("/api/v2/search/tags"+path, ""); code != 200 || strings.Contains(string(b), `"cart.size"`) != want {
			t.Errorf("%s: %d %s", path, code, b)
		}
	}
	if code, b := get("/api/v2/search/tags?start=x", ""); code != 400 {
		t.Errorf("%d %s", code, b)
	}
	if code, b := get("/api/search/tag/"+store.AttrFacts+"/values", ""); code != 400 {
		t.Errorf("%d %s", code, b)
	}
}
