//go:build linux

package listen

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/wirespan/wirespan/capture/tunnel"
)

// TestOpenVSwitch has Open vSwitch mirror a port into VXLAN, Geneve,
// GRE and ERSPAN tunnels, with its datapath in user space, and finds the
// mirrored connection.
func TestOpenVSwitch(t *testing.T) {
	for name, c := range map[string]struct {
		kind, listener string
		options        []string
		mark           tunnel.Mark
	}{
		"vxlan":    {"vxlan", "vxlan", nil, tunnel.Mark{}},
		"geneve":   {"geneve", "geneve", nil, tunnel.Mark{}},
		"gre":      {"gre", "l2gre", nil, tunnel.Mark{}},
		"erspan 2": {"erspan", "erspan", []string{"options:erspan_ver=1", "options:erspan_idx=3"}, tunnel.Mark{Origin: 3}},
		"erspan 3": {"erspan", "erspan", []string{"options:erspan_ver=2", "options:erspan_dir=1", "options:erspan_hwid=4"}, tunnel.Mark{Way: tunnel.Egress, Unit: tunnel.HundredMicros, Origin: 4 << 32}},
	} {
		t.Run(name, func(t *testing.T) {
			l := newLab(t)
			v := l.vswitch()
			far := l.neighbour()
			// The datapath in user space takes no segments larger than the MTU, and
			// makes no fragments of what its tunnels make larger.
			l.ip(far, "link", "set", "near", "gso_max_segs", "1")
			l.ip(l.sender, "link", "set", "out", "mtu", "1600")
			l.ip(l.appliance, "link", "set", "mirror", "mtu", "1600")
			// The switch stands between the sender's stack and its neighbour: its
			// own tunnels need the sender's address on a bridge.
			v.ctl("add-br", "br0", "--", "set", "bridge", "br0", "datapath_type=netdev")
			v.ctl("add-port", "br0", "far")
			mac := l.mac(l.sender, "far")
			l.ip(l.sender, "addr", "flush", "dev", "far")
			v.ctl("set", "bridge", "br0", "other-config:hwaddr="+mac)
			l.ip(l.sender, "link", "set", "br0", "up")
			l.ip(l.sender, "addr", "add", "203.0.113.1/24", "dev", "br0")
			// The tunnel leaves through a bridge that has the address.
			v.ctl("add-br", "br1", "--", "set", "bridge", "br1", "datapath_type=netdev")
			v.ctl("set", "bridge", "br1", "other-config:hwaddr="+l.mac(l.sender, "out"))
			v.ctl("add-port", "br1", "out")
			l.ip(l.sender, "addr", "flush", "dev", "out")
			l.ip(l.sender, "link", "set", "br1", "up")
			l.ip(l.sender, "addr", "add", l.peer+"/24", "dev", "br1")
			l.ip(l.sender, "neigh", "replace", l.local, "lladdr", l.mac(l.appliance, "mirror"), "dev", "br1", "nud", "permanent")
			v.ctl(append([]string{"add-port", "br0", "tun", "--", "set", "interface", "tun", "type=" + c.kind, "options:remote_ip=" + l.local, "options:key=77"}, c.options...)...)
			v.ctl("--", "--id=@p", "get", "port", "far", "--", "--id=@t", "get", "port", "tun",
				"--", "--id=@m", "create", "mirror", "name=m", "select-src-port=@p", "select-dst-port=@p", "output-port=@t",
				"--", "set", "bridge", "br0", "mirrors=@m")
			v.neighbour("br1", l.local, l.mac(l.appliance, "mirror"))
			s := l.open(nil, c.listener)
			want := strings.Repeat("fedcba9876543210", 4000)
			l.fetch(far, want)
			request, response, mark := streams(t, s, 77)
			if mark.Stamp = 0; mark != c.mark {
				t.Errorf("mark %+v, want %+v", mark, c.mark)
			}
			if !bytes.Contains(request, []byte("please")) || string(response) != want {
				t.Errorf("request %q, response of %d bytes, want %d; %+v\n%s", request, len(response), len(want), s.Listeners(), v.log())
			}
		})
	}
}

func (l *lab) mac(ns, dev string) string {
	l.t.Helper()
	out, err := exec.Command("ip", "netns", "exec", ns, "cat", "/sys/class/net/"+dev+"/address").Output()
	if err != nil {
		l.t.Fatal(err)
	}
	return strings.TrimSpace(string(out))
}

// vswitch is an Open vSwitch in the sender's namespace, with files of its own.
type vswitch struct {
	l   *lab
	dir string
}

func (l *lab) vswitch() *vswitch {
	l.t.Helper()
	for _, program := range []string{"ovsdb-server", "ovs-vswitchd", "ovsdb-tool", "ovs-vsctl", "ovs-appctl"} {
		if _, err := exec.LookPath(program); err != nil {
			l.t.Skipf("no %s (openvswitch-switch)", program)
		}
	}
	v := &vswitch{l, l.t.TempDir()}
	l.run("ovsdb-tool", "create", v.path("db"), "/usr/share/openvswitch/vswitch.ovsschema")
	v.daemon("ovsdb-server", "--remote=punix:"+v.path("sock"), v.path("db"))
	v.await("sock")
	v.ctl("--no-wait", "init")
	v.daemon("ovs-vswitchd", "unix:"+v.path("sock"))
	return v
}

func (v *vswitch) path(name string) string { return filepath.Join(v.dir, name) }

// daemon starts a program of the switch, and ends it with the test.
func (v *vswitch) daemon(name string, args ...string) {
	v.l.t.Helper()
	all := append([]string{
		"netns", "exec", v.l.sender, name, "--no-chdir", "--log-file=" + v.path(name+".log"),
		"--unixctl=" + v.path(name+".ctl"), "--pidfile=" + v.path(name+".pid"),
	}, args...)
	cmd := exec.Command("ip", all...)
	cmd.Env = append(os.Environ(), "OVS_RUNDIR="+v.dir, "OVS_DBDIR="+v.dir, "OVS_LOGDIR="+v.dir)
	if err := cmd.Start(); err != nil {
		v.l.t.Skipf("%s: %v", name, err)
	}
	v.l.t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
}

func (v *vswitch) await(name string) {
	v.l.t.Helper()
	for end := time.Now().Add(10 * time.Second); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		if _, err := os.Stat(v.path(name)); err == nil {
			return
		}
	}
	v.l.t.Skipf("Open vSwitch does not start: %s", v.log())
}

func (v *vswitch) ctl(args ...string) {
	v.l.t.Helper()
	cmd := exec.Command("ovs-vsctl", append([]string{"--db=unix:" + v.path("sock"), "--timeout=20"}, args...)...)
	cmd.Env = append(os.Environ(), "OVS_RUNDIR="+v.dir)
	if out, err := cmd.CombinedOutput(); err != nil {
		v.l.t.Skipf("Open vSwitch does not run here: ovs-vsctl %s: %s\n%s", strings.Join(args, " "), out, v.log())
	}
}

// neighbour tells the datapath of a neighbour, for it sends tunnels by itself.
func (v *vswitch) neighbour(bridge, ip, mac string) {
	v.l.t.Helper()
	out, err := exec.Command("ovs-appctl", "-t", v.path("ovs-vswitchd.ctl"), "tnl/neigh/set", bridge, ip, mac).CombinedOutput()
	if err != nil {
		v.l.t.Skipf("ovs-appctl: %s", out)
	}
}

func (v *vswitch) log() string {
	b, _ := os.ReadFile(v.path("ovs-vswitchd.log"))
	return string(b[max(0, len(b)-2000):])
}
