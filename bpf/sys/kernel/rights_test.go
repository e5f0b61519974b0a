//go:build linux && (amd64 || arm64)

package kernel

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"strings"
	"testing"
	"unsafe"

	"github.com/wirespan/wirespan/bpf/sys"

	"golang.org/x/net/bpf"
	"golang.org/x/sys/unix"
	"kernel.org/pub/linux/libs/security/libcap/cap"
)

// rightsVar names what a child process of this test gives up before it probes.
const rightsVar = "WIRESPAN_TEST_RIGHTS"

// TestRights gives up rights one by one and wants the reason of each refused
// tier to name what is missing.
func TestRights(t *testing.T) {
	if what := os.Getenv(rightsVar); what != "" {
		probeWithout(t, what)
		return
	}
	if os.Geteuid() != 0 {
		t.Skip("needs root, for eBPF")
	}
	if lack := lacking(); len(lack) > 0 {
		t.Skipf("%v missing already", lack)
	}
	with := func() map[sys.Tier]string {
		m := make(map[sys.Tier]string)
		for _, a := range Probe(t.Context(), Default()) {
			m[a.Tier] = a.Reason
		}
		return m
	}()
	for _, c := range []struct {
		keep  string // capabilities, or seccomp
		words []string
	}{
		{"cap_bpf,cap_perfmon", nil},
		{"cap_sys_admin", nil},
		{"cap_bpf", []string{"CAP_PERFMON missing"}},
		{"cap_perfmon", []string{"CAP_BPF missing"}},
		{"cap_net_raw", []string{"CAP_BPF and CAP_PERFMON missing"}},
		{"seccomp", []string{"seccomp filter"}},
	} {
		t.Run(c.keep, func(t *testing.T) {
			cmd := exec.Command(os.Args[0], "-test.run", "^TestRights$", "-test.v")
			cmd.Env = append(os.Environ(), rightsVar+"="+c.keep)
			out, err := cmd.CombinedOutput()
			if err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
			for _, tier := range []sys.Tier{sys.Sock, sys.Syscall} {
				line := fmt.Sprintf("probed %s: ", tier)
				_, said, ok := strings.Cut(string(out), line)
				said, _, _ = strings.Cut(said, "\n")
				switch {
				case !ok:
					t.Errorf("nothing about %s in\n%s", tier, out)
				case c.words == nil && (said == "") != (with[tier] == ""):
					t.Errorf("%s: %q, but %q with all capabilities", tier, said, with[tier])
				case c.words != nil && !strings.Contains(said, c.words[0]):
					t.Errorf("%s: %q, want %q", tier, said, c.words)
				}
			}
		})
	}
}

// probeWithout probes in a process that keeps only some capabilities, or that
// may not call bpf(2).
func probeWithout(t *testing.T, keep string) {
	if keep == "seccomp" {
		refuseBPF(t)
	} else {
		set, err := cap.FromText(keep + "=ep")
		if err == nil {
			err = set.SetProc()
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, a := range Probe(t.Context(), Default()) {
		t.Logf("probed %s: %s", a.Tier, a.Reason)
	}
}

// refuseBPF installs a filter that answers EPERM to bpf(2), on all threads.
func refuseBPF(t *testing.T) {
	t.Helper()
	raw, err := bpf.Assemble([]bpf.Instruction{
		bpf.LoadAbsolute{Off: 0, Size: 4},
		bpf.JumpIf{Cond: bpf.JumpEqual, Val: unix.SYS_BPF, SkipFalse: 1},
		bpf.RetConstant{Val: 0x00050000 | uint32(unix.EPERM)},
		bpf.RetConstant{Val: 0x7fff0000},
	})
	if err != nil {
		t.Fatal(err)
	}
	prog := unix.SockFprog{Len: uint16(len(raw)), Filter: (*unix.SockFilter)(unsafe.Pointer(&raw[0]))}
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		t.Fatal(err)
	}
	if _, _, e := unix.Syscall(unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER, unix.SECCOMP_FILTER_FLAG_TSYNC, uintptr(unsafe.Pointer(&prog))); e != 0 {
		t.Fatal(e)
	}
}

// What cannot be had on this kernel is said in words, too.
func TestExplain(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("as root no capability is missing, which comes first")
	}
	for _, c := range []struct {
		err  error
		want string
	}{
		{fmt.Errorf("load: %w: %w", errMemlock, unix.EPERM), "RLIMIT_MEMLOCK"},
		{fmt.Errorf("%w: %w", errTracefs, fs.ErrNotExist), "mount -t tracefs"},
		{fmt.Errorf("load: %w", unix.ENOSYS), "CONFIG_BPF_SYSCALL"},
		{errors.New("something else"), "something else"},
	} {
		if got := explain(c.err); !strings.Contains(got, c.want) {
			t.Errorf("%v: %q, want %q", c.err, got, c.want)
		}
	}
}
