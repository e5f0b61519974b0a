package kernel

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"

	"github.com/cilium/ebpf"
	"golang.org/x/sys/unix"
)

// What a system call does, as c/syscall.c numbers it.
const (
	callReads       uint32 = iota + 1
	callReadsFlags3        // flags are argument 3
	callReadsFlags2
	callReadsMany // flags are argument 3
	callWrites
	callWritesMany
	callSplices
)

// calls are the system calls that move bytes of sockets, by number.
var calls = map[uint32]uint32{
	unix.SYS_READ: callReads, unix.SYS_READV: callReads, unix.SYS_PREADV2: callReads,
	unix.SYS_RECVFROM: callReadsFlags3, unix.SYS_RECVMSG: callReadsFlags2, unix.SYS_RECVMMSG: callReadsMany,
	unix.SYS_WRITE: callWrites, unix.SYS_WRITEV: callWrites, unix.SYS_PWRITEV2: callWrites,
	unix.SYS_SENDTO: callWrites, unix.SYS_SENDMSG: callWrites, unix.SYS_SENDFILE: callWrites,
	unix.SYS_SENDMMSG: callWritesMany, unix.SYS_SPLICE: callSplices,
}

// abi is where struct pt_regs keeps arguments, and what says that a call is one
// of a 32-bit program (thread_info).
type abi struct {
	arg0, arg2, arg3          uint32 // offsets in bytes
	compatStatus, compatFlags uint32
}

// abis are those of arch/x86/include/asm/ptrace.h and thread_info.h, and of
// arch/arm64.
var abis = map[string]abi{
	"amd64": {arg0: 112, arg2: 96, arg3: 56, compatStatus: 1 << 1},
	"arm64": {arg0: 0, arg2: 16, arg3: 24, compatFlags: 1 << 22},
}

var errArch = errors.New("system calls of this processor are not known")

// walk sets what programs need that find sockets by themselves.
func walk(spec *ebpf.CollectionSpec) error {
	if v := spec.Variables["config_salt"]; v != nil {
		if err := v.Set(rand.Uint64()); err != nil {
			return fmt.Errorf("set config_salt: %w", err)
		}
	}
	m := spec.Maps["calls"]
	if m == nil {
		return nil
	}
	for number, kind := range calls {
		m.Contents = append(m.Contents, ebpf.MapKV{Key: number, Value: kind})
	}
	a, ok := abis[runtime.GOARCH]
	if !ok {
		return errArch
	}
	for name, n := range map[string]uint32{
		"config_arg0": a.arg0, "config_arg2": a.arg2, "config_arg3": a.arg3,
		"config_compat_status": a.compatStatus, "config_compat_flag": a.compatFlags,
	} {
		if err := spec.Variables[name].Set(n); err != nil {
			return fmt.Errorf("set %s: %w", name, err)
		}
	}
	return nil
}
