package procs

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// procfs is a made /proc: what a container has at --proc-root, and what an old
// kernel without sock_diag says.
type procfs struct {
	t   *testing.T
	dir string
}

func newProcfs(t *testing.T) *procfs {
	f := &procfs{t, t.TempDir()}
	f.write("stat", "cpu 1 2 3\nbtime 1700000000\n")
	f.namespace("self", 100, "")
	return f
}

func (f *procfs) write(name, text string) {
	f.t.Helper()
	p := filepath.Join(f.dir, name)
	if err := os.MkdirAll(filepath.Dir(p), 0o755); err != nil {
		f.t.Fatal(err)
	}
	if err := os.WriteFile(p, []byte(text), 0o644); err != nil {
		f.t.Fatal(err)
	}
}

func (f *procfs) link(name, target string) {
	f.t.Helper()
	p := filepath.Join(f.dir, name)
	if err := os.MkdirAll(filepath.Dir(p), 0o755); err != nil {
		f.t.Fatal(err)
	}
	if err := os.Symlink(target, p); err != nil {
		f.t.Fatal(err)
	}
}

// namespace gives a process directory a network namespace with an address.
func (f *procfs) namespace(pid string, netns int, ip string) {
	f.link(pid+"/ns/net", fmt.Sprintf("net:[%d]", netns))
	if ip != "" {
		f.write(pid+"/net/fib_trie", "Local:\n  |-- "+ip+"\n     /32 host LOCAL\n")
	}
}

type made struct {
	pid, parent, start, netns int
	comm, exe, cgroup, args   string
	uid                       int
	socks                     []int
}

func (f *procfs) process(m made) {
	d := strconv.Itoa(m.pid)
	f.write(d+"/stat", fmt.Sprintf("%d (%s) S %d 1 1 0 -1 4194560 1 0 0 0 0 0 0 0 20 0 1 0 %d 1 1\n", m.pid, m.comm, m.parent, m.start))
	f.write(d+"/status", fmt.Sprintf("Name:\t%s\nUid:\t%d\t%d\t%d\t%d\n", m.comm, m.uid, m.uid, m.uid, m.uid))
	f.write(d+"/cgroup", m.cgroup)
	f.write(d+"/cmdline", strings.ReplaceAll(m.args, " ", "\x00"))
	if m.exe != "" {
		f.link(d+"/exe", m.exe)
	}
	f.link(d+"/ns/net", fmt.Sprintf("net:[%d]", m.netns))
	f.link(d+"/fd/0", "/dev/null")
	for i, s := range m.socks {
		f.link(fmt.Sprintf("%s/fd/%d", d, i+3), fmt.Sprintf("socket:[%d]", s))
	}
}

// tcpLine is a line of /proc/net/tcp; the addresses as the kernel of a
// little-endian machine writes them.
func tcpLine(local string, port int, remote string, peer, state, uid, inode int) string {
	return fmt.Sprintf("   0: %s:%04X %s:%04X %02X 00000000:00000000 00:00000000 00000000  %d        0 %d 1 0\n",
		local, port, remote, peer, state, uid, inode)
}

func (f *procfs) table(change func(*Config)) *Table {
	f.t.Helper()
	c := Default()
	c.Root, c.Diag, c.Passwd, c.RunDirs = f.dir, false, filepath.Join(f.dir, "passwd"), []string{filepath.Join(f.dir, "run")}
	c.Docker = filepath.Join(f.dir, "docker")
	if change != nil {
		change(&c)
	}
	t, err := New(c)
	if err != nil {
		f.t.Fatal(err)
	}
	return t
}

func v4(s string, port uint16, netns uint32) *Endpoint {
	return &Endpoint{Netns: netns, Proto: TCP, Addr: addr("::ffff:" + s), Port: port}
}

func (f *procfs) host() {
	f.write("passwd", "root:x:0:0:root:/root:/bin/sh\nwww-data:x:33:33::/:/usr/sbin/nologin\n# x\n+nis\n")
	f.write("run/legacyd.pid", "70\n")
	f.namespace2()
	head := "  sl  local_address rem_address   st\n"
	f.write("self/net/tcp", head+
		tcpLine("00000000", 80, "00000000", 0, stateListen, 33, 501)+
		tcpLine("0100007F", 9000, "00000000", 0, stateListen, 33, 502)+
		tcpLine("050200C0", 22, "00000000", 0, stateListen, 0, 503)+
		tcpLine("050200C0", 40000, "0A0200C0", 5432, stateEstablished, 33, 504)+
		tcpLine("050200C0", 40001, "0A0200C0", 5432, stateTimeWait, 0, 0)+
		tcpLine("050200C0", 7000, "00000000", 0, stateListen, 0, 505)+
		tcpLine("050200C0", 7001, "00000000", 0, stateListen, 33, 599))
	f.process(made{pid: 1, start: 5, netns: 100, comm: "systemd", exe: "/lib/systemd/systemd", cgroup: "0::/init.scope\n", socks: []int{501}})
	f.process(made{
		pid: 50, parent: 1, start: 1000, netns: 100, comm: "nginx", exe: "/usr/sbin/nginx", uid: 0,
		cgroup: "0::/system.slice/nginx.service\n", socks: []int{501},
	})
	f.process(made{
		pid: 51, parent: 50, start: 1001, netns: 100, comm: "nginx", exe: "/usr/sbin/nginx", uid: 33,
		cgroup: "0::/system.slice/nginx.service\n", socks: []int{501},
	})
	f.process(made{
		pid: 60, parent: 1, start: 2000, netns: 100, comm: "java", exe: "/opt/jdk/bin/java (deleted)", uid: 33,
		cgroup: "0::/\n", args: "java -Xmx1g -cp /opt/x.jar -Dpassword=s3cret com.example.Billing --token abc", socks: []int{502, 504},
	})
	f.process(made{pid: 70, parent: 1, start: 1500, netns: 100, comm: "legacyd", exe: "/opt/legacy/bin/srv", cgroup: "4:cpu:/\n", socks: []int{503}})
	f.process(made{pid: 71, parent: 70, start: 1501, netns: 100, comm: "worker", exe: "/opt/legacy/bin/wrk", cgroup: "4:cpu:/\n", socks: []int{505}})
}

func (f *procfs) namespace2() {
	f.write("self/net/fib_trie", "Local:\n  |-- 192.0.2.5\n     /32 host LOCAL\n  |-- 127.0.0.1\n     /32 host LOCAL\n")
}

// TestProcRoot reads a made procfs: owners, services and users of a host
// without sock_diag.
func TestProcRoot(t *testing.T) {
	f := newProcfs(t)
	f.host()
	tb := f.table(nil)
	if tb.Lookup(v4("192.0.2.5", 80, 0)) != nil {
		t.Error("something is known before the first refresh")
	}
	tb.Refresh(true)

	for _, c := range []struct {
		name               string
		at                 *Endpoint
		pid                int
		service, exe, user string
		program, unit      string
	}{
		{name: "listener at all addresses, shared with init and workers", at: v4("192.0.2.5", 80, 0), pid: 50, service: "nginx", exe: "nginx", user: "root", unit: "nginx.service"},
		{name: "listener on loopback", at: v4("127.0.0.1", 9000, 0), pid: 60, service: "Billing", exe: "java", user: "www-data", program: "Billing"},
		{name: "SysV service by its pid file", at: v4("192.0.2.5", 22, 0), pid: 70, service: "legacyd", exe: "srv", user: "root"},
		{name: "child of a SysV service", at: v4("192.0.2.5", 7000, 0), pid: 71, service: "legacyd", exe: "wrk", user: "root"},
		{name: "owner that is not seen", at: v4("192.0.2.5", 7001, 0), user: "www-data"},
	} {
		p := tb.Lookup(c.at)
		if p == nil {
			t.Errorf("%s: not found", c.name)
			continue
		}
		if p.PID != c.pid || p.Service() != c.service || p.Executable() != c.exe ||
			p.User != c.user || p.Program != c.program || p.Unit != c.unit {
			t.Errorf("%s: %+v, service %q, executable %q", c.name, p, p.Service(), p.Executable())
		}
	}
	p := tb.Lookup(&Endpoint{
		Proto: TCP, Addr: addr("::ffff:192.0.2.5"), Port: 40000, PeerAddr: addr("::ffff:192.0.2.10"), PeerPort: 5432,
	})
	if p == nil || p.PID != 60 {
		t.Errorf("connection: %+v", p)
	}
	if want := int64(1700000000e9 + 20e9); p != nil && p.Start != want {
		t.Errorf("started at %d, want %d", p.Start, want)
	}
	if p := tb.Lookup(v4("203.0.113.1", 80, 0)); p != nil {
		t.Errorf("remote address: %+v", p)
	}
	r := tb.Report()
	if r.Unowned != 1 || r.Source != "procfs" || r.NoDiag == "" || r.Processes != 6 {
		t.Errorf("%+v", r)
	}
	if lost := strings.Join(r.Lost(), "\n"); !strings.Contains(lost, "1 sockets belong to processes that procfs does not show") {
		t.Errorf("%q", lost)
	}
	if p := tb.Lookup(v4("192.0.2.5", 80, 0)); p.Start == 0 || strings.Contains(fmt.Sprintf("%+v", p), "s3cret") {
		t.Errorf("%+v", p)
	}
}

// TestNamespaces finds containers by their address, tells those with equal
// addresses apart by connection, and keeps loopback to its namespace.
func TestNamespaces(t *testing.T) {
	f := newProcfs(t)
	f.host()
	id := strings.Repeat("3f2a9c1b77de4a60", 4)
	f.write("docker/"+id+"/config.v2.json", `{"Name":"/shop-web-1","Config":{"Labels":{"com.docker.compose.service":"web"}}}`)
	f.process(made{
		pid: 200, parent: 1, start: 3000, netns: 200, comm: "node", exe: "/usr/bin/node", uid: 33,
		cgroup: "0::/system.slice/docker-" + id + ".scope\n", args: "node /app/server.js", socks: []int{601, 602},
	})
	f.process(made{pid: 300, parent: 1, start: 3100, netns: 300, comm: "redis", exe: "/usr/bin/redis-server", cgroup: "0::/\n", socks: []int{701}})
	for pid, extra := range map[string]string{
		"200": tcpLine("0100007F", 9000, "00000000", 0, stateListen, 0, 602) + tcpLine("00000000", 80, "00000000", 0, stateListen, 0, 601),
		"300": tcpLine("00000000", 80, "00000000", 0, stateListen, 0, 701) +
			tcpLine("020011AC", 80, "0A0200C0", 6000, stateEstablished, 0, 701),
	} {
		f.write(pid+"/net/tcp", "  sl  local_address rem_address   st\n"+extra)
		f.write(pid+"/net/fib_trie", "  |-- 172.17.0.2\n     /32 host LOCAL\n")
	}
	tb := f.table(nil)
	tb.Refresh(true)
	if p := tb.Lookup(v4("127.0.0.1", 9000, 200)); p == nil || p.PID != 200 || p.Service() != "web" || p.Container != id || p.User != "" || p.Netns != 200 {
		t.Errorf("loopback of a container: %+v", p)
	}
	if p := tb.Lookup(v4("127.0.0.1", 9000, 0)); p == nil || p.PID != 60 {
		t.Errorf("loopback of the host: %+v", p)
	}
	if p := tb.Lookup(v4("172.17.0.2", 80, 0)); p != nil {
		t.Errorf("equal addresses, and one is chosen: %+v", p)
	}
	if p := tb.Lookup(v4("172.17.0.2", 80, 300)); p == nil || p.PID != 300 {
		t.Errorf("within the namespace: %+v", p)
	}
	if p := tb.Lookup(v4("172.17.0.2", 9000, 0)); p != nil {
		t.Errorf("a port that only loopback has: %+v", p)
	}
	if got := tb.Report().Namespaces; got != 3 {
		t.Errorf("%d namespaces", got)
	}
}

// TestKeeps remembers a socket that is gone, gives its port to a new owner, and
// forgets.
func TestKeeps(t *testing.T) {
	f := newProcfs(t)
	f.host()
	tb := f.table(func(c *Config) { c.Keep, c.KeepListener = time.Hour, time.Hour })
	tb.Refresh(true)
	conn := &Endpoint{Proto: TCP, Addr: addr("::ffff:192.0.2.5"), Port: 40000, PeerAddr: addr("::ffff:192.0.2.10"), PeerPort: 5432}
	f.write("self/net/tcp", "  sl  local_address rem_address   st\n")
	tb.Refresh(true)
	if p := tb.Lookup(conn); p == nil || p.PID != 60 {
		t.Errorf("gone connection: %+v", p)
	}
	f.write("self/net/tcp", tcpLine("050200C0", 40000, "0A0200C0", 5432, stateEstablished, 33, 900))
	f.process(made{pid: 90, parent: 1, start: 9000, netns: 100, comm: "curl", exe: "/usr/bin/curl", cgroup: "0::/\n", socks: []int{900}})
	if p := tb.Lookup(conn); p == nil || p.PID != 60 {
		t.Errorf("before it is looked for: %+v", p)
	}
	tb.Refresh(false)
	if p := tb.Lookup(conn); p == nil || p.PID != 90 {
		t.Errorf("port that was used again: %+v", p)
	}
	tb.cfg.Keep, tb.cfg.KeepListener = 0, 0
	f.write("self/net/tcp", "")
	tb.Refresh(true)
	if p := tb.Lookup(v4("192.0.2.5", 80, 0)); p != nil {
		t.Errorf("should be forgotten: %+v", p)
	}
}

// TestBounds counts what does not fit.
func TestBounds(t *testing.T) {
	f := newProcfs(t)
	f.host()
	var b strings.Builder
	for i := range 100 {
		b.WriteString(tcpLine("050200C0", 10000+i, "0A0200C0", 80, stateEstablished, 0, 5000+i))
	}
	f.write("self/net/tcp", b.String())
	tb := f.table(func(c *Config) { c.MaxSockets, c.MaxLinks = 10, 3 })
	tb.Refresh(true)
	r := tb.Report()
	if r.SocketsRefused != 90 || r.WalksCut != 1 || len(r.Lost()) < 3 {
		t.Errorf("%+v\n%q", r, r.Lost())
	}
}

// TestExec sees that a process runs another program now.
func TestExec(t *testing.T) {
	f := newProcfs(t)
	f.host()
	tb := f.table(nil)
	tb.Refresh(true)
	before := tb.Lookup(v4("127.0.0.1", 9000, 0))
	tb.Refresh(true)
	if tb.Lookup(v4("127.0.0.1", 9000, 0)) != before {
		t.Error("a process that did not change has a new value")
	}
	f.write("60/cgroup", "0::/system.slice/billing.service\n")
	tb.Refresh(true)
	if p := tb.Lookup(v4("127.0.0.1", 9000, 0)); p == nil || p.Service() != "billing" {
		t.Errorf("%+v", p)
	}
}

// TestAsks makes sure that a lookup asks once for what cannot be found.
func TestAsks(t *testing.T) {
	f := newProcfs(t)
	f.host()
	tb := f.table(nil)
	tb.Refresh(true)
	e := v4("192.0.2.5", 1, 0)
	for range 3 {
		tb.Lookup(e)
	}
	tb.Lookup(v4("203.0.113.9", 80, 0)) // remote
	if got := tb.takeAsked(); len(got) != 1 || got[0] != *e {
		t.Errorf("asked for %+v", got)
	}
	for i := range maxAsked + 5 {
		tb.Lookup(v4("192.0.2.5", uint16(20000+i), 0))
	}
	// Two that fall into one place of the table may ask again; none is lost
	// uncounted.
	if r := tb.Report(); r.Unasked < 5 || len(tb.asked) != maxAsked {
		t.Errorf("%d wait, %d were not asked for", len(tb.asked), r.Unasked)
	}
}

// TestLookupAllocates nothing, found or not.
func TestLookupAllocates(t *testing.T) {
	f := newProcfs(t)
	f.host()
	tb := f.table(nil)
	tb.Refresh(true)
	known, missed, remote := v4("192.0.2.5", 80, 0), v4("192.0.2.5", 2, 0), v4("203.0.113.9", 80, 0)
	if n := testing.AllocsPerRun(100, func() {
		tb.Lookup(known)
		tb.Lookup(missed)
		tb.Lookup(remote)
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
