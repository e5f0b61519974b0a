package main

import (
	"bufio"
	"encoding/json"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestLiveKeeps: a live capture, in its sandbox, stores what it sees, answers for it,
// and keeps it on disk for a server that is away.
func TestLiveKeeps(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	l.nginx(t)
	dir := t.TempDir()
	st, buf := filepath.Join(dir, "store"), filepath.Join(dir, "buffer")
	w := l.live(t, "-i", "vb", "--store", st, "--ui", "127.0.0.1:16680", "--server", "http://127.0.0.1:9", "--buffer", buf, "--metrics", "127.0.0.1:9100", "-v")
	if !strings.Contains(w.err.String(), "landlock") {
		t.Logf("no landlock here:\n%s", w.err.String())
	}
	curl := func(ns, url string) string {
		b, err := l.in(ns, toolPath(t, "curl"), "-sS", "--max-time", "10", url).CombinedOutput()
		if err != nil {
			t.Logf("curl %s: %v %s", url, err, b)
		}
		return string(b)
	}
	const n = 5
	for range n {
		curl(l.client, "http://10.79.0.2:8080/kept/item")
	}
	waitFor(t, func() bool {
		var s struct{ Spans int }
		_ = json.Unmarshal([]byte(curl(l.server, "http://127.0.0.1:16680/api/v1/stats")), &s)
		return s.Spans >= n && recordsIn(t, buf) >= n
	})
	if spans := curl(l.server, "http://127.0.0.1:16680/api/v1/spans?from=0&limit=100"); strings.Count(spans, `"/kept/item"`) < n || strings.Contains(spans, "16680") {
		t.Errorf("spans: %.600s", spans)
	}
	if m := curl(l.server, "http://127.0.0.1:9100/metrics"); !strings.Contains(m, "wirespan_buffer_failing 1") || !strings.Contains(m, "store "+st) {
		t.Errorf("metrics do not tell of store and buffer:\n%s", grep(m, "buffer", "exporter"))
	}
	w.interrupt(t)
	if w.code != 0 || !strings.Contains(w.err.String(), "left for the next run") {
		t.Errorf("exit status %d\n%s", w.code, w.err.String())
	}
	if o := wirespan(t, "search", "--store", st, "--json", "name ~ kept"); o.code != 0 || !strings.Contains(o.stdout, "kept") {
		t.Errorf("search in what live left: exit status %d\n%.400s%s", o.code, o.stdout, o.stderr)
	}
}

// grep returns the lines that contain one of the words.
func grep(text string, words ...string) string {
	var b strings.Builder
	for line := range strings.Lines(text) {
		for _, w := range words {
			if strings.Contains(line, w) {
				b.WriteString(line)
				break
			}
		}
	}
	return b.String()
}

// TestServeNotifies: the service manager hears when serve is ready, reloads and stops.
func TestServeNotifies(t *testing.T) {
	t.Parallel()
	dir, err := os.MkdirTemp("", "ws") // names of sockets are short
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	sock := filepath.Join(dir, "n")
	c, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: sock, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	heard := make(chan string, 100)
	go func() {
		b := make([]byte, 4096)
		for {
			n, err := c.Read(b)
			if err != nil {
				return
			}
			heard <- string(b[:n])
		}
	}()
	await := func(what string) {
		t.Helper()
		for {
			select {
			case s := <-heard:
				if strings.Contains(s, what) {
					return
				}
			case <-time.After(30 * time.Second):
				t.Fatalf("not told %s", what)
			}
		}
	}
	tokens := writeFile(t, "tokens", []byte("read people "+viewerToken+"\n"))
	cmd := programCmd(t.Context(), "serve", "--ui", "127.0.0.1:0", "--otlp-grpc", "off", "--otlp-http", "off", "--tokens", tokens)
	cmd.Env = append(cmd.Env, "NOTIFY_SOCKET="+sock, "WATCHDOG_USEC=200000")
	s := serving(t, cmd)
	await("READY=1")
	await("WATCHDOG=1")
	_ = cmd.Process.Signal(syscall.SIGHUP)
	await("RELOADING=1")
	await("READY=1")
	_ = cmd.Process.Signal(syscall.SIGTERM)
	await("STOPPING=1")
	s.wait(t)
	if s.code != 0 {
		t.Errorf("exit status %d\n%s", s.code, s.err.String())
	}
}

// TestServerKilled: a server is killed while an agent sends to it, and comes back on the
// same address with the same store: with --buffer every span is there in the end.
func TestServerKilled(t *testing.T) {
	t.Parallel()
	st := filepath.Join(t.TempDir(), "store")
	addr := freeAddr(t)
	begin := func() *serveProc {
		return serving(t, programCmd(t.Context(), "serve", "--ui", "127.0.0.1:0", "--otlp-grpc", addr, "--otlp-http", "off", "--store", st, "--retention", "0s"))
	}
	s := begin()
	cmd := programCmd(t.Context(), "read", "--follow", "--server", "grpc://"+addr, "--buffer", filepath.Join(t.TempDir(), "b"), "-")
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	agent := start(t, cmd)
	capture := readFile(t, demoCaptures()[0])
	want := len(spansOf(t, demoCaptures()[0]))
	half := len(capture) / 2
	if _, err := in.Write(capture[:half]); err != nil {
		t.Fatal(err)
	}
	waitFor(t, func() bool { return s.stored(t) > 0 })
	// What is stored is on disk after a second (store.Write); spans of traces that were
	// waiting come meanwhile.
	before, since := s.stored(t), time.Now()
	waitFor(t, func() bool {
		if n := s.stored(t); n != before {
			before, since = n, time.Now()
		}
		return time.Since(since) > 1500*time.Millisecond
	})
	if err := s.cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	<-s.exited
	if _, err := in.Write(capture[half:]); err != nil {
		t.Fatal(err)
	}
	if err := in.Close(); err != nil { // read ends, and waits for the server as long as it may
		t.Fatal(err)
	}
	s = begin()
	agent.wait(t)
	if agent.code != 0 || strings.Contains(agent.err.String(), "left for the next run") || strings.Contains(agent.err.String(), "not exported") {
		t.Errorf("exit status %d\n%s", agent.code, agent.err.String())
	}
	if n := s.stored(t); n != want || before == 0 || before == want {
		t.Errorf("%d spans of %d; %d before it was killed", n, want, before)
	}
	s.stop(t)
}

// TestServeStreams: the live stream shows spans as they come, longer than a request may
// last, and ends with the server.
func TestServeStreams(t *testing.T) {
	t.Parallel()
	s := startServe(t, "--limit-time", "1s")
	for range 2 { // on a connection that had a request with a deadline before
		if code, _ := getHTTP(t, s.ui+"/api/v1/services"); code != 200 {
			t.Fatal(code)
		}
	}
	resp, err := http.Get(s.ui + "/api/v1/live")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	events := bufio.NewScanner(resp.Body)
	events.Buffer(nil, 1<<20)
	next := func(kind string) {
		t.Helper()
		for events.Scan() {
			if events.Text() == "event: "+kind {
				return
			}
		}
		t.Fatalf("no %s: %v", kind, events.Err())
	}
	next("hello")
	time.Sleep(2 * time.Second) // longer than --limit-time, which is what this is about
	if o := wirespan(t, append([]string{"read", "--server", s.ui}, demoCaptures()...)...); o.code != 0 {
		t.Fatalf("exit status %d\n%s", o.code, o.stderr)
	}
	next("span")
	s.stop(t)
}
