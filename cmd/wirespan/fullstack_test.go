package main

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"testing"

	"google.golang.org/protobuf/proto"

	trace "go.opentelemetry.io/proto/otlp/trace/v1"

	"github.com/wirespan/wirespan/tracer/api"
	"github.com/wirespan/wirespan/tracer/npmtest"
)

// fullStack is a client's host, a server's host with nginx, an instrumented service
// and Redis, and a host with wirespan serve:
//
//	client 198.51.100.10: web (OpenTelemetry SDK), wirespan live
//	server 198.51.100.20: nginx :80 -> shop (SDK) 127.0.0.1:9000 -> Redis 127.0.0.1:6379, wirespan live
//	hub    198.51.100.9:  wirespan serve, a collector that takes what it exports
type fullStack struct {
	*field
	app       string
	variables []string
	collect   *collected
	hub       *http.Client
}

// Addresses of the hub.
const (
	hubUI        = "http://198.51.100.9:16680"
	hubOTLP      = "http://198.51.100.9:4318"
	hubGRPC      = "198.51.100.9:4317"
	hubCollector = "198.51.100.9:14318"
	hubBehind    = "198.51.100.9:14319"
)

// collected is a collector that keeps what comes.
type collected struct {
	mu        sync.Mutex
	resources []*trace.ResourceSpans
	spans     []*trace.Span
	services  map[string]string // by span id
}

func (c *collected) ServeHTTP(_ http.ResponseWriter, r *http.Request) {
	body := io.Reader(r.Body)
	if r.Header.Get("Content-Encoding") == "gzip" {
		z, err := gzip.NewReader(r.Body)
		if err != nil {
			return
		}
		body = z
	}
	b, err := io.ReadAll(body)
	var data trace.TracesData
	if err != nil || proto.Unmarshal(b, &data) != nil {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.resources = append(c.resources, data.ResourceSpans...)
	for _, rs := range data.ResourceSpans {
		service := ""
		for _, a := range rs.Resource.Attributes {
			if a.Key == "service.name" {
				service = a.Value.GetStringValue()
			}
		}
		for _, ss := range rs.ScopeSpans {
			for _, s := range ss.Spans {
				c.spans = append(c.spans, s)
				c.services[string(s.SpanId)] = service
			}
		}
	}
}

// newFullStack starts everything but the agents. The services are a module below
// testdata/e2e; the variables are all that they are told of wirespan.
func newFullStack(t *testing.T, module string, variables ...string) *fullStack {
	t.Helper()
	app, redis := buildOther(t, module, "."), toolPath(t, "redis-server")
	s := newHub(t)
	s.app, s.variables = app, append(os.Environ(), variables...)
	s.open(t, "server", "127.0.0.1:6379", start(t, s.cmd("server", redis, "--bind", "127.0.0.1", "--port", "6379", "--save", "", "--appendonly", "no")))
	shop := s.cmd("server", s.app, "shop", "127.0.0.1:9000", "127.0.0.1:6379")
	shop.Env = s.variables
	s.open(t, "server", "127.0.0.1:9000", start(t, shop))
	return s
}

// newHub starts the hosts, nginx, and wirespan serve with its collector.
func newHub(t *testing.T) *fullStack {
	t.Helper()
	toolPath(t, "nginx")
	s := &fullStack{collect: &collected{services: map[string]string{}}}
	s.field = newField(t)
	s.bridge(t, "net")
	s.host(t, "client", "server", "hub")
	s.plug(t, "client", "eth0", "net", "198.51.100.10/24")
	s.plug(t, "server", "eth0", "net", "198.51.100.20/24")
	s.plug(t, "hub", "eth0", "net", "198.51.100.9/24")
	s.collector(t)
	s.hub = s.client(t, "hub", true)
	s.nginx(t, "server", "198.51.100.20:80", "server { listen 198.51.100.20:80; location / { proxy_pass http://127.0.0.1:9000; } }")
	srv := s.program("hub", "serve", "--ui", "198.51.100.9:16680", "--otlp-http", "198.51.100.9:4318", "--otlp-grpc", hubGRPC,
		"--store", t.TempDir(), "--insecure-no-tls", "--insecure-no-tokens", "--no-sandbox", "--otlp", "http://"+hubCollector, "--otlp-quiet", "3s", "--compat", "tempo")
	s.open(t, "hub", "198.51.100.9:16680", start(t, srv))
	return s
}

// collector starts an OpenTelemetry Collector before what keeps the spans; where it
// cannot be built, they come straight from serve.
func (s *fullStack) collector(t *testing.T) {
	t.Helper()
	program, err := otherProgram(t, "collector", ".")
	if err != nil {
		t.Logf("without the Collector: %v", err)
		s.serve(t, "hub", hubCollector, s.collect)
		return
	}
	s.serve(t, "hub", hubBehind, s.collect)
	config := writeFile(t, "collector.yaml", []byte(collectorConfig(map[string]string{"http": hubCollector}, "http://"+hubBehind)))
	s.open(t, "hub", hubCollector, start(t, s.cmd("hub", program, "--config", config)))
}

// program is wirespan on a host.
func (s *fullStack) program(host string, args ...string) *exec.Cmd {
	cmd := s.cmd(host, append([]string{os.Args[0]}, args...)...)
	cmd.Env = programCmd(context.Background()).Env
	return cmd
}

// agent captures on a host until stop.
func (s *fullStack) agent(t *testing.T, host string, args ...string) (stop func()) {
	t.Helper()
	p := start(t, s.program(host, append([]string{"live", "--agent", "on-" + host, "--server", hubOTLP, "--out", "ndjson:/dev/null", "--no-sandbox"}, args...)...))
	p.listening(t)
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("%s: %s", host, p.err.String())
		}
	})
	return func() { p.interrupt(t) }
}

// ask asks the hub.
func (s *fullStack) ask(method, path, body string) ([]byte, error) {
	r, err := http.NewRequest(method, hubUI+path, strings.NewReader(body))
	if err != nil {
		return nil, err
	}
	r.Header.Set("Content-Type", "application/json")
	res, err := s.hub.Do(r)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if res.StatusCode != http.StatusOK {
		err = errors.Join(err, fmt.Errorf("%s: %s", res.Status, b))
	}
	return b, err
}

// toldTrace is a trace as the API tells it.
type toldTrace struct {
	TraceID string `json:"trace_id"`
	Nodes   []struct {
		Parent *int
		Depth  int
		Why    *struct{ Rule string }
		Span   struct {
			TraceID                                   string `json:"trace_id"`
			SpanID                                    string `json:"span_id"`
			ParentID                                  string `json:"parent_id"`
			Start                                     string `json:"start_ns"`
			End                                       string `json:"end_ns"`
			Name, Service, Agent, Signal, Kind, Point string
			Attributes                                map[string]any
		}
	}
}

// trace asks for a trace.
func (s *fullStack) trace(t *testing.T, id string) (tr toldTrace, err error) {
	t.Helper()
	b, err := s.ask(http.MethodGet, "/api/v1/traces/"+id, "")
	if err == nil {
		err = json.Unmarshal(b, &tr)
	}
	return tr, err
}

// drawn is a trace in lines: who tells of what, below what, by which rule.
func drawn(tr *toldTrace) string {
	var b strings.Builder
	for i := range tr.Nodes {
		n := &tr.Nodes[i]
		rule := ""
		if n.Why != nil {
			rule = " [" + n.Why.Rule + "]"
		}
		who := n.Span.Service + " " + n.Span.Name
		if n.Span.Signal != "APP" {
			who = n.Span.Agent + " " + n.Span.Point + " " + n.Span.Name
		}
		fmt.Fprintf(&b, "%s%s %s%s\n", strings.Repeat("  ", n.Depth), n.Span.Signal, who, rule)
	}
	return b.String()
}

// wantFull is the tree of a request, whatever orders it is for.
const wantFull = `APP web HTTP GET
  NET on-client eth0 GET /order/{id} [context]
    NET on-server eth0 GET /order/{id} [sighting]
      NET on-server lo GET /order/{id} [context]
        APP shop GET [context]
          APP shop work [context]
            APP shop GET [context]
              NET on-server lo GET [inferred]
`

// TestFullStack: SDKs, two agents and nothing else give whole trees: the spans of the
// SDKs, the packets at each host, and the database; the same trace completed for an
// APM, and exported once and connected.
func TestFullStack(t *testing.T) {
	t.Parallel()
	s := newFullStack(t, "otel", "OTEL_EXPORTER_OTLP_ENDPOINT="+hubOTLP, "OTEL_BSP_SCHEDULE_DELAY=200")
	ids, stop := s.visit(t, wantFull)
	s.checkCompletion(t, ids[0])
	stop()
	s.checkExport(t, ids)
	s.checkGraph(t, "\t6\tnginx\tshop\n\t6\tweb\tnginx\ndatabase\t6\tshop\t127.0.0.1\n")
}

// wantZipkin is the tree of a request with Zipkin's library, whose client has a span of
// its own around the request.
const wantZipkin = `APP web web order
  APP web http/get [context]
    NET on-client eth0 GET /order/{id} [context]
      NET on-server eth0 GET /order/{id} [sighting]
        NET on-server lo GET /order/{id} [context]
          APP shop get [context]
            APP shop get [context]
              NET on-server lo GET [inferred]
`

// TestFullStackZipkin is the same with services that have Zipkin's library, told of
// nothing but an endpoint.
func TestFullStackZipkin(t *testing.T) {
	t.Parallel()
	s := newFullStack(t, "zipkin", "ZIPKIN_ENDPOINT="+hubOTLP+"/api/v2/spans")
	_, stop := s.visit(t, wantZipkin)
	stop()
}

// wantSkyWalking is the tree of a request through two services with SkyWalking's
// agent: what the first was asked, and what it asked the second.
const wantSkyWalking = `APP web GET:/order/7
  APP web /order/7 [context]
    NET on-client eth0 GET /order/{id} [context]
      NET on-server eth0 GET /order/{id} [sighting]
        NET on-server lo GET /order/{id} [context]
          APP shop GET:/order/7 [context]
`

// TestFullStackSkyWalking is the same with SkyWalking's own agent for Node.js, which
// sends its segments over gRPC, told of nothing but where to.
func TestFullStackSkyWalking(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("takes long")
	}
	dir := npmtest.Install(t, "skywalking", "SkyWalking's agent", "--ignore-scripts")
	s := newHub(t)
	s.node(t, dir, "server", "shop", "")
	s.node(t, dir, "client", "web", "http://198.51.100.20")
	stops := []func(){s.agent(t, "client", "-i", "eth0", "tcp"), s.agent(t, "server", "-i", "eth0", "-i", "lo", "tcp")}
	c := s.client(t, "client", true)
	for range 6 {
		res, err := c.Get("http://127.0.0.1:9000/order/7")
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		if res.StatusCode != http.StatusOK {
			t.Fatalf("web answers %s", res.Status)
		}
	}
	s.whole(t, 6, wantSkyWalking)
	for _, stop := range stops {
		stop()
	}
}

// node starts a service with SkyWalking's agent on a host.
func (s *fullStack) node(t *testing.T, dir, host, name, next string) {
	t.Helper()
	cmd := s.cmd(host, "node", "service.js")
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "PORT=9000", "NEXT="+next, "SW_AGENT_NAME="+name, "SW_AGENT_INSTANCE="+name+"@1",
		"SW_AGENT_COLLECTOR_BACKEND_SERVICES="+hubGRPC, "SW_AGENT_LOGGING_LEVEL=error")
	in, err := cmd.StdinPipe() // it ends with its standard input
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { in.Close() })
	s.open(t, host, "127.0.0.1:9000", start(t, cmd))
}

// visit has six requests made, with an agent at each host, and returns the ids of their
// traces when all are whole, and what stops the agents.
func (s *fullStack) visit(t *testing.T, want string) (ids []string, stop func()) {
	t.Helper()
	stops := []func(){s.agent(t, "client", "-i", "eth0", "tcp"), s.agent(t, "server", "-i", "eth0", "-i", "lo", "tcp")}
	var paths []string
	for i := range 6 {
		paths = append(paths, fmt.Sprintf("/order/%d", 1000+i))
	}
	web := s.cmd("client", append([]string{s.app, "web", "http://198.51.100.20"}, paths...)...)
	web.Env = s.variables
	if b, err := web.CombinedOutput(); err != nil {
		t.Fatalf("web: %v %s", err, b)
	}
	return s.whole(t, len(paths), want), func() {
		for _, stop := range stops {
			stop()
		}
	}
}

// checkGraph computes the edges between services by Tempo's own code.
func (s *fullStack) checkGraph(t *testing.T, want string) {
	t.Helper()
	graph, err := otherProgram(t, "tempo", "./graph")
	if err != nil {
		t.Logf("without Tempo's processor: %v", err)
		return
	}
	if d := edgesByTempo(t, graph, s.collect); d != want {
		t.Errorf("edges by Tempo's rules:\n%swant\n%s", d, want)
	}
}

// whole waits until every request's trace is whole, and returns their ids.
func (s *fullStack) whole(t *testing.T, n int, want string) (ids []string) {
	t.Helper()
	var last string
	defer func() {
		if t.Failed() {
			b, err := s.ask(http.MethodGet, "/api/v1/spans?agent=on-server&limit=100", "")
			t.Logf("%s\nspans of the server: %s %v", last, b, err)
		}
	}()
	waitFor(t, func() bool {
		b, err := s.ask(http.MethodGet, "/api/v1/traces?service=web&limit=100", "")
		var list struct{ Traces []api.Summary }
		if err != nil || json.Unmarshal(b, &list) != nil {
			last = fmt.Sprint(err, string(b))
			return false
		}
		ids = ids[:0]
		last = ""
		for _, x := range list.Traces {
			tr, err := s.trace(t, x.TraceID)
			if err != nil {
				last = err.Error()
				return false
			}
			if d := drawn(&tr); d != want {
				last += d + "\n"
				continue
			}
			ids = append(ids, tr.TraceID)
		}
		return len(ids) == n && len(list.Traces) == n
	})
	return ids
}

// checkCompletion gives the APP spans of a trace, and demands the others with the
// parents that they have.
func (s *fullStack) checkCompletion(t *testing.T, id string) {
	t.Helper()
	tr, err := s.trace(t, id)
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{}
	var app []map[string]any
	for i := range tr.Nodes {
		n := &tr.Nodes[i]
		want[n.Span.SpanID] = ""
		if n.Parent != nil {
			want[n.Span.SpanID] = tr.Nodes[*n.Parent].Span.SpanID
		}
		if n.Span.Signal != "APP" {
			continue
		}
		var start, end int64
		fmt.Sscan(n.Span.Start, &start)
		fmt.Sscan(n.Span.End, &end)
		kind := slices.Index([]string{"UNSPECIFIED", "INTERNAL", "SERVER", "CLIENT", "PRODUCER", "CONSUMER"}, n.Span.Kind)
		attrs := map[string]string{} // by them the database's span is known for the same call
		for k, v := range n.Span.Attributes {
			attrs[k] = fmt.Sprint(v)
		}
		app = append(app, map[string]any{
			"attributes": attrs,
			"trace_id":   n.Span.TraceID, "span_id": n.Span.SpanID, "parent_span_id": n.Span.ParentID, "span_kind": max(kind, 0),
			"start_time_us": start / 1000, "end_time_us": end / 1000,
		})
	}
	body, err := json.Marshal(map[string]any{"app_spans": app})
	if err != nil {
		t.Fatal(err)
	}
	b, err := s.ask(http.MethodPost, "/v1/stats/querier/tracing-completion-by-external-app-spans", string(body))
	if err != nil {
		t.Fatal(err)
	}
	var got struct {
		Data struct {
			Tracing []struct {
				ID     string `json:"deepflow_span_id"`
				Parent string `json:"deepflow_parent_span_id"`
			}
		} `json:"DATA"`
	}
	if err := json.Unmarshal(b, &got); err != nil {
		t.Fatal(err)
	}
	parents := map[string]string{}
	for _, r := range got.Data.Tracing {
		parents[r.ID] = r.Parent
	}
	for id, parent := range want {
		if p, ok := parents[id]; !ok || p != parent {
			t.Errorf("completion: span %s is below %q, want %q (there: %v)", id, p, parent, ok)
		}
	}
}

// checkExport holds what the collector took: every span once, every trace connected
// and under one id, and the edges that Tempo's service graphs find.
func (s *fullStack) checkExport(t *testing.T, ids []string) {
	t.Helper()
	of := func(id string) (list []*trace.Span) {
		s.collect.mu.Lock()
		defer s.collect.mu.Unlock()
		for _, x := range s.collect.spans {
			if fmt.Sprintf("%x", x.TraceId) == id {
				list = append(list, x)
			}
		}
		return list
	}
	for _, id := range ids {
		waitFor(t, func() bool { return len(of(id)) >= 8 })
		list := of(id)
		by := map[string]*trace.Span{}
		for _, x := range list {
			if by[string(x.SpanId)] != nil {
				t.Errorf("%s: span %x came twice", id, x.SpanId)
			}
			by[string(x.SpanId)] = x
		}
		roots := 0
		var edges []string
		for _, x := range list {
			up := by[string(x.ParentSpanId)]
			switch {
			case len(x.ParentSpanId) == 0:
				roots++
			case up == nil:
				t.Errorf("%s: %s has an unknown parent", id, x.Name)
			case x.Kind == trace.Span_SPAN_KIND_SERVER && up.Kind == trace.Span_SPAN_KIND_CLIENT:
				edges = append(edges, s.collect.services[string(up.SpanId)]+">"+s.collect.services[string(x.SpanId)])
			}
			if bytes.Contains([]byte(x.String()), []byte("wirespan.facts")) {
				t.Errorf("%s: facts have left", id)
			}
		}
		slices.Sort(edges)
		if want := "nginx>shop web>nginx"; roots != 1 || strings.Join(edges, " ") != want {
			t.Errorf("%s: %d roots, edges %v, want %s", id, roots, edges, want)
		}
	}
}
