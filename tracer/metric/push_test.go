package metric

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
	"time"

	metricspb "go.opentelemetry.io/proto/otlp/metrics/v1"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	_ "google.golang.org/grpc/encoding/gzip" // the receiver takes packed requests
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/emptypb"
)

// receiver takes metrics over OTLP, by HTTP and by gRPC, with the official
// types. It is busy the first time it is asked.
type receiver struct {
	mu     sync.Mutex
	asked  int
	got    []*metricspb.MetricsData
	token  string
	refuse int // points said to be refused
}

func (r *receiver) take(req *metricspb.MetricsData, token string) (busy bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.token = token
	if r.asked++; r.asked == 1 {
		return true
	}
	r.got = append(r.got, req)
	return false
}

// answer is an ExportMetricsServiceResponse.
func (r *receiver) answer() []byte {
	if r.refuse == 0 {
		return nil
	}
	p := protowire.AppendTag(nil, 1, protowire.VarintType)
	p = protowire.AppendVarint(p, uint64(r.refuse))
	p = protowire.AppendTag(p, 2, protowire.BytesType)
	p = protowire.AppendString(p, "too many, with s3cret-token")
	b := protowire.AppendTag(nil, 1, protowire.BytesType)
	return protowire.AppendBytes(b, p)
}

func (r *receiver) ServeHTTP(w http.ResponseWriter, q *http.Request) {
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
	var req metricspb.MetricsData
	if err != nil || q.URL.Path != "/v1/metrics" || q.Header.Get("Content-Type") != "application/x-protobuf" || proto.Unmarshal(b, &req) != nil {
		http.Error(w, "not a request", http.StatusBadRequest)
		return
	}
	if r.take(&req, q.Header.Get("X-Token")) {
		w.Header().Set("Retry-After", "0")
		w.WriteHeader(http.StatusServiceUnavailable)
		return
	}
	w.Header().Set("Content-Type", "application/x-protobuf")
	_, _ = w.Write(r.answer())
}

func (r *receiver) export(_ any, ctx context.Context, decode func(any) error, _ grpc.UnaryServerInterceptor) (any, error) {
	var req metricspb.MetricsData
	if err := decode(&req); err != nil {
		return nil, err
	}
	md, _ := metadata.FromIncomingContext(ctx)
	if r.take(&req, strings.Join(md.Get("x-token"), "")) {
		return nil, status.Error(codes.Unavailable, "busy")
	}
	var out emptypb.Empty
	out.ProtoReflect().SetUnknown(r.answer())
	return &out, nil
}

func serveGRPC(t *testing.T, r *receiver) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := grpc.NewServer()
	s.RegisterService(&grpc.ServiceDesc{
		ServiceName: "opentelemetry.proto.collector.metrics.v1.MetricsService", HandlerType: (*any)(nil),
		Methods: []grpc.MethodDesc{{MethodName: "Export", Handler: r.export}},
	}, r)
	go func() { _ = s.Serve(l) }()
	t.Cleanup(s.Stop)
	return "grpc://" + l.Addr().String()
}

func push(t *testing.T, url string, change func(*PushConfig)) *Pusher {
	t.Helper()
	c := DefaultPush()
	var err error
	if c.Endpoint, err = ParseEndpoint(url); err != nil {
		t.Fatal(err)
	}
	c.Headers, c.Gather = map[string]string{"X-Token": "s3cret-token"}, sample
	c.Origin = Origin{Scope: "s", Version: "1", Resource: []Label{{ServiceName, "wirespan"}}}
	c.Interval = time.Hour
	if change != nil {
		change(&c)
	}
	p, err := NewPusher(c)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// TestPush exports to real receivers that are busy at first, and wants every
// point there.
func TestPush(t *testing.T) {
	for _, c := range []struct {
		name string
		open func(*receiver) string
		gzip bool
	}{
		{"http", func(r *receiver) string { return serveHTTP(t, r) }, false},
		{"http-gzip", func(r *receiver) string { return serveHTTP(t, r) }, true},
		{"grpc", func(r *receiver) string { return serveGRPC(t, r) }, false},
		{"grpc-gzip", func(r *receiver) string { return serveGRPC(t, r) }, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			r := &receiver{}
			p := push(t, c.open(r), func(x *PushConfig) { x.Gzip = c.gzip })
			if err := p.Close(t.Context()); err != nil {
				t.Fatal(err)
			}
			if len(r.got) != 1 || r.asked != 2 || r.token != "s3cret-token" {
				t.Fatalf("%d messages in %d attempts, token %q", len(r.got), r.asked, r.token)
			}
			if n := len(r.got[0].ResourceMetrics); n != 3 {
				t.Errorf("%d resources, want 3", n)
			}
			if st := p.Stats(); st.Sent != 6 || st.Retries != 1 || st.Dropped+st.Rejected != 0 {
				t.Errorf("stats %+v", st)
			}
		})
	}
}

func serveHTTP(t *testing.T, r *receiver) string {
	s := httptest.NewServer(r)
	t.Cleanup(s.Close)
	return s.URL
}

// TestPartialSuccess holds that points which the receiver refuses are counted,
// and that its words do not repeat our secrets.
func TestPartialSuccess(t *testing.T) {
	for _, open := range []func(*receiver) string{func(r *receiver) string { return serveHTTP(t, r) }, func(r *receiver) string { return serveGRPC(t, r) }} {
		r := &receiver{refuse: 4, asked: 1}
		p := push(t, open(r), nil)
		err := p.Close(t.Context())
		if err == nil || !strings.Contains(err.Error(), "4 refused") || !strings.Contains(err.Error(), "REDACTED") || strings.Contains(err.Error(), "s3cret") {
			t.Errorf("error %v", err)
		}
		if st := p.Stats(); st.Sent != 2 || st.Rejected != 4 {
			t.Errorf("stats %+v", st)
		}
	}
}

// TestPushAtInterval holds that exports go on by themselves.
func TestPushAtInterval(t *testing.T) {
	r := &receiver{asked: 1}
	p := push(t, serveHTTP(t, r), func(c *PushConfig) { c.Interval = 100 * time.Millisecond })
	for count := 0; count < 3; {
		time.Sleep(20 * time.Millisecond)
		r.mu.Lock()
		count = len(r.got)
		r.mu.Unlock()
	}
	if err := p.Close(t.Context()); err != nil {
		t.Error(err)
	}
}

// TestPushGivesUp holds that a receiver that is not there costs no more than
// the time given to Close, and that what was lost is counted.
func TestPushGivesUp(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := l.Addr().String()
	l.Close()
	for _, scheme := range []string{"http", "grpc"} {
		p := push(t, scheme+"://"+addr, nil)
		ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
		err := p.Close(ctx)
		cancel()
		if st := p.Stats(); err == nil || st.Dropped != 6 || st.Sent != 0 {
			t.Errorf("%s: %v, stats %+v", scheme, err, st)
		}
	}
}

// TestRefusalIsFinal holds that an answer which trying again will not change is
// not tried again.
func TestRefusalIsFinal(t *testing.T) {
	n := 0
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		n++
		http.Error(w, "no", http.StatusUnauthorized)
	}))
	t.Cleanup(s.Close)
	p := push(t, s.URL, nil)
	if err := p.Close(t.Context()); err == nil || n != 1 || p.Stats().Rejected != 6 {
		t.Errorf("%v after %d attempts, stats %+v", err, n, p.Stats())
	}
}

func TestPushValidate(t *testing.T) {
	_, err := NewPusher(PushConfig{})
	for _, key := range []string{"endpoint", "interval", "timeout", "gather"} {
		if err == nil || !strings.Contains(err.Error(), key) {
			t.Errorf("%q is not in %v", key, err)
		}
	}
}
