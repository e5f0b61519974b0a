//go:build linux && (amd64 || arm64)

package privileges_test

import (
	"runtime"
	"testing"
	"unsafe"

	"golang.org/x/net/bpf"
	"golang.org/x/sys/unix"
	"kernel.org/pub/linux/libs/security/libcap/cap"
	"kernel.org/pub/linux/libs/security/libcap/psx"

	"github.com/wirespan/wirespan/cmd/wirespan/privileges"
)

// withoutCalls makes the kernel answer ENOSYS to some calls, as one does that
// does not have them yet.
func withoutCalls(nrs []uint32) error {
	if len(nrs) == 0 {
		return nil
	}
	prog := []bpf.Instruction{bpf.LoadAbsolute{Off: 0, Size: 4}}
	for _, nr := range nrs {
		prog = append(prog, bpf.JumpIf{Cond: bpf.JumpNotEqual, Val: nr, SkipTrue: 1},
			bpf.RetConstant{Val: unix.SECCOMP_RET_ERRNO | uint32(unix.ENOSYS)})
	}
	raw, err := bpf.Assemble(append(prog, bpf.RetConstant{Val: unix.SECCOMP_RET_ALLOW}))
	if err != nil {
		return err
	}
	filter := make([]unix.SockFilter, len(raw))
	for i, r := range raw {
		filter[i] = unix.SockFilter{Code: r.Op, Jt: r.Jt, Jf: r.Jf, K: r.K}
	}
	fprog := &unix.SockFprog{Len: uint16(len(filter)), Filter: &filter[0]}
	if _, err := cap.Prctlw(unix.PR_SET_NO_NEW_PRIVS, 1); err != nil {
		return err
	}
	_, _, errno := psx.Syscall3(unix.SYS_PRCTL, unix.PR_SET_SECCOMP, unix.SECCOMP_MODE_FILTER, uintptr(unsafe.Pointer(fprog)))
	runtime.KeepAlive(filter)
	return number(errno)
}

// TestOldKernels goes on where calls are missing: Linux 3.10 has neither
// landlock nor seccomp(2), but filters through prctl.
func TestOldKernels(t *testing.T) {
	needRoot(t)
	o := drop(t, order{
		Missing: []uint32{unix.SYS_SECCOMP, unix.SYS_LANDLOCK_CREATE_RULESET},
		Plan:    privileges.Plan{User: "nobody"},
		Try:     []string{"exec", "read", "thread", "ptrace"}, Paths: map[string]string{"read": "/usr/bin/env"},
	})
	if o.Err != "" {
		t.Fatal(o.Err)
	}
	if m, _ := o.Report.Find(privileges.Seccomp); m.State != privileges.InForce || m.Detail == "" {
		t.Errorf("report: %v", m)
	}
	if on(t, o, privileges.Landlock) {
		t.Error("landlock without its calls")
	}
	expect(t, o, "read", "")
	expect(t, o, "thread", "")
	expect(t, o, "exec", operation)
	expect(t, o, "ptrace", operation)
	everyThread(t, o, "Seccomp", "2")
	everyThread(t, o, "CapPrm", noCaps)

	// Linux 3.2 has nothing of that; capabilities and user still go.
	o = drop(t, order{
		Missing: []uint32{unix.SYS_SECCOMP, unix.SYS_LANDLOCK_CREATE_RULESET, unix.SYS_PRCTL},
		Plan:    privileges.Plan{User: "nobody"}, Try: []string{"packet socket"},
	})
	for _, name := range []string{privileges.NoNewPrivs, privileges.Landlock, privileges.Seccomp} {
		if on(t, o, name) {
			t.Errorf("%s without its calls", name)
		}
	}
	if o.Err != "" {
		t.Fatal(o.Err)
	}
	everyThread(t, o, "CapPrm", noCaps)
	expect(t, o, "packet socket", operation)
}
