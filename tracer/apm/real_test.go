package apm

import (
	"bufio"
	"bytes"
	"context"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	commonpb "go.opentelemetry.io/proto/otlp/common/v1"
	resourcepb "go.opentelemetry.io/proto/otlp/resource/v1"
	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"

	"github.com/wirespan/wirespan/l7/ids"
	"github.com/wirespan/wirespan/tracer/ingest/batch"
	"github.com/wirespan/wirespan/tracer/ingest/otlp"
	"github.com/wirespan/wirespan/tracer/span"
	"github.com/wirespan/wirespan/tracer/store"
)

// startProgram builds a program below testdata/e2e, and returns the URL that it prints.
func startProgram(t *testing.T, name string) string {
	t.Helper()
	if testing.Short() {
		t.Skipf("builds %s", name)
	}
	goTool, err := exec.LookPath("go")
	if err != nil {
		t.Skipf("no go command, which builds %s", name)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 8*time.Minute)
	t.Cleanup(cancel)
	program := filepath.Join(t.TempDir(), name)
	build := exec.CommandContext(ctx, goTool, "build", "-o", program, ".")
	build.Dir = "../../testdata/e2e/" + name
	build.Env = append(os.Environ(), "CGO_ENABLED=0", "GOWORK=off")
	if out, err := build.CombinedOutput(); err != nil {
		t.Skipf("%s does not build here: %v\n%s", name, err, out)
	}
	cmd := exec.CommandContext(ctx, program)
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = in.Close()
		_ = cmd.Wait()
	})
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(line)
}

// startJaeger runs Jaeger's query service, from its Go module, with the spans of a
// message, and returns its URL.
func startJaeger(t *testing.T, message []byte) string {
	t.Helper()
	url := startProgram(t, "jaeger")
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url+"/v1/traces", bytes.NewReader(message))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-protobuf")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	if res.StatusCode != http.StatusOK {
		t.Fatalf("Jaeger took the trace with %s", res.Status)
	}
	return url
}

// sample is a trace of two services with what Jaeger has to carry in tags.
func sample() *tracepb.TracesData {
	text := func(key, v string) *commonpb.KeyValue {
		return &commonpb.KeyValue{Key: key, Value: &commonpb.AnyValue{Value: &commonpb.AnyValue_StringValue{StringValue: v}}}
	}
	num := func(key string, v int64) *commonpb.KeyValue {
		return &commonpb.KeyValue{Key: key, Value: &commonpb.AnyValue{Value: &commonpb.AnyValue_IntValue{IntValue: v}}}
	}
	flag := &commonpb.KeyValue{Key: "cached", Value: &commonpb.AnyValue{Value: &commonpb.AnyValue_BoolValue{BoolValue: true}}}
	ratio := &commonpb.KeyValue{Key: "ratio", Value: &commonpb.AnyValue{Value: &commonpb.AnyValue_DoubleValue{DoubleValue: 0.25}}}
	id, other := bytes.Repeat([]byte{7}, 16), bytes.Repeat([]byte{8}, 16)
	spanID := func(n byte) []byte { return []byte{1, 2, 3, 4, 5, 6, 7, n} }
	const t0 = 1_700_000_000_000_000_000
	part := func(service string, spans ...*tracepb.Span) *tracepb.ResourceSpans {
		return &tracepb.ResourceSpans{
			Resource:   &resourcepb.Resource{Attributes: []*commonpb.KeyValue{text("service.name", service), text("host.name", "h1")}},
			ScopeSpans: []*tracepb.ScopeSpans{{Scope: &commonpb.InstrumentationScope{Name: "lib"}, Spans: spans}},
		}
	}
	return &tracepb.TracesData{ResourceSpans: []*tracepb.ResourceSpans{
		part("front",
			&tracepb.Span{
				TraceId: id, SpanId: spanID(1), Name: "GET /cart", Kind: tracepb.Span_SPAN_KIND_SERVER, StartTimeUnixNano: t0, EndTimeUnixNano: t0 + 50e6,
				Attributes: []*commonpb.KeyValue{text("http.request.method", "GET"), num("http.response.status_code", 500), flag, ratio, num("big", 1<<62+1)},
				Status:     &tracepb.Status{Code: tracepb.Status_STATUS_CODE_ERROR, Message: "gone"},
				Events:     []*tracepb.Span_Event{{TimeUnixNano: t0 + 1e6, Name: "exception", Attributes: []*commonpb.KeyValue{text("exception.type", "E")}}},
			},
			&tracepb.Span{TraceId: id, SpanId: spanID(2), ParentSpanId: spanID(1), Name: "call", Kind: tracepb.Span_SPAN_KIND_CLIENT, StartTimeUnixNano: t0 + 2e6, EndTimeUnixNano: t0 + 40e6}),
		part("back",
			&tracepb.Span{
				TraceId: id, SpanId: spanID(3), ParentSpanId: spanID(2), Name: "work", Kind: tracepb.Span_SPAN_KIND_INTERNAL, StartTimeUnixNano: t0 + 3e6, EndTimeUnixNano: t0 + 30e6,
				Status: &tracepb.Status{Code: tracepb.Status_STATUS_CODE_OK}, Links: []*tracepb.Span_Link{{TraceId: other, SpanId: spanID(9)}},
			}),
	}}
}

// TestRealJaeger sends a trace into Jaeger and gets it out of both of its APIs as it
// went in.
func TestRealJaeger(t *testing.T) {
	td := sample()
	message, err := proto.Marshal(td)
	if err != nil {
		t.Fatal(err)
	}
	b := batch.New(batch.DefaultLimits())
	b.Reset(0)
	if err := otlp.Decode(b, string(message)); err != nil {
		t.Fatal(err)
	}
	url := startJaeger(t, message)
	for _, kind := range []Kind{Jaeger, JaegerV3} {
		t.Run(string(kind), func(t *testing.T) {
			c := client(t, Source{Kind: kind, URL: url}, nil)
			got, reports := c.Fetch(within(t), b.Spans[0].Trace)
			if reports[0].Err != nil {
				t.Fatal(reports[0].Err)
			}
			if d := cmp.Diff(plain(b.Spans), plain(got), cmpopts.EquateEmpty()); d != "" {
				t.Errorf("(-sent +fetched)\n%s", d)
			}
			if spans, reports := c.Fetch(within(t), store.Span{}.Trace); len(spans) != 0 {
				t.Errorf("of no trace: %v", reports)
			}
			missing := b.Spans[0].Trace
			missing[0]++
			if spans, reports := c.Fetch(within(t), missing); len(spans) != 0 || reports[0].Err != nil {
				t.Errorf("a trace that it does not have: %d spans, %v", len(spans), reports)
			}
		})
	}
}

// TestSkyWalkingProtocol asks a server whose schema is made of the types of SkyWalking's
// query protocol, which refuses what does not fit them.
func TestSkyWalkingProtocol(t *testing.T) {
	const name = "5f1c0b1ae1f94a3d9c4e8b7a6d5c4b3a.70.17000000000000001"
	url := startProgram(t, "skywalkingquery")
	c := client(t, Source{Kind: SkyWalking, URL: url}, nil)
	id := ids.SkyWalkingTrace([]byte(name))
	spans, reports := c.Fetch(within(t), id, name)
	if reports[0].Err != nil || len(spans) != 3 {
		t.Fatalf("%d spans, %v", len(spans), reports[0])
	}
	entry, exit, called := &spans[0], &spans[1], &spans[2]
	if entry.Service != "front" || exit.Service != "front" || called.Service != "stock" || entry.Kind != span.Server || exit.Kind != span.Client || called.Kind != span.Server {
		t.Errorf("%+v", spans)
	}
	if !entry.Parent.IsZero() || exit.Parent != entry.ID || called.Parent != exit.ID || called.Trace != id {
		t.Errorf("entry below %v, exit %v below %v, called below %v", entry.Parent, exit.ID, exit.Parent, called.Parent)
	}
	if n, _ := exit.Int("server.port"); exit.Text("server.address") != "10.0.0.7" || n != 9000 || exit.End-exit.Start != int64(35*time.Millisecond) {
		t.Errorf("exit %+v", exit)
	}
	if n, _ := entry.Int("http.response.status_code"); n != 200 {
		t.Errorf("entry %+v", entry.Attrs)
	}
	id[0]++
	if spans, reports := c.Fetch(within(t), id); len(spans) != 0 || reports[0].Err != nil {
		t.Errorf("a trace that it does not have: %d spans, %v", len(spans), reports)
	}
}

// plain sorts spans and their attributes, and leaves out where they came from, and what
// Jaeger adds.
func plain(spans []store.Span) []store.Span {
	list := slices.Clone(spans)
	slices.SortFunc(list, func(a, b store.Span) int { return int(a.ID[7]) - int(b.ID[7]) })
	sorted := func(attrs []store.Attr) []store.Attr {
		attrs = slices.DeleteFunc(slices.Clone(attrs), func(a store.Attr) bool { return a.Key == Attr })
		slices.SortFunc(attrs, func(a, b store.Attr) int { return strings.Compare(a.Key, b.Key) })
		return attrs
	}
	for i := range list {
		list[i].Attrs, list[i].Resource = sorted(list[i].Attrs), sorted(list[i].Resource)
		list[i].Links = slices.Clone(list[i].Links)
		for k := range list[i].Links {
			l := &list[i].Links[k]
			l.Attrs = slices.DeleteFunc(slices.Clone(l.Attrs), func(a store.Attr) bool { return a.Key == "opentracing.ref_type" })
		}
	}
	return list
}
