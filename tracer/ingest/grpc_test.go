package ingest

import (
	"context"
	"encoding/hex"
	"io"
	"os"
	"strings"
	"testing"
	"time"

	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/encoding/gzip"
	"google.golang.org/grpc/status"

	"github.com/wirespan/wirespan/tracer/ingest/batch"
	"github.com/wirespan/wirespan/tracer/store"
)

const methodExport = "/" + serviceOTLP + "/Export"

func export(t testing.TB, conn *grpc.ClientConn, body []byte, opts ...grpc.CallOption) ([]byte, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	var answer []byte
	err := conn.Invoke(ctx, methodExport, &body, &answer, opts...)
	return answer, err
}

func TestExport(t *testing.T) {
	s := &shelf{}
	r := receiver(t, settings(), s)
	conn := dial(t, r)
	if answer, err := export(t, conn, otlpRequest(t, 500, nil)); err != nil || len(answer) != 0 || s.len() != 500 {
		t.Fatalf("%v, answer %x, %d spans", err, answer, s.len())
	}
	if _, err := export(t, conn, otlpRequest(t, 600, nil), grpc.UseCompressor(gzip.Name)); err != nil || s.len() != 600 {
		t.Fatalf("gzip: %v, %d spans", err, s.len())
	}
	answer, err := export(t, conn, otlpRequest(t, 3, func(i int, p *tracepb.Span) { p.SpanId = p.SpanId[:8*min(i, 1)] }))
	if err != nil {
		t.Fatal(err)
	}
	if n, words := partialOf(t, answer); n != 1 || words != "spans refused: 1 without a span id of 8 bytes" {
		t.Errorf("%d refused, %q", n, words)
	}
	if _, err := export(t, conn, []byte{0xff}); status.Code(err) != codes.InvalidArgument {
		t.Errorf("malformed: %v", err)
	}
	if n := reconcile(t, r)[OTLPGRPC]; n.Requests != 4 || n.Kept != 1102 || n.Faults[Malformed] != 1 || n.Refused[batch.BadSpanID] != 1 {
		t.Errorf("%+v", n)
	}
}

// packer packs what a client sends.
type packer struct{ t testing.TB }

func (p packer) Do(w io.Writer, b []byte) error {
	_, err := w.Write(packZstd(p.t, b))
	return err
}
func (packer) Type() string { return "zstd" }

// TestZstd takes what a Collector sends that is told to pack with zstd.
func TestZstd(t *testing.T) {
	s := &shelf{}
	r := receiver(t, settings(), s)
	conn := dial(t, r, grpc.WithCompressor(packer{t})) //nolint:staticcheck // the other way is a registry of the process
	for range 2 {
		if _, err := export(t, conn, otlpRequest(t, 30, nil)); err != nil {
			t.Fatal(err)
		}
	}
	if n := reconcile(t, r)[OTLPGRPC]; n.Kept != 60 || s.len() != 30 {
		t.Errorf("%+v", n)
	}
	z := unzstd{&r.unpackers, 1 << 20}
	body := otlpRequest(t, 20, nil)
	got, err := z.Do(strings.NewReader(string(packZstd(t, body))))
	if err != nil || string(got) != string(body) || z.Type() != "zstd" {
		t.Errorf("%d bytes, %v", len(got), err)
	}
	if _, err := z.Do(strings.NewReader(string(packZstd(t, make([]byte, 2<<20))))); err == nil {
		t.Error("no limit")
	}
}

// TestRetryInfo looks at what a Collector's exporter looks at.
func TestRetryInfo(t *testing.T) {
	s := &shelf{write: func(context.Context, []store.Span) error { return store.ErrFull }}
	c := settings()
	c.RetryAfter = 1500 * time.Millisecond
	r := receiver(t, c, s)
	_, err := export(t, dial(t, r), otlpRequest(t, 2, nil))
	st := status.Convert(err)
	if st.Code() != codes.Unavailable || st.Message() != "the store is full" || len(st.Details()) != 1 {
		t.Fatalf("%v, details %v", err, st.Details())
	}
	info, ok := st.Details()[0].(*errdetails.RetryInfo)
	if !ok {
		t.Fatalf("detail %v", st.Details()[0])
	}
	if d := info.RetryDelay.AsDuration(); d < c.RetryAfter || d > 2*c.RetryAfter {
		t.Errorf("retry after %v", d)
	}
}

// TestAdmit has more requests than may wait.
func TestAdmit(t *testing.T) {
	c := settings()
	c.MaxConcurrent, c.Wait = 1, time.Minute
	inside, leave := make(chan struct{}, 1), make(chan struct{})
	s := &shelf{write: func(context.Context, []store.Span) error { inside <- struct{}{}; <-leave; return nil }}
	r := receiver(t, c, s)
	conn := dial(t, r)
	body := otlpRequest(t, 1, nil)
	errs := make(chan error)
	for range waiting {
		go func() { _, err := export(t, conn, body); errs <- err }()
	}
	<-inside
	for r.streams.Load() < waiting {
		time.Sleep(time.Millisecond) // until all have come
	}
	_, err := export(t, conn, body)
	if st := status.Convert(err); st.Code() != codes.ResourceExhausted || len(st.Details()) != 1 {
		t.Errorf("%v, details %v", err, st.Details())
	}
	go func() {
		for range inside {
		}
	}()
	close(leave)
	for range waiting {
		if err := <-errs; err != nil {
			t.Error(err)
		}
	}
	close(inside)
	for r.streams.Load() > 0 {
		time.Sleep(time.Millisecond) // until all have gone
	}
	if n := reconcile(t, r)[OTLPGRPC]; n.Faults[Busy] != 1 || n.Kept != waiting {
		t.Errorf("%+v", n)
	}
}

// TestTooLargeGRPC is refused by grpc itself.
func TestTooLargeGRPC(t *testing.T) {
	c := settings()
	c.MaxBody = 1000
	if _, err := export(t, dial(t, receiver(t, c, &shelf{})), otlpRequest(t, 100, nil)); status.Code(err) != codes.ResourceExhausted {
		t.Errorf("%v", err)
	}
}

// TestSkyWalkingGRPC calls what an agent calls, with what the published protobuf
// encodes.
func TestSkyWalkingGRPC(t *testing.T) {
	text, err := os.ReadFile("skywalking/testdata/segments.txt")
	if err != nil {
		t.Fatal(err)
	}
	messages := make(map[string][]byte)
	for line := range strings.Lines(string(text)) {
		name, digits, _ := strings.Cut(strings.TrimSpace(line), " ")
		if messages[name], err = hex.DecodeString(digits); err != nil {
			t.Fatal(err)
		}
	}
	var host string
	c := settings()
	c.Tap = func(spans []store.Span) { v, _ := spans[0].ResourceAttr("host.name"); host = v.Str }
	s := &shelf{}
	r := receiver(t, c, s)
	conn := dial(t, r)
	var answer, empty []byte
	call := func(method string, in []byte) error { return conn.Invoke(t.Context(), method, &in, &answer) }
	for method, in := range map[string][]byte{
		"/skywalking.v3.ManagementService/reportInstanceProperties": messages["properties"], "/skywalking.v3.ManagementService/keepAlive": empty,
		"/skywalking.v3.JVMMetricReportService/collect": empty, "/skywalking.v3.ConfigurationDiscoveryService/fetchConfigurations": empty,
	} {
		if err := call(method, in); err != nil || len(answer) != 0 {
			t.Errorf("%s: %v, %x", method, err, answer)
		}
	}
	if err := call("/skywalking.v3.TraceSegmentReportService/collectInSync", messages["collection"]); err != nil || s.len() != 4 || host != "h1" {
		t.Errorf("collectInSync: %v, %d spans, host %q", err, s.len(), host)
	}
	for _, method := range []string{"/skywalking.v3.TraceSegmentReportService/collect", "/skywalking.v3.MeterReportService/collect"} {
		stream, err := conn.NewStream(t.Context(), &grpc.StreamDesc{ClientStreams: true}, method)
		if err != nil {
			t.Fatal(err)
		}
		for range 3 {
			m := messages["segment"]
			if err := stream.SendMsg(&m); err != nil {
				t.Fatal(err)
			}
		}
		if err := stream.CloseSend(); err != nil {
			t.Fatal(err)
		}
		if err := stream.RecvMsg(&answer); err != nil || len(answer) != 0 {
			t.Errorf("%s: %v, %x", method, err, answer)
		}
	}
	if n := reconcile(t, r)[SkyWalkingGRPC]; n.Requests != 4 || n.Kept != 13 {
		t.Errorf("%+v", n)
	}
	if err := call("/skywalking.v3.TraceSegmentReportService/collectInSync", []byte{0xff}); status.Code(err) != codes.InvalidArgument {
		t.Errorf("malformed: %v", err)
	}
	if err := call("/opentelemetry.proto.collector.metrics.v1.MetricsService/Export", empty); status.Code(err) != codes.Unimplemented || !strings.Contains(err.Error(), "OTEL_METRICS_EXPORTER") {
		t.Errorf("metrics: %v", err)
	}
}
