package main

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	trace "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"
)

// buildOther builds a program of a module below testdata/e2e, whose heavy dependencies
// are the test's alone; it skips where they cannot be had.
func buildOther(t *testing.T, module, program string) string {
	t.Helper()
	bin, err := otherProgram(t, module, program)
	if err != nil {
		t.Skip(err)
	}
	return bin
}

// otherProgram builds a program, or says why it cannot be built here.
func otherProgram(t *testing.T, module, program string) (string, error) {
	t.Helper()
	if testing.Short() {
		return "", fmt.Errorf("%s of testdata/e2e/%s takes a while to build", program, module)
	}
	dir := filepath.Join("..", "..", "testdata", "e2e", module)
	bins, err := filepath.Abs(filepath.Join(dir, ".bin"))
	if err == nil {
		err = os.MkdirAll(bins, 0o755)
	}
	if err != nil {
		t.Fatal(err)
	}
	lock, err := os.Open(bins)
	if err != nil {
		t.Fatal(err)
	}
	defer lock.Close()
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX); err != nil { // others need it, too
		t.Fatal(err)
	}
	bin := filepath.Join(bins, filepath.Base(filepath.Join(module, program))) // built anew only if it must be
	ctx, cancel := context.WithTimeout(t.Context(), 15*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, "go", "build", "-o", bin, program)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GOWORK=off", "CGO_ENABLED=0")
	if b, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("%s of testdata/e2e/%s cannot be built here: %w %s", program, module, err, b)
	}
	return bin, nil
}

// freeAddr is an address of loopback at which nothing listens.
func freeAddr(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// collectorConfig is a pipeline of the Collector per way in, each of which sends on to a
// path of its own.
func collectorConfig(ways map[string]string, to string) string {
	var receivers, exporters, pipelines strings.Builder
	for name, at := range ways {
		protocol, _, _ := strings.Cut(name, "-")
		fmt.Fprintf(&receivers, "  otlp/%s: {protocols: {%s: {endpoint: %q}}}\n", name, protocol, at)
		fmt.Fprintf(&exporters, "  otlphttp/%s: {endpoint: %q, sending_queue: {enabled: false}}\n", name, to+"/"+name)
		fmt.Fprintf(&pipelines, "    traces/%s: {receivers: [otlp/%[1]s], exporters: [otlphttp/%[1]s]}\n", name)
	}
	return fmt.Sprintf("receivers:\n%sexporters:\n%sservice:\n  pipelines:\n%s", &receivers, &exporters, &pipelines)
}

// TestServeToCollector sends the traces of the demo, of which two agents saw a part each,
// to an OpenTelemetry Collector built from its modules, over gRPC and HTTP, packed and
// not. By each way every trace arrives once and connected, and Tempo's own code finds the
// edges between services.
func TestServeToCollector(t *testing.T) {
	t.Parallel()
	program, graph := buildOther(t, "collector", "."), buildOther(t, "tempo", "./graph")
	got := map[string]*collected{}
	mux := http.NewServeMux()
	ways := map[string]string{}
	for _, name := range []string{"grpc-gzip", "http-gzip", "grpc-none", "http-none"} {
		got[name], ways[name] = &collected{services: map[string]string{}}, freeAddr(t)
		mux.Handle("POST /"+name+"/v1/traces", got[name])
	}
	behind := httptest.NewServer(mux)
	t.Cleanup(behind.Close)
	config := writeFile(t, "collector.yaml", []byte(collectorConfig(ways, behind.URL)))
	collector := start(t, exec.Command(program, "--config", config))
	waitFor(t, func() bool { return strings.Contains(collector.err.String(), "Everything is ready") })
	want := map[string]*toldTrace{}
	for _, packed := range []string{"gzip", "none"} {
		s := startServe(t, "--otlp", "grpc://"+ways["grpc-"+packed], "--otlp", "http://"+ways["http-"+packed], "--otlp-gzip="+fmt.Sprint(packed == "gzip"),
			"--otlp-quiet", "1m", "--compat", "tempo")
		for i, f := range demoCaptures() {
			if o := wirespan(t, "read", "--agent", fmt.Sprint("on-", i), "--server", s.http, f); o.code != 0 {
				t.Fatalf("%s: exit status %d\n%s", f, o.code, o.stderr)
			}
		}
		want = s.traces(t)
		s.stop(t) // everything has left then
	}
	for name, c := range got {
		t.Run(name, func(t *testing.T) {
			checkCollected(t, c, want)
			if d := edgesByTempo(t, graph, c); d != demoEdges {
				t.Errorf("edges by Tempo's rules:\n%swant\n%s", d, demoEdges)
			}
		})
	}
	if t.Failed() {
		t.Logf("the Collector: %s", collector.err.String())
	}
}

// demoEdges are who asked whom in testdata/demo, and how often.
const demoEdges = "\t2\torders.example\tbilling.example\n" +
	"\t5\torders.example\tstock.example\n" +
	"\t6\t192.0.2.10\tshop.example\n" +
	"\t6\tbalancer.example\torders.example\n" +
	"\t6\tshop.example\tbalancer.example\n"

// json asks for an answer and reads it.
func (s *serveProc) json(t *testing.T, path string, to any) {
	t.Helper()
	code, body := getHTTP(t, s.ui+path)
	if code != http.StatusOK {
		t.Fatalf("%s: %d %s", path, code, body)
	}
	if err := json.Unmarshal([]byte(body), to); err != nil {
		t.Fatalf("%s: %v: %s", path, err, body)
	}
}

// traces are all traces of a server, by id.
func (s *serveProc) traces(t *testing.T) map[string]*toldTrace {
	t.Helper()
	var list struct {
		Traces []struct {
			TraceID string `json:"trace_id"`
		}
	}
	s.json(t, "/api/v1/traces?limit=1000", &list)
	all := map[string]*toldTrace{}
	for _, x := range list.Traces {
		tr := &toldTrace{}
		s.json(t, "/api/v1/traces/"+x.TraceID, tr)
		all[tr.TraceID] = tr
	}
	return all
}

// checkCollected holds what came to the traces of the server: all spans of each once, one
// root, every parent there, every SERVER span the child of a CLIENT span.
func checkCollected(t *testing.T, c *collected, want map[string]*toldTrace) {
	t.Helper()
	c.mu.Lock()
	defer c.mu.Unlock()
	came := map[string]map[string]*trace.Span{}
	for _, s := range c.spans {
		id := fmt.Sprintf("%x", s.TraceId)
		if came[id] == nil {
			came[id] = map[string]*trace.Span{}
		}
		if came[id][string(s.SpanId)] != nil {
			t.Errorf("%s: span %x came twice", id, s.SpanId)
		}
		came[id][string(s.SpanId)] = s
		if strings.Contains(s.String(), "wirespan.facts") {
			t.Errorf("%s: facts have left", id)
		}
	}
	if len(came) != len(want) || len(want) == 0 {
		t.Errorf("%d traces came, want %d", len(came), len(want))
	}
	pairs := 0
	for id, tr := range want {
		spans := came[id]
		for i := range tr.Nodes {
			if key, err := hex.DecodeString(tr.Nodes[i].Span.SpanID); err != nil || spans[string(key)] == nil {
				t.Errorf("%s: %s did not come (%v)", id, tr.Nodes[i].Span.Name, err)
			}
		}
		roots := 0
		for _, s := range spans {
			up := spans[string(s.ParentSpanId)]
			if up == nil {
				roots++
			}
			if s.Kind == trace.Span_SPAN_KIND_SERVER {
				pairs++
				if up == nil || up.Kind != trace.Span_SPAN_KIND_CLIENT {
					t.Errorf("%s: SERVER span %s is not below a CLIENT span", id, s.Name)
				}
			}
			for _, l := range s.Links {
				if string(l.TraceId) == string(s.TraceId) && spans[string(l.SpanId)] == nil {
					t.Errorf("%s: a link of %s leads nowhere", id, s.Name)
				}
			}
		}
		if roots != 1 {
			t.Errorf("%s: %d roots", id, roots)
		}
	}
	if pairs == 0 {
		t.Error("no SERVER span came")
	}
}

// edgesByTempo computes the service graph of what came with Tempo's own processor.
func edgesByTempo(t *testing.T, graph string, c *collected) string {
	t.Helper()
	c.mu.Lock()
	defer c.mu.Unlock()
	b, err := proto.Marshal(&trace.TracesData{ResourceSpans: c.resources})
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(graph)
	cmd.Stdin = strings.NewReader(string(b))
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("graph: %v %s", err, out)
	}
	return string(out)
}
