package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// documented holds that a page of the manual has a command, so that a journey
// here is one that its reader makes.
func documented(t *testing.T, page, command string) {
	t.Helper()
	b := string(readFile(t, filepath.Join("..", "..", "docs", page)))
	for l := range strings.Lines(b) {
		if strings.HasPrefix(strings.TrimSpace(l), command) {
			return
		}
	}
	t.Errorf("docs/%s has no line that begins with %q", page, command)
}

// shows waits until a program has printed all of these.
func (p *proc) shows(t *testing.T, what ...string) {
	t.Helper()
	defer func() {
		if t.Failed() {
			t.Logf("%s\n%s%s", p.cmd, p.out.String(), p.err.String())
		}
	}()
	waitFor(t, func() bool {
		for _, w := range what {
			if !strings.Contains(p.out.String(), w) {
				return false
			}
		}
		return true
	})
}

// TestJourneyMirrorVXLAN is someone whose cloud sends a VXLAN mirror here: one
// command prints traces while they happen.
func TestJourneyMirrorVXLAN(t *testing.T) {
	t.Parallel()
	documented(t, "mirror-listen.md", "wirespan mirror --listen vxlan=:4789")
	l := newMirrorLab(t)
	l.nginx(t)
	l.mirror(t, "ingress", "vx0")
	l.mirror(t, "egress", "vx0")
	w := l.run(t, "--listen", "vxlan=:4789")
	l.curl(t, l.client, "http://10.79.0.2:8080", "/orders/1", "/orders/2")
	w.shows(t, "trace ", "10.79.0.2:8080  GET /orders/{id}", "200")
	w.interrupt(t)
	if n := strings.Count(w.out.String(), "\ntrace "); n != 2 || w.code != 0 {
		t.Errorf("%d traces, want 2; exit status %d\n%s%s", n, w.code, w.out.String(), w.err.String())
	}
	for _, want := range []string{"2 http", "traces       2 with 2 spans", "losses       none", "listener     vxlan"} {
		if !strings.Contains(w.err.String(), want) {
			t.Errorf("the summary has no %q:\n%s", want, w.err.String())
		}
	}
}

// TestJourneyMirrorPipe is someone with a host where nothing but tcpdump can run:
// a command here, one there.
func TestJourneyMirrorPipe(t *testing.T) {
	t.Parallel()
	documented(t, "mirror-listen.md", "wirespan mirror --listen pcap=127.0.0.1:57012")
	documented(t, "mirror-listen.md", "tcpdump -i eth0 -U -w - 'not port 57012' | nc appliance 57012")
	l := newLab(t)
	l.nginx(t)
	cmd := l.in(l.server, os.Args[0], "mirror", "--listen", "pcap=127.0.0.1:57012")
	cmd.Env = programCmd(t.Context()).Env
	w := start(t, cmd)
	w.listening(t)
	r, wr, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	dump := l.in(l.server, toolPath(t, "tcpdump"), "-Z", "root", "-i", "vb", "-U", "-w", "-", "not port 57012")
	dump.Stdout = wr
	send := l.in(l.server, toolPath(t, "nc"), "127.0.0.1", "57012")
	send.Stdin = r
	d := start(t, dump)
	start(t, send)
	_, _ = r.Close(), wr.Close()
	d.listening(t)
	l.curl(t, l.client, "http://10.79.0.2:8080", "/orders/1", "/orders/2")
	w.shows(t, "trace ", "10.79.0.2:8080  GET /orders/{id}", "200")
	d.interrupt(t)
	w.interrupt(t)
	for _, want := range []string{"2 http", "traces       2 with 2 spans", "losses       none", "streams      1 begun"} {
		if !strings.Contains(w.err.String(), want) {
			t.Errorf("the summary has no %q:\n%s", want, w.err.String())
		}
	}
	if w.code != 0 {
		t.Errorf("exit status %d", w.code)
	}
}

// TestJourneyFourFiles is someone with the captures of four hosts between a
// client and a service: one command shows what went through all of them, the
// next one why.
func TestJourneyFourFiles(t *testing.T) {
	t.Parallel()
	documented(t, "mirror-paths.md", "wirespan read client.pcap router.pcap nginx.pcap haproxy.pcap")
	files := pointCaptures("client", "router", "nginx", "haproxy")
	first := wirespan(t, append([]string{"read", "--all"}, files...)...)
	if first.code != 0 || strings.Count(first.stdout, "GET /orders/{id}  (seen at client, router, router, nginx)") != 12 {
		t.Fatalf("exit status %d\n%s%s", first.code, first.stdout, first.stderr)
	}
	id := ""
	for l := range strings.Lines(first.stdout) {
		if f := strings.Fields(l); len(f) > 1 && f[0] == "trace" {
			id = f[1]
			break
		}
	}
	second := wirespan(t, append([]string{"read", "-v", "--id", id}, files...)...)
	for _, want := range []string{"trace " + id, "why: header_id", "why: sighting", "x-request-id=", "@haproxy"} {
		if !strings.Contains(second.stdout, want) {
			t.Errorf("the second command does not show %q:\n%s", want, second.stdout)
		}
	}
}
