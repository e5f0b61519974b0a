package procs

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// need skips without root or a program.
func need(t *testing.T, root bool, programs ...string) {
	t.Helper()
	if root && os.Getuid() != 0 {
		t.Skip("needs root")
	}
	if _, err := os.Stat("/proc/self/ns/net"); err != nil {
		t.Skip("no procfs with namespaces here")
	}
	for _, p := range programs {
		if _, err := exec.LookPath(p); err != nil {
			t.Skipf("%s is not installed", p)
		}
	}
}

// live is a Table of this machine, refreshed once.
func live(t *testing.T, diag bool) *Table {
	t.Helper()
	c := Default()
	c.Diag = diag
	tb, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { tb.Close() })
	return tb
}

func endpointOf(proto Proto, local, remote net.Addr) *Endpoint {
	e := &Endpoint{Proto: proto}
	l := netip.MustParseAddrPort(local.String())
	e.Addr, e.Port = l.Addr().As16(), l.Port()
	if remote != nil {
		r := netip.MustParseAddrPort(remote.String())
		e.PeerAddr, e.PeerPort = r.Addr().As16(), r.Port()
	}
	return e
}

// TestOwnSockets finds this test by its listener, by both ends of a connection,
// over IPv4 and IPv6, and by a UDP socket; with sock_diag and without.
func TestOwnSockets(t *testing.T) {
	need(t, false)
	for _, diag := range []bool{true, false} {
		for _, host := range []string{"127.0.0.1", "[::1]", "[::]"} {
			ln, err := net.Listen("tcp", host+":0")
			if err != nil {
				t.Logf("%s: %v", host, err)
				continue
			}
			c, err := net.Dial("tcp", ln.Addr().String())
			if err != nil {
				t.Fatal(err)
			}
			srv, err := ln.Accept()
			if err != nil {
				t.Fatal(err)
			}
			pc, err := net.ListenPacket("udp", strings.Replace(host, "[::]", "[::1]", 1)+":0")
			if err != nil {
				t.Fatal(err)
			}
			tb := live(t, diag)
			tb.Refresh(true)
			listener := endpointOf(TCP, srv.LocalAddr(), nil)
			for name, e := range map[string]*Endpoint{
				"listener": listener, "client": endpointOf(TCP, c.LocalAddr(), c.RemoteAddr()),
				"accepted": endpointOf(TCP, srv.LocalAddr(), srv.RemoteAddr()), "udp": endpointOf(UDP, pc.LocalAddr(), nil),
			} {
				if p := tb.Lookup(e); p == nil || p.PID != os.Getpid() || p.Executable() != filepath.Base(exe(t)) || int(p.UID) != os.Geteuid() {
					t.Errorf("diag %v, %s, %s: %+v", diag, host, name, p)
				}
			}
			if r := tb.Report(); diag && r.NoDiag == "" && !strings.Contains(r.Source, "sock_diag") || !diag && r.Source != "procfs" {
				t.Errorf("%+v", r)
			}
			for _, x := range []io.Closer{ln, c, srv, pc} {
				x.Close()
			}
		}
	}
}

func exe(t *testing.T) string {
	e, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// TestTarget finds new sockets one by one, as lookups miss them: connections
// and listeners, over IPv4 and IPv6, TCP and UDP, connected and not.
func TestTarget(t *testing.T) {
	need(t, false)
	for _, diag := range []bool{true, false} {
		tb := live(t, diag)
		tb.Refresh(true)
		for _, host := range []string{"127.0.0.1", "[::1]", "0.0.0.0", "[::]"} {
			near := strings.NewReplacer("0.0.0.0", "127.0.0.1", "[::]", "127.0.0.1").Replace(host)
			ln, err := net.Listen("tcp", host+":0")
			if err != nil {
				t.Logf("%s: %v", host, err)
				continue
			}
			_, port, _ := net.SplitHostPort(ln.Addr().String())
			c, err := net.Dial("tcp", near+":"+port)
			if err != nil {
				t.Fatal(err)
			}
			pc, err := net.ListenPacket("udp", host+":0")
			if err != nil {
				t.Fatal(err)
			}
			_, port, _ = net.SplitHostPort(pc.LocalAddr().String())
			uc, err := net.Dial("udp", near+":"+port)
			if err != nil {
				t.Fatal(err)
			}
			asked := map[string]*Endpoint{
				"listener": endpointOf(TCP, c.RemoteAddr(), nil), "client": endpointOf(TCP, c.LocalAddr(), c.RemoteAddr()),
				"udp server": endpointOf(UDP, uc.RemoteAddr(), uc.LocalAddr()), "udp client": endpointOf(UDP, uc.LocalAddr(), uc.RemoteAddr()),
			}
			for name, e := range asked {
				if p := tb.Lookup(e); p != nil {
					t.Errorf("diag %v, %s, %s: known before: %+v", diag, host, name, p)
				}
			}
			tb.Refresh(false)
			for name, e := range asked {
				if p := tb.Lookup(e); p == nil || p.PID != os.Getpid() {
					t.Errorf("diag %v, %s, %s: %+v", diag, host, name, p)
				}
			}
			for _, x := range []io.Closer{ln, c, pc, uc} {
				x.Close()
			}
		}
		r := tb.Report()
		if diag && r.NoDiag == "" && !strings.Contains(r.Source, "sock_diag") {
			t.Errorf("%+v", r)
		}
	}
}

// TestRun refreshes because a lookup asked, remembers a connection that is
// gone, and ends with its context.
func TestRun(t *testing.T) {
	need(t, false)
	tb := live(t, true)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { tb.Run(ctx); close(done) }()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	c, err := net.Dial("tcp", ln.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	e := endpointOf(TCP, c.LocalAddr(), c.RemoteAddr())
	var p *Process
	for i := 0; (p == nil || p.PID == 0) && i < 1000; i++ { // a walk may have passed this process before the socket was there
		p = tb.Lookup(e)
		time.Sleep(10 * time.Millisecond)
	}
	if p == nil || p.PID != os.Getpid() {
		t.Fatalf("%+v; %+v", p, tb.Report())
	}
	c.Close()
	tb.Refresh(true)
	if p := tb.Lookup(e); p == nil || p.PID != os.Getpid() {
		t.Errorf("closed connection: %+v", p)
	}
	cancel()
	<-done
}

// namespace is a network namespace with the address 192.0.2.7, gone after the
// test with all that was started in it.
func namespace(t *testing.T) (name string, inode uint32) {
	t.Helper()
	name = fmt.Sprintf("wsprocs%d", os.Getpid())
	run := func(args ...string) {
		t.Helper()
		if out, err := exec.Command(args[0], args[1:]...).CombinedOutput(); err != nil {
			t.Skipf("%v: %v: %s", args, err, out)
		}
	}
	run("ip", "netns", "add", name)
	t.Cleanup(func() { exec.Command("ip", "netns", "del", name).Run() })
	run("ip", "-n", name, "link", "set", "lo", "up")
	run("ip", "-n", name, "addr", "add", "192.0.2.7/32", "dev", "lo")
	out, err := exec.Command("stat", "-L", "-c", "%i", "/var/run/netns/"+name).Output()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := fmt.Sscan(string(out), &inode); err != nil {
		t.Fatal(err)
	}
	return name, inode
}

// start runs a program until the test ends, and waits for a line of its output.
func start(t *testing.T, args ...string) (pid int, line string, in io.Writer) {
	t.Helper()
	cmd := exec.Command(args[0], args[1:]...)
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cmd.Process.Kill(); cmd.Wait() })
	line, err = bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatalf("%v: %v", args, err)
	}
	return cmd.Process.Pid, strings.TrimSpace(line), in
}

// client connects, says its port, and holds the connection.
const client = `
import socket, sys
s = socket.create_connection((sys.argv[1], int(sys.argv[2])))
if len(sys.argv) > 3: s.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"); s.recv(10)
print(s.getsockname()[1], flush=True)
sys.stdin.read()
`

const server = `
import socket, sys
s = socket.socket(); s.bind((sys.argv[1], 0)); s.listen()
print(s.getsockname()[1], flush=True)
sys.stdin.read()
`

func script(t *testing.T, name, text string) string {
	t.Helper()
	f := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(f, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return f
}

// TestNginx in a namespace of its own: the master has the port, a worker of
// another user the connection, python the other end.
func TestNginx(t *testing.T) {
	need(t, true, "ip", "nginx", "python3")
	ns, inode := namespace(t)
	dir := t.TempDir()
	conf := filepath.Join(dir, "nginx.conf")
	text := fmt.Sprintf("daemon off; pid %s/pid; error_log stderr crit; events {}\n"+
		"http { access_log off; server { listen 192.0.2.7:8080; return 200 'ok'; } }\n", dir)
	if err := os.WriteFile(conf, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("ip", "netns", "exec", ns, "nginx", "-c", conf, "-p", dir)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cmd.Process.Signal(os.Interrupt); cmd.Wait() })
	for i := 0; ; i++ {
		if _, err := os.Stat(filepath.Join(dir, "pid")); err == nil {
			break
		}
		if i > 500 {
			t.Fatal("nginx does not start")
		}
		time.Sleep(10 * time.Millisecond)
	}
	_, port, _ := start(t, "ip", "netns", "exec", ns, "python3", script(t, "shop.py", client), "192.0.2.7", "8080", "talk")
	var local uint16
	if _, err := fmt.Sscan(port, &local); err != nil {
		t.Fatal(err)
	}
	tb := live(t, true)
	tb.Refresh(true)

	// As seen in the namespace, and from outside, where the address tells it.
	for _, netns := range []uint32{inode, 0} {
		master := tb.Lookup(v4("192.0.2.7", 8080, netns))
		if master == nil || master.Executable() != "nginx" || master.PID != cmd.Process.Pid || master.UID != 0 || master.Netns != inode {
			t.Fatalf("master: %+v", master)
		}
		conn := &Endpoint{
			Netns: netns, Proto: TCP, Addr: addr("::ffff:192.0.2.7"), Port: 8080, PeerAddr: addr("::ffff:192.0.2.7"), PeerPort: local,
		}
		worker := tb.Lookup(conn)
		if worker == nil || worker.Executable() != "nginx" || worker.PID == master.PID || worker.UID == 0 || worker.User == "" {
			t.Errorf("worker: %+v", worker)
		}
		conn.Port, conn.PeerPort = conn.PeerPort, conn.Port
		if p := tb.Lookup(conn); p == nil || p.Service() != "shop" || !strings.HasPrefix(p.Executable(), "python") {
			t.Errorf("client: %+v", p)
		}
	}
	// A listener that comes later is found without a look at everything.
	pid, port, _ := start(t, "ip", "netns", "exec", ns, "python3", script(t, "late.py", server), "192.0.2.7")
	if _, err := fmt.Sscan(port, &local); err != nil {
		t.Fatal(err)
	}
	if p := tb.Lookup(v4("192.0.2.7", local, 0)); p != nil {
		t.Errorf("before it was looked for: %+v", p)
	}
	tb.Refresh(false)
	if p := tb.Lookup(v4("192.0.2.7", local, 0)); p == nil || p.PID != pid || p.Service() != "late" {
		t.Errorf("late listener: %+v", p)
	}
}

// TestRights runs this test as another user, with more and more rights: what
// it sees of root's socket, and what it says is lost.
func TestRights(t *testing.T) {
	if os.Getenv("PROCS_TEST_PORT") != "" {
		t.Skip("is the other one")
	}
	need(t, true, "setpriv")
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	dir, err := os.MkdirTemp("", "procs")
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	program := filepath.Join(dir, "program")
	b, err := os.ReadFile(exe(t))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(program, b, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		caps string
		sees bool
	}{
		{"-all", false},
		{"-all,+sys_ptrace", false}, // the directory belongs to its user
		{"-all,+sys_ptrace,+dac_read_search", true},
	} {
		cmd := exec.Command("setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups",
			"--inh-caps", c.caps, "--ambient-caps", c.caps, program, "-test.run", "^TestOtherUser$", "-test.v")
		_, port, _ := net.SplitHostPort(ln.Addr().String())
		cmd.Env = append(os.Environ(), "PROCS_TEST_PORT="+port, fmt.Sprintf("PROCS_TEST_SEES=%v", c.sees), fmt.Sprintf("PROCS_TEST_PID=%d", os.Getpid()))
		cmd.Dir = dir
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("%s: %v\n%s", c.caps, err, out)
		}
	}
}

// TestOtherUser is run by TestRights.
func TestOtherUser(t *testing.T) {
	text := os.Getenv("PROCS_TEST_PORT")
	if text == "" {
		t.Skip("run by TestRights")
	}
	var port uint16
	if _, err := fmt.Sscan(text, &port); err != nil {
		t.Fatal(err)
	}
	tb := live(t, true)
	tb.Refresh(true)
	p, r := tb.Lookup(v4("127.0.0.1", port, 0)), tb.Report()
	t.Logf("%+v\n%+v\n%q", p, r, r.Lost())
	if p == nil || p.UID != 0 || p.User != "root" {
		t.Fatal("the user of a socket is known in any case")
	}
	if os.Getenv("PROCS_TEST_SEES") == "true" {
		if fmt.Sprint(p.PID) != os.Getenv("PROCS_TEST_PID") {
			t.Error("does not see the process")
		}
		return
	}
	if p.PID != 0 || p.Service() != "" || r.Unreadable == 0 || r.Unowned == 0 || !strings.Contains(strings.Join(r.Lost(), "\n"), "CAP_SYS_PTRACE") {
		t.Error("does not say what is lost")
	}
}

// TestGivesUpRights looks around with all rights, then has none: sockets from
// before keep their owner, and their new connections have the listener's.
func TestGivesUpRights(t *testing.T) {
	if os.Getenv("PROCS_TEST_DROP") == "" {
		need(t, true)
		cmd := exec.Command(exe(t), "-test.run", "^TestGivesUpRights$", "-test.v")
		cmd.Env = append(os.Environ(), "PROCS_TEST_DROP=1")
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("%v\n%s", err, out)
		}
		return
	}
	ns, inode := namespace(t)
	pid, port, _ := start(t, "ip", "netns", "exec", ns, "python3", script(t, "before.py", server), "192.0.2.7")
	var n uint16
	if _, err := fmt.Sscan(port, &n); err != nil {
		t.Fatal(err)
	}
	tb := live(t, true)
	tb.Refresh(true)
	if p := tb.Lookup(v4("192.0.2.7", n, 0)); p == nil || p.PID != pid {
		t.Fatalf("with all rights: %+v", p)
	}
	_, from, _ := start(t, "ip", "netns", "exec", ns, "python3", script(t, "client.py", client), "192.0.2.7", port)
	var local uint16
	if _, err := fmt.Sscan(from, &local); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Setresuid(-1, 65534, 0); err != nil {
		t.Skip(err)
	}
	defer syscall.Setresuid(-1, 0, 0)
	for range 2 {
		tb.Refresh(true)
		e := v4("192.0.2.7", n, 0)
		if p := tb.Lookup(e); p == nil || p.PID != pid || p.Netns != inode {
			t.Errorf("listener from before: %+v", p)
		}
		e.PeerAddr, e.PeerPort = e.Addr, local
		if p := tb.Lookup(e); p == nil || p.PID != pid {
			t.Errorf("its new connection: %+v", p)
		}
		e.Port, e.PeerPort = local, n
		if p := tb.Lookup(e); p == nil || p.PID != 0 || p.User != "root" {
			t.Errorf("a client of after: %+v", p)
		}
	}
	if r := tb.Report(); r.Unreadable == 0 || r.Namespaces < 2 {
		t.Errorf("%+v", r)
	}
}

// TestOwns tells addresses of this machine from others.
func TestOwns(t *testing.T) {
	need(t, false)
	tb := live(t, true)
	lo, far := netip.MustParseAddr("127.0.0.9").As16(), netip.MustParseAddr("203.0.113.9").As16()
	if !tb.Owns(lo) || tb.Owns(far) {
		t.Error("before the first look nothing but loopback is known to be ours")
	}
	tb.Refresh(true)
	list, err := net.InterfaceAddrs()
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range list {
		n, ok := a.(*net.IPNet)
		if !ok {
			continue
		}
		if ip, _ := netip.AddrFromSlice(n.IP); !tb.Owns(ip.As16()) {
			t.Errorf("%s is not ours", ip)
		}
	}
	if tb.Owns(far) {
		t.Errorf("%v is ours", far)
	}
}
