package main

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	trace "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"
)

// serveProc is a running wirespan serve.
type serveProc struct {
	*proc
	ui, grpc, http string // URLs
}

// startServe starts serve on ports that are free and waits until it serves.
func startServe(t *testing.T, args ...string) *serveProc {
	t.Helper()
	base := []string{"serve", "--ui", "127.0.0.1:0", "--otlp-grpc", "127.0.0.1:0", "--otlp-http", "127.0.0.1:0"}
	return serving(t, programCmd(context.Background(), append(base, args...)...))
}

var listensAt = regexp.MustCompile(`(ui|otlp-grpc|otlp-http) ((?:http|grpc)s?://[^ ,"]+)`)

func serving(t *testing.T, cmd *exec.Cmd) *serveProc {
	t.Helper()
	s := &serveProc{proc: start(t, cmd)}
	waitFor(t, func() bool {
		select {
		case <-s.exited:
			t.Fatalf("serve ended with %d\n%s", s.code, s.err.String())
		default:
		}
		return strings.Contains(s.err.String(), "msg=serving")
	})
	for _, m := range listensAt.FindAllStringSubmatch(s.err.String(), -1) {
		switch m[1] {
		case "ui":
			s.ui = m[2]
		case "otlp-grpc":
			s.grpc = m[2]
		default:
			s.http = m[2]
		}
	}
	return s
}

// getHTTP asks with the headers given and returns status and body.
func getHTTP(t *testing.T, url string, headers ...string) (int, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	return askHTTP(t, http.DefaultClient, req, headers...)
}

func askHTTP(t *testing.T, c *http.Client, req *http.Request, headers ...string) (int, string) {
	t.Helper()
	for i := 0; i < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
		if headers[i] == "Host" {
			req.Host = headers[i+1]
		}
	}
	resp, err := c.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(b)
}

// stored is the number of spans that a server keeps.
func (s *serveProc) stored(t *testing.T, headers ...string) int {
	t.Helper()
	_, body := getHTTP(t, s.ui+"/api/v1/stats", headers...)
	var st struct{ Spans int }
	if err := json.Unmarshal([]byte(body), &st); err != nil {
		t.Fatalf("%v: %s", err, body)
	}
	return st.Spans
}

// TestServe sends the demo over each way in, and asks for it.
func TestServe(t *testing.T) {
	t.Parallel()
	want := demoIDs(t)
	for name, url := range map[string]func(*serveProc) string{
		"grpc": func(s *serveProc) string { return s.grpc },
		"http": func(s *serveProc) string { return s.http },
		"ui":   func(s *serveProc) string { return s.ui },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := startServe(t)
			o := wirespan(t, append([]string{"read", "--agent", "probe-7", "--server", url(s)}, demoCaptures()...)...)
			if o.code != 0 || strings.Contains(o.stderr, "not exported") || strings.Contains(o.stderr, "rejected") {
				t.Fatalf("exit status %d\n%s", o.code, o.stderr)
			}
			if n := s.stored(t); n != len(want) {
				t.Errorf("%d spans of %d", n, len(want))
			}
			for _, path := range []string{"/", "/status", "/metrics", "/api/v1/services", "/api/traces", "/healthz", "/readyz"} {
				if code, body := getHTTP(t, s.ui+path); code != 200 && path != "/api/traces" || code >= 500 {
					t.Errorf("%s: %d %s", path, code, body)
				}
			}
			if _, page := getHTTP(t, s.ui+"/"); !strings.Contains(page, "probe-7") || !strings.Contains(page, fmt.Sprint(len(want))) {
				t.Errorf("the page does not tell of the agent and its spans:\n%s", page)
			}
			if _, body := getHTTP(t, s.ui+"/api/v1/traces?limit=5&from=0"); !strings.Contains(body, `"spans"`) || strings.Contains(body, "wirespan.facts") {
				t.Errorf("traces: %.300s", body)
			}
			s.stop(t)
		})
	}
}

// stop ends a server as a service manager does.
func (s *serveProc) stop(t *testing.T) {
	t.Helper()
	_ = s.cmd.Process.Signal(syscall.SIGTERM)
	s.wait(t)
	if s.code != 0 || !strings.Contains(s.err.String(), "msg=stopped") {
		t.Errorf("exit status %d\n%s", s.code, s.err.String())
	}
}

// TestServeKeeps: what was sent is there after a restart.
func TestServeKeeps(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "store")
	if _, err := openLocal(t.Context(), dir, 0, 1<<30, newLog(false)); err != nil && strings.Contains(err.Error(), "no embedded store") {
		t.Skip(err)
	}
	dir += "2"
	s := startServe(t, "--store", dir, "--retention", "0s")
	if o := wirespan(t, append([]string{"read", "--server", s.grpc}, demoCaptures()...)...); o.code != 0 {
		t.Fatalf("exit status %d\n%s", o.code, o.stderr)
	}
	n := s.stored(t)
	o := wirespan(t, "serve", "--ui", "127.0.0.1:0", "--otlp-grpc", "off", "--otlp-http", "off", "--store", dir)
	if o.code != exitPartial || !strings.Contains(o.stderr, "--store") {
		t.Errorf("a second server on one store: exit status %d\n%s", o.code, o.stderr)
	}
	s.stop(t)
	s = startServe(t, "--store", dir, "--retention", "0s")
	if again := s.stored(t); again != n || n == 0 {
		t.Errorf("%d spans, %d after a restart", n, again)
	}
	s.stop(t)
}

func TestServeMistakes(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	empty, bad := writeFile(t, "empty", nil), writeFile(t, "bad", []byte("read me topsecret\n"))
	for _, c := range []struct {
		code int
		want string
		args []string
	}{
		{exitPartial, "the port is taken", []string{"--ui", l.Addr().String()}},
		{exitPartial, "the port is taken", []string{"--ui", "127.0.0.1:0", "--otlp-grpc", l.Addr().String()}},
		{exitUsage, "needs: TLS", []string{"--ui", "0.0.0.0:0"}},
		{exitUsage, "tokens", []string{"--ui", "127.0.0.1:0", "--otlp-http", "0.0.0.0:0", "--insecure-no-tls"}},
		{exitUsage, "HOST:PORT", []string{"--ui", "nonsense"}},
		{exitUsage, "no token in it", []string{"--tokens", empty}},
		{exitUsage, "line 1", []string{"--tokens", bad}},
		{exitUsage, "one without the other", []string{"--cert", empty}},
		{exitUsage, "read certificate", []string{"--cert", empty, "--cert-key", empty}},
		{exitUsage, "exclude each other", []string{"--ui", "127.0.0.1:0", "--otlp-grpc", "off", "--otlp-http", "off", "--store", "x", "--clickhouse", "clickhouse://h"}},
		{exitUsage, "request size", []string{"--limit-body", "0"}},
	} {
		o := wirespan(t, append([]string{"serve"}, c.args...)...)
		if o.code != c.code || !strings.Contains(o.stderr, c.want) || strings.Contains(o.stderr, "topsecret") {
			t.Errorf("%v: exit status %d\n%s", c.args, o.code, o.stderr)
		}
	}
}

const (
	viewerToken = "viewer-5f1e0c7a91d24b38"
	senderToken = "sender-0b9c3d5e7f1a2468"
	laterToken  = "later-77c1e0d2b4a69f38a"
)

// TestServeAccess: on an address that others reach, with TLS and tokens. SIGHUP
// changes the tokens. No token is in what the server says.
func TestServeAccess(t *testing.T) {
	t.Parallel()
	cert, key := selfSigned(t, t.TempDir())
	tokens := writeFile(t, "tokens", []byte("read people "+viewerToken+"\ningest agents "+senderToken+"\n"))
	s := startServe(t, "--ui", "0.0.0.0:0", "--otlp-grpc", "0.0.0.0:0", "--otlp-http", "0.0.0.0:0",
		"--cert", cert, "--cert-key", key, "--tokens", tokens, "--verbose")
	at := func(url string) string {
		return strings.Replace(strings.Replace(url, "0.0.0.0", "127.0.0.1", 1), "[::]", "127.0.0.1", 1)
	}
	s.ui, s.grpc, s.http = at(s.ui), at(s.grpc), at(s.http)
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}}
	code := func(url, token string) int {
		t.Helper()
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
		if err != nil {
			t.Fatal(err)
		}
		c, _ := askHTTP(t, client, req, "Authorization", "Bearer "+token)
		return c
	}
	for path, want := range map[string][3]int{ // viewer, sender, nobody
		"/": {200, 403, 401}, "/api/v1/services": {200, 403, 401}, "/metrics": {200, 403, 401}, "/status": {200, 403, 401},
		"/v1/traces": {403, 415, 401}, "/healthz": {200, 200, 200}, "/readyz": {200, 200, 200},
	} {
		got := [3]int{code(s.ui+path, viewerToken), code(s.ui+path, senderToken), code(s.ui+path, "nobody-has-this-one")}
		if got != want {
			t.Errorf("%s: %v, want %v", path, got, want)
		}
	}
	if resp, err := http.Get(strings.Replace(s.ui, "https", "http", 1)); err == nil {
		if resp.Body.Close(); resp.StatusCode == 200 {
			t.Error("without TLS")
		}
	}
	for _, url := range []string{s.grpc, s.http} {
		read := func(token string) runResult {
			return wirespan(t, append([]string{"read", "--server", url, "--server-ca", cert, "--token", token}, demoCaptures()...)...)
		}
		if o := read(viewerToken); !strings.Contains(o.stderr, "rejected") {
			t.Errorf("%s: the wrong right: exit status %d\n%s", url, o.code, o.stderr)
		}
		if o := read(senderToken); o.code != 0 || strings.Contains(o.stderr, "rejected") || strings.Contains(o.stderr, "not exported") {
			t.Errorf("%s: exit status %d\n%s", url, o.code, o.stderr)
		}
	}
	if err := os.WriteFile(tokens, []byte("read later "+laterToken+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	_ = s.cmd.Process.Signal(syscall.SIGHUP)
	waitFor(t, func() bool { return strings.Contains(s.err.String(), "were read again") })
	if a, b := code(s.ui+"/", viewerToken), code(s.ui+"/", laterToken); a != 401 || b != 200 {
		t.Errorf("after SIGHUP: %d, %d", a, b)
	}
	if err := os.WriteFile(tokens, []byte("nonsense\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	_ = s.cmd.Process.Signal(syscall.SIGHUP)
	waitFor(t, func() bool { return strings.Contains(s.err.String(), "reload failed") })
	if code(s.ui+"/", laterToken) != 200 {
		t.Error("a file that cannot be read changed who is let in")
	}
	s.stop(t)
	for _, token := range []string{viewerToken, senderToken, laterToken} {
		if strings.Contains(s.err.String(), token) {
			t.Error("a token is in the log")
		}
	}
}

// TestServeLimits: requests that are too large, or of other sites' pages.
func TestServeLimits(t *testing.T) {
	t.Parallel()
	s := startServe(t, "--limit-body", "1KiB")
	post := func(body []byte, headers ...string) int {
		t.Helper()
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.http+"/v1/traces", bytes.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Content-Type", "application/x-protobuf")
		code, _ := askHTTP(t, http.DefaultClient, req, headers...)
		return code
	}
	small, err := proto.Marshal(&trace.TracesData{})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		got, want int
		what      string
	}{
		{post(small), 200, "an empty request"},
		{post(make([]byte, 2000)), 413, "a large one"},
		{post(small, "Origin", "https://evil.example"), 403, "another site"},
		{post(small, "Host", "evil.example"), 403, "another name"},
	} {
		if c.got != c.want {
			t.Errorf("%s: %d, want %d", c.what, c.got, c.want)
		}
	}
	_, text := getHTTP(t, s.ui+"/metrics")
	for _, want := range []string{`outcome="too_large"} 1`, `outcome="cross_site"} 1`, `outcome="foreign_host"} 1`} {
		if !strings.Contains(text, want) {
			t.Errorf("no %s in metrics", want)
		}
	}
	s.stop(t)
}

// TestServeDrains: a request that is under way when the end is asked for is answered.
func TestServeDrains(t *testing.T) {
	t.Parallel()
	s := startServe(t)
	body, w := io.Pipe()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.http+"/v1/traces", body)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-protobuf")
	type answer struct {
		code int
		err  error
	}
	got := make(chan answer, 1)
	go func() {
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			got <- answer{0, err}
			return
		}
		resp.Body.Close()
		got <- answer{resp.StatusCode, nil}
	}()
	data, err := proto.Marshal(&trace.TracesData{ResourceSpans: []*trace.ResourceSpans{{ScopeSpans: []*trace.ScopeSpans{{Spans: []*trace.Span{{
		TraceId: bytes.Repeat([]byte{1}, 16), SpanId: bytes.Repeat([]byte{2}, 8), Name: "x", StartTimeUnixNano: uint64(time.Now().UnixNano()), EndTimeUnixNano: uint64(time.Now().UnixNano()),
	}}}}}}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(data[:5]); err != nil { // the server has it: the pipe has no room
		t.Fatal(err)
	}
	_, _ = getHTTP(t, s.ui+"/healthz")
	waitFor(t, func() bool {
		_, text := getHTTP(t, s.ui+"/metrics")
		return strings.Contains(text, `wirespan_ingest_requests_total{format="otlp_http"} 1`) || strings.Contains(text, `outcome="allowed"} 2`)
	})
	_ = s.cmd.Process.Signal(syscall.SIGTERM)
	waitFor(t, func() bool { return strings.Contains(s.err.String(), "msg=\"stopping") })
	if _, err := w.Write(data[5:]); err != nil {
		t.Fatal(err)
	}
	w.Close()
	if a := <-got; a.err != nil || a.code != 200 {
		t.Errorf("%d %v", a.code, a.err)
	}
	s.wait(t)
	if s.code != 0 {
		t.Errorf("exit status %d\n%s", s.code, s.err.String())
	}
}

// TestReadUI: read goes on answering what it read until it is interrupted, with the
// same spans that a server would have.
func TestReadUI(t *testing.T) {
	t.Parallel()
	cmd := programCmd(context.Background(), append([]string{"read", "--agent", "probe-7", "--ui", "127.0.0.1:0"}, demoCaptures()...)...)
	s := &serveProc{proc: start(t, cmd)}
	waitFor(t, func() bool { return strings.Contains(s.err.String(), "until interrupted") })
	for _, m := range listensAt.FindAllStringSubmatch(s.err.String(), -1) {
		s.ui = m[2]
	}
	if n := s.stored(t); n != len(demoIDs(t)) {
		t.Errorf("%d spans", n)
	}
	far := startServe(t)
	if o := wirespan(t, append([]string{"read", "--agent", "probe-7", "--server", far.grpc}, demoCaptures()...)...); o.code != 0 {
		t.Fatalf("exit status %d\n%s", o.code, o.stderr)
	}
	near, nearBody := getHTTP(t, s.ui+"/api/v1/spans?limit=1000&from=0")
	remote, farBody := getHTTP(t, far.ui+"/api/v1/spans?limit=1000&from=0")
	if near != 200 || remote != 200 || nearBody != farBody || len(nearBody) < 1000 {
		t.Errorf("%d %d: %.500s\n%.500s", near, remote, nearBody, farBody)
	}
	if _, page := getHTTP(t, s.ui); !strings.Contains(page, "probe-7") {
		t.Error("the page does not name the agent")
	}
	if code, _ := getHTTP(t, s.ui+"/v1/traces"); code != 404 {
		t.Errorf("read takes spans of others: %d", code)
	}
	s.interrupt(t)
	if s.code != 0 {
		t.Errorf("exit status %d\n%s", s.code, s.err.String())
	}
	far.stop(t)
}
