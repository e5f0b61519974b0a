package api

import (
	"net/http"
	"strings"
	"testing"
)

// TestEveryRoute: each route of the document gives an answer of its schema (world.ask
// holds it to that).
func TestEveryRoute(t *testing.T) {
	w := newWorld(t, 5, nil)
	spans := get[Spans](w, "spans?limit=1").Spans
	if len(spans) != 1 {
		t.Fatal("there are no spans")
	}
	trace, id := spans[0].TraceID, spans[0].SpanID
	samples := map[string][]string{
		"traces": {"traces?limit=2"}, "traces/{id}": {"traces/" + trace, "traces/" + id, "traces/" + trace + "?format=tree&why=true", "traces/" + trace + "?format=otlp"},
		"spans": {"spans?limit=2"}, "spans/{id}": {"spans/" + id}, "services": {"services"}, "operations": {"operations"}, "attributes": {"attributes"},
		"attributes/{name}/values": {"attributes/service/values", "attributes/http.request.method/values"},
		"map":                      {"map?from=2020-01-01"}, "rates": {"rates?from=2020-01-01&step=24h"}, "check": {"check?q=error"}, "stats": {"stats"}, "limits": {"limits"}, "openapi.json": {"openapi.json"},
		"spans/{id}/packets": nil, "live": nil, "complete": nil, // TestPackets, TestLive; package complete
	}
	for _, rt := range routes() {
		path := strings.TrimPrefix(rt.path, Prefix)
		list, ok := samples[path]
		if !ok {
			t.Errorf("%s: no sample of an answer", path)
		}
		for _, p := range list {
			if rec := w.ask(p); rec.Code != http.StatusOK || rec.Body.Len() == 0 {
				t.Errorf("%s: %d %s", p, rec.Code, rec.Body)
			}
		}
	}
}
