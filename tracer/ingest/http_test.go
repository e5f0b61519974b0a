package ingest

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	"github.com/wirespan/wirespan/tracer/ingest/batch"
	"github.com/wirespan/wirespan/tracer/store"
)

func asJSON(t testing.TB, b []byte) []byte {
	t.Helper()
	td := &tracepb.TracesData{}
	if err := proto.Unmarshal(b, td); err != nil {
		t.Fatal(err)
	}
	text, err := protojson.Marshal(td)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// TestForms sends one request in every form and encoding.
func TestForms(t *testing.T) {
	body := otlpRequest(t, 300, nil)
	for _, c := range []struct {
		name, kind, encoding string
		body                 []byte
		format               Format
	}{
		{"protobuf", typeProtobuf, "", body, OTLPProtobuf},
		{"protobuf, identity", typeProtobuf, "identity", body, OTLPProtobuf},
		{"protobuf, gzip", "application/protobuf", "gzip", packGzip(t, body), OTLPProtobuf},
		{"protobuf, zstd", typeProtobuf, "zstd", packZstd(t, body), OTLPProtobuf},
		{"JSON", typeJSON, "", asJSON(t, body), OTLPJSON},
		{"JSON, charset, gzip", typeJSON + "; charset=utf-8", "gzip", packGzip(t, asJSON(t, body)), OTLPJSON},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := &shelf{}
			r := receiver(t, settings(), s)
			for range 2 { // the second time with what the first one left in the pools
				got := send(t, routes(r), PathOTLP, c.body, "Content-Type", c.kind, "Content-Encoding", c.encoding)
				want := ""
				if c.format == OTLPJSON {
					want = "{}"
				}
				if got.status != http.StatusOK || got.body != want {
					t.Fatalf("%d %q", got.status, got.body)
				}
			}
			if n := reconcile(t, r)[c.format]; s.len() != 300 || n.Kept != 600 || n.Requests != 2 || n.Bytes < 600 {
				t.Errorf("%d spans in the store, %+v", s.len(), n)
			}
		})
	}
}

// TestPartialSuccess spoils single spans.
func TestPartialSuccess(t *testing.T) {
	body := otlpRequest(t, 10, func(i int, p *tracepb.Span) {
		switch i {
		case 1:
			p.TraceId = p.TraceId[:8]
		case 2:
			p.SpanId = nil
		case 3:
			p.ParentSpanId = []byte{1}
		case 4:
			p.StartTimeUnixNano = uint64(time.Now().Add(48 * time.Hour).UnixNano())
		}
	})
	const words = "spans refused: 1 without a trace id of 16 bytes, 1 without a span id of 8 bytes, 1 with a parent id that has not 8 bytes, 1 without a start, or with one that is far ahead of the clock, 2 more than a request may have"
	c := settings()
	c.Limits.Spans = 4
	r := receiver(t, c, &shelf{})
	got := send(t, routes(r), PathOTLP, body, "Content-Type", typeProtobuf)
	if n, said := partialOf(t, []byte(got.body)); got.status != 200 || n != 6 || said != words {
		t.Errorf("%d: %d refused, %q", got.status, n, said)
	}
	got = send(t, routes(r), PathOTLP, asJSON(t, body), "Content-Type", typeJSON)
	if want := `{"partialSuccess":{"rejectedSpans":"6","errorMessage":"` + words + `"}}`; got.status != 200 || got.body != want {
		t.Errorf("%d: %s", got.status, got.body)
	}
	n := reconcile(t, r)
	want := [batch.NumReasons]uint64{batch.BadTraceID: 1, batch.BadSpanID: 1, batch.BadParentID: 1, batch.BadTime: 1, batch.TooMany: 2}
	if n[OTLPProtobuf].Refused != want || n[OTLPJSON].Refused != want {
		t.Errorf("counted %v and %v", n[OTLPProtobuf].Refused, n[OTLPJSON].Refused)
	}
}

// TestRefusedRequests has everything for which a request is refused as a whole.
func TestRefusedRequests(t *testing.T) {
	c := settings()
	c.MaxBody = 4096
	body := otlpRequest(t, 10, nil)
	bomb := bytes.Repeat([]byte{0}, 1<<20)
	for _, f := range []struct {
		name   string
		path   string
		body   []byte
		header []string
		status int
		fault  Fault
	}{
		{"cut", PathOTLP, body[:len(body)-3], []string{"Content-Type", typeProtobuf}, 400, Malformed},
		{"no JSON", PathOTLP, []byte(`{"resourceSpans":`), []string{"Content-Type", typeJSON}, 400, Malformed},
		{"no type", PathOTLP, body, nil, 415, Unsupported},
		{"other type", PathOTLP, body, []string{"Content-Type", "text/html"}, 415, Unsupported},
		{"encoding", PathOTLP, body, []string{"Content-Type", typeProtobuf, "Content-Encoding", "br"}, 415, Unsupported},
		{"damaged gzip", PathOTLP, packGzip(t, body)[:40], []string{"Content-Type", typeProtobuf, "Content-Encoding", "gzip"}, 400, Malformed},
		{"no gzip", PathOTLP, body, []string{"Content-Type", typeProtobuf, "Content-Encoding", "gzip"}, 400, Malformed},
		{"damaged zstd", PathOTLP, packZstd(t, body)[:20], []string{"Content-Type", typeProtobuf, "Content-Encoding", "zstd"}, 400, Malformed},
		{"large", PathOTLP, bomb, []string{"Content-Type", typeProtobuf}, 413, TooLarge},
		{"gzip bomb", PathOTLP, packGzip(t, bomb), []string{"Content-Type", typeProtobuf, "Content-Encoding", "gzip"}, 413, TooLarge},
		{"zstd bomb", PathOTLP, packZstd(t, bomb), []string{"Content-Type", typeProtobuf, "Content-Encoding", "zstd"}, 413, TooLarge},
		{"zipkin", PathZipkin, []byte(`{`), []string{"Content-Type", typeJSON}, 400, Malformed},
		{"zipkin's thrift", PathZipkin, []byte(`{`), []string{"Content-Type", "application/x-thrift"}, 415, Unsupported},
		{"skywalking", PathSkyWalking, []byte(`[`), nil, 400, Malformed},
	} {
		t.Run(f.name, func(t *testing.T) {
			s := &shelf{}
			r := receiver(t, c, s)
			got := send(t, routes(r), f.path, f.body, f.header...)
			if got.status != f.status || got.body == "" || got.header.Get("Retry-After") != "" {
				t.Errorf("%d %q, retry after %q", got.status, got.body, got.header.Get("Retry-After"))
			}
			faults, requests := uint64(0), uint64(0)
			for _, n := range reconcile(t, r) {
				faults += n.Faults[f.fault]
				requests += n.Requests
			}
			if faults != 1 || requests != 1 || s.len() != 0 {
				t.Errorf("%d faults counted of %d requests, %d spans in the store", faults, requests, s.len())
			}
		})
	}
}

// TestStoreFails looks at what senders are told when the store does not take spans.
func TestStoreFails(t *testing.T) {
	for _, c := range []struct {
		name string
		err  func(context.Context) error
		why  batch.Reason
	}{
		{"full", func(context.Context) error { return store.ErrFull }, batch.StoreFull},
		{"slow", func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }, batch.StoreSlow},
		{"failed", func(context.Context) error { return errors.New("disk of host7 is gone") }, batch.StoreFailed},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := &shelf{write: func(ctx context.Context, _ []store.Span) error { return c.err(ctx) }}
			set := settings()
			set.WriteTimeout, set.RetryAfter = 20*time.Millisecond, 3*time.Second
			r := receiver(t, set, s)
			got := send(t, routes(r), PathOTLP, otlpRequest(t, 7, nil), "Content-Type", typeProtobuf)
			after, err := strconv.Atoi(got.header.Get("Retry-After"))
			if got.status != 503 || err != nil || after < 3 || after > 6 || strings.Contains(got.body, "host7") {
				t.Errorf("%d, retry after %q: %q", got.status, got.header.Get("Retry-After"), got.body)
			}
			if n := reconcile(t, r)[OTLPProtobuf]; n.Refused[c.why] != 7 || n.Kept != 0 {
				t.Errorf("%+v", n)
			}
			s.write = nil
			if got := send(t, routes(r), PathOTLP, otlpRequest(t, 7, nil), "Content-Type", typeProtobuf); got.status != 200 || s.len() != 7 {
				t.Errorf("%d when the store is well again", got.status)
			}
		})
	}
}

// TestBusy fills all places.
func TestBusy(t *testing.T) {
	c := settings()
	c.MaxConcurrent = 1
	inside, leave := make(chan struct{}), make(chan struct{})
	s := &shelf{write: func(context.Context, []store.Span) error { inside <- struct{}{}; <-leave; return nil }}
	r := receiver(t, c, s)
	done := make(chan httpReply)
	body := otlpRequest(t, 1, nil)
	go func() { done <- send(t, routes(r), PathOTLP, body, "Content-Type", typeProtobuf) }()
	<-inside
	got := send(t, routes(r), PathOTLP, body, "Content-Type", typeJSON)
	if got.status != 429 || got.header.Get("Retry-After") == "" || !strings.Contains(got.body, `"code":8`) {
		t.Errorf("%d %q", got.status, got.body)
	}
	close(leave)
	if got := <-done; got.status != 200 {
		t.Errorf("the first one: %d", got.status)
	}
	if n := reconcile(t, r); n[OTLPJSON].Faults[Busy] != 1 {
		t.Errorf("%+v", n[OTLPJSON])
	}
}

// TestSenderGoes breaks off in the middle of the body, and while the store writes.
func TestSenderGoes(t *testing.T) {
	s := &shelf{}
	r := receiver(t, settings(), s)
	body := otlpRequest(t, 5, nil)
	req := httptest.NewRequestWithContext(t.Context(), http.MethodPost, PathOTLP, broken{bytes.NewReader(body)})
	req.Header.Set("Content-Type", typeProtobuf)
	w := httptest.NewRecorder()
	routes(r).ServeHTTP(w, req)
	if n := reconcile(t, r)[OTLPProtobuf]; w.Code != 400 || n.Faults[Broken] != 1 || s.len() != 0 {
		t.Errorf("%d, %+v", w.Code, n)
	}
	ctx, cancel := context.WithCancel(t.Context())
	s.write = func(ctx context.Context, _ []store.Span) error { cancel(); return ctx.Err() }
	req = httptest.NewRequestWithContext(ctx, http.MethodPost, PathOTLP, bytes.NewReader(body))
	req.Header.Set("Content-Type", typeProtobuf)
	routes(r).ServeHTTP(httptest.NewRecorder(), req)
	if n := reconcile(t, r)[OTLPProtobuf]; n.Kept != 5 || s.len() != 5 {
		t.Errorf("writing ended with the sender: %+v", n)
	}
}

func TestTap(t *testing.T) {
	var seen []string
	c := settings()
	c.Tap = func(spans []store.Span) {
		for i := range spans {
			seen = append(seen, spans[i].Service+" "+spans[i].Name)
		}
	}
	s := &shelf{}
	r := receiver(t, c, s)
	send(t, routes(r), PathOTLP, otlpRequest(t, 2, nil), "Content-Type", typeProtobuf)
	s.write = func(context.Context, []store.Span) error { return store.ErrFull }
	send(t, routes(r), PathOTLP, otlpRequest(t, 2, nil), "Content-Type", typeProtobuf)
	if len(seen) != 2 || seen[0] != "web GET /" {
		t.Errorf("seen %v", seen)
	}
}

// TestDecoderPanics makes sure that a mistake of ours costs one request.
func TestDecoderPanics(t *testing.T) {
	r := receiver(t, settings(), &shelf{})
	_, ft := r.take(t.Context(), Zipkin, 1, func(*batch.Batch) error { panic("mistake") })
	if ft == nil || ft.status() != 500 || ft.code() != codeInternal || r.Counts()[Zipkin].Faults[Panicked] != 1 {
		t.Errorf("%+v", ft)
	}
}

func TestOtherPaths(t *testing.T) {
	s := &shelf{}
	r := receiver(t, settings(), s)
	h := routes(r)
	if got := send(t, h, PathZipkin, []byte(`[{"traceId":"1","id":"2","timestamp":5},{"traceId":"x","id":"2","timestamp":5}]`), "Content-Type", typeJSON); got.status != 202 {
		t.Errorf("zipkin: %d %s", got.status, got.body)
	}
	if got := send(t, h, PathZipkin, []byte(`[{"traceId":"x","id":"2","timestamp":5}]`)); got.status != 400 || !strings.Contains(got.body, "trace id") {
		t.Errorf("zipkin, nothing kept: %d %s", got.status, got.body)
	}
	const segment = `{"traceId":"t","traceSegmentId":"s","service":"sw","serviceInstance":"i","spans":[{"spanId":0,"parentSpanId":-1,"startTime":5,"endTime":6,"spanType":"Entry"}]}`
	for path, body := range map[string]string{
		PathSkyWalkingInstance: `{"service":"sw","serviceInstance":"i","properties":[{"hostname":"h"}]}`, PathSkyWalkingAlive: `{"service":"sw","serviceInstance":"i"}`,
		PathSkyWalking: segment, PathSkyWalkingList: "[" + segment + "]",
	} {
		if got := send(t, h, path, []byte(body), "Content-Type", typeJSON); got.status != 200 || got.body != "{}" {
			t.Errorf("%s: %d %s", path, got.status, got.body)
		}
	}
	if s.len() != 2 {
		t.Errorf("%v", s.spans)
	}
	for _, path := range []string{"/v1/metrics", "/v1/logs"} {
		if got := send(t, h, path, nil); got.status != 404 || !strings.Contains(got.body, "_EXPORTER=none") {
			t.Errorf("%s: %d %s", path, got.status, got.body)
		}
	}
	for _, path := range []string{PathOTLP, PathZipkin, PathSkyWalking} {
		w := httptest.NewRecorder()
		req := httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, nil)
		req.Header.Set("Content-Type", typeJSON)
		if h.ServeHTTP(w, req); w.Code != 405 || w.Header().Get("Allow") != "POST" {
			t.Errorf("GET %s: %d", path, w.Code)
		}
	}
	reconcile(t, r)
	families := r.Families()
	if len(families) != 8 || families[4].Name != "wirespan.ingest.spans.kept" || len(families[4].Points) != int(NumFormats) {
		t.Errorf("%d families", len(families))
	}
}

func TestConfig(t *testing.T) {
	if _, err := New(Config{}, &shelf{}); err == nil || !strings.Contains(err.Error(), "max-body") || !strings.Contains(err.Error(), "max-spans") {
		t.Errorf("got %v", err)
	}
}
