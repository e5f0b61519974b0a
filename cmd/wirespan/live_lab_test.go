package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// lab is two network namespaces joined by a veth pair: a client at 10.79.0.1
// (interface va) and a server at 10.79.0.2 (vb), where wirespan captures.
type lab struct {
	ip             string
	client, server string
}

var labs atomic.Uint32

// newLab makes the namespaces; the test skips where it cannot.
func newLab(t *testing.T) *lab {
	t.Helper()
	if os.Getuid() != 0 {
		t.Skip("needs root for network namespaces")
	}
	n := labs.Add(1)
	l := &lab{ip: toolPath(t, "ip")}
	l.client = fmt.Sprintf("wsc%d-%d", os.Getpid(), n)
	l.server = fmt.Sprintf("wss%d-%d", os.Getpid(), n)
	for _, ns := range []string{l.client, l.server} {
		if b, err := exec.Command(l.ip, "netns", "add", ns).CombinedOutput(); err != nil {
			t.Skipf("no network namespace: %v %s", err, b)
		}
		t.Cleanup(func() { _ = exec.Command(l.ip, "netns", "del", ns).Run() })
		l.must(t, "-n", ns, "link", "set", "lo", "up")
	}
	l.join(t)
	return l
}

// join puts a veth pair between the two.
func (l *lab) join(t *testing.T) {
	t.Helper()
	l.must(t, "link", "add", "va", "netns", l.client, "type", "veth", "peer", "name", "vb", "netns", l.server)
	for _, e := range [][3]string{{l.client, "10.79.0.1/24", "va"}, {l.server, "10.79.0.2/24", "vb"}} {
		l.must(t, "-n", e[0], "addr", "add", e[1], "dev", e[2])
		l.must(t, "-n", e[0], "link", "set", e[2], "up")
	}
}

// must runs ip.
func (l *lab) must(t *testing.T, args ...string) {
	t.Helper()
	if b, err := exec.Command(l.ip, args...).CombinedOutput(); err != nil {
		t.Fatalf("ip %s: %v %s", strings.Join(args, " "), err, b)
	}
}

// in prepares a command in a namespace.
func (l *lab) in(ns string, args ...string) *exec.Cmd {
	return exec.Command(l.ip, append([]string{"netns", "exec", ns}, args...)...)
}

// proc is a program that runs beside the test.
type proc struct {
	cmd    *exec.Cmd
	out    lockedBuffer // standard output
	err    lockedBuffer
	exited chan struct{}
	code   int
}

// lockedBuffer is written by a program and read by a test.
type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// start runs a command; it is killed at the end of the test if it still runs.
func start(t *testing.T, cmd *exec.Cmd) *proc {
	t.Helper()
	p := &proc{cmd: cmd, exited: make(chan struct{})}
	if cmd.Stdout == nil {
		cmd.Stdout = &p.out
	}
	cmd.Stderr = &p.err
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		err := cmd.Wait()
		var exit *exec.ExitError
		if errors.As(err, &exit) {
			p.code = exit.ExitCode()
		}
		close(p.exited)
	}()
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		<-p.exited
	})
	return p
}

// interrupt ends a program and waits for it.
func (p *proc) interrupt(t *testing.T) {
	t.Helper()
	_ = p.cmd.Process.Signal(os.Interrupt)
	p.wait(t)
}

func (p *proc) wait(t *testing.T) {
	t.Helper()
	select {
	case <-p.exited:
	case <-time.After(60 * time.Second):
		t.Fatalf("%s does not end\n%s", p.cmd, p.err.String())
	}
}

// live starts `wirespan live` in the server's namespace and waits until it
// listens.
func (l *lab) live(t *testing.T, args ...string) *proc {
	t.Helper()
	p := start(t, l.liveCmd(args...))
	p.listening(t)
	return p
}

func (l *lab) liveCmd(args ...string) *exec.Cmd {
	cmd := l.in(l.server, append([]string{os.Args[0], "live", "--agent", "host1"}, args...)...)
	cmd.Env = programCmd(context.Background()).Env
	return cmd
}

// listening waits until a capture has begun.
func (p *proc) listening(t *testing.T) {
	t.Helper()
	waitFor(t, func() bool {
		select {
		case <-p.exited:
			t.Fatalf("%s ended with %d\n%s", p.cmd, p.code, p.err.String())
		default:
		}
		return strings.Contains(p.err.String(), "listening on")
	})
}

// number is the count in front of a text of the summary, -1 without.
func (p *proc) number(text string) int {
	for l := range strings.Lines(p.err.String()) {
		if n, rest, ok := strings.Cut(strings.TrimSpace(l), " "); ok && strings.HasPrefix(rest, text) {
			if v, err := strconv.Atoi(n); err == nil {
				return v
			}
		}
	}
	return -1
}

// bigFile is the size of /big/file.
const bigFile = 3 << 20

// nginx serves paths of any name, and /big/file, in the server's namespace, at 10.79.0.2:8080
// and 127.0.0.1:8080.
func (l *lab) nginx(t *testing.T) {
	t.Helper()
	dir := t.TempDir()
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	conf := filepath.Join(dir, "nginx.conf")
	text := fmt.Sprintf(`worker_processes 1; daemon off; master_process off; pid %[1]s/pid; error_log %[1]s/error.log;
events { worker_connections 1024; }
http {
  access_log off; client_body_temp_path %[1]s/b; proxy_temp_path %[1]s/p; fastcgi_temp_path %[1]s/f; uwsgi_temp_path %[1]s/u; scgi_temp_path %[1]s/s;
  keepalive_requests 10000000;
  server { listen 8080; location / { return 200 "hello $uri\n"; } location /big/ { root %[1]s; } }
}
`, dir)
	if err := os.WriteFile(conf, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Join(dir, "big"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "big", "file"), bytes.Repeat([]byte("x"), bigFile), 0o644); err != nil {
		t.Fatal(err)
	}
	p := start(t, l.in(l.server, toolPath(t, "nginx"), "-c", conf))
	waitFor(t, func() bool {
		select {
		case <-p.exited:
			t.Fatalf("nginx: %s", p.err.String())
		default:
		}
		return exec.Command(l.ip, "netns", "exec", l.server, "curl", "-s", "-o", os.DevNull, "http://127.0.0.1:8080/ready").Run() == nil
	})
}

// curl asks for paths, one after the other.
func (l *lab) curl(t *testing.T, ns, base string, paths ...string) {
	t.Helper()
	args := []string{toolPath(t, "curl"), "-s", "--max-time", "20"}
	for _, p := range paths {
		args = append(args, "-o", os.DevNull, base+p)
	}
	if b, err := l.in(ns, args...).CombinedOutput(); err != nil {
		t.Fatalf("curl: %v %s", err, b)
	}
}

// wrk loads the server and returns how many requests it made.
func (l *lab) wrk(t *testing.T, conns, seconds int) int {
	t.Helper()
	b, err := l.in(l.client, toolPath(t, "wrk"), "-t1", "-c"+strconv.Itoa(conns), "-d"+strconv.Itoa(seconds)+"s", "http://10.79.0.2:8080/load").CombinedOutput()
	if err != nil {
		t.Fatalf("wrk: %v %s", err, b)
	}
	for line := range strings.Lines(string(b)) {
		if n, rest, ok := strings.Cut(strings.TrimSpace(line), " "); ok && strings.HasPrefix(rest, "requests in") {
			v, err := strconv.Atoi(n)
			if err == nil {
				return v
			}
		}
	}
	t.Fatalf("wrk says: %s", b)
	return 0
}

// dump starts tcpdump beside wirespan and waits until it listens.
func (l *lab) dump(t *testing.T, args ...string) *proc {
	t.Helper()
	p := start(t, l.in(l.server, append([]string{toolPath(t, "tcpdump"), "-Z", "root", "-B", "16384"}, args...)...))
	p.listening(t)
	return p
}

// asUser makes a command run as a user without any right.
func asUser(cmd *exec.Cmd) *exec.Cmd {
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
	return cmd
}
