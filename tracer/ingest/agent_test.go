package ingest

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"google.golang.org/grpc"

	"github.com/wirespan/wirespan/l7"
	"github.com/wirespan/wirespan/l7/ids"
	"github.com/wirespan/wirespan/tracer/npmtest"
	"github.com/wirespan/wirespan/tracer/span"
	"github.com/wirespan/wirespan/tracer/store"
)

// startService runs a service with the agent, and returns its URL and what ends it.
func startService(t *testing.T, dir, name, collector, next string) (at string, stop func()) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	t.Cleanup(cancel)
	cmd := exec.CommandContext(ctx, "node", "service.js")
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "SW_AGENT_NAME="+name, "SW_AGENT_INSTANCE="+name+"@1", "SW_AGENT_COLLECTOR_BACKEND_SERVICES="+collector, "NEXT="+next, "SW_AGENT_LOGGING_LEVEL=error")
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
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if port, ok := strings.CutPrefix(lines.Text(), "listening "); ok {
			go func() { _, _ = io.Copy(io.Discard, out) }()
			return "http://127.0.0.1:" + port, func() {
				_ = in.Close()
				_ = cmd.Wait()
			}
		}
	}
	t.Fatalf("%s did not start: %v", name, cmd.Wait())
	return "", nil
}

// TestSkyWalkingAgent has two services with SkyWalking's own agent, one of which calls
// the other. What they send makes one trace, and the header between them names its
// spans by the same ids.
func TestSkyWalkingAgent(t *testing.T) {
	if testing.Short() {
		t.Skip("runs two programs")
	}
	dir := npmtest.Install(t, "skywalking", "SkyWalking's agent", "--ignore-scripts")
	var mu sync.Mutex
	var spans []store.Span
	c := settings()
	c.Wait = time.Minute
	c.Tap = func(list []store.Span) {
		mu.Lock()
		defer mu.Unlock()
		for i := range list {
			spans = append(spans, list[i].Clone())
		}
	}
	r := receiver(t, c, &shelf{})
	collector := listen(t, r)
	back, stopBack := startService(t, dir, "back", collector, "")
	var header string
	target, err := url.Parse(back)
	if err != nil {
		t.Fatal(err)
	}
	wire := httptest.NewServer(&httputil.ReverseProxy{Rewrite: func(p *httputil.ProxyRequest) {
		mu.Lock()
		header = p.In.Header.Get("sw8")
		mu.Unlock()
		p.SetURL(target)
	}})
	t.Cleanup(wire.Close)
	front, stopFront := startService(t, dir, "front", collector, wire.URL)
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, front+"/orders/7?full=1", nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	arrived := func() int { mu.Lock(); defer mu.Unlock(); return len(spans) }
	for end := time.Now().Add(30 * time.Second); arrived() < 3 && time.Now().Before(end); {
		time.Sleep(20 * time.Millisecond) // agents report once a second
	}
	stopFront()
	stopBack()
	mu.Lock()
	defer mu.Unlock()
	on, ok := ids.ParseContext([]l7.ID{{Class: l7.IDContext, Name: []byte("sw8"), Value: []byte(header)}})
	if !ok {
		t.Fatalf("header %q", header)
	}
	find := func(service string, kind span.Kind) *store.Span {
		for i := range spans {
			if s := &spans[i]; s.Service == service && s.Kind == kind {
				return s
			}
		}
		t.Fatalf("no %v span of %s among %d: %+v", kind, service, len(spans), r.Counts()[SkyWalkingGRPC])
		return nil
	}
	entry, exit, called := find("front", span.Server), find("front", span.Client), find("back", span.Server)
	if entry.Trace != on.Trace || exit.Trace != on.Trace || called.Trace != on.Trace {
		t.Errorf("traces %v, %v, %v; header %x", entry.Trace, exit.Trace, called.Trace, on.Trace)
	}
	if exit.ID != on.Parent || called.Parent != exit.ID || exit.Parent != entry.ID || !entry.Parent.IsZero() {
		t.Errorf("entry %v below %v, exit %v below %v, called below %v; header %x", entry.ID, entry.Parent, exit.ID, exit.Parent, called.Parent, on.Parent)
	}
	if n, _ := called.Int("http.response.status_code"); n != 200 || called.Text("http.request.method") != "GET" || called.Text("url.path") != "/orders/7" {
		t.Errorf("called: %+v", called.Attrs)
	}
	host, err := url.Parse(wire.URL)
	if err != nil {
		t.Fatal(err)
	}
	if got := net.JoinHostPort(exit.Text("server.address"), host.Port()); got != host.Host {
		t.Errorf("exit calls %s, want %s: %+v", got, host.Host, exit.Attrs)
	}
	if v, ok := called.ResourceAttr("telemetry.sdk.language"); ok && v.Str != "nodejs" {
		t.Errorf("language %q", v.Str)
	}
	reconcile(t, r)
}

// listen serves a receiver over gRPC and returns its address.
func listen(t testing.TB, r *Receiver) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := grpc.NewServer(r.ServerOptions()...)
	r.Register(s)
	var done sync.WaitGroup
	done.Go(func() { _ = s.Serve(l) })
	t.Cleanup(func() { s.Stop(); done.Wait() })
	return l.Addr().String()
}
