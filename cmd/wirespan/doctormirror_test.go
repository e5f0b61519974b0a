package main

import (
	"context"
	"os"
	"strings"
	"testing"
	"time"
)

// TestDoctorMirror looks at mirror ports that are wrong, each in its way, while
// traffic is mirrored to them.
func TestDoctorMirror(t *testing.T) {
	t.Parallel()
	l := newMirrorLab(t)
	l.nginx(t)
	l.mirror(t, "ingress", "mir1", "mir4", "mir4")
	l.mirror(t, "egress", "mir4", "mir4")
	l.must(t, "-n", l.server, "link", "set", "dev", "mir2", "down") // no carrier at eth2
	stop := make(chan struct{})
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			select {
			case <-stop:
				return
			case <-time.After(20 * time.Millisecond):
				_ = l.in(l.client, "curl", "-s", "-o", os.DevNull, "http://10.79.0.2:8080/x").Run()
			}
		}
	}()
	cmd := l.in(l.appliance, os.Args[0], "doctor", "--mirror", "--json", "-i", "eth0", "-i", "eth1", "-i", "eth2", "-i", "eth4", "--for", "2s", "--", "-p")
	cmd.Env = programCmd(context.Background()).Env
	x := examinedBy(t, cmd)
	close(stop)
	<-done
	x.want(t, markWarning, "eth0", "may send on its own", "10.80.0.2/24")
	x.want(t, markWarning, "eth2", "no carrier")
	x.want(t, markWarning, "eth1", "not promiscuous")
	x.want(t, markWarning, "eth1", "one direction only")
	x.want(t, markWarning, "eth2", "nothing is mirrored here")
	x.want(t, markWarning, "eth4", "50% duplicates")
	if s := strings.Join(x.Verdict, "\n"); !strings.Contains(s, "mirror can run on eth0, eth1") || strings.Contains(s, "live") {
		t.Errorf("in short:\n%s", s)
	}
}

// TestDoctorMirrorNames wants the interfaces.
func TestDoctorMirrorNames(t *testing.T) {
	t.Parallel()
	if r := wirespan(t, "doctor", "--mirror"); r.code != 2 || !strings.Contains(r.stderr, "-i") {
		t.Errorf("status %d\n%s", r.code, r.stderr)
	}
}

// TestJudgeMirror tells what a mirror does to packets, from what a trial
// counted.
func TestJudgeMirror(t *testing.T) {
	for _, c := range []struct {
		trial trial
		iface ifaceReport
		want  string
	}{
		{trial{packets: 100, compared: 100, short: 3}, ifaceReport{MTU: 1500}, "3 of 100 packets were cut by the mirror"},
		{trial{packets: 100, compared: 100, large: 3}, ifaceReport{MTU: 1500}, "larger than the MTU of 1500"},
		{trial{packets: 100, compared: 100, twice: 21}, ifaceReport{}, "21% duplicates"},
		{trial{packets: 100, compared: 100, twice: 19}, ifaceReport{}, "whole packets, each once"},
		{trial{packets: 3}, ifaceReport{}, "nothing is mirrored here"},
	} {
		s := section{}
		c.trial.judgeMirror(&s, &c.iface)
		if len(s.Findings) != 1 || !strings.Contains(s.Findings[0].Text, c.want) {
			t.Errorf("%+v: %+v, want %q", c.trial, s.Findings, c.want)
		}
	}
	for _, c := range []struct {
		iface ifaceReport
		want  string
	}{
		{ifaceReport{Up: true, Running: true, Offloads: Offloads{GRO: true}}, "GRO joins packets"},
		{ifaceReport{Up: true, Running: true, Offloads: Offloads{RxVLAN: true}}, "takes VLAN tags out"},
		{ifaceReport{Up: true, Running: true, Missed: 9}, "rx_missed_errors: the device had no room for 9 frames"},
	} {
		s := section{}
		c.iface.judgePort(&s, &liveOptions{promisc: true})
		var all []string
		for _, f := range s.Findings {
			all = append(all, f.Text)
		}
		if !strings.Contains(strings.Join(all, "\n"), c.want) {
			t.Errorf("%+v: %q, want %q", c.iface, all, c.want)
		}
	}
}
