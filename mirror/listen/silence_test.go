//go:build linux

package listen

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"
)

// TestNothingLeaves receives mirrors, what is no mirror, messages that want an
// answer, and more than fits: no frame leaves the interface. Without listeners
// the kernel would answer, as the last part shows.
func TestNothingLeaves(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	l.quiet()
	s := l.open(func(c *Config) { c.Buffer = MinBuffer }, "vxlan", "geneve", "gtpu", "tzsp", "gre")
	before := l.sent()
	flood := func() {
		var many [][]byte
		for i := range 300 {
			many = append(many, join(vxlan7, inner(i, "x")))
		}
		for _, to := range []string{l.local, "[" + l.local6 + "]"} {
			l.send(0, to+":4789", many...)
			l.send(0, to+":4789", []byte("no mirror"), nil)
			l.send(0, to+":6081", unhex("0080655800000900 0000"))     // control
			l.send(0, to+":2152", unhex("3201000400000000 00010000")) // echo request
			l.send(0, to+":37008", unhex("0104000001"))               // keep-alive
		}
		for _, to := range []string{l.local, l.local6} {
			l.sendIP(protoGRE, to, unhex("00000000"), join(l2gre, inner(1, "x")), unhex("30810000"))
		}
	}
	flood()
	if n := len(drain(t, s)); n == 0 {
		t.Error("no packet came")
	}
	time.Sleep(200 * time.Millisecond)
	if after := l.sent(); after != before {
		t.Errorf("sent %s, before %s", after, before)
	}
	_ = s.Close()
	flood()
	for end := time.Now().Add(10 * time.Second); l.sent() == before; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("the kernel answers nothing without listeners either: this test shows nothing")
		}
	}
}

// quiet waits until the appliance's kernel says nothing on its own any more:
// multicast listener reports. It is told to solicit no routers.
func (l *lab) quiet() {
	l.t.Helper()
	l.in(l.appliance, func() error {
		return os.WriteFile("/proc/sys/net/ipv6/conf/mirror/router_solicitations", []byte("0"), 0)
	})
	last := l.sent()
	for calm, end := 0, time.Now().Add(30*time.Second); calm < 10; time.Sleep(100 * time.Millisecond) {
		if now := l.sent(); now == last {
			calm++
		} else {
			calm, last = 0, now
		}
		if time.Now().After(end) {
			l.t.Skip("the kernel does not calm down")
		}
	}
}

// sent counts what the appliance sent: frames without multicast listener
// reports, and what they could be.
func (l *lab) sent() string {
	l.t.Helper()
	var all []string
	l.in(l.appliance, func() error {
		snmp, err := os.ReadFile("/proc/thread-self/net/snmp6")
		if err != nil {
			return err
		}
		var reports uint64
		for _, line := range strings.Split(string(snmp), "\n") {
			f := strings.Fields(line)
			if len(f) < 2 {
				continue
			}
			switch f[0] {
			case "Icmp6OutMLDv2Reports": // the host stays in its groups, some seconds long
				reports, _ = strconv.ParseUint(f[1], 10, 64)
			case "Icmp6OutDestUnreachs", "Icmp6OutParmProblems", "Icmp6OutNeighborSolicits":
				all = append(all, line)
			}
		}
		dev, err := os.ReadFile("/proc/thread-self/net/dev")
		if err != nil {
			return err
		}
		for _, line := range strings.Split(string(dev), "\n") {
			if name, counts, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(name) == "mirror" {
				n, _ := strconv.ParseUint(strings.Fields(counts)[9], 10, 64)
				all = append(all, fmt.Sprint("frames ", n-reports))
			}
		}
		return nil
	})
	return strings.Join(all, ", ")
}
