package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"
	trace "go.opentelemetry.io/proto/otlp/trace/v1"

	"github.com/wirespan/wirespan/tracer/facts"
)

// spanIDs maps the ids of spans to those of their parents.
func spanIDs(spans []*trace.Span) map[string]string {
	m := make(map[string]string)
	for _, s := range spans {
		m[fmt.Sprintf("%x", s.SpanId)] = fmt.Sprintf("%x", s.ParentSpanId)
	}
	return m
}

// demoIDs are those of the spans of the demo, as files have them.
func demoIDs(t *testing.T) map[string]string {
	t.Helper()
	m := make(map[string]string)
	for _, s := range spansOf(t, demoCaptures()...) {
		m[s.ID] = s.Parent
	}
	return m
}

// TestServerFlag sends the demo to a server: single spans, each with its own parent
// and facts, and the token.
func TestServerFlag(t *testing.T) {
	t.Parallel()
	for _, proto := range []string{"http", "grpc"} {
		t.Run(proto, func(t *testing.T) {
			t.Parallel()
			r := &receiver{busy: true}
			var url string
			if proto == "http" {
				s := httptest.NewServer(r)
				t.Cleanup(s.Close)
				url = s.URL
			} else {
				url = "grpc://" + serveGRPC(t, r)
			}
			token := writeFile(t, "token", []byte("s3cret-token\n"))
			o := wirespan(t, append([]string{"read", "--server", url, "--token-file", token}, demoCaptures()...)...)
			if o.code != 0 || o.stdout != "" {
				t.Fatalf("exit status %d\n%s%s", o.code, o.stdout, o.stderr)
			}
			spans, _ := r.received()
			if d := cmp.Diff(demoIDs(t), spanIDs(spans)); d != "" {
				t.Errorf("spans and parents (-file +server):\n%s", d)
			}
			for _, s := range spans {
				told := false
				for _, a := range s.Attributes {
					if a.Key == facts.Name {
						f, err := facts.Parse(a.Value.GetBytesValue())
						told = err == nil && f.Class != 0
					}
				}
				if !told {
					t.Errorf("span %s has no facts", s.Name)
				}
			}
			if h := r.headers.Get("Authorization"); proto == "http" && h != "Bearer s3cret-token" {
				t.Errorf("authorization %q", h)
			}
			for _, rs := range r.got {
				agent := false
				for _, a := range rs.Resource.Attributes {
					agent = agent || a.Key == "wirespan.agent"
				}
				if !agent {
					t.Errorf("resource without agent: %v", rs.Resource)
				}
			}
		})
	}
}

func TestServerMistakes(t *testing.T) {
	t.Parallel()
	empty := writeFile(t, "empty", nil)
	for want, args := range map[string][]string{
		"--buffer: is for --server":     {"--buffer", t.TempDir()},
		"want DIR or DIR:SIZE":          {"--server", "http://127.0.0.1:1", "--buffer", t.TempDir() + ":5k"},
		"no scheme":                     {"--server", "host:4317"},
		"use https or grpcs":            {"--server", "http://192.0.2.1:4318", "--token", "abc"},
		"want one token":                {"--server", "http://127.0.0.1:1", "--token-file", empty},
		"has no certificate":            {"--server", "https://127.0.0.1:1", "--server-ca", empty},
		"--server-cert and --server-ke": {"--server", "https://127.0.0.1:1", "--server-cert", empty},
	} {
		o := wirespan(t, append(append([]string{"read"}, args...), demoCaptures()...)...)
		if o.code != exitUsage || !strings.Contains(o.stderr, want) {
			t.Errorf("%v: exit status %d, %s", args, o.code, o.stderr)
		}
	}
}

// farSide is a server that is open, answers 503, or hangs.
type farSide struct {
	receiver
	state atomic.Int32
	held  chan struct{} // closed at the end of the test
}

const (
	doorOpen = iota
	doorShut
	doorHangs
)

func (d *farSide) ServeHTTP(w http.ResponseWriter, q *http.Request) {
	switch d.state.Load() {
	case doorShut:
		w.WriteHeader(http.StatusServiceUnavailable)
	case doorHangs:
		<-d.held
	default:
		d.receiver.ServeHTTP(w, q)
	}
}

func newFarSide(t *testing.T, state int32) (*farSide, string) {
	t.Helper()
	d := &farSide{held: make(chan struct{})}
	d.state.Store(state)
	s := httptest.NewServer(d)
	t.Cleanup(s.Close)
	t.Cleanup(func() { close(d.held) })
	return d, s.URL
}

// TestBuffer: what a server does not take stays on disk, and the next run sends it.
func TestBuffer(t *testing.T) {
	t.Parallel()
	for name, state := range map[string]int32{"shut": doorShut, "gone": -1} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d, url := newFarSide(t, state)
			dir := filepath.Join(t.TempDir(), "buffer")
			first := url
			if state < 0 {
				first = "http://127.0.0.1:1"
			}
			o := wirespan(t, append([]string{"read", "--server", first, "--buffer", dir}, demoCaptures()...)...)
			if o.code != 0 || !strings.Contains(o.stderr, "left for the next run") || strings.Contains(o.stderr, "not exported") {
				t.Fatalf("exit status %d\n%s", o.code, o.stderr)
			}
			if spans, _ := d.received(); len(spans) != 0 {
				t.Fatalf("%d spans came in", len(spans))
			}
			d.state.Store(doorOpen)
			more := goldenCapture("dns-udp")
			o = wirespan(t, "read", "--server", url, "--buffer", dir, more)
			if o.code != 0 || strings.Contains(o.stderr, "left for the next run") {
				t.Fatalf("exit status %d\n%s", o.code, o.stderr)
			}
			want := demoIDs(t)
			for _, s := range spansOf(t, more) {
				want[s.ID] = s.Parent
			}
			spans, _ := d.received()
			if diff := cmp.Diff(want, spanIDs(spans)); diff != "" || len(spans) != len(want) {
				t.Errorf("%d spans of %d (-want +got):\n%s", len(spans), len(want), diff)
			}
		})
	}
}

// TestBufferKilled: an agent that is killed while the server hangs loses nothing
// that it had written.
func TestBufferKilled(t *testing.T) {
	t.Parallel()
	d, url := newFarSide(t, doorHangs)
	dir := filepath.Join(t.TempDir(), "buffer")
	cmd := programCmd(t.Context(), "read", "--follow", "--server", url, "--buffer", dir+":64MiB", "-")
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	p := start(t, cmd)
	capture := demoCaptures()[0]
	if _, err := in.Write(readFile(t, capture)); err != nil {
		t.Fatal(err)
	}
	want := make(map[string]string)
	for _, s := range spansOf(t, "--point", "stdin="+capture) {
		want[s.ID] = s.Parent
	}
	waitFor(t, func() bool { return recordsIn(t, dir) >= len(want) })
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	<-p.exited
	d.state.Store(doorOpen)
	o := wirespan(t, "read", "--server", url, "--buffer", dir, goldenCapture("dns-udp"))
	if o.code != 0 {
		t.Fatalf("exit status %d\n%s", o.code, o.stderr)
	}
	for _, s := range spansOf(t, goldenCapture("dns-udp")) {
		want[s.ID] = s.Parent
	}
	spans, _ := d.received()
	if diff := cmp.Diff(want, spanIDs(spans)); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// recordsIn counts the spans that wait in a buffer, by the heads of its records
// (tracer/spill).
func recordsIn(t *testing.T, dir string) (spans int) {
	t.Helper()
	files, _ := filepath.Glob(filepath.Join(dir, "*.spans"))
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			continue
		}
		for b = b[min(8, len(b)):]; len(b) >= 12; {
			n := int(b[0]) | int(b[1])<<8 | int(b[2])<<16
			if len(b) < 12+n {
				break
			}
			spans += int(b[4]) | int(b[5])<<8
			b = b[12+n:]
		}
	}
	return spans
}

// TestBufferInUse: two agents do not share a buffer.
func TestBufferInUse(t *testing.T) {
	t.Parallel()
	_, url := newFarSide(t, doorOpen)
	dir := filepath.Join(t.TempDir(), "buffer")
	cmd := programCmd(t.Context(), "read", "--follow", "--server", url, "--buffer", dir, "-")
	if _, err := cmd.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	start(t, cmd)
	waitFor(t, func() bool { _, err := os.Stat(filepath.Join(dir, "acked")); return err == nil })
	o := wirespan(t, append([]string{"read", "--server", url, "--buffer", dir}, demoCaptures()...)...)
	if o.code != exitPartial || !strings.Contains(o.stderr, "in use by another wirespan") {
		t.Errorf("exit status %d\n%s", o.code, o.stderr)
	}
}
