package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestLiveDropEmptyAcks has two runs look at the same traffic: without empty
// acknowledgements the same is found, with as many packets less as tcpdump counts
// of them.
func TestLiveDropEmptyAcks(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	l.nginx(t)
	dir := t.TempDir()
	whole, less := filepath.Join(dir, "whole"), filepath.Join(dir, "less")
	w := l.live(t, "-i", "vb", "tcp", "port", "8080", "--out", "ndjson:"+whole)
	d := l.live(t, "-i", "vb", "tcp", "port", "8080", "--drop-empty-acks", "--out", "ndjson:"+less)
	acks := l.dump(t, "-i", "vb", "-w", os.DevNull, "tcp port 8080 and tcp[tcpflags] & (tcp-syn|tcp-fin|tcp-rst) == 0 and (ip[2:2] - ((ip[0]&0xf)<<2) - ((tcp[12]&0xf0)>>2)) == 0")
	paths, want := numbered(20)
	l.curl(t, l.client, "http://10.79.0.2:8080", paths...)
	for _, out := range []string{whole, less} {
		waitFor(t, func() bool { b, _ := os.ReadFile(out); return strings.Count(string(b), "\n") >= len(want) })
	}
	for _, p := range []*proc{w, d, acks} {
		p.interrupt(t)
	}
	for _, out := range []string{whole, less} {
		if d := cmp.Diff(want, pathsOf(t, out)); d != "" {
			t.Errorf("%s (-want +got):\n%s", out, d)
		}
	}
	empty := acks.number("packets captured")
	if got, all := d.number("packets captured"), w.number("packets captured"); empty < 2 || got != all-empty {
		t.Errorf("%d packets of %d, of which %d are empty\n%s", got, all, empty, d.err.String())
	}
	// What it costs (docs/live.md): an acknowledgement is what ends the handshake.
	rtt := func(file string) (n int) {
		for _, s := range decodeSpans(t, readFile(t, file)) {
			if s.str("wirespan.tcp.rtt") != "" {
				n++
			}
		}
		return n
	}
	if a, b := rtt(whole), rtt(less); a == 0 || b != 0 {
		t.Errorf("round-trip times on %d spans, without acknowledgements on %d", a, b)
	}
}

// TestLiveOnce has a bridge and its port show each packet: with --once an exchange
// is one span, without it is there twice.
func TestLiveOnce(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	l.must(t, "-n", l.server, "link", "add", "br0", "type", "bridge")
	l.must(t, "-n", l.server, "addr", "del", "10.79.0.2/24", "dev", "vb")
	l.must(t, "-n", l.server, "link", "set", "vb", "master", "br0")
	l.must(t, "-n", l.server, "addr", "add", "10.79.0.2/24", "dev", "br0")
	l.must(t, "-n", l.server, "link", "set", "br0", "up")
	l.nginx(t)
	dir := t.TempDir()
	runs := []struct {
		name  string
		args  []string
		spans int // of each exchange
		proc  *proc
	}{{name: "twice", spans: 2}, {name: "once", args: []string{"--once"}, spans: 1}, {name: "any", args: []string{"--once"}, spans: 1}}
	for i := range runs {
		r := &runs[i]
		ifaces := []string{"-i", "vb", "-i", "br0"}
		if r.name == "any" {
			ifaces = []string{"-i", "any"}
		}
		r.proc = l.live(t, append(append(ifaces, r.args...), "--out", "ndjson:"+filepath.Join(dir, r.name), "tcp", "port", "8080")...)
	}
	const n = 10
	paths, _ := numbered(n)
	l.curl(t, l.client, "http://10.79.0.2:8080", paths...)
	for i := range runs {
		r := &runs[i]
		out := filepath.Join(dir, r.name)
		waitFor(t, func() bool { b, _ := os.ReadFile(out); return strings.Count(string(b), "\n") >= r.spans*n })
		r.proc.interrupt(t)
		seen := make(map[string]int)
		for _, s := range decodeSpans(t, readFile(t, out)) {
			seen[s.str("url.path")]++
			if s.str("wirespan.tcp.retransmissions") != "" {
				t.Errorf("%s: a sighting of %s counts as retransmission", r.name, s.str("url.path"))
			}
		}
		for _, p := range paths {
			if seen[p] != r.spans {
				t.Errorf("%s: %s has %d spans, want %d", r.name, p, seen[p], r.spans)
			}
		}
		if !strings.Contains(r.proc.err.String(), fmt.Sprintf("exchanges    %d http", r.spans*n)) {
			t.Errorf("%s: %s", r.name, r.proc.err.String())
		}
	}
}

// TestLiveWaitInterface captures on an interface that comes later, and refuses one
// that is not there when it is not told to wait.
func TestLiveWaitInterface(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	l.must(t, "-n", l.server, "link", "del", "vb")
	now := start(t, l.liveCmd("-i", "vb"))
	now.wait(t)
	if now.code != 1 || !strings.Contains(now.err.String(), "vb") {
		t.Errorf("exit status %d: %s", now.code, now.err.String())
	}
	out := filepath.Join(t.TempDir(), "spans")
	w := l.live(t, "-i", "vb", "--wait-interface", "--out", "ndjson:"+out)
	l.join(t)
	l.nginx(t)
	waitFor(t, func() bool {
		l.curl(t, l.client, "http://10.79.0.2:8080", "/late")
		b, _ := os.ReadFile(out)
		return strings.Contains(string(b), "/late")
	})
	w.interrupt(t)
	if w.code != 0 {
		t.Errorf("exit status %d\n%s", w.code, w.err.String())
	}
}
