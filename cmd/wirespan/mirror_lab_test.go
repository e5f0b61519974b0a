package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"testing"
)

// mirrorLab is a lab whose server's interface is mirrored, by tc, into the
// namespace of an appliance:
//
//	eth1, eth2  what the server receives and what it sends, a tap
//	eth3        both
//	eth4        both, each packet twice
//	eth0        10.80.0.2, at which a VXLAN mirror with VNI 7 ends
type mirrorLab struct {
	*lab
	appliance string
}

func newMirrorLab(t *testing.T) *mirrorLab {
	t.Helper()
	l := &mirrorLab{lab: newLab(t)}
	l.appliance = fmt.Sprintf("wsa%d-%d", os.Getpid(), labs.Add(1))
	if b, err := exec.Command(l.ip, "netns", "add", l.appliance).CombinedOutput(); err != nil {
		t.Skipf("no network namespace: %v %s", err, b)
	}
	t.Cleanup(func() { _ = exec.Command(l.ip, "netns", "del", l.appliance).Run() })
	l.must(t, "-n", l.appliance, "link", "set", "dev", "lo", "up")
	for i := range 5 {
		l.port(t, fmt.Sprintf("mir%d", i), fmt.Sprintf("eth%d", i), i > 0)
	}
	l.must(t, "-n", l.server, "addr", "add", "10.80.0.1/24", "dev", "mir0")
	l.must(t, "-n", l.appliance, "addr", "add", "10.80.0.2/24", "dev", "eth0")
	if b, err := exec.Command(l.ip, "-n", l.server, "link", "add", "vx0", "type", "vxlan", "id", "7",
		"remote", "10.80.0.2", "dstport", "4789", "dev", "mir0").CombinedOutput(); err != nil {
		t.Skipf("no VXLAN device: %s", b)
	}
	l.must(t, "-n", l.server, "link", "set", "dev", "vx0", "mtu", "1500", "up")
	return l
}

// port makes a mirror port: mir in the server's namespace, eth in the
// appliance's; a silent one is as doctor and the manual want it.
func (l *mirrorLab) port(t *testing.T, mir, eth string, silent bool) {
	t.Helper()
	l.must(t, "link", "add", "name", mir, "netns", l.server, "type", "veth", "peer", "name", eth, "netns", l.appliance)
	if silent {
		l.quiet(t, l.appliance, eth)
	}
	for _, e := range [][2]string{{l.server, mir}, {l.appliance, eth}} {
		l.must(t, "-n", e[0], "link", "set", "dev", e[1], "mtu", "1600", "up")
	}
}

// quiet keeps the kernel from sending on an interface.
func (l *mirrorLab) quiet(t *testing.T, ns, dev string) {
	t.Helper()
	if b, err := l.in(ns, "sh", "-c", "echo 1 >/proc/sys/net/ipv6/conf/"+dev+"/disable_ipv6").CombinedOutput(); err != nil {
		t.Skipf("no way to turn IPv6 off: %s", b)
	}
	l.must(t, "-n", ns, "link", "set", "dev", dev, "arp", "off")
}

// mirror copies what the server's interface receives (ingress) or sends
// (egress) to ports of the server's namespace.
func (l *mirrorLab) mirror(t *testing.T, way string, ports ...string) {
	t.Helper()
	tc := toolPath(t, "tc")
	_ = l.in(l.server, tc, "qdisc", "add", "dev", "vb", "clsact").Run() // the second time it is there
	args := []string{tc, "filter", "add", "dev", "vb", way, "protocol", "all", "u32", "match", "u32", "0", "0"}
	for i, p := range ports {
		if i > 0 {
			args = append(args, "pipe")
		}
		args = append(args, "action", "mirred", "egress", "mirror", "dev", p)
	}
	if b, err := l.in(l.server, args...).CombinedOutput(); err != nil {
		t.Skipf("tc cannot mirror here: %s", b)
	}
}

// run starts `wirespan mirror` in the appliance's namespace and waits until it
// listens.
func (l *mirrorLab) run(t *testing.T, args ...string) *proc {
	t.Helper()
	cmd := l.in(l.appliance, append([]string{os.Args[0], "mirror", "--agent", "box1"}, args...)...)
	cmd.Env = programCmd(context.Background()).Env
	p := start(t, cmd)
	p.listening(t)
	return p
}
