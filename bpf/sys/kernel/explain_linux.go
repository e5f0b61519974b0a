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
	case errors.Is(err, errNotBuilt), errors.Is(err, errUnseen):
		return err.Error()
	case errors.Is(err, unix.EPERM) || errors.Is(err, unix.EACCES) || errors.Is(err, fs.ErrPermission):
		return refused(err)
	case errors.Is(err, btf.ErrNotFound):
		return "this kernel lacks what it attaches to: " + last(err)
	case errors.Is(err, ebpf.ErrNotSupported):
		return "this kernel does not support it: " + last(err)
	case errors.As(err, &v):
		return "the kernel's verifier refused it: " + v.Cause.Error()
	}
	return err.Error()
}

// refused says what permission is missing. The kernel answers EPERM to all of it.
func refused(err error) string {
	var lack []string
	if p, e := cap.GetPID(0); e == nil && !has(p, cap.SYS_ADMIN) {
		for _, v := range []cap.Value{cap.BPF, cap.PERFMON} {
			if !has(p, v) {
				lack = append(lack, strings.ToUpper(v.String()))
			}
		}
	}
	if len(lack) > 0 {
		return strings.Join(lack, " and ") + " missing (CAP_SYS_ADMIN on kernels before 5.8)"
	}
	if b, e := os.ReadFile("/sys/kernel/security/lockdown"); e == nil && strings.Contains(string(b), "[confidentiality]") {
		return "the kernel is locked down for confidentiality, which forbids programs to read its memory"
	}
	if strings.Contains(err.Error(), "memlock") {
		return "the limit of locked memory is too low: raise RLIMIT_MEMLOCK, or give CAP_SYS_RESOURCE"
	}
	return "the kernel or a security module refuses it although no capability is missing: " + last(err)
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
