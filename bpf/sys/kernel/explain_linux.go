package kernel

import (
	"errors"
	"io/fs"
	"os"
	"strings"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/btf"
	"golang.org/x/sys/unix"
	"kernel.org/pub/linux/libs/security/libcap/cap"
)

// explain says in one line why a tier was refused.
func explain(err error) string {
	var v *ebpf.VerifierError
	switch {
	case errors.Is(err, errNotBuilt), errors.Is(err, errUnseen), errors.Is(err, errArch):
		return err.Error()
	case errors.Is(err, errTracefs):
		return hidden(err)
	case errors.Is(err, unix.ENOSYS):
		return "this kernel is built without eBPF (CONFIG_BPF_SYSCALL)"
	case errors.As(err, &v) && len(v.Log) > 0:
		return "the kernel's verifier refused it: " + v.Cause.Error()
	case errors.Is(err, unix.EPERM) || errors.Is(err, unix.EACCES) || errors.Is(err, fs.ErrPermission):
		return refused(err)
	case errors.Is(err, btf.ErrNotFound):
		return "this kernel lacks what it attaches to: " + last(err)
	case errors.Is(err, ebpf.ErrNotSupported) && len(lacking()) > 0:
		return refused(err) // who may not try is told that it does not exist
	case errors.Is(err, ebpf.ErrNotSupported):
		return "this kernel does not support it: " + last(err)
	case errors.As(err, &v):
		return "the kernel refused it: " + v.Cause.Error()
	}
	return err.Error()
}

// refused says what permission is missing. The kernel answers EPERM to all of it.
func refused(err error) string {
	if lack := lacking(); len(lack) > 0 {
		return strings.Join(lack, " and ") + " missing (CAP_SYS_ADMIN on kernels before 5.8)"
	}
	if b, e := os.ReadFile("/sys/kernel/security/lockdown"); e == nil && strings.Contains(string(b), "[confidentiality]") {
		return "the kernel is locked down for confidentiality, which forbids programs to read its memory"
	}
	if errors.Is(err, errMemlock) {
		return "the limit of locked memory is too low: raise RLIMIT_MEMLOCK, or give CAP_SYS_RESOURCE"
	}
	who := "the kernel or a security module"
	if filtered() {
		who = "a seccomp filter, as containers have it, or the kernel"
	}
	return who + " refuses it although no capability is missing: " + strings.TrimSuffix(last(err), misleading)
}

// misleading is what the library adds to EPERM; the limit was raised before.
const misleading = " (MEMLOCK may be too low, consider rlimit.RemoveMemlock)"

// lacking are the capabilities that are needed and not there.
func lacking() (names []string) {
	p, err := cap.GetPID(0)
	if err != nil || has(p, cap.SYS_ADMIN) {
		return nil
	}
	for _, v := range []cap.Value{cap.BPF, cap.PERFMON} {
		if !has(p, v) {
			names = append(names, strings.ToUpper(v.String()))
		}
	}
	return names
}

// hidden says why tracepoints cannot be found by name.
func hidden(err error) string {
	if p, e := cap.GetPID(0); errors.Is(err, fs.ErrPermission) && e == nil && !has(p, cap.DAC_READ_SEARCH) {
		return "CAP_DAC_READ_SEARCH missing, and tracefs shows itself to root alone"
	}
	if tracefs() == "" {
		return "tracefs is not there: mount -t tracefs tracefs /sys/kernel/tracing"
	}
	return "this kernel lacks what it attaches to: " + last(err)
}

// filtered reports whether a seccomp filter holds.
func filtered() bool {
	b, err := os.ReadFile("/proc/thread-self/status")
	return err == nil && strings.Contains(string(b), "\nSeccomp:\t2")
}

func has(p *cap.Set, v cap.Value) bool {
	ok, err := p.GetFlag(cap.Effective, v)
	return err == nil && ok
}

// last is the innermost of an error's words that still say where.
func last(err error) string {
	s := err.Error()
	if i := strings.LastIndex(s, ": "); i >= 0 {
		if j := strings.LastIndex(s[:i], ": "); j >= 0 {
			return s[j+2:]
		}
	}
	return s
}
