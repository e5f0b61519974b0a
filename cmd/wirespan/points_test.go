package main

import (
	"strings"
	"testing"

	"github.com/wirespan/wirespan/capture/afpacket"
)

// TestPointsOfConfiguration takes the mapping of the manual, and finds mistakes
// in it.
func TestPointsOfConfiguration(t *testing.T) {
	t.Parallel()
	good := writeFile(t, "good.yaml", []byte("points:\n  web: vxlan:7\n  core: vxlan:7+vxlan:8\n"))
	if o := wirespan(t, "config", "check", good); o.code != 0 {
		t.Errorf("status %d: %s", o.code, o.stderr)
	}
	o := wirespan(t, "config", "print", "mirror", "--config", good, "--", "--listen", "vxlan")
	for _, want := range []string{"- web=vxlan:7\n", "- core=vxlan:7+vxlan:8\n"} {
		if !strings.Contains(o.stdout, want) {
			t.Errorf("no %q in\n%s%s", want, o.stdout, o.stderr)
		}
	}
	bad := writeFile(t, "bad.yaml", []byte("points:\n  web: vxlann:7\n  core: vlan:5000\n"))
	o = wirespan(t, "config", "check", bad)
	for _, want := range []string{bad + ":2:8: points: ", bad + ":3:9: points: "} {
		if o.code != exitUsage || !strings.Contains(o.stderr, want) {
			t.Errorf("status %d, no %q in\n%s", o.code, want, o.stderr)
		}
	}
}

// TestTapThatIsNotThere is told which points there are.
func TestTapThatIsNotThere(t *testing.T) {
	t.Parallel()
	files := demoCaptures()
	if o := wirespan(t, append([]string{"read", "--tap", "egde"}, files...)...); o.code != 0 || o.stdout != "" ||
		!strings.Contains(o.stderr, "note         --tap egde: no capture point has this name; there are: edge, app\n") {
		t.Errorf("status %d\n%s%s", o.code, o.stdout, o.stderr)
	}
	if o := wirespan(t, append([]string{"read", "--tap", "edge"}, files...)...); o.stdout == "" || strings.Contains(o.stderr, "--tap") {
		t.Errorf("a point that is there:\n%s", o.stderr)
	}
}

// TestRuleThatNothingMeets is told: a number or a name is wrong.
func TestRuleThatNothingMeets(t *testing.T) {
	t.Parallel()
	args := append([]string{"read", "--point", "front=iface:edge", "--point", "web=vxlan:7", "--point", "back=iface:ap"}, demoCaptures()...)
	o := wirespan(t, args...)
	if !strings.Contains(o.stderr, "note         --point: no packet met what was said of web, back\n") {
		t.Errorf("got\n%s", o.stderr)
	}
	if o = wirespan(t, append([]string{"read", "--point", "front=iface:edge"}, demoCaptures()...)...); strings.Contains(o.stderr, "--point") {
		t.Errorf("every rule is met:\n%s", o.stderr)
	}
}

// TestLoopbackIsNoMirrorPort gives no advice that would cut the host off from
// itself.
func TestLoopbackIsNoMirrorPort(t *testing.T) {
	list, err := afpacket.Interfaces("")
	if err != nil {
		t.Skip(err)
	}
	for i := range list {
		if !list[i].Loopback() {
			continue
		}
		if why, fix := loud(&list[i], ""); why != "" || fix != "" {
			t.Errorf("%s: %s; %s", list[i].Name, why, fix)
		}
		return
	}
	t.Skip("no loopback")
}
