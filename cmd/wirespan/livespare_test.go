package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// liveAsUser starts live in the server's namespace as a user whose only right
// is the file capability of the executable.
func (l *lab) liveAsUser(t *testing.T, args ...string) *proc {
	t.Helper()
	exe := worldExecutable(t)
	if b, err := exec.Command(toolPath(t, "setcap"), "cap_net_raw+ep", exe).CombinedOutput(); err != nil {
		t.Skipf("setcap: %v %s", err, b)
	}
	cmd := l.in(l.server, append([]string{toolPath(t, "setpriv"), "--reuid", "65534", "--regid", "65534", "--clear-groups", exe, "live", "--agent", "host1"}, args...)...)
	cmd.Env, cmd.Dir = programCmd(context.Background()).Env, "/"
	p := start(t, cmd)
	p.listening(t)
	return p
}

// capabilities reads the effective and permitted sets of a process.
func capabilities(t *testing.T, pid int) string {
	t.Helper()
	var sets []string
	for line := range strings.Lines(string(readFile(t, fmt.Sprintf("/proc/%d/status", pid)))) {
		if name, set, _ := strings.Cut(line, ":"); name == "CapEff" || name == "CapPrm" {
			sets = append(sets, strings.TrimSpace(set))
		}
	}
	return strings.Join(sets, " ")
}

const noCapabilities = "0000000000000000 0000000000000000"

// TestLiveSpareSockets captures with the file capability alone, which it gives
// up at the start: an interface that appears, goes down and comes back, also
// after it was deleted, is traced all the same.
func TestLiveSpareSockets(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	l.nginx(t)
	l.must(t, "-n", l.server, "link", "del", "vb")
	p := l.liveAsUser(t, "--out", "ndjson:-", "--spare-sockets", "2")
	if got := capabilities(t, p.cmd.Process.Pid); got != noCapabilities {
		t.Errorf("capabilities %s, want none\n%s", got, p.err.String())
	}
	seen := func(path string) {
		t.Helper()
		waitFor(t, func() bool {
			l.curl(t, l.client, "http://10.79.0.2:8080", path)
			return strings.Contains(p.out.String(), path)
		})
	}
	l.join(t)
	seen("/appeared")
	l.must(t, "-n", l.server, "link", "set", "vb", "down")
	l.must(t, "-n", l.server, "link", "set", "vb", "up")
	seen("/flapped")
	for i := range 4 { // more often than there are sockets
		l.must(t, "-n", l.server, "link", "del", "vb")
		l.join(t)
		seen(fmt.Sprintf("/again%d", i))
	}
	p.interrupt(t)
	if p.code != 0 || strings.Contains(p.err.String(), "without a packet socket") {
		t.Errorf("exit status %d\n%s", p.code, p.err.String())
	}
}

// TestLiveSpareSocketsRunOut tells of interfaces that found no socket, in the
// output, the metrics and the summary; with --keep-net-raw there are none.
func TestLiveSpareSocketsRunOut(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	l.must(t, "-n", l.server, "link", "del", "vb")
	out := filepath.Join(t.TempDir(), "spans")
	p := l.live(t, "--spare-sockets", "0", "--metrics", "9464", "--out", "ndjson:"+out)
	if got := capabilities(t, p.cmd.Process.Pid); got != noCapabilities {
		t.Errorf("capabilities %s, want none", got)
	}
	l.join(t)
	waitFor(t, func() bool {
		return strings.Contains(p.err.String(), "capture on vb: capture on vb: no spare packet socket is left")
	})
	b, err := l.in(l.server, toolPath(t, "curl"), "-s", "http://127.0.0.1:9464/metrics").Output()
	if err != nil || !strings.Contains(string(b), "\nwirespan_capture_uncaptured_interfaces_total 1\n") || !strings.Contains(string(b), "\nwirespan_capture_spare_sockets 0\n") {
		t.Errorf("%v\n%s", err, b)
	}
	p.interrupt(t)
	if !strings.Contains(p.err.String(), "1 interfaces without a packet socket (--spare-sockets)") {
		t.Errorf("%s", p.err.String())
	}
	l.nginx(t)
	l.must(t, "-n", l.server, "link", "del", "vb")
	p = l.live(t, "--keep-net-raw", "--out", "ndjson:"+out)
	if got := capabilities(t, p.cmd.Process.Pid); got == noCapabilities {
		t.Error("CAP_NET_RAW was to be kept")
	}
	l.join(t)
	waitFor(t, func() bool {
		l.curl(t, l.client, "http://10.79.0.2:8080", "/kept")
		b, _ := os.ReadFile(out)
		return strings.Contains(string(b), "/kept")
	})
	p.interrupt(t)
}
