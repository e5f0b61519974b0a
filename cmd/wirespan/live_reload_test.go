package main

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestLiveReload changes the filter of a running capture: by the configuration
// file, and by the file of -F on SIGHUP. Connections that stay captured go on.
func TestLiveReload(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	l.nginx(t)
	dir := t.TempDir()
	out, conf := filepath.Join(dir, "spans"), filepath.Join(dir, "wirespan.yaml")
	write := func(path, text string) {
		t.Helper()
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write(conf, "filter: tcp port 1\n")
	w := l.live(t, "-i", "vb", "--config", conf, "--out", "ndjson:"+out)
	l.curl(t, l.client, "http://10.79.0.2:8080", "/unseen")
	write(conf, "filter: tcp port 8080\n")
	waitFor(t, func() bool { return strings.Contains(w.err.String(), "filter: tcp port 8080") })
	l.curl(t, l.client, "http://10.79.0.2:8080", "/seen")
	write(conf, "filter: tcp porn 8080\n")
	waitFor(t, func() bool { return strings.Contains(w.err.String(), "stays as it was") })
	l.curl(t, l.client, "http://10.79.0.2:8080", "/still")
	w.interrupt(t)
	if d := cmp.Diff([]string{"GET /seen 200", "GET /still 200"}, pathsOf(t, out)); d != "" || w.code != 0 {
		t.Errorf("exit status %d, spans (-want +got):\n%s\n%s", w.code, d, w.err.String())
	}

	words := filepath.Join(dir, "words")
	write(words, "tcp port 1")
	w = l.live(t, "-i", "vb", "-F", words, "-w", filepath.Join(dir, "kept.pcapng"), "--out", "ndjson:"+out)
	write(words, "tcp port 8080")
	_ = w.cmd.Process.Signal(syscall.SIGHUP)
	waitFor(t, func() bool { return strings.Contains(w.err.String(), "filter: tcp port 8080") })
	l.curl(t, l.client, "http://10.79.0.2:8080", "/words")
	w.interrupt(t)
	if d := cmp.Diff([]string{"GET /words 200"}, pathsOf(t, out)); d != "" || w.code != 0 {
		t.Errorf("exit status %d, spans (-want +got):\n%s\n%s", w.code, d, w.err.String())
	}
}
