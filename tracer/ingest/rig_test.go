package ingest

import (
	"bytes"
	"compress/gzip"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/klauspost/compress/zstd"
	commonpb "go.opentelemetry.io/proto/otlp/common/v1"
	resourcepb "go.opentelemetry.io/proto/otlp/resource/v1"
	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"

	"github.com/wirespan/wirespan/tracer/store"
)

// shelf is a store that keeps ids, and answers as it is told.
type shelf struct {
	mu    sync.Mutex
	spans map[string]int
	write func(ctx context.Context, spans []store.Span) error
}

func (s *shelf) Write(ctx context.Context, spans []store.Span) error {
	if s.write != nil {
		if err := s.write(ctx, spans); err != nil {
			return err
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.spans == nil {
		s.spans = make(map[string]int)
	}
	for i := range spans {
		s.spans[spans[i].Service+" "+spans[i].ID.String()]++
	}
	return nil
}

func (s *shelf) len() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.spans)
}

// settings suit a test.
func settings() Config {
	c := Default()
	c.Wait, c.WriteTimeout, c.RetryAfter = 10*time.Millisecond, 5*time.Second, time.Second
	return c
}

func receiver(t testing.TB, c Config, w Writer) *Receiver {
	t.Helper()
	r, err := New(c, w)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// otlpRequest is n spans of OTLP; change may spoil them.
func otlpRequest(t testing.TB, n int, change func(i int, p *tracepb.Span)) []byte {
	t.Helper()
	ss := &tracepb.ScopeSpans{}
	for i := range n {
		p := &tracepb.Span{
			TraceId: bytes.Repeat([]byte{1}, 16), SpanId: []byte{1, 2, 3, 4, 5, 6, byte(i >> 8), byte(i)}, Name: "GET /",
			StartTimeUnixNano: 1_700_000_000e9, EndTimeUnixNano: 1_700_000_001e9,
		}
		if change != nil {
			change(i, p)
		}
		ss.Spans = append(ss.Spans, p)
	}
	b, err := proto.Marshal(&tracepb.TracesData{ResourceSpans: []*tracepb.ResourceSpans{{
		Resource:   &resourcepb.Resource{Attributes: []*commonpb.KeyValue{{Key: "service.name", Value: &commonpb.AnyValue{Value: &commonpb.AnyValue_StringValue{StringValue: "web"}}}}},
		ScopeSpans: []*tracepb.ScopeSpans{ss},
	}}})
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// httpReply is what became of an HTTP request.
type httpReply struct {
	status int
	header http.Header
	body   string
}

// send sends a body; headers come in pairs.
func send(t testing.TB, h http.Handler, path string, body []byte, header ...string) httpReply {
	t.Helper()
	req := httptest.NewRequestWithContext(t.Context(), http.MethodPost, path, bytes.NewReader(body))
	for i := 0; i < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, req)
	return httpReply{w.Code, w.Header(), w.Body.String()}
}

func routes(r *Receiver) http.Handler {
	mux := http.NewServeMux()
	r.Routes(mux)
	return mux
}

func packGzip(t testing.TB, b []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	z := gzip.NewWriter(&out)
	if _, err := z.Write(b); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func packZstd(t testing.TB, b []byte) []byte {
	t.Helper()
	z, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	return z.EncodeAll(b, nil)
}

// partialOf reads rejected_spans and error_message of an answer.
func partialOf(t testing.TB, answer []byte) (rejected uint64, words string) {
	t.Helper()
	for len(answer) > 0 {
		_, _, n := protowire.ConsumeTag(answer)
		p, m := protowire.ConsumeBytes(answer[n:])
		if n < 0 || m < 0 {
			t.Fatalf("answer %x", answer)
		}
		answer = answer[n+m:]
		for len(p) > 0 {
			id, kind, n := protowire.ConsumeTag(p)
			p = p[n:]
			switch {
			case id == 1 && kind == protowire.VarintType:
				rejected, n = protowire.ConsumeVarint(p)
			case id == 2 && kind == protowire.BytesType:
				var b []byte
				b, n = protowire.ConsumeBytes(p)
				words = string(b)
			default:
				t.Fatalf("field %d", id)
			}
			p = p[n:]
		}
	}
	return rejected, words
}

// raw is a codec of bytes for the client's side.
type raw struct{}

func (raw) Marshal(v any) ([]byte, error) { return *v.(*[]byte), nil }
func (raw) Unmarshal(b []byte, v any) error {
	*v.(*[]byte) = bytes.Clone(b)
	return nil
}
func (raw) Name() string { return "proto" }

// dial serves a receiver and returns a connection to it.
func dial(t testing.TB, r *Receiver, opts ...grpc.DialOption) *grpc.ClientConn {
	t.Helper()
	conn, err := grpc.NewClient("passthrough:///"+listen(t, r), append(opts, grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithDefaultCallOptions(grpc.ForceCodec(raw{})))...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return conn
}

// reconcile demands that every span that came was kept or refused.
func reconcile(t testing.TB, r *Receiver) Counts {
	t.Helper()
	c := r.Counts()
	for f := range c {
		refused := uint64(0)
		for _, n := range c[f].Refused {
			refused += n
		}
		if c[f].Received != c[f].Kept+refused {
			t.Errorf("%v: %d spans received, %d kept, %d refused", Format(f), c[f].Received, c[f].Kept, refused)
		}
	}
	return c
}

// broken ends with an error.
type broken struct{ r io.Reader }

func (b broken) Read(p []byte) (int, error) {
	n, err := b.r.Read(p)
	if err == io.EOF {
		err = io.ErrUnexpectedEOF
	}
	return n, err
}
