package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// idsOf lists the spans of a file by what makes them the same span again: ids,
// parents, times and the point. Packets of a recording are a live run's, so
// nothing may differ.
func idsOf(t *testing.T, b []byte) []string {
	t.Helper()
	var l []string
	for line := range strings.Lines(string(b)) {
		l = append(l, strings.TrimSpace(line))
	}
	slices.Sort(l)
	return l
}

// TestLiveRecording reads what -w kept: the same spans with the same ids and
// attributes, with the agent and point of the recording or with those given.
// What packets do not say, the processes, is left out.
func TestLiveRecording(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	l.nginx(t)
	dir := t.TempDir()
	out, kept := filepath.Join(dir, "spans"), filepath.Join(dir, "kept.pcapng")
	w := l.live(t, "-i", "vb=front", "--proc-root", "off", "--hosts-file", "off", "-w", kept, "--out", "ndjson:"+out, "port", "8080")
	paths, want := numbered(10)
	l.curl(t, l.client, "http://10.79.0.2:8080", paths...)
	l.wrk(t, 4, 1)
	w.interrupt(t)
	if w.code != 0 {
		t.Fatalf("exit status %d\n%s", w.code, w.err.String())
	}
	live := idsOf(t, readFile(t, out))
	if len(live) < len(want) {
		t.Fatalf("%d spans live", len(live))
	}
	for name, args := range map[string][]string{
		"as recorded": {"--bodies", "0", kept},
		"as told":     {"--bodies", "0", "--agent", "host1", "--point", "front=" + kept},
	} {
		again := idsOf(t, outputOf(t, "ndjson", args...))
		if d := cmp.Diff(live, again); d != "" {
			t.Errorf("%s (-live +read):\n%.4000s", name, d)
		}
	}
	if _, err := os.Stat(kept); err != nil {
		t.Error(err)
	}
}

// TestLiveRing keeps two files and writes over the older.
func TestLiveRing(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	l.nginx(t)
	dir := t.TempDir()
	w := l.live(t, "-i", "vb", "-w", filepath.Join(dir, "ring"), "-C", "100k", "-W", "2")
	l.wrk(t, 4, 1)
	w.interrupt(t)
	list, err := os.ReadDir(dir)
	if err != nil || w.code != 0 {
		t.Fatalf("exit status %d, %v\n%s", w.code, err, w.err.String())
	}
	if len(list) != 2 {
		t.Errorf("%d files: %v", len(list), list)
	}
	spansOf(t, dir) // they can be read
}
