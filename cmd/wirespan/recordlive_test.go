package main

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestLiveCut cuts what was chosen out of the packets that a live run keeps in
// memory; it reads as the same spans.
func TestLiveCut(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	l.nginx(t)
	dir := t.TempDir()
	out, cut := filepath.Join(dir, "spans"), filepath.Join(dir, "cut.pcapng")
	w := l.live(t, "-i", "vb=front", "--proc-root", "off", "--hosts-file", "off", "--record", "16MiB", "--record-payload", "--where", `path ~ "^/n[0-4]$"`,
		"--out", "ndjson:"+out, "--out", "pcapng:"+cut, "port", "8080")
	for _, p := range []string{"/n0", "/n1", "/n2", "/n3", "/n4", "/other", "/n9"} {
		l.curl(t, l.client, "http://10.79.0.2:8080", p)
	}
	w.interrupt(t)
	if w.code != 0 || !strings.Contains(w.err.String(), "\nkept ") {
		t.Fatalf("exit status %d\n%s", w.code, w.err.String())
	}
	live, again := idsOf(t, readFile(t, out)), idsOf(t, outputOf(t, "ndjson", "--bodies", "0", cut))
	if d := cmp.Diff(live, again); d != "" || len(live) != 5 {
		t.Errorf("%d spans (-live +cut):\n%.3000s", len(live), d)
	}
	if fi, err := os.Stat(cut); err != nil || fi.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", fi, err)
	}
}

// TestLiveByPeriod ends by itself behind the last file.
func TestLiveByPeriod(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	l.nginx(t)
	dir := t.TempDir()
	w := l.live(t, "-i", "vb", "-w", filepath.Join(dir, "f-%s"), "-G", "1", "-W", "2", "port", "8080")
	for running := true; running; {
		l.curl(t, l.client, "http://10.79.0.2:8080", "/a")
		select {
		case <-w.exited:
			running = false
		default:
		}
	}
	list, err := os.ReadDir(dir)
	if err != nil || w.code != 0 || len(list) != 2 {
		t.Errorf("exit status %d, files %v, %v\n%s", w.code, list, err, w.err.String())
	}
	if spans := spansOf(t, dir); len(spans) == 0 {
		t.Error("the files hold no spans")
	}
}

// TestLiveToStdout gives packets to whoever reads the pipe, and nothing else.
func TestLiveToStdout(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	l.nginx(t)
	w := l.live(t, "-i", "vb", "-w", "-", "-U", "port", "8080")
	l.curl(t, l.client, "http://10.79.0.2:8080", "/a")
	w.interrupt(t)
	out := bytes.NewBufferString(w.out.String())
	if list := packetsIn(t, out); len(list) < 8 || w.code != 0 {
		t.Errorf("exit status %d, %d packets\n%s", w.code, len(list), w.err.String())
	}
	r := wirespan(t, "live", "-i", "lo", "-w", "-", "--out", "ndjson:-")
	if r.code != 2 || !strings.Contains(r.stderr, "--out ndjson:- and -w - exclude each other") {
		t.Errorf("exit status %d\n%s", r.code, r.stderr)
	}
}

// TestLiveNothingToCut says what is missing.
func TestLiveNothingToCut(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	w := start(t, l.liveCmd("-i", "vb", "--out", "pcapng:"+filepath.Join(t.TempDir(), "x")))
	w.wait(t)
	if w.code != 2 || !slices.ContainsFunc(strings.Split(w.err.String(), "\n"), func(s string) bool {
		return strings.HasPrefix(s, "wirespan: --out pcapng:") && strings.Contains(s, "--record SIZE")
	}) {
		t.Errorf("exit status %d\n%s", w.code, w.err.String())
	}
}
