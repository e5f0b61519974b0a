package main

import (
	"encoding/json"
	"net"
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
	if m := curl(l.server, "http://127.0.0.1:9100/metrics"); !strings.Contains(m, "wirespan_buffer_failing_ratio 1") && !strings.Contains(m, "wirespan_buffer_failing 1") || !strings.Contains(m, "store "+st) {
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
