package main

import (
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestLiveRetune changes request IDs, redaction and names of a running capture
// with one and with two workers, in the middle of a connection: its next
// request is read by the new rules.
func TestLiveRetune(t *testing.T) {
	t.Parallel()
	for _, workers := range []string{"1", "2"} {
		t.Run(workers, func(t *testing.T) { liveRetune(t, workers) })
	}
}

func liveRetune(t *testing.T, workers string) {
	l := newLab(t)
	l.nginx(t)
	conf, out := filepath.Join(t.TempDir(), "wirespan.yaml"), filepath.Join(t.TempDir(), "spans")
	write := func(text string) {
		t.Helper()
		if err := os.WriteFile(conf, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("request.id: [X-First]\n")
	w := l.live(t, "-i", "vb", "--workers", workers, "--config", conf, "--out", "ndjson:"+out)

	// One connection that stays open.
	talk := l.in(l.client, toolPath(t, "python3"), "-u", "-c", `
import http.client, sys
c = http.client.HTTPConnection("10.79.0.2", 8080)
for path in sys.stdin:
    c.request("GET", path.strip(), headers={"X-First": "3f2a9c51d0e84b7a", "X-Second": "77c1e0d2b4a69f38"})
    r = c.getresponse()
    r.read()
    print(path.strip(), r.status)`)
	in, err := talk.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	p := start(t, talk)
	ask := func(path string) {
		t.Helper()
		if _, err := io.WriteString(in, path+"\n"); err != nil {
			t.Fatal(err)
		}
		waitFor(t, func() bool { return strings.Contains(p.out.String(), path) })
	}
	told := func(text string) {
		t.Helper()
		waitFor(t, func() bool { return strings.Contains(w.err.String(), text) })
	}
	ask("/a?customer=1")
	waitFor(t, func() bool { b, _ := os.ReadFile(out); return strings.Contains(string(b), "/a") }) // its spans have left
	want := map[string]string{"/a": "X-First", "/b": "X-Second", "/c": "X-Second"}

	write("request.id: [X-Second]\nworkers: 7\n")
	told("configuration changed: request.id")
	ask("/b?customer=1")
	write("request.id: [X-Second]\nworkers: 7\nredact.name: customer\nname: {10.79.0.2: till}\n")
	told("configuration changed: name, redact.name")
	ask("/c?customer=1")
	if err := in.Close(); err != nil {
		t.Fatal(err)
	}
	p.wait(t)
	w.interrupt(t)
	if w.code != 0 {
		t.Errorf("exit status %d\n%s", w.code, w.err.String())
	}
	seen := 0
	for line := range strings.Lines(string(readFile(t, out))) {
		for path, id := range want {
			if !strings.Contains(line, `"GET `+path+`"`) && !strings.Contains(line, `"url.path":"`+path+`"`) {
				continue
			}
			seen++
			if has := strings.Contains(line, "3f2a9c51d0e84b7a"); has != (id == "X-First") {
				t.Errorf("%s by the rule of %s: %s", path, id, line)
			}
			if has := strings.Contains(line, "77c1e0d2b4a69f38"); has != (id == "X-Second") {
				t.Errorf("%s by the rule of %s: %s", path, id, line)
			}
			late := path == "/c"
			if has := strings.Contains(line, "customer=REDACTED"); has != late {
				t.Errorf("%s: redacted %v: %s", path, has, line)
			}
			if has := strings.Contains(line, `"till"`); late && !has {
				t.Errorf("%s has the old name: %s", path, line)
			}
		}
	}
	if seen != len(want) {
		t.Errorf("%d spans, want %d\n%s", seen, len(want), readFile(t, out))
	}
	if n := strings.Count(w.err.String(), "key workers changed: takes effect after a restart"); workers != "7" && n != 0 {
		t.Errorf("--workers was given, and yet: %s", w.err.String())
	}
	if n := w.number("packets captured"); n <= 0 {
		t.Errorf("%d packets", n)
	}
}

// TestLiveResample changes the share of traces that a running capture exports.
func TestLiveResample(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	l.nginx(t)
	conf := filepath.Join(t.TempDir(), "wirespan.yaml")
	write := func(text string) {
		t.Helper()
		if err := os.WriteFile(conf, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	// Nobody listens there: what is not left out is lost, and both are counted.
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	target := closed.Addr().String()
	closed.Close()
	write("sample.ratio: 0\n")
	w := l.live(t, "-i", "vb", "--config", conf, "--otlp", "http://"+target, "--spans", "single", "--drain-timeout", "100ms")
	paths, _ := numbered(10)
	l.curl(t, l.client, "http://10.79.0.2:8080", paths...)
	write("sample.ratio: 1\n")
	waitFor(t, func() bool { return strings.Contains(w.err.String(), "configuration changed: sample.ratio") })
	l.curl(t, l.client, "http://10.79.0.2:8080", paths[:3]...)
	w.interrupt(t)
	text := w.err.String()
	var left, lost int
	for line := range strings.Lines(text) {
		if strings.HasPrefix(line, "sampling") {
			_, _ = fmt.Sscanf(line, "sampling %d spans left out", &left)
		}
		if _, rest, ok := strings.Cut(line, "losses"); ok && strings.Contains(rest, "spans not exported") {
			_, _ = fmt.Sscanf(rest, "%d spans not exported", &lost)
		}
	}
	if left+lost != 13 || lost < 3 {
		t.Errorf("%d left out and %d lost, want 13 together\n%s", left, lost, text)
	}
}
