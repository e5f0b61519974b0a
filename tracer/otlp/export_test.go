package otlp

import (
	"context"
	"errors"
	"net"
	"net/http"
	"runtime"
	"strings"
	"testing"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/wirespan/wirespan/tracer/sink"
	"github.com/wirespan/wirespan/tracer/span"
)

var _ sink.Sink = (*Exporter)(nil)

// both runs a test over HTTP and gRPC. answers tells the collector for each
// request what to say: "" for success, or an HTTP status and a gRPC code.
func both(t *testing.T, test func(t *testing.T, c *collector, to Endpoint)) {
	t.Run("http", func(t *testing.T) { c := &collector{}; test(t, c, serveHTTP(t, c)) })
	t.Run("grpc", func(t *testing.T) { c := &collector{}; test(t, c, serveGRPC(t, c)) })
}

// say makes the first n requests fail.
func (c *collector) say(n, code int, rpc codes.Code, words string) {
	c.web = func(i int, w http.ResponseWriter) bool {
		if i < n {
			http.Error(w, words, code)
		}
		return i < n
	}
	c.call = func(i int) ([]byte, error) {
		if i < n {
			return nil, status.Error(rpc, words)
		}
		return nil, nil
	}
}

func TestExport(t *testing.T) {
	for _, zip := range []bool{false, true} {
		both(t, func(t *testing.T, c *collector, to Endpoint) {
			x := quick(to)
			x.Gzip, x.Queue.Senders = zip, 1
			x.Headers = map[string]string{"X-Tenant": "blue"}
			e, spans, err := export(t, x)
			if err != nil {
				t.Fatal(err)
			}
			if len(c.got) != 3 || e.Stats().Sent != 25 || e.Stats().LastError != nil {
				t.Fatalf("%d requests, %+v", len(c.got), e.Stats())
			}
			for i, got := range c.got {
				want := official(spans[10*i:min(10*i+10, len(spans))], testKeys(), testConfig())
				if !proto.Equal(got, want) {
					t.Errorf("request %d differs", i)
				}
				h := c.header[i]
				if tenant := append(h["X-Tenant"], h["x-tenant"]...); len(tenant) != 1 || tenant[0] != "blue" {
					t.Errorf("header %v", h)
				}
				if agent := append(h["User-Agent"], h["user-agent"]...); len(agent) != 1 || !strings.HasPrefix(agent[0], "wirespan/1.2.3") {
					t.Errorf("user agent %v", agent)
				}
			}
			if err := e.WriteSpans(t.Context(), spans); !errors.Is(err, sink.ErrClosed) {
				t.Errorf("after Close: %v", err)
			}
			if err := e.Close(t.Context()); err != nil {
				t.Errorf("second Close: %v", err)
			}
		})
	}
}

func TestExportRetries(t *testing.T) {
	https := []int{429, 502, 503, 504}
	rpcs := []codes.Code{codes.Canceled, codes.DeadlineExceeded, codes.Aborted, codes.OutOfRange, codes.Unavailable, codes.DataLoss}
	for i := range rpcs {
		both(t, func(t *testing.T, c *collector, to Endpoint) {
			c.say(2, https[i%len(https)], rpcs[i], "later")
			e, _, err := export(t, quick(to))
			if err != nil {
				t.Fatal(err)
			}
			if st := e.Stats(); st.Sent != 25 || st.Retries != 2 || st.LastError == nil || len(c.got) != 5 {
				t.Errorf("%d requests, %+v", len(c.got), st)
			}
		})
	}
}

func TestExportRefused(t *testing.T) {
	for i, code := range []int{400, 401, 404, 413, 500, 501, 302} {
		both(t, func(t *testing.T, c *collector, to Endpoint) {
			rpc := []codes.Code{codes.InvalidArgument, codes.Unauthenticated, codes.Unimplemented, codes.ResourceExhausted, codes.Internal, codes.Unknown, codes.PermissionDenied}[i]
			c.say(99, code, rpc, "no: token s3cr3t-token is bad")
			x := quick(to)
			x.Headers = map[string]string{"authorization": "Bearer s3cr3t-token"}
			e, _, err := export(t, x)
			if err == nil || strings.Contains(err.Error(), "s3cr3t") || !strings.Contains(err.Error(), "token REDACTED is bad") {
				t.Errorf("Close says %v", err)
			}
			if st := e.Stats(); st.Rejected != 25 || st.Sent+st.Retries+st.Dropped != 0 || len(c.got) != 3 {
				t.Errorf("%d requests, %+v", len(c.got), st)
			}
		})
	}
}

func TestExportPartialSuccess(t *testing.T) {
	both(t, func(t *testing.T, c *collector, to Endpoint) {
		c.web = func(_ int, w http.ResponseWriter) bool {
			w.Header().Set("Content-Type", "application/x-protobuf")
			w.Write(partialAnswer(2, "two are too old"))
			return true
		}
		c.call = func(int) ([]byte, error) { return partialAnswer(2, "two are too old"), nil }
		e, _, err := export(t, quick(to))
		if err == nil || !strings.Contains(err.Error(), "two are too old") {
			t.Errorf("Close says %v", err)
		}
		if st := e.Stats(); st.Sent != 19 || st.Rejected != 6 || st.Retries != 0 || len(c.got) != 3 {
			t.Errorf("%d requests, %+v", len(c.got), st)
		}
	})
}

func TestExportObeysRetryAfter(t *testing.T) {
	both(t, func(t *testing.T, c *collector, to Endpoint) {
		c.web = func(n int, w http.ResponseWriter) bool {
			if n == 0 {
				w.Header().Set("Retry-After", "1")
				w.WriteHeader(http.StatusTooManyRequests)
			}
			return n == 0
		}
		c.call = func(n int) ([]byte, error) {
			if n > 0 {
				return nil, nil
			}
			st, err := status.New(codes.ResourceExhausted, "slow down").WithDetails(&errdetails.RetryInfo{RetryDelay: durationpb.New(time.Second)})
			if err != nil {
				return nil, err
			}
			return nil, st.Err()
		}
		x := quick(to)
		x.Queue.Senders = 1
		e, _, err := export(t, x)
		if err != nil || e.Stats().Retries != 1 {
			t.Fatalf("%v %+v", err, e.Stats())
		}
		if d := c.at[1].Sub(c.at[0]); d < 900*time.Millisecond {
			t.Errorf("came back after %v", d)
		}
	})
}

// closedPort is an address at which nobody listens.
func closedPort(t *testing.T) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

func TestExportUnreachableIsBounded(t *testing.T) {
	for _, scheme := range []string{"http", "grpc"} {
		x := quick(endpoint(t, scheme+"://"+closedPort(t)))
		x.Queue.Retry.Total = 300 * time.Millisecond
		x.Queue.Parcels = 2
		e, begin := openExporter(t, x), time.Now()
		spans, gone := make([]span.Span, 10), 0
		for range 100 {
			if errors.Is(e.WriteSpans(t.Context(), spans), sink.ErrGone) {
				gone++
			}
		}
		err := e.Close(t.Context())
		if d := time.Since(begin); d > 5*time.Second || err == nil || !strings.Contains(err.Error(), "refused") {
			t.Errorf("%s: after %v: %v", scheme, d, err)
		}
		if st := e.Stats(); st.Dropped != 1000 || gone == 0 {
			t.Errorf("%s: %+v", scheme, st)
		}
	}
}

func TestExportLiveNeverWaits(t *testing.T) {
	for _, scheme := range []string{"http", "grpc"} {
		x := quick(endpoint(t, scheme+"://"+closedPort(t)))
		x.Queue.Block, x.Queue.Parcels, x.Queue.Retry.Total = false, 3, time.Hour
		e, begin := openExporter(t, x), time.Now()
		var full int
		for range 100 {
			if errors.Is(e.WriteSpans(t.Context(), make([]span.Span, 10)), sink.ErrFull) {
				full++
			}
		}
		if d := time.Since(begin); d > 2*time.Second || full != 97 {
			t.Errorf("%s: %v, %d times full", scheme, d, full)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
		defer cancel()
		err := e.Close(ctx)
		if d := time.Since(begin); d > 4*time.Second || err == nil || e.Stats().Dropped != 1000 {
			t.Errorf("%s: closed after %v: %v %+v", scheme, d, err, e.Stats())
		}
	}
}

func TestExportSendsPartialBatchInTime(t *testing.T) {
	both(t, func(t *testing.T, c *collector, to Endpoint) {
		x := quick(to)
		x.BatchDelay = 20 * time.Millisecond
		e := openExporter(t, x)
		for i := range 3 {
			if err := e.WriteSpans(t.Context(), []span.Span{httpSpan(uint64(i))}); err != nil {
				t.Fatal(err)
			}
		}
		for deadline := time.Now().Add(5 * time.Second); c.spans() < 3; time.Sleep(5 * time.Millisecond) {
			if time.Now().After(deadline) {
				t.Fatalf("%d spans arrived", c.spans())
			}
		}
		if err := e.Close(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

func TestExportBatchBytesAndNoDelay(t *testing.T) {
	c := &collector{}
	x := quick(serveHTTP(t, c))
	x.BatchBytes, x.BatchSpans, x.BatchDelay = 2000, 1000, 0
	if _, _, err := export(t, x); err != nil {
		t.Fatal(err)
	}
	if n := len(c.got); n < 8 || n > 13 || c.spans() != 25 {
		t.Errorf("%d requests with %d spans", n, c.spans())
	}
}

func TestExportLeavesNoGoroutine(t *testing.T) {
	both(t, func(t *testing.T, c *collector, to Endpoint) {
		if _, _, err := export(t, quick(to)); err != nil { // what starts once starts here
			t.Fatal(err)
		}
		before := runtime.NumGoroutine()
		for range 5 {
			if _, _, err := export(t, quick(to)); err != nil {
				t.Fatal(err)
			}
		}
		for deadline := time.Now().Add(5 * time.Second); runtime.NumGoroutine() > before; time.Sleep(5 * time.Millisecond) {
			if time.Now().After(deadline) {
				b := make([]byte, 1<<16)
				t.Fatalf("%d goroutines, %d before\n%s", runtime.NumGoroutine(), before, b[:runtime.Stack(b, true)])
			}
		}
	})
}
