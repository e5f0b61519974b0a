package main

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// field is a network of hosts and switches, each a namespace, and of an
// appliance that belongs to none of them and gets copies of their packets:
// every mirrored interface has a veth of its own to the appliance, whose other
// end has the name of the capture point. Servers and clients of the test itself
// run in this process with sockets made in the hosts' namespaces, so that it
// knows what was asked and who answered.
type field struct {
	ip, prefix string
	threads    map[string]chan func() // a thread in each namespace
	mirrors    int
	loss       bool // of mirrors made from now on: one packet of a hundred
}

// boxHost is the appliance's namespace.
const boxHost = "box"

func newField(t *testing.T) *field {
	t.Helper()
	if os.Getuid() != 0 {
		t.Skip("needs root for network namespaces")
	}
	f := &field{ip: toolPath(t, "ip"), prefix: fmt.Sprintf("wsf%d-%d-", os.Getpid(), labs.Add(1)), threads: make(map[string]chan func())}
	f.namespace(t, boxHost)
	return f
}

// namespace makes a namespace and a thread in it.
func (f *field) namespace(t *testing.T, name string) {
	t.Helper()
	ns := f.prefix + name
	if b, err := exec.Command(f.ip, "netns", "add", ns).CombinedOutput(); err != nil {
		t.Skipf("no network namespace: %v %s", err, b)
	}
	t.Cleanup(func() { _ = exec.Command(f.ip, "netns", "del", ns).Run() })
	do, moved := make(chan func()), make(chan error)
	go func() {
		runtime.LockOSThread() // and never unlocked: the thread ends with its namespace
		file, err := os.Open(filepath.Join("/run/netns", ns))
		if err == nil {
			err = unix.Setns(int(file.Fd()), unix.CLONE_NEWNET)
			file.Close()
		}
		moved <- err
		for what := range do {
			what()
		}
	}()
	if err := <-moved; err != nil {
		t.Fatal(err)
	}
	f.threads[name] = do
	t.Cleanup(func() { close(do) })
	f.sh(t, name, "ip link set lo up; echo 1 >/proc/sys/net/ipv6/conf/all/disable_ipv6; echo 1 >/proc/sys/net/ipv6/conf/default/disable_ipv6")
}

// within runs a function on the thread of a namespace: sockets it makes are
// there.
func (f *field) within(host string, what func()) {
	done := make(chan struct{})
	f.threads[host] <- func() { defer close(done); what() }
	<-done
}

// cmd prepares a command on a host.
func (f *field) cmd(host string, args ...string) *exec.Cmd {
	return exec.Command(f.ip, append([]string{"netns", "exec", f.prefix + host}, args...)...)
}

// try runs a script on a host and returns what it says and whether it failed.
func (f *field) try(host, script string) (string, error) {
	c := f.cmd(host, "sh", "-ec", script)
	c.Env = append(os.Environ(), "PATH="+os.Getenv("PATH")+":/usr/sbin:/sbin")
	b, err := c.CombinedOutput()
	return string(b), err
}

// sh is try for what has to work.
func (f *field) sh(t *testing.T, host, script string) {
	t.Helper()
	if b, err := f.try(host, script); err != nil {
		t.Fatalf("%s: %s: %v %s", host, script, err, b)
	}
}

// need skips the test where a script does not work on a host: the kernel
// lacks something.
func (f *field) need(t *testing.T, host, what, script string) {
	t.Helper()
	if b, err := f.try(host, script); err != nil {
		t.Skipf("this kernel has no %s: %s", what, strings.TrimSpace(b))
	}
}

// bridge makes a switch.
func (f *field) bridge(t *testing.T, name string) {
	t.Helper()
	f.namespace(t, name)
	f.sh(t, name, "ip link add br0 type bridge; ip link set br0 up")
}

// host makes a host without interfaces.
func (f *field) host(t *testing.T, names ...string) {
	t.Helper()
	for _, n := range names {
		f.namespace(t, n)
	}
}

// plug connects a host to a switch: dev has the addresses, and no offload, as on
// a wire.
func (f *field) plug(t *testing.T, host, dev, bridge string, addrs ...string) {
	t.Helper()
	port := "p" + host + dev[len(dev)-1:]
	f.wire(t, host, dev, bridge, port, 1500)
	f.sh(t, bridge, "ip link set "+port+" master br0")
	for _, a := range addrs {
		f.sh(t, host, "ip addr add "+a+" dev "+dev)
	}
}

// wire is a veth pair without offload.
func (f *field) wire(t *testing.T, a, aDev, b, bDev string, mtu int) {
	t.Helper()
	if out, err := exec.Command(f.ip, "link", "add", "name", aDev, "netns", f.prefix+a, "type", "veth", "peer", "name", bDev, "netns", f.prefix+b).CombinedOutput(); err != nil {
		t.Fatalf("veth %s %s: %s", aDev, bDev, out)
	}
	toolPath(t, "ethtool")
	for _, e := range [][2]string{{a, aDev}, {b, bDev}} {
		f.sh(t, e[0], fmt.Sprintf("ip link set dev %[1]s mtu %[2]d up; ethtool -K %[1]s tso off gso off gro off tx off rx off >/dev/null 2>&1 || true", e[1], mtu))
	}
}

// port makes a mirror port: what is sent to the interface it returns, on the
// host, arrives at the point of the appliance.
func (f *field) port(t *testing.T, host, point string) string {
	t.Helper()
	f.mirrors++
	dev := "mir" + strconv.Itoa(f.mirrors)
	if f.loss {
		f.wire(t, host, "out"+dev, boxHost, point, 1600)
		f.relay(t, host, dev, "out"+dev)
	} else {
		f.wire(t, host, dev, boxHost, point, 1600)
	}
	f.sh(t, boxHost, "ip link set dev "+point+" arp off")
	return dev
}

// relay passes on what is sent to one interface to another, but for one packet
// of a hundred. Neither tc nor an egress hook can: this tc knows no chance, and
// what mirred sends passes no egress hook.
func (f *field) relay(t *testing.T, host, from, to string) {
	t.Helper()
	toolPath(t, "nft")
	f.wire(t, host, from, host, from+"r", 1600)
	f.need(t, host, "nftables fwd", fmt.Sprintf("nft -f - <<N\ntable netdev %[1]s {\n\tchain in {\n\t\ttype filter hook ingress device %[1]sr priority 0\n"+
		"\t\tnumgen random mod 100 == 0 drop\n\t\tfwd to %[2]s\n\t}\n}\nN", from, to))
}

// copies has tc copy what an interface receives ("ingress"), sends ("egress") or
// both ("") to mirror ports of its host.
func (f *field) copies(t *testing.T, host, dev, way string, ports ...string) {
	t.Helper()
	toolPath(t, "tc")
	var actions strings.Builder
	for i, p := range ports {
		if i > 0 {
			actions.WriteString(" pipe")
		}
		actions.WriteString(" action mirred egress mirror dev " + p)
	}
	_, _ = f.try(host, "tc qdisc add dev "+dev+" clsact") // the second time it is there
	for _, w := range []string{"ingress", "egress"} {
		if way == "" || way == w {
			f.need(t, host, "tc mirred", "tc filter add dev "+dev+" "+w+" protocol all u32 match u32 0 0"+actions.String())
		}
	}
}

// tap mirrors an interface, both directions, to a point of the appliance.
func (f *field) tap(t *testing.T, host, dev, point string) {
	t.Helper()
	f.copies(t, host, dev, "", f.port(t, host, point))
}

// vxlan mirrors an interface through VXLAN to 10.80.0.2, an address of the
// appliance on its interface wan.
func (f *field) vxlan(t *testing.T, host, dev string, vni int) {
	t.Helper()
	f.wire(t, host, "under0", boxHost, "wan", 1600)
	f.sh(t, host, "ip addr add 10.80.0.1/24 dev under0")
	f.sh(t, boxHost, "ip addr add 10.80.0.2/24 dev wan")
	f.need(t, host, "VXLAN device", fmt.Sprintf("ip link add vx0 type vxlan id %d remote 10.80.0.2 dstport 4789 dev under0; ip link set vx0 mtu 1500 up", vni))
	if f.loss {
		f.need(t, host, "random numbers in nftables", "nft -f - <<N\ntable ip loss {\n\tchain out {\n\t\ttype filter hook output priority 0\n"+
			"\t\tudp dport 4789 numgen random mod 100 == 0 drop\n\t}\n}\nN")
	}
	f.copies(t, host, dev, "", "vx0")
}

// appliance starts `wirespan mirror` and waits until it listens.
func (f *field) appliance(t *testing.T, args ...string) *proc {
	t.Helper()
	cmd := f.cmd(boxHost, append([]string{os.Args[0], "mirror", "--agent", "box1"}, args...)...)
	cmd.Env = programCmd(context.Background()).Env
	p := start(t, cmd)
	p.listening(t)
	return p
}

// record starts tcpdump at points of the appliance, a file for each.
func (f *field) record(t *testing.T, dir string, points ...string) (stop func() []string) {
	t.Helper()
	var files []string
	var running []*proc
	for _, p := range points {
		files = append(files, filepath.Join(dir, p+".pcap"))
		d := start(t, f.cmd(boxHost, toolPath(t, "tcpdump"), "-Z", "root", "-B", "16384", "-i", p, "-w", files[len(files)-1], "tcp"))
		d.listening(t)
		running = append(running, d)
	}
	return func() []string {
		for _, d := range running {
			d.interrupt(t)
		}
		return files
	}
}

// listen makes a listener on a host.
func (f *field) listen(t *testing.T, host, addr string) (l net.Listener) {
	t.Helper()
	var err error
	f.within(host, func() { l, err = net.Listen("tcp4", addr) })
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// serve runs an HTTP server on a host.
func (f *field) serve(t *testing.T, host, addr string, h http.Handler) {
	t.Helper()
	s := &http.Server{Handler: h, ReadHeaderTimeout: 20 * time.Second}
	l := f.listen(t, host, addr)
	var done sync.WaitGroup
	done.Go(func() { _ = s.Serve(l) })
	t.Cleanup(func() { _ = s.Close(); done.Wait() })
}

// client is an HTTP client on a host, which keeps its connections or makes one
// for each request.
func (f *field) client(t *testing.T, host string, keep bool) *http.Client {
	t.Helper()
	tr := &http.Transport{
		DisableKeepAlives: !keep, MaxIdleConnsPerHost: 8, DisableCompression: true,
		DialContext: func(ctx context.Context, network, addr string) (c net.Conn, err error) {
			f.within(host, func() { c, err = (&net.Dialer{Timeout: 10 * time.Second}).DialContext(ctx, network, addr) })
			return c, err
		},
	}
	t.Cleanup(tr.CloseIdleConnections)
	return &http.Client{Transport: tr, Timeout: 20 * time.Second}
}

// open waits until something on a host takes connections.
func (f *field) open(t *testing.T, host, addr string, p *proc) {
	t.Helper()
	_, port, _ := strings.Cut(addr, ":")
	waitFor(t, func() bool {
		select {
		case <-p.exited:
			t.Fatalf("%s: %s%s", p.cmd, p.out.String(), p.err.String())
		default:
		}
		b, err := f.try(host, "ss -Hltn sport = :"+port)
		return err == nil && strings.TrimSpace(b) != ""
	})
}

// nginx runs nginx on a host with what belongs into its http block.
func (f *field) nginx(t *testing.T, host, addr, http string) {
	t.Helper()
	dir := openDir(t)
	conf := filepath.Join(dir, "nginx.conf")
	text := fmt.Sprintf(`worker_processes 1; daemon off; master_process off; pid %[1]s/pid; error_log %[1]s/error.log;
events { worker_connections 256; }
http {
access_log off; client_body_temp_path %[1]s/b; proxy_temp_path %[1]s/p; fastcgi_temp_path %[1]s/f; uwsgi_temp_path %[1]s/u; scgi_temp_path %[1]s/s;
keepalive_requests 1000000; proxy_http_version 1.1; proxy_set_header Connection "";
%[2]s
}
`, dir, http)
	if err := os.WriteFile(conf, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	f.open(t, host, addr, start(t, f.cmd(host, toolPath(t, "nginx"), "-c", conf)))
}

// haproxy runs HAProxy on a host with frontends and backends.
func (f *field) haproxy(t *testing.T, host, addr, text string) {
	t.Helper()
	conf := filepath.Join(openDir(t), "haproxy.cfg")
	text = "defaults\n mode http\n timeout connect 5s\n timeout client 20s\n timeout server 20s\n" + text
	if err := os.WriteFile(conf, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	f.open(t, host, addr, start(t, f.cmd(host, toolPath(t, "haproxy"), "-db", "-f", conf)))
}

// openDir is a directory that servers may enter as another user.
func openDir(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	return dir
}
