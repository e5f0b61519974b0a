//go:build linux && (amd64 || arm64)

package privileges

import (
	"fmt"
	"runtime"
	"unsafe"

	"golang.org/x/net/bpf"
	"golang.org/x/sys/unix"
	"kernel.org/pub/linux/libs/security/libcap/psx"
)

// seccomp installs the filter on all threads: in one step where the kernel has
// SECCOMP_FILTER_FLAG_TSYNC (3.17), else thread by thread (3.5).
func (p *Plan) seccomp() Measure {
	if p.NoSandbox {
		return Measure{Seccomp, Off, "--no-sandbox"}
	}
	raw, err := bpf.Assemble(seccompProgram(p.Kernel))
	if err != nil {
		return Measure{Seccomp, Off, fmt.Sprintf("assemble filter: %v", err)}
	}
	filter := make([]unix.SockFilter, len(raw))
	for i, r := range raw {
		filter[i] = unix.SockFilter{Code: r.Op, Jt: r.Jt, Jf: r.Jf, K: r.K}
	}
	prog := &unix.SockFprog{Len: uint16(len(filter)), Filter: &filter[0]}
	defer runtime.KeepAlive(filter)
	how, errno := install(prog)
	if errno != 0 {
		return Measure{Seccomp, Off, fmt.Sprintf("needs Linux 3.5 with CONFIG_SECCOMP_FILTER: %v", errno)}
	}
	return Measure{Seccomp, InForce, fmt.Sprintf("%d calls refused, %s", len(deniedCalls(p.Kernel)), how)}
}

// install hands the program to the kernel.
func install(prog *unix.SockFprog) (how string, errno unix.Errno) {
	stuck, _, errno := unix.Syscall(unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER, unix.SECCOMP_FILTER_FLAG_TSYNC, uintptr(unsafe.Pointer(prog)))
	if errno == 0 && stuck == 0 {
		return "on all threads at once", 0
	}
	_, _, errno = psx.Syscall3(unix.SYS_PRCTL, unix.PR_SET_SECCOMP, unix.SECCOMP_MODE_FILTER, uintptr(unsafe.Pointer(prog)))
	runtime.KeepAlive(prog)
	return "thread by thread", errno
}
