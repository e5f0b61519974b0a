package main

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestGateways asserts the trees of everything a gateway does with request
// IDs, for three gateways.
func TestGateways(t *testing.T) {
	t.Parallel()
	gateways := []struct {
		name   string
		port   int // of the form echo; the others follow it
		failed string
		sick   int // port of the upstream that fails
		header string
	}{
		{"nginx", 8081, "503", 9001, "x-request-id"},
		{"haproxy", 8181, "503", 9001, "x-unique-id"},
		{"caddy", 8281, "connection_closed", 9002, "x-request-id"},
	}
	forms := []struct {
		name, rule string
		parent     string // where the gateway's own span carries the ID that links
	}{
		{"echo", "header_id", "response"},
		{"noecho", "sole_candidate", ""},
		{"passon", "header_id", "request"},
		{"replace", "header_id", "both"},
		{"retry", "header_id", "response"},
	}
	for _, g := range gateways {
		for i, f := range forms {
			t.Run(g.name+"-"+f.name, func(t *testing.T) {
				t.Parallel()
				spans := spansOf(t, goldenCapture("gateway-"+g.name+"-"+f.name))
				var want strings.Builder
				for _, path := range []string{"/orders/1", "/orders/2"} {
					if f.name == "retry" && path == "/orders/2" {
						continue
					}
					fmt.Fprintf(&want, "GET %s @192.0.2.20:%d 200\n", path, g.port+i)
					app := "192.0.2.30:9000"
					if f.name == "retry" {
						app = "192.0.2.31:9000"
						fmt.Fprintf(&want, "  GET %s @192.0.2.30:%d %s (%s)\n", path, g.sick, g.failed, f.rule)
					}
					fmt.Fprintf(&want, "  GET %s @%s 200 (%s)\n", path, app, f.rule)
					fmt.Fprintf(&want, "    GET /stock%s @192.0.2.40:9000 200 (header_id)\n", path)
				}
				if d := cmp.Diff(want.String(), forestOf(spans)); d != "" {
					t.Errorf("trees (-want +got):\n%s", d)
				}
				checkCarried(t, spans, g.port+i, g.header, f.parent)
			})
		}
	}
}

// checkCarried holds where the gateway's span shows its ID, and that all spans
// of a trace have one trace id and traces share none.
func checkCarried(t *testing.T, spans []spanLine, port int, header, where string) {
	t.Helper()
	roots := make(map[string]string)
	for i := range spans {
		s := &spans[i]
		if s.Parent == "" {
			if other, ok := roots[s.Trace]; ok {
				t.Errorf("trace %s has two roots: %s and %s", s.Trace, other, s.what())
			}
			roots[s.Trace] = s.what()
		}
		if s.num("network.local.port") != int64(port) {
			continue
		}
		req := strings.HasPrefix(s.str("wirespan.request_id"), header+"=")
		resp := strings.HasPrefix(s.str("wirespan.request_id.response"), header+"=")
		if got := map[[2]bool]string{{true, true}: "both", {true, false}: "request", {false, true}: "response"}[[2]bool{req, resp}]; got != where {
			// nginx returns what it passes on, too
			if where != "request" || got != "both" {
				t.Errorf("%s: the ID is in %q, want %q", s.what(), got, where)
			}
		}
	}
	if len(roots) != len(traceIDs(spans)) {
		t.Errorf("%d roots in %d traces", len(roots), len(traceIDs(spans)))
	}
}

// TestSiblings holds that an ID which repeats among siblings does not make one
// the parent of another, be they at once or one after another.
func TestSiblings(t *testing.T) {
	t.Parallel()
	spans := spansOf(t, goldenCapture("http-siblings"))
	want := wantTree(`
		GET /parallel @192.0.2.30:9000 200
			GET /stock/1 @192.0.2.40:9000 200 (header_id)
			GET /price/1 @192.0.2.40:9000 200 (header_id)
		GET /sequence @192.0.2.30:9000 200
			GET /stock/2 @192.0.2.40:9000 200 (header_id)
			GET /price/2 @192.0.2.40:9000 200 (header_id)
			GET /stock/3 @192.0.2.40:9000 200 (header_id)`)
	if d := cmp.Diff(want, forestOf(spans)); d != "" {
		t.Errorf("trees (-want +got):\n%s", d)
	}
	stock, price := spanNamed(t, spans, "GET /stock/1"), spanNamed(t, spans, "GET /price/1")
	if stock.Start > price.End || price.Start > stock.End {
		t.Error("the parallel calls do not overlap: the capture shows nothing")
	}
}

// TestContexts asserts the trace id of every trace context (SPANS.md, "Ids"),
// at the service that got it and at the one it was handed on to.
func TestContexts(t *testing.T) {
	t.Parallel()
	spans := spansOf(t, goldenCapture("contexts"))
	for _, c := range []struct{ path, trace, kept string }{
		{"w3c", "4bf92f3577b34da6a3ce929d0e0e4736", "traceparent=00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"},
		{"b3", "80f198ee56343ba864fe8b2a57d3eff7", "b3=80f198ee56343ba864fe8b2a57d3eff7-e457b5a2e4d86bd1-1-05e3ac9a4f6e3b90"},
		{"b3multi", "0000000000000000463ac35c9f6413ad", "463ac35c9f6413ad"},
		{"jaeger", "00000000000000005b6c7d8e9fa0b1c2", "uber-trace-id=5b6c7d8e9fa0b1c2:3d4e5f6071829304:0:1"},
		// UUID 3912196d-e0cf-41f4-bab8-a8a8108fc3a8 xor (0, 63, 16294441329780027), each number little-endian
		{"skywalking", "3912196ddfcf41f481ddeeeba56cfaa8", "sw8=1-MzkxMjE5NmRlMGNmNDFmNGJhYjhhOGE4MTA4ZmMzYTguNjMuMTYyOTQ0NDEzMjk3ODAwMjc="},
		{"skywalking-uuid", "de5980b8fce34a37aab9b4ac3af7eedd", "sw8=1-ZGU1OTgwYjgtZmNlMy00YTM3LWFhYjktYjRhYzNhZjdlZWRk"},
		{"datadog", "640cfd8d0000000064fe8b2a57d3eff7", "7277407061855694839"},
		{"xray", "5759e988bd862e3fe1be46a994272793", "1-5759e988-bd862e3fe1be46a994272793"},
		{"cloud", "105445aa7843bc8bf206b12000100000", "105445aa7843bc8bf206b12000100000/2534;o=1"},
	} {
		for _, what := range []string{"GET /" + c.path, "GET /stock/" + c.path} {
			s := spanNamed(t, spans, what)
			if s.Trace != c.trace {
				t.Errorf("%s: trace id %s, want %s", what, s.Trace, c.trace)
			}
			if got := s.str("wirespan.context"); !strings.Contains(got, c.kept) {
				t.Errorf("%s: wirespan.context is %q, want it to keep %q", what, got, c.kept)
			}
		}
		app, stock := spanNamed(t, spans, "GET /"+c.path), spanNamed(t, spans, "GET /stock/"+c.path)
		if stock.Parent != app.ID || stock.str("wirespan.link.rule") != "context" {
			t.Errorf("/stock/%s hangs below %s by %q, want below the call that carried its context", c.path, stock.Parent, stock.str("wirespan.link.rule"))
		}
	}
}
