//go:build linux

package afpacket

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"testing"
	"unsafe"

	"golang.org/x/net/bpf"
	"golang.org/x/sys/unix"

	"github.com/wirespan/wirespan/capture"
	"github.com/wirespan/wirespan/capture/netns"
)

// denial is a socket option that a process of a test is refused, and what it
// then does.
type denial struct {
	Set    bool // setsockopt, else getsockopt
	Level  int
	Option int
	Length int // of the option's value, 0 for any
	Errno  int
	Socket int // family of which all sockets are refused

	Netns     string
	Interface string
	Rings     int
	Dir       capture.Direction
	Promisc   bool
	Clock     Clock
	Version   Version
}

type outcome struct {
	Err        string
	Permission bool
	Degraded   []Degraded
	Report     Report
	Version    Version
	Packets    int // datagrams to port 4444, which the filter accepts
	Others     int
	Stats      capture.Stats
}

const denyEnv = "WIRESPAN_TEST_DENY"

// TestDeniedOptions refuses one option after the other by seccomp, and looks at
// what becomes of the capture.
func TestDeniedOptions(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	set := func(option int) denial {
		return denial{Set: true, Level: unix.SOL_PACKET, Option: option, Errno: int(unix.ENOPROTOOPT)}
	}
	with := func(d denial, change func(*denial)) denial { change(&d); return d }
	attachFilter := denial{Set: true, Level: unix.SOL_SOCKET, Option: unix.SO_ATTACH_FILTER, Errno: int(unix.EPERM)}
	for _, c := range []struct {
		name     string
		deny     denial
		degraded string // option that is told
		err      string
		check    func(outcome) bool
	}{
		{name: "nothing", deny: denial{}},
		{name: "TPACKET_V3", deny: set(unix.PACKET_VERSION), err: "neither TPACKET_V3 nor V2"},
		{name: "TPACKET_V3 wanted", deny: with(set(unix.PACKET_VERSION), func(d *denial) { d.Version = V3 }), err: "set ring version 3"},
		{name: "PACKET_RX_RING", deny: set(unix.PACKET_RX_RING), err: "allocate ring"},
		{
			name: "ring of version 3", degraded: "TPACKET_V3",
			deny:  with(set(unix.PACKET_RX_RING), func(d *denial) { d.Length = int(unsafe.Sizeof(unix.TpacketReq3{})) }),
			check: func(o outcome) bool { return o.Version == V2 && o.Stats.Received == 5 },
		},
		{name: "memory", deny: with(set(unix.PACKET_RX_RING), func(d *denial) { d.Errno = int(unix.ENOMEM) }), err: "cannot allocate memory"},
		{name: "promiscuous", deny: with(set(unix.PACKET_ADD_MEMBERSHIP), func(d *denial) { d.Promisc = true }), degraded: "promiscuous"},
		{name: "PACKET_IGNORE_OUTGOING", deny: with(set(unix.PACKET_IGNORE_OUTGOING), func(d *denial) { d.Dir = capture.DirIn }), degraded: "PACKET_IGNORE_OUTGOING"},
		{name: "filter", deny: attachFilter, degraded: "filter in the kernel"},
		{name: "filter on any", deny: with(attachFilter, func(d *denial) { d.Interface = Any }), degraded: "filter in the kernel"},
		{name: "time stamps", deny: with(set(unix.PACKET_TIMESTAMP), func(d *denial) { d.Clock = Adapter }), degraded: "adapter time stamps"},
		{
			name: "statistics", degraded: "statistics",
			deny:  denial{Level: unix.SOL_PACKET, Option: unix.PACKET_STATISTICS, Errno: int(unix.EPERM)},
			check: func(o outcome) bool { return o.Stats.Received == 0 && o.Stats.Packets > 0 },
		},
		{
			name: "fan-out", deny: with(set(unix.PACKET_FANOUT), func(d *denial) { d.Rings = 2 }),
			check: func(o outcome) bool {
				return o.Report.Mode == FanoutOne && o.Report.Rings == 1 && strings.Contains(o.Report.Reason, "one ring")
			},
		},
		{
			name: "program for the fan-out", deny: with(set(unix.PACKET_FANOUT_DATA), func(d *denial) { d.Rings = 2 }),
			check: func(o outcome) bool {
				return o.Report.Mode == FanoutOne && o.Report.Rings == 1 && strings.Contains(o.Report.Reason, "PACKET_FANOUT_DATA")
			},
		},
		{name: "rtnetlink", deny: denial{Socket: unix.AF_NETLINK, Errno: int(unix.EPERM)}, degraded: "rtnetlink"},
		{name: "rtnetlink, any", deny: denial{Socket: unix.AF_NETLINK, Errno: int(unix.EPERM), Interface: Any}, degraded: "rtnetlink"},
		{name: "packet sockets", deny: denial{Socket: unix.AF_PACKET, Errno: int(unix.EPERM)}, err: "CAP_NET_RAW", check: func(o outcome) bool { return o.Permission }},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.deny.Netns = l.near
			o := l.runDenied(t, c.deny)
			if c.err != "" || o.Err != "" {
				if c.err == "" || !strings.Contains(o.Err, c.err) {
					t.Errorf("error %q, want %q", o.Err, c.err)
				}
			} else if o.Packets != 5 || o.Others != 0 {
				t.Errorf("%d packets that the filter wants, %d others", o.Packets, o.Others)
			}
			told := false
			for _, d := range o.Degraded {
				told = told || d.Option == c.degraded && d.Reason != ""
			}
			if c.degraded != "" && !told || c.degraded == "" && len(o.Degraded) > 0 {
				t.Errorf("degraded: %v, want %q", o.Degraded, c.degraded)
			}
			if c.check != nil && !c.check(o) {
				t.Errorf("%+v", o)
			}
		})
	}
}

func (l *lab) runDenied(t *testing.T, d denial) outcome {
	t.Helper()
	arg, err := json.Marshal(d)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(os.Args[0], "-test.run=^TestDeniedProcess$")
	cmd.Env = append(os.Environ(), denyEnv+"="+string(arg))
	out, err := cmd.CombinedOutput()
	_, text, ok := strings.Cut(string(out), "OUTCOME ")
	if !ok {
		if strings.Contains(string(out), "NO SECCOMP") {
			t.Skip("no seccomp here")
		}
		t.Fatalf("%v: %s", err, out)
	}
	var o outcome
	if err := json.NewDecoder(strings.NewReader(text)).Decode(&o); err != nil {
		t.Fatal(err)
	}
	return o
}

// TestDeniedProcess is what runDenied runs in a process of its own.
func TestDeniedProcess(t *testing.T) {
	arg := os.Getenv(denyEnv)
	if arg == "" {
		t.Skip("runs in processes of TestDeniedOptions")
	}
	var d denial
	if err := json.Unmarshal([]byte(arg), &d); err != nil {
		t.Fatal(err)
	}
	ns, err := netns.Open(d.Netns)
	if err != nil {
		t.Fatal(err)
	}
	if err := deny(d); err != nil {
		t.Fatalf("NO SECCOMP: %v", err)
	}
	o := captureDenied(t, d, &lab{t: t, nearNS: ns})
	text, err := json.Marshal(o)
	if err != nil {
		t.Fatal(err)
	}
	fmt.Printf("OUTCOME %s\n", text)
}

func captureDenied(t *testing.T, d denial, l *lab) (o outcome) {
	c := Default()
	c.Netns, c.Interfaces = d.Netns, []string{"near"}
	if d.Interface != "" {
		c.Interfaces = []string{d.Interface}
	}
	if d.Set && d.Option == unix.PACKET_IGNORE_OUTGOING {
		c.Interfaces = []string{"lo"}
	}
	c.Promiscuous, c.Clock, c.Version = d.Promisc, d.Clock, d.Version
	c.Filter = udpPort(4444, 1<<18)
	sources, report, err := OpenFanout(context.Background(), c, max(1, d.Rings))
	o.Report = report
	if err != nil {
		return outcome{Err: err.Error(), Permission: errors.Is(err, fs.ErrPermission), Report: report}
	}
	s := sources[0]
	to := farIP
	if c.Interfaces[0] == "lo" {
		to = "127.0.0.1"
	}
	l.sendUDP(l.nearNS, to, 4444, 5, marked("wanted", 60))
	l.sendUDP(l.nearNS, to, 4445, 5, marked("unwanted", 60))
	for _, s := range sources {
		ps := collect(t, s)
		o.Packets += holds(ps, "wanted-") - holds(ps, "unwanted-")
		o.Others += len(ps) - holds(ps, "wanted-")
	}
	o.Stats = stats(t, s)
	o.Degraded, o.Version = s.Degraded(), s.rings[0].version
	return o
}

// deny installs a seccomp program in all threads of the process.
func deny(d denial) error {
	const (
		nrAt    = 0
		levelAt = 16 + 8
		optAt   = 16 + 16
		lenAt   = 16 + 32
	)
	low := 0 // word of an argument that holds its low half
	if binary.NativeEndian.Uint16([]byte{0, 1}) == 1 {
		low = 4
	}
	allow := bpf.RetConstant{Val: unix.SECCOMP_RET_ALLOW}
	refuse := bpf.RetConstant{Val: unix.SECCOMP_RET_ERRNO | uint32(d.Errno)}
	load := func(at int) bpf.Instruction { return bpf.LoadAbsolute{Off: uint32(at), Size: 4} }
	call, first, second := uint32(unix.SYS_GETSOCKOPT), uint32(d.Level), uint32(d.Option)
	at, at2 := levelAt+low, optAt+low
	switch {
	case d.Socket != 0:
		call, at, first = unix.SYS_SOCKET, 16+low, uint32(d.Socket)
		at2, second = at, first
	case d.Set:
		call = unix.SYS_SETSOCKOPT
	case d.Level == 0:
		return nil
	}
	at3, third := at2, second
	if d.Length > 0 {
		at3, third = lenAt+low, uint32(d.Length)
	}
	program, err := bpf.Assemble([]bpf.Instruction{
		load(nrAt),
		bpf.JumpIf{Cond: bpf.JumpNotEqual, Val: call, SkipTrue: 7},
		load(at),
		bpf.JumpIf{Cond: bpf.JumpNotEqual, Val: first, SkipTrue: 5},
		load(at2),
		bpf.JumpIf{Cond: bpf.JumpNotEqual, Val: second, SkipTrue: 3},
		load(at3),
		bpf.JumpIf{Cond: bpf.JumpNotEqual, Val: third, SkipTrue: 1},
		refuse,
		allow,
	})
	if err != nil {
		return err
	}
	p := sockFprog(program)
	defer runtime.KeepAlive(program)
	const setModeFilter, threadSync = 1, 1
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return err
	}
	r, _, errno := unix.Syscall(unix.SYS_SECCOMP, setModeFilter, threadSync, uintptr(unsafe.Pointer(p)))
	if errno != 0 || r != 0 {
		return fmt.Errorf("seccomp: %d, %w", r, errno)
	}
	return nil
}
