//go:build linux

package main

import (
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// withRights prepares live in the server's namespace with these capabilities and
// no others.
func (l *lab) withRights(t *testing.T, caps string, args ...string) *proc {
	t.Helper()
	cmd := l.liveCmd(args...)
	setpriv := []string{toolPath(t, "setpriv"), "--inh-caps", "-all", "--bounding-set", "-all," + caps}
	at := len(cmd.Args) - len(args) - 4 // of the program itself
	cmd.Args = append(cmd.Args[:at:at], append(setpriv, cmd.Args[at:]...)...)
	return start(t, cmd)
}

// TestSysRights gives live the capabilities that docs/sys.md names, which it has
// given up by the time that it traces, and then fewer.
func TestSysRights(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	l.nginx(t)
	out := filepath.Join(t.TempDir(), "spans.ndjson")
	w := l.withRights(t, "+net_raw,+bpf,+perfmon", "-i", "vb", "--sys", "auto", "--sys-port", "8080", "--out", "ndjson:"+out, "--verbose")
	w.listening(t)
	if text := w.err.String(); strings.Contains(text, "no threads or processes") {
		t.Skip(text) // the kernel has no tier
	}
	l.curl(t, l.client, "http://10.79.0.2:8080", "/one", "/two", "/three")
	converse(t) // on another port
	w.interrupt(t)
	b, err := os.ReadFile(out)
	if n := strings.Count(string(b), `"wirespan.observation":"s-app"`); err != nil || n != 3 {
		t.Errorf("%d spans of the server, %v\n%s\n%s", n, err, b, w.err.String())
	}
	for _, want := range []string{"no capabilities", "seen", "filtered", "emitted"} {
		if !strings.Contains(w.err.String(), want) {
			t.Errorf("no %q in\n%s", want, w.err.String())
		}
	}
	for caps, want := range map[string]string{"+net_raw": "CAP_BPF and CAP_PERFMON missing", "+net_raw,+bpf": "CAP_PERFMON missing", "+net_raw,+perfmon": "CAP_BPF missing"} {
		w := l.withRights(t, caps, "-i", "vb", "--sys", "auto")
		w.listening(t)
		if !strings.Contains(w.err.String(), "no threads or processes of system calls: "+want) {
			t.Errorf("%s: %s", caps, w.err.String())
		}
		w.interrupt(t)
		w = l.withRights(t, caps, "-i", "vb", "--sys", "require")
		<-w.exited
		if w.code != exitPartial || !strings.Contains(w.err.String(), want) {
			t.Errorf("%s: required, but status %d: %s", caps, w.code, w.err.String())
		}
	}
}

// converse moves bytes over a connection of this process on the loopback.
func converse(t *testing.T) {
	t.Helper()
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	c, err := net.Dial("tcp4", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	p, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	if _, err := c.Write([]byte("hello")); err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadFull(p, make([]byte, 5)); err != nil {
		t.Fatal(err)
	}
}
