//go:build linux

package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// keptClient opens connections from a port below the server's, asks once on each, and
// asks again when it is told to.
const keptClient = `
import http.client, sys
conns = [http.client.HTTPConnection("10.79.0.2", 50080, source_address=("10.79.0.1", 2001)),
         http.client.HTTPConnection("fd79::2", 50080, source_address=("fd79::1", 2001))]
def ask(path):
    for i, c in enumerate(conns):
        c.request("GET", "/%s/%d" % (path, i))
        c.getresponse().read()
ask("before")
print("ready", flush=True)
sys.stdin.readline()
ask("after")
`

// nginxAt starts nginx in the server's namespace, with a server of these
// lines, and waits until it listens at a port.
func (l *lab) nginxAt(t *testing.T, port, lines string) (pid string) {
	t.Helper()
	dir := t.TempDir()
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	conf := writeFile(t, "nginx.conf", fmt.Appendf(nil, `daemon off; master_process off; pid %[1]s/pid; error_log %[1]s/error.log; user root;
events { worker_connections 64; }
http {
  access_log off; client_body_temp_path %[1]s/b; proxy_temp_path %[1]s/p; fastcgi_temp_path %[1]s/f; uwsgi_temp_path %[1]s/u; scgi_temp_path %[1]s/s;
  server { %[2]s location / { return 200 "hello\n"; } }
}
`, dir, lines))
	start(t, l.in(l.server, toolPath(t, "nginx"), "-e", dir+"/error.log", "-c", conf))
	waitFor(t, func() bool {
		b, err := l.in(l.server, toolPath(t, "ss"), "-Hltn", "sport = :"+port).Output()
		return err == nil && len(b) > 0
	})
	return strings.TrimSpace(string(readFile(t, dir+"/pid")))
}

// pythonPath is the interpreter of the system: shims are processes of their own.
func pythonPath(t *testing.T) string {
	if _, err := os.Stat("/usr/bin/python3"); err == nil {
		return "/usr/bin/python3"
	}
	return toolPath(t, "python3")
}

// TestSysOldConnections asks on connections that are older than wirespan, of IPv4
// and IPv6, of a client in another network namespace: both processes are told,
// and which of them serves, although its port is the higher one.
func TestSysOldConnections(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	sysNeeded(t)
	l.must(t, "-n", l.client, "addr", "add", "fd79::1/64", "dev", "va", "nodad")
	l.must(t, "-n", l.server, "addr", "add", "fd79::2/64", "dev", "vb", "nodad")
	pid := l.nginxAt(t, "50080", "listen 50080; listen [::]:50080;")
	cmd := l.in(l.client, pythonPath(t), "-c", keptClient)
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	c := start(t, cmd)
	waitFor(t, func() bool { return strings.Contains(c.out.String(), "ready") })
	out := filepath.Join(t.TempDir(), "spans")
	w := l.live(t, "-i", "vb", "--sys", "require", "--out", "ndjson:"+out, "tcp")
	if _, err := io.WriteString(in, "\n"); err != nil {
		t.Fatal(err)
	}
	c.wait(t)
	w.interrupt(t)
	spans := decodeSpans(t, readFile(t, out))
	seen := make(map[string]string)
	for i := range spans {
		s := &spans[i]
		if s.str("wirespan.signal") == "SYS" {
			seen[s.str("network.type")+" "+s.str("wirespan.observation")] = s.str("process.pid")
		}
	}
	for _, network := range []string{"ipv4", "ipv6"} {
		if got := seen[network+" s-app"]; got != pid {
			t.Errorf("%s is served by %q, not %s", network, got, pid)
		}
		if got := seen[network+" c-app"]; got != fmt.Sprint(c.cmd.Process.Pid) {
			t.Errorf("%s is asked by %q, not %d", network, got, c.cmd.Process.Pid)
		}
	}
	if len(spans) != 6 || c.code != 0 {
		t.Errorf("%d spans, %v\n%s%s", len(spans), seen, w.err.String(), c.err.String())
	}
}

// TestSysTLS traces enciphered exchanges that nobody deciphers: both processes
// are told, with what they moved and when.
func TestSysTLS(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	sysNeeded(t)
	dir := t.TempDir()
	cert := []string{"req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2", "-subj", "/CN=shop.example", "-keyout", dir + "/key", "-out", dir + "/cert"}
	if b, err := l.in(l.server, append([]string{toolPath(t, "openssl")}, cert...)...).CombinedOutput(); err != nil {
		t.Skipf("no certificate: %v %s", err, b)
	}
	pid := l.nginxAt(t, "8443", fmt.Sprintf("listen 8443 ssl; ssl_certificate %[1]s/cert; ssl_certificate_key %[1]s/key;", dir))
	out := filepath.Join(t.TempDir(), "spans")
	w := l.live(t, "-i", "vb", "--sys", "require", "--out", "ndjson:"+out, "tcp")
	if b, err := l.in(l.client, toolPath(t, "curl"), "-sSk", "-o", os.DevNull, "https://10.79.0.2:8443/one", "-o", os.DevNull, "https://10.79.0.2:8443/two").CombinedOutput(); err != nil {
		t.Fatalf("curl: %v %s", err, b)
	}
	w.interrupt(t)
	sides := make(map[string]int)
	spans := decodeSpans(t, readFile(t, out))
	for i := range spans {
		s := &spans[i]
		if s.str("wirespan.signal") != "SYS" {
			continue
		}
		sides[s.str("wirespan.observation")]++
		if s.num("wirespan.sys.received") == 0 || s.num("wirespan.sys.sent") == 0 || s.str("network.protocol.name") != "tls" {
			t.Errorf("%s: %v", s.Name, s.Attributes)
		}
		if s.str("wirespan.observation") == "s-app" && s.str("process.pid") != pid {
			t.Errorf("served by %s, not %s", s.str("process.pid"), pid)
		}
	}
	if sides["c-app"] != 3 || sides["s-app"] != 3 { // the handshake, and two requests
		t.Errorf("%v\n%s", sides, w.err.String())
	}
}

// TestSysTwoAgents runs an agent at the client and one at the server, each of
// which tells of the processes of its own side only, as on two hosts. What they
// wrote is put together by trace and exchange, and their recordings, read
// together, are one trace with the spans that they wrote.
func TestSysTwoAgents(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	sysNeeded(t)
	pid := l.nginxAt(t, "1080", "listen 1080;")
	cmd := l.in(l.client, pythonPath(t), "-c", strings.NewReplacer("fd79::2", "10.79.0.2", "fd79::1", "10.79.0.1", "2001))]", "2002))]", "50080", "1080").Replace(keptClient))
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	c := start(t, cmd)
	waitFor(t, func() bool { return strings.Contains(c.out.String(), "ready") })
	dir := t.TempDir()
	agent := func(ns, dev, name string, pid string) *proc {
		cmd := l.in(ns, os.Args[0], "live", "--agent", name, "-i", dev, "--sys", "require", "--sys-pid", pid,
			"--sys-record", dir+"/"+name+".events", "-w", dir+"/"+name+".pcapng", "--out", "ndjson:"+dir+"/"+name+".spans", "tcp")
		cmd.Env = programCmd(t.Context()).Env
		p := start(t, cmd)
		p.listening(t)
		return p
	}
	one := agent(l.client, "va", "one", fmt.Sprint(c.cmd.Process.Pid))
	two := agent(l.server, "vb", "two", pid)
	if _, err := io.WriteString(in, "\n"); err != nil {
		t.Fatal(err)
	}
	c.wait(t)
	one.interrupt(t)
	two.interrupt(t)
	live := make(map[string]bool)
	apps := make(map[string]string) // by trace and exchange
	for _, name := range []string{"one", "two"} {
		spans := decodeSpans(t, readFile(t, dir+"/"+name+".spans"))
		for i := range spans {
			s := &spans[i]
			live[s.Trace+s.ID] = true
			if s.str("wirespan.signal") == "SYS" {
				apps[s.Trace+s.str("wirespan.exchange")] += s.str("wirespan.observation") + "=" + s.str("process.pid") + " "
			}
		}
	}
	want := fmt.Sprintf("c-app=%d s-app=%s ", c.cmd.Process.Pid, pid)
	for x, got := range apps {
		if got != want {
			t.Errorf("exchange %s: %s, want %s", x, got, want)
		}
	}
	both := spansOf(t, "--sys-replay", dir+"/one.events", "--sys-replay", dir+"/two.events", dir+"/one.pcapng", dir+"/two.pcapng")
	traces := make(map[string][]string)
	for i := range both {
		s := &both[i]
		traces[s.Trace] = append(traces[s.Trace], s.str("wirespan.observation"))
		if !live[s.Trace+s.ID] {
			t.Errorf("%s %s (%s) was not written live", s.Trace, s.ID, s.str("wirespan.observation"))
		}
	}
	if len(apps) != 2 || len(traces) != 2 || len(both) != 8 || len(live) != 8 {
		t.Errorf("%d exchanges, traces %v, %d spans, live %d\n%s%s", len(apps), traces, len(both), len(live), one.err.String(), two.err.String())
	}
}

// TestSysAccounted adds up what became of all events, in the kernel and behind
// it.
func TestSysAccounted(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	sysNeeded(t)
	l.nginxAt(t, "8080", "listen 8080;")
	out := filepath.Join(t.TempDir(), "spans")
	w := l.live(t, "-i", "vb", "--sys", "require", "--sys-port", "8080", "--out", "ndjson:"+out, "tcp", "port", "8080")
	paths, _ := numbered(50)
	l.curl(t, l.client, "http://10.79.0.2:8080", paths...)
	w.interrupt(t)
	n := numbersOf(w.err.String(), "sys ")
	if sum := n["filtered"] + n["skipped"] + n["emitted"] + n["dropped"] + n["bad"]; n["seen"] == 0 || sum != n["seen"] {
		t.Errorf("%d of %d calls are accounted for\n%s", sum, n["seen"], w.err.String())
	}
	// 50 exchanges, each with a request and a response at both ends.
	if p := numbersOf(w.err.String(), "processes"); p["joined"] != 200 {
		t.Errorf("%v\n%s", p, w.err.String())
	}
}

// numbersOf are the counts in the line of a summary that begins with a word, by the
// first word behind each.
func numbersOf(summary, begin string) map[string]int {
	numbers := make(map[string]int)
	for line := range strings.Lines(summary) {
		if !strings.HasPrefix(line, begin) {
			continue
		}
		for part := range strings.SplitSeq(line, ",") {
			w := strings.Fields(part)
			for i := range w {
				var v int
				if _, err := fmt.Sscanf(w[i], "%d", &v); err == nil && i+1 < len(w) {
					numbers[w[i+1]] = v
				}
			}
		}
	}
	return numbers
}
