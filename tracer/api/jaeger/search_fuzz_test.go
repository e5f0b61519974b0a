package jaeger

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"
	"time"

	"github.com/wirespan/wirespan/tracer/assemble"
	"github.com/wirespan/wirespan/tracer/assemble/scene"
	"github.com/wirespan/wirespan/tracer/span"
	"github.com/wirespan/wirespan/tracer/store/memory"
)

// FuzzQuestions: whatever is asked, the answer is JSON, and a fault is the asker's.
func FuzzQuestions(f *testing.F) {
	st, err := memory.New(memory.Default())
	if err != nil {
		f.Fatal(err)
	}
	if err := st.Write(f.Context(), spans()); err != nil {
		f.Fatal(err)
	}
	asm, err := assemble.New(st, assemble.Default())
	if err != nil {
		f.Fatal(err)
	}
	a, err := New(Config{Store: st, Assembler: asm, Keys: span.NewKeys(), Limits: DefaultLimits(), Now: func() time.Time { return time.Unix(0, scene.Epoch+1e10) }})
	if err != nil {
		f.Fatal(err)
	}
	for _, s := range [][2]string{
		{"/api/traces", "service=shop&limit=2&lookback=1h&minDuration=1ms&maxDuration=9s&start=1&end=9999999999999999"},
		{"/api/traces", `service=web&tags={"error":"true","span.kind":"client","a b":7}&tag=x:y`},
		{"/api/traces", "traceID=54&traceID=zz&traceID="},
		{"/api/traces/54000000000000000000000000000000", "start=-1&end=x"},
		{"/api/services", ""}, {"/api/operations", "service=shop&spanKind=server"}, {"/api/services/shop/operations", ""},
		{"/api/dependencies", "endTs=1700000009999&lookback=99999999999999999999"},
		{"/api/v3/traces", `query.service_name=shop&query.start_time_min=0001-01-01T00:00:00Z&query.start_time_max=9999-01-01T00:00:00Z&query.search_depth=1&query.attributes={"a":"b"}`},
		{"/api/v3/traces/54000000000000000000000000000000", "start_time=2023-11-14T22:13:20Z"},
		{"/api/v3/operations", "service=shop"}, {"/api/v3/services", ""}, {"/api/v3/traces", "query.service_name=shop&query.attributes=null"},
	} {
		f.Add(s[0], s[1])
	}
	f.Fuzz(func(t *testing.T, path, query string) {
		w := httptest.NewRecorder()
		a.ServeHTTP(w, &http.Request{Method: http.MethodGet, URL: &url.URL{Path: path, RawQuery: query}, Header: http.Header{}})
		if w.Header().Get("Content-Type") != "application/json" {
			if w.Code != http.StatusNotFound && w.Code/100 != 3 { // what the mux answers
				t.Fatalf("%s?%s: %d %s", path, query, w.Code, w.Body)
			}
			return
		}
		if w.Code >= 500 || !json.Valid(w.Body.Bytes()) {
			t.Fatalf("%s?%s: %d %s", path, query, w.Code, w.Body)
		}
	})
}
