package api_test

import (
	"context"
	"fmt"
	"net/http/httptest"

	"github.com/wirespan/wirespan/tracer/api"
	"github.com/wirespan/wirespan/tracer/assemble"
	"github.com/wirespan/wirespan/tracer/span"
	"github.com/wirespan/wirespan/tracer/store"
	"github.com/wirespan/wirespan/tracer/store/memory"
)

func ExampleNew() {
	st, err := memory.New(memory.Default())
	if err != nil {
		fmt.Println(err)
		return
	}
	spans := []store.Span{{Trace: span.TraceID{1}, ID: span.SpanID{1}, Start: 1e18, End: 1e18 + 5e6, Kind: span.Server, Service: "shop", Name: "GET /cart"}}
	if err := st.Write(context.Background(), spans); err != nil {
		fmt.Println(err)
		return
	}
	as, err := assemble.New(st, assemble.Default())
	if err != nil {
		fmt.Println(err)
		return
	}
	h, err := api.New(api.Config{Store: st, Assembler: as, Keys: span.NewKeys(), Limits: api.DefaultLimits()})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, path := range []string{"services", "check?q=servce+%3D+shop"} {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest("GET", api.Prefix+path, nil))
		fmt.Print(w.Code, " ", w.Body)
	}
	// Output:
	// 200 {"values":["shop"],"complete":true}
	// 400 {"type":"urn:wirespan:problem:query","title":"the filter cannot be read","status":400,"detail":"unknown field \"servce\", did you mean \"service\"?","parameter":"q","position":0,"length":6,"marker":"servce = shop\n^^^^^^"}
}
