package api

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/wirespan/wirespan/tracer/assemble"
	"github.com/wirespan/wirespan/tracer/span"
	"github.com/wirespan/wirespan/tracer/store/memory"
)

// BenchmarkAsk is what questions cost over 200 traces of five spans in memory.
func BenchmarkAsk(b *testing.B) {
	st, err := memory.New(memory.Default())
	if err != nil {
		b.Fatal(err)
	}
	for i := range 200 {
		if err := st.Write(b.Context(), requestSpans(i)); err != nil {
			b.Fatal(err)
		}
	}
	as, err := assemble.New(st, assemble.Default())
	if err != nil {
		b.Fatal(err)
	}
	a, err := New(Config{Store: st, Assembler: as, Keys: span.NewKeys(), Limits: DefaultLimits(), Now: func() time.Time { return sceneEnd.Add(time.Hour) }})
	if err != nil {
		b.Fatal(err)
	}
	for _, path := range []string{
		"traces?limit=20", "spans?limit=100", "spans?limit=100&text=nowhere", "traces/" + requestSpans(7)[0].Trace.String(), "map?from=0&traces=120", "rates?from=-3h&step=1m",
	} {
		b.Run(path, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				rec := httptest.NewRecorder()
				a.ServeHTTP(rec, httptest.NewRequest(http.MethodGet, Prefix+path, nil))
				if rec.Code != http.StatusOK {
					b.Fatal(rec.Body)
				}
			}
		})
	}
}
