package otlp

import (
	"compress/gzip"
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/grpc"
	"google.golang.org/grpc/mem"
	"google.golang.org/grpc/metadata"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"

	"github.com/wirespan/wirespan/tracer/span"
)

// collector is the far side of both protocols.
type collector struct {
	mu     sync.Mutex
	got    []*tracepb.TracesData
	at     []time.Time
	header []map[string][]string
	web    func(n int, w http.ResponseWriter) bool // reports whether it answered
	call   func(n int) ([]byte, error)
}

// record keeps a request and returns its number from 0.
func (c *collector) record(b []byte, header map[string][]string) (int, error) {
	td := &tracepb.TracesData{}
	if err := proto.Unmarshal(b, td); err != nil {
		return 0, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.got, c.at, c.header = append(c.got, td), append(c.at, time.Now()), append(c.header, header)
	return len(c.got) - 1, nil
}

func (c *collector) spans() (n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, td := range c.got {
		for _, r := range td.ResourceSpans {
			n += len(r.ScopeSpans[0].Spans)
		}
	}
	return n
}

// ServeHTTP takes OTLP/HTTP.
func (c *collector) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body := io.Reader(r.Body)
	if r.Header.Get("Content-Encoding") == "gzip" {
		z, err := gzip.NewReader(r.Body)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		body = z
	}
	b, err := io.ReadAll(body)
	if err != nil || r.URL.Path != "/v1/traces" || r.Header.Get("Content-Type") != "application/x-protobuf" {
		http.Error(w, "not OTLP", http.StatusBadRequest)
		return
	}
	n, err := c.record(b, r.Header)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	if c.web == nil || !c.web(n, w) {
		w.Header().Set("Content-Type", "application/x-protobuf")
	}
}

func serveHTTP(t *testing.T, c *collector) Endpoint {
	t.Helper()
	s := httptest.NewServer(c)
	t.Cleanup(s.Close)
	return endpoint(t, s.URL)
}

func endpoint(t *testing.T, raw string) Endpoint {
	t.Helper()
	e, err := ParseEndpoint(raw)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// bytesCodec passes []byte through on the server.
type bytesCodec struct{}

func (bytesCodec) Marshal(v any) (mem.BufferSlice, error) {
	return mem.BufferSlice{mem.SliceBuffer(*v.(*[]byte))}, nil
}

func (bytesCodec) Unmarshal(data mem.BufferSlice, v any) error {
	*v.(*[]byte) = data.Materialize()
	return nil
}
func (bytesCodec) Name() string { return "proto" }

func serveGRPC(t *testing.T, c *collector, opts ...grpc.ServerOption) Endpoint {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := grpc.NewServer(append(opts, grpc.ForceServerCodecV2(bytesCodec{}))...)
	export := func(_ any, ctx context.Context, dec func(any) error, _ grpc.UnaryServerInterceptor) (any, error) {
		var b, answer []byte
		if err := dec(&b); err != nil {
			return nil, err
		}
		md, _ := metadata.FromIncomingContext(ctx)
		n, err := c.record(b, md)
		if err == nil && c.call != nil {
			answer, err = c.call(n)
		}
		return &answer, err
	}
	s.RegisterService(&grpc.ServiceDesc{
		ServiceName: "opentelemetry.proto.collector.trace.v1.TraceService",
		HandlerType: (*any)(nil),
		Methods:     []grpc.MethodDesc{{MethodName: "Export", Handler: export}},
	}, c)
	var done sync.WaitGroup
	done.Go(func() { s.Serve(l) })
	t.Cleanup(func() { s.Stop(); done.Wait() })
	return endpoint(t, "grpc://"+l.Addr().String())
}

// quick is an ExportConfig whose waits suit a test.
func quick(to Endpoint) ExportConfig {
	x := OfflineExport()
	x.Endpoint = to
	x.Timeout = 5 * time.Second
	x.BatchSpans = 10
	x.Queue.Retry.Initial, x.Queue.Retry.Max = 5*time.Millisecond, 20*time.Millisecond
	return x
}

func openExporter(t *testing.T, x ExportConfig) *Exporter {
	t.Helper()
	e, err := NewExporter(testKeys(), testConfig(), x)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// export writes 25 spans in batches of 10 and closes.
func export(t *testing.T, x ExportConfig) (*Exporter, []span.Span, error) {
	t.Helper()
	e := openExporter(t, x)
	spans := make([]span.Span, 25)
	for i := range spans {
		spans[i] = httpSpan(uint64(i))
	}
	if err := e.WriteSpans(t.Context(), spans); err != nil {
		t.Fatal(err)
	}
	return e, spans, e.Close(t.Context())
}

// partialAnswer is an ExportTraceServiceResponse.
func partialAnswer(rejected uint64, words string) []byte {
	var p []byte
	p = protowire.AppendVarint(protowire.AppendTag(p, 1, protowire.VarintType), rejected)
	p = protowire.AppendString(protowire.AppendTag(p, 2, protowire.BytesType), words)
	return protowire.AppendBytes(protowire.AppendTag(nil, 1, protowire.BytesType), p)
}
