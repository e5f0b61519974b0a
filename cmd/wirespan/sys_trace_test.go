//go:build linux

package main

import (
	"cmp"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"

	godiff "github.com/google/go-cmp/cmp"
	common "go.opentelemetry.io/proto/otlp/common/v1"
	trace "go.opentelemetry.io/proto/otlp/trace/v1"
	"golang.org/x/sys/unix"

	"github.com/wirespan/wirespan/bpf/sys/kernel"
)

// shopService is a service with a thread per connection that asks a Redis
// twice for each request, and passes nothing on.
const shopService = `
import socket
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

class Shop(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def do_GET(self):
        with socket.create_connection(("127.0.0.1", 6379)) as c:
            for words in (["SET", "order", "7"], ["GET", "order"]):
                c.sendall(b"*%d\r\n" % len(words) + b"".join(b"$%d\r\n%s\r\n" % (len(w), w.encode()) for w in words))
                c.recv(4096)
        self.send_response(200)
        self.send_header("Content-Length", "3")
        self.end_headers()
        self.wfile.write(b"ok\n")
    def log_message(self, *_):
        pass

ThreadingHTTPServer(("127.0.0.1", 8082), Shop).serve_forever()
`

// sysNeeded skips where the module cannot be loaded.
func sysNeeded(t *testing.T) {
	t.Helper()
	src, _, err := kernel.Open(t.Context(), kernel.Default())
	if err != nil {
		t.Skipf("no eBPF here: %v", err)
	}
	if err := src.Close(); err != nil {
		t.Fatal(err)
	}
}

// listenIn listens on the loopback of a namespace.
func listenIn(t *testing.T, ns string) net.Listener {
	t.Helper()
	type result struct {
		l   net.Listener
		err error
	}
	made := make(chan result)
	go func() {
		runtime.LockOSThread() // and never unlocked: the thread ends with the goroutine
		f, err := os.Open("/run/netns/" + ns)
		if err != nil {
			made <- result{nil, err}
			return
		}
		defer f.Close()
		if err := unix.Setns(int(f.Fd()), unix.CLONE_NEWNET); err != nil {
			made <- result{nil, err}
			return
		}
		l, err := net.Listen("tcp", "127.0.0.1:0")
		made <- result{l, err}
	}()
	r := <-made
	if r.err != nil {
		t.Fatal(r.err)
	}
	return r.l
}

// shop starts nginx at 8080, HAProxy at 8081, a service at 8082 and its Redis
// in the server's namespace of a lab.
func (l *lab) shop(t *testing.T) {
	t.Helper()
	dir := t.TempDir()
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	file := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		return path
	}
	redis, haproxy, nginx := toolPath(t, "redis-server"), toolPath(t, "haproxy"), toolPath(t, "nginx")
	python := "/usr/bin/python3"
	if _, err := os.Stat(python); err != nil {
		python = toolPath(t, "python3")
	}
	start(t, l.in(l.server, redis, "--port", "6379", "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir", dir))
	start(t, l.in(l.server, python, file("shop.py", shopService)))
	start(t, l.in(l.server, haproxy, "-db", "-f", file("haproxy.cfg", `defaults
  mode http
  timeout connect 5s
  timeout client 5s
  timeout server 5s
listen shop
  bind 127.0.0.1:8081
  server s 127.0.0.1:8082
`)))
	start(t, l.in(l.server, nginx, "-e", dir+"/error.log", "-c", file("nginx.conf", fmt.Sprintf(`daemon off; master_process off; pid %[1]s/pid; error_log %[1]s/error.log; user root;
events { worker_connections 64; }
http {
  access_log off; client_body_temp_path %[1]s/b; proxy_temp_path %[1]s/p; fastcgi_temp_path %[1]s/f; uwsgi_temp_path %[1]s/u; scgi_temp_path %[1]s/s;
  server { listen 8080; location / { proxy_pass http://127.0.0.1:8081; } }
}
`, dir))))
	for _, port := range []string{"6379", "8082", "8081", "8080"} {
		waitFor(t, func() bool {
			b, err := l.in(l.server, toolPath(t, "ss"), "-Hltn", "sport = :"+port).Output()
			return err == nil && len(b) > 0
		})
	}
}

// nest draws the spans that a receiver got: service, kind, where it was seen,
// and how many process and thread ids it has, children below their parents.
func (r *receiver) nest() string {
	type node struct {
		*trace.Span
		text string
	}
	kids := make(map[string][]node)
	known := make(map[string]bool)
	for _, rs := range r.got {
		service := text(rs.Resource.Attributes, "service.name")
		if text(rs.Resource.Attributes, "process.pid") != "" {
			service += "[" + text(rs.Resource.Attributes, "process.executable.name") + "]"
		}
		for _, ss := range rs.ScopeSpans {
			for _, s := range ss.Spans {
				what := fmt.Sprintf("%s %s %s %s", s.Name, service, strings.TrimPrefix(s.Kind.String(), "SPAN_KIND_"), text(s.Attributes, "wirespan.observation"))
				if text(s.Attributes, "thread.id") != "" {
					what += " thread"
				}
				if rule := text(s.Attributes, "wirespan.link.rule"); rule != "sighting" {
					what += " " + rule
				}
				kids[string(s.ParentSpanId)] = append(kids[string(s.ParentSpanId)], node{s, strings.TrimSpace(what)})
				known[string(s.SpanId)] = true
			}
		}
	}
	var b strings.Builder
	var draw func(parent string, depth int)
	draw = func(parent string, depth int) {
		slices.SortFunc(kids[parent], func(a, b node) int { return cmp.Compare(a.StartTimeUnixNano, b.StartTimeUnixNano) })
		for _, n := range kids[parent] {
			fmt.Fprintf(&b, "%s%s\n", strings.Repeat("  ", depth), n.text)
			draw(string(n.SpanId), depth+1)
		}
	}
	draw("", 0)
	for p := range kids {
		if p != "" && !known[p] {
			fmt.Fprintf(&b, "below one that is not there:\n")
			draw(p, 1)
		}
	}
	return b.String()
}

func text(attrs []*common.KeyValue, key string) string {
	for _, a := range attrs {
		if a.Key == key {
			switch v := a.Value.Value.(type) {
			case *common.AnyValue_IntValue:
				return fmt.Sprint(v.IntValue)
			default:
				return a.Value.GetStringValue()
			}
		}
	}
	return ""
}

// TestSysWholeTrace follows one request from the process that asked, through two
// gateways and a service with a thread per connection, to its database: nobody
// passes an ID, and each of them is there as a process and on the wire. In pairs
// for OTLP the SERVER span is the child of the CLIENT span, with what the
// wire showed beside it.
func TestSysWholeTrace(t *testing.T) {
	l := newLab(t)
	sysNeeded(t)
	l.shop(t)
	in := listenIn(t, l.server)
	r := &receiver{}
	srv := &http.Server{Handler: r}
	go func() { _ = srv.Serve(in) }()
	t.Cleanup(func() { _ = srv.Close() })
	tree := filepath.Join(t.TempDir(), "tree")
	w := l.live(t, "-i", "vb", "-i", "lo", "--sys", "require", "--otlp", "http://"+in.Addr().String(), "--out", "tree:"+tree, "tcp")
	l.curl(t, l.client, "http://10.79.0.2:8080", "/orders/7")
	waitFor(t, func() bool { spans, _ := r.received(); return len(spans) > 0 })
	w.interrupt(t)
	// curl may have ended before anybody could look who it is.
	got := strings.Replace(r.nest(), "10.79.0.1 CLIENT", "curl[curl] CLIENT", 1)
	got = regexp.MustCompile(`python[0-9.]+`).ReplaceAllString(got, "python")
	want := `GET /orders/{id} curl[curl] CLIENT c-app thread
  GET /orders/{id} nginx[nginx] INTERNAL s-nic
  GET /orders/{id} nginx[nginx] SERVER s-app thread
    GET /orders/{id} nginx[nginx] CLIENT c-app thread thread
      GET /orders/{id} haproxy[haproxy] INTERNAL s-nic
      GET /orders/{id} haproxy[haproxy] SERVER s-app thread
        GET /orders/{id} haproxy[haproxy] CLIENT c-app thread thread
          GET /orders/{id} shop[python] INTERNAL s-nic
          GET /orders/{id} shop[python] SERVER s-app thread
            SET shop[python] CLIENT c-app thread thread
              SET redis-server[redis-server] INTERNAL c-nic
                SET redis-server[redis-server] INTERNAL s-app thread
            GET shop[python] CLIENT c-app thread thread
              GET redis-server[redis-server] INTERNAL c-nic
                GET redis-server[redis-server] INTERNAL s-app thread
`
	if d := godiff.Diff(want, got); d != "" {
		t.Errorf("spans (-want +got):\n%s\n%s", d, w.err.String())
	}
	for _, hop := range []string{"→ nginx  GET /orders/{id}", "→ haproxy  GET /orders/{id}", "→ shop  GET /orders/{id}", "→ redis-server  SET", "→ redis-server  GET"} {
		if n := strings.Count(string(readFile(t, tree)), hop); n != 1 {
			t.Errorf("%q is there %d times:\n%s", hop, n, readFile(t, tree))
		}
	}
}
