package ingest

import (
	"context"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/wirespan/wirespan/tracer/ingest/batch"
	"github.com/wirespan/wirespan/tracer/span"
	"github.com/wirespan/wirespan/tracer/store"
)

// buildSDK builds the program that exports with the OpenTelemetry SDK.
func buildSDK(t *testing.T) string {
	t.Helper()
	if testing.Short() {
		t.Skip("builds the OpenTelemetry SDK")
	}
	goTool, err := exec.LookPath("go")
	if err != nil {
		t.Skip("no go command, which builds the OpenTelemetry SDK")
	}
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	program := filepath.Join(t.TempDir(), "otelexport")
	build := exec.CommandContext(ctx, goTool, "build", "-o", program, ".")
	build.Dir = "../../testdata/e2e/otelexport"
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Skipf("the OpenTelemetry SDK does not build here: %v\n%s", err, out)
	}
	return program
}

// TestSDK takes what the OpenTelemetry SDK exports, in all of its ways. The store is full
// at first: the exporters must understand when to come again.
func TestSDK(t *testing.T) {
	program := buildSDK(t)
	for _, c := range []struct{ protocol, compression string }{{"grpc", "none"}, {"grpc", "gzip"}, {"http/protobuf", "none"}, {"http/protobuf", "gzip"}} {
		t.Run(c.protocol+" "+c.compression, func(t *testing.T) {
			t.Parallel() // they wait most of the time
			var mu sync.Mutex
			var spans []store.Span
			full := true
			s := &shelf{write: func(context.Context, []store.Span) error {
				mu.Lock()
				defer mu.Unlock()
				if full {
					full = false
					return store.ErrFull
				}
				return nil
			}}
			set := settings()
			set.RetryAfter = 100 * time.Millisecond
			set.Tap = func(list []store.Span) {
				mu.Lock()
				defer mu.Unlock()
				for i := range list {
					spans = append(spans, list[i].Clone())
				}
			}
			r := receiver(t, set, s)
			endpoint := "http://" + listen(t, r)
			if c.protocol != "grpc" {
				web := httptest.NewServer(routes(r))
				t.Cleanup(web.Close)
				endpoint = web.URL
			}
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			cmd := exec.CommandContext(ctx, program)
			cmd.Env = append(os.Environ(), "OTEL_EXPORTER_OTLP_ENDPOINT="+endpoint, "OTEL_EXPORTER_OTLP_PROTOCOL="+c.protocol,
				"OTEL_EXPORTER_OTLP_COMPRESSION="+c.compression, "OTEL_SERVICE_NAME=shop", "OTEL_RESOURCE_ATTRIBUTES=service.instance.id=i7")
			out, err := cmd.Output()
			if err != nil {
				t.Fatalf("%v: %s", err, out)
			}
			ids := strings.Fields(string(out))
			mu.Lock()
			defer mu.Unlock()
			if len(ids) != 3 || len(spans) != 2 {
				t.Fatalf("ids %v, %d spans", ids, len(spans))
			}
			client, server := &spans[0], &spans[1] // in the order in which they ended
			if server.Trace.String() != ids[0] || server.ID.String() != ids[1] || client.ID.String() != ids[2] || client.Trace != server.Trace || client.Parent != server.ID {
				t.Errorf("ids %v; server %v %v, client %v below %v", ids, server.Trace, server.ID, client.ID, client.Parent)
			}
			if server.Kind != span.Server || client.Kind != span.Client || client.Status != span.Error || client.Message != "gone" || server.Service != "shop" || server.Instance != "i7" ||
				server.Scope != "shop" || server.Text("otel.scope.version") != "1.2" || server.Signal != store.APP || client.End < client.Start {
				t.Errorf("%+v\n%+v", server, client)
			}
			tags, _ := server.Attr("tags")
			if n, _ := server.Int("http.response.status_code"); n != 500 || len(tags.List) != 2 || tags.List[1].Str != "b" {
				t.Errorf("%+v", server.Attrs)
			}
			if len(client.Events) != 1 || client.Events[0].Name != "exception" || len(client.Links) != 1 || client.Links[0].ID != server.ID {
				t.Errorf("events %+v, links %+v", client.Events, client.Links)
			}
			kept, refused := uint64(0), uint64(0)
			for _, n := range reconcile(t, r) {
				kept += n.Kept
				refused += n.Refused[batch.StoreFull]
			}
			if kept != 2 || refused != 2 {
				t.Errorf("%d spans kept, %d refused: the store was full once", kept, refused)
			}
		})
	}
}
