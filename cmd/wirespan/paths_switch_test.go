package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestPathBridge mirrors both ports of a Linux bridge to one port: every packet
// comes twice, and counts once. A mirror of the server is a further point.
func TestPathBridge(t *testing.T) {
	t.Parallel()
	f, tr := newField(t), newTruth("X-Request-Id")
	f.bridge(t, "lan")
	f.host(t, "client", "server")
	f.plug(t, "client", "eth0", "lan", "192.0.2.10/24")
	f.plug(t, "server", "eth0", "lan", "192.0.2.20/24")
	f.serve(t, "server", "192.0.2.20:8000", tr.server("server", nil))
	port := f.port(t, "lan", "bridge")
	f.copies(t, "lan", "pclient0", "", port)
	f.copies(t, "lan", "pserver0", "", port)
	f.tap(t, "server", "eth0", "server")
	spans, said, paths := f.run(t, "client", "http://192.0.2.20:8000", nil, 2, "bridge", "server")
	checkTrees(t, spans, paths, "root bridge net 192.0.2.20:8000\nsighting server net 192.0.2.20:8000\n", said)
	checkCounts(t, spans, len(paths), map[string]int{"bridge": len(paths), "server": len(paths)})
	if !strings.Contains(said, "at bridge (50%)") {
		t.Errorf("half of the packets of the bridge are duplicates:\n%s", said)
	}
}

// TestPathOpenVSwitch has Open vSwitch, its datapath in user space, mirror all of
// a bridge to a port.
func TestPathOpenVSwitch(t *testing.T) {
	t.Parallel()
	f, tr := newField(t), newTruth("X-Request-Id")
	f.host(t, "lan", "client", "server")
	f.wire(t, "client", "eth0", "lan", "pclient0", 1500)
	f.wire(t, "server", "eth0", "lan", "pserver0", 1500)
	f.sh(t, "client", "ip addr add 192.0.2.10/24 dev eth0")
	f.sh(t, "server", "ip addr add 192.0.2.20/24 dev eth0")
	out := f.port(t, "lan", "vswitch")
	ctl := f.openVSwitch(t, "lan")
	ctl("add-br", "br0", "--", "set", "bridge", "br0", "datapath_type=netdev")
	for _, p := range []string{"pclient0", "pserver0", out} {
		ctl("add-port", "br0", p)
	}
	ctl("--", "--id=@o", "get", "port", out, "--", "--id=@m", "create", "mirror", "name=m", "select-all=true", "output-port=@o", "--", "set", "bridge", "br0", "mirrors=@m")
	f.tap(t, "client", "eth0", "client")
	f.serve(t, "server", "192.0.2.20:8000", tr.server("server", nil))
	spans, said, paths := f.run(t, "client", "http://192.0.2.20:8000", nil, 2, "client", "vswitch")
	checkTrees(t, spans, paths, "root client net 192.0.2.20:8000\nsighting vswitch net 192.0.2.20:8000\n", said)
	checkCounts(t, spans, len(paths), map[string]int{"client": len(paths), "vswitch": len(paths)})
}

// openVSwitch runs Open vSwitch on a host, with files of its own, and returns
// ovs-vsctl.
func (f *field) openVSwitch(t *testing.T, host string) func(args ...string) {
	t.Helper()
	for _, p := range []string{"ovsdb-server", "ovs-vswitchd", "ovsdb-tool", "ovs-vsctl"} {
		toolPath(t, p)
	}
	dir := t.TempDir()
	env := append(os.Environ(), "OVS_RUNDIR="+dir, "OVS_DBDIR="+dir, "OVS_LOGDIR="+dir)
	file := func(name string) string { return filepath.Join(dir, name) }
	if b, err := exec.Command(toolPath(t, "ovsdb-tool"), "create", file("db"), "/usr/share/openvswitch/vswitch.ovsschema").CombinedOutput(); err != nil {
		t.Skipf("ovsdb-tool: %s", b)
	}
	daemon := func(name string, args ...string) {
		c := f.cmd(host, append([]string{toolPath(t, name), "--no-chdir", "--log-file=" + file(name+".log"), "--unixctl=" + file(name+".ctl"), "--pidfile=" + file(name+".pid")}, args...)...)
		c.Env = env
		start(t, c)
	}
	daemon("ovsdb-server", "--remote=punix:"+file("sock"), file("db"))
	waitFor(t, func() bool { return exists(file("sock")) })
	ctl := func(args ...string) {
		c := exec.Command(toolPath(t, "ovs-vsctl"), append([]string{"--db=unix:" + file("sock"), "--timeout=20"}, args...)...)
		c.Env = env
		if b, err := c.CombinedOutput(); err != nil {
			t.Skipf("Open vSwitch does not run here: ovs-vsctl %s: %s", strings.Join(args, " "), b)
		}
	}
	ctl("--no-wait", "init")
	daemon("ovs-vswitchd", "unix:"+file("sock"))
	return ctl
}

// TestPathDirect is what IPVS does with direct routing, and keepalived's and most
// hardware balancers' way; there is no IPVS in this kernel, so that a route does
// it: the request goes to the virtual address through the balancer, which changes
// MAC addresses and TTL only, and the answer goes back another way. The balancer
// and the server's two interfaces see one direction each.
func TestPathDirect(t *testing.T) {
	t.Parallel()
	h := newHop(t)
	h.plug(t, "server", "eth1", "front", "192.0.2.20/24")
	h.sh(t, "server", "ip addr add 192.0.2.100/32 dev lo; for i in all eth0 eth1; do echo 0 >/proc/sys/net/ipv4/conf/$i/rp_filter; echo 1 >/proc/sys/net/ipv4/conf/$i/arp_ignore; echo 2 >/proc/sys/net/ipv4/conf/$i/arp_announce; done")
	h.sh(t, "router", "ip route add 192.0.2.100/32 via 198.51.100.20; echo 0 >/proc/sys/net/ipv4/conf/all/send_redirects; echo 0 >/proc/sys/net/ipv4/conf/eth0/send_redirects; for i in all eth0 eth1; do echo 0 >/proc/sys/net/ipv4/conf/$i/rp_filter; done")
	h.sh(t, "client", "ip route add 192.0.2.100/32 via 192.0.2.1; echo 0 >/proc/sys/net/ipv4/conf/all/rp_filter; echo 0 >/proc/sys/net/ipv4/conf/eth0/rp_filter")
	h.serve(t, "server", "192.0.2.100:80", h.truth.server("server", nil))
	h.tap(t, "client", "eth0", "client")
	router := h.port(t, "router", "balancer")
	h.copies(t, "router", "eth0", "", router)
	h.copies(t, "router", "eth1", "", router)
	h.tap(t, "server", "eth0", "requests")
	h.tap(t, "server", "eth1", "responses")
	spans, said, paths := h.run(t, "client", "http://192.0.2.100", nil, 3, "client", "balancer", "requests", "responses")
	n, seen := exchangesOf(spans)
	if n != len(paths) || seen["client"] != len(paths) || seen["requests"] != len(paths) || seen["responses"] != len(paths) {
		t.Errorf("%d exchanges of %d; sightings %v", n, len(paths), seen)
	}
	for i := range spans {
		s := &spans[i]
		want := map[string]string{"client": "", "balancer": "request", "requests": "request", "responses": "response"}[s.str("wirespan.capture.point")]
		if s.str("wirespan.half") != want || s.str("http.response.status_code") != "200" {
			t.Errorf("%s at %s is the half %q with status %s", s.what(), s.str("wirespan.capture.point"), s.str("wirespan.half"), s.str("http.response.status_code"))
		}
	}
	if n := len(traceIDs(spans)); n != len(paths) {
		t.Errorf("%d traces, want %d", n, len(paths))
	}
	if t.Failed() {
		for _, tree := range treesByPath(t, spans) {
			t.Logf("%s\n%s", tree, said)
			break
		}
	}
}
