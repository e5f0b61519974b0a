package main

import (
	"compress/gzip"
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	trace "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	_ "google.golang.org/grpc/encoding/gzip" // the receiver takes packed requests
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
)

// receiver takes spans over OTLP, by HTTP and by gRPC. It is busy the first
// time it is asked, so that the exporter has to try again.
type receiver struct {
	mu      sync.Mutex
	asked   int
	busy    bool
	got     []*trace.ResourceSpans
	headers http.Header
	packed  bool
}

func (r *receiver) refuse() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.asked++
	return r.busy && r.asked == 1
}

// keep takes a request; TracesData has the fields of ExportTraceServiceRequest,
// whose package would bring the gRPC gateway with it.
func (r *receiver) keep(req *trace.TracesData) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.got = append(r.got, req.ResourceSpans...)
}

// export is the method of the gRPC service.
func (r *receiver) export(_ any, _ context.Context, decode func(any) error, _ grpc.UnaryServerInterceptor) (any, error) {
	var req trace.TracesData
	if err := decode(&req); err != nil {
		return nil, err
	}
	if r.refuse() {
		return nil, status.Error(codes.Unavailable, "busy")
	}
	r.keep(&req)
	return &trace.TracesData{}, nil
}

func (r *receiver) ServeHTTP(w http.ResponseWriter, q *http.Request) {
	if q.URL.Path != "/v1/traces" || q.Header.Get("Content-Type") != "application/x-protobuf" {
		http.Error(w, "not OTLP", http.StatusNotFound)
		return
	}
	if r.refuse() {
		w.WriteHeader(http.StatusServiceUnavailable)
		return
	}
	body := io.Reader(q.Body)
	if q.Header.Get("Content-Encoding") == "gzip" {
		z, err := gzip.NewReader(body)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		body = z
	}
	b, err := io.ReadAll(body)
	var req trace.TracesData
	if err != nil || proto.Unmarshal(b, &req) != nil {
		http.Error(w, "not a request", http.StatusBadRequest)
		return
	}
	r.keep(&req)
	r.mu.Lock()
	r.headers, r.packed = q.Header, q.Header.Get("Content-Encoding") == "gzip"
	r.mu.Unlock()
	w.Header().Set("Content-Type", "application/x-protobuf")
}

// serveGRPC starts a gRPC server on loopback and returns its address.
func serveGRPC(t *testing.T, r *receiver) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := grpc.NewServer()
	s.RegisterService(&grpc.ServiceDesc{
		ServiceName: "opentelemetry.proto.collector.trace.v1.TraceService", HandlerType: (*any)(nil),
		Methods: []grpc.MethodDesc{{MethodName: "Export", Handler: r.export}},
	}, r)
	go func() { _ = s.Serve(l) }()
	t.Cleanup(s.Stop)
	return l.Addr().String()
}

// received flattens what came in.
func (r *receiver) received() (spans []*trace.Span, services map[string]bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	services = make(map[string]bool)
	for _, rs := range r.got {
		for _, a := range rs.Resource.Attributes {
			if a.Key == "service.name" {
				services[a.Value.GetStringValue()] = true
			}
		}
		for _, ss := range rs.ScopeSpans {
			spans = append(spans, ss.Spans...)
		}
	}
	return spans, services
}

// TestExport sends the demo to real receivers on loopback, which are busy at
// first, and wants every span there, in pairs.
func TestExport(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		open func(*receiver) string
		args []string
	}{
		{"http", func(r *receiver) string {
			s := httptest.NewServer(r)
			t.Cleanup(s.Close)
			return s.URL
		}, nil},
		{"http-gzip", func(r *receiver) string {
			s := httptest.NewServer(r)
			t.Cleanup(s.Close)
			return s.URL + "/v1/traces"
		}, []string{"--otlp-gzip", "--otlp-header", "X-Tenant=shop"}},
		{"grpc", func(r *receiver) string { return "grpc://" + serveGRPC(t, r) }, nil},
		{"grpc-gzip", func(r *receiver) string { return "grpc://" + serveGRPC(t, r) }, []string{"--otlp-gzip"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := &receiver{busy: true}
			o := wirespan(t, append(append([]string{"read", "--otlp", c.open(r)}, c.args...), demoCaptures()...)...)
			if o.code != 0 || o.stdout != "" {
				t.Errorf("exit status %d, stdout %q, stderr:\n%s", o.code, o.stdout, o.stderr)
			}
			spans, services := r.received()
			if !services["stock.example"] || !services["billing.example"] {
				t.Errorf("services %v", services)
			}
			checkPairs(t, spans)
			if want := strings.HasSuffix(c.name, "http-gzip"); r.packed != want {
				t.Errorf("gzip %v, want %v", r.packed, want)
			}
			if c.name == "http-gzip" && r.headers.Get("X-Tenant") != "shop" {
				t.Errorf("the header of --otlp-header is missing: %v", r.headers)
			}
		})
	}
}

// checkPairs wants exactly one CLIENT and one SERVER span for every HTTP
// exchange, the latter the child of the former, and one CLIENT span for DNS.
func checkPairs(t *testing.T, spans []*trace.Span) {
	t.Helper()
	type pair struct{ client, server []*trace.Span }
	by := make(map[string]*pair)
	http := make(map[string]bool)
	ids := make(map[string]bool)
	for _, s := range spans {
		key := ""
		for _, a := range s.Attributes {
			switch a.Key {
			case "wirespan.exchange":
				key = a.Value.GetStringValue()
			case "http.request.method":
				http[key] = true
			}
		}
		if ids[string(s.SpanId)] {
			t.Errorf("span id %x of %s is used twice", s.SpanId, s.Name)
		}
		ids[string(s.SpanId)] = true
		if by[key] == nil {
			by[key] = &pair{}
		}
		switch s.Kind {
		case trace.Span_SPAN_KIND_CLIENT:
			by[key].client = append(by[key].client, s)
		case trace.Span_SPAN_KIND_SERVER:
			by[key].server = append(by[key].server, s)
		}
	}
	if len(http) == 0 {
		t.Fatal("no HTTP span was exported")
	}
	for key, p := range by {
		switch {
		case !http[key]:
			if len(p.client) != 1 || len(p.server) != 0 {
				t.Errorf("exchange %s: %d CLIENT and %d SERVER spans, want one CLIENT span", key, len(p.client), len(p.server))
			}
		case len(p.client) != 1 || len(p.server) != 1:
			t.Errorf("exchange %s: %d CLIENT and %d SERVER spans, want one of each", key, len(p.client), len(p.server))
		case string(p.server[0].TraceId) != string(p.client[0].TraceId):
			t.Errorf("exchange %s: its spans are in two traces", key)
		}
	}
}

// TestExportFails holds that a receiver which is not there costs the exit
// status, in bounded time, and that spans are counted as lost.
func TestExportFails(t *testing.T) {
	if testing.Short() {
		t.Skip("waits as long as an exporter does")
	}
	t.Parallel()
	r := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusBadRequest) }))
	t.Cleanup(r.Close)
	o := wirespan(t, append([]string{"read", "--otlp", r.URL}, demoCaptures()...)...)
	if !strings.Contains(o.stderr, "spans not exported") && !strings.Contains(o.stderr, "rejected by the receiver") {
		t.Errorf("exit status %d; spans that a receiver refused are not counted:\n%s", o.code, o.stderr)
	}
	if s := wirespan(t, append([]string{"read", "--strict", "--otlp", r.URL}, demoCaptures()...)...); s.code != 1 {
		t.Errorf("exit status %d with --strict, want 1:\n%s", s.code, s.stderr)
	}
}
