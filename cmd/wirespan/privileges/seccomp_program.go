//go:build linux && (amd64 || arm64)

package privileges

import (
	"slices"

	"golang.org/x/net/bpf"
	"golang.org/x/sys/unix"
)

// Offsets into struct seccomp_data (seccomp(2)). Arguments are 64 bits wide;
// both machines are little-endian, so that the low half comes first.
const (
	offNumber = 0
	offArch   = 4
	offArgs   = 16
)

// Answers of the program.
const (
	allow      = unix.SECCOMP_RET_ALLOW
	refuse     = unix.SECCOMP_RET_ERRNO | uint32(unix.EPERM)
	unknown    = unix.SECCOMP_RET_ERRNO | uint32(unix.ENOSYS)
	noFamily   = unix.SECCOMP_RET_ERRNO | uint32(unix.EAFNOSUPPORT)
	sockType   = 0xf // the kind of socket in the type argument; the rest are flags
	namespaces = unix.CLONE_NEWNS | unix.CLONE_NEWCGROUP | unix.CLONE_NEWUTS | unix.CLONE_NEWIPC |
		unix.CLONE_NEWUSER | unix.CLONE_NEWPID | unix.CLONE_NEWNET
)

// families are the kinds of sockets that a tracer opens.
var families = []uint32{unix.AF_UNIX, unix.AF_INET, unix.AF_INET6, unix.AF_NETLINK, unix.AF_PACKET}

// seccompProgram makes the filter of the process: a list of what is refused, so
// that what the Go runtime or a library takes to calling tomorrow works. Calls
// from another table than the machine's own are refused altogether.
func seccompProgram(kernel bool) []bpf.Instruction {
	prog := []bpf.Instruction{
		bpf.LoadAbsolute{Off: offArch, Size: 4},
		bpf.JumpIf{Cond: bpf.JumpEqual, Val: auditArch, SkipTrue: 1},
		bpf.RetConstant{Val: refuse},
		bpf.LoadAbsolute{Off: offNumber, Size: 4},
	}
	if x32Bit != 0 {
		prog = append(prog, bpf.JumpIf{Cond: bpf.JumpBitsNotSet, Val: x32Bit, SkipTrue: 1}, bpf.RetConstant{Val: refuse})
	}
	for _, nr := range hot {
		prog = append(prog, on(nr, bpf.RetConstant{Val: allow})...)
	}
	for _, b := range [][]bpf.Instruction{
		// clone3 has its flags in memory; callers fall back to clone without it.
		on(unix.SYS_CLONE3, bpf.RetConstant{Val: unknown}),
		on(unix.SYS_CLONE, refuseBits(0, namespaces)...),
		on(unix.SYS_SOCKET, sockets()...),
		on(unix.SYS_SETSOCKOPT, refusePair(1, unix.SOL_PACKET, 2, unix.PACKET_TX_RING)...),
		on(unix.SYS_IOCTL, refuseValues(1, unix.TIOCSTI, unix.TIOCLINUX)...),
	} {
		prog = append(prog, b...)
	}
	for _, r := range ranges(deniedCalls(kernel)) {
		prog = append(prog, within(r)...)
	}
	return append(prog, bpf.RetConstant{Val: allow})
}

// deniedCalls lists the numbers that are refused whatever the arguments.
func deniedCalls(kernel bool) []uint32 {
	nrs := slices.Concat(denied, deniedHere)
	if !kernel {
		nrs = append(nrs, deniedUnlessKernel...)
	}
	slices.Sort(nrs)
	return slices.Compact(nrs)
}

// on runs the block, which must end in a return, for one call.
func on(nr uint32, block ...bpf.Instruction) []bpf.Instruction {
	return append([]bpf.Instruction{bpf.JumpIf{Cond: bpf.JumpNotEqual, Val: nr, SkipTrue: uint8(len(block))}}, block...)
}

// argument loads the low half of an argument.
func argument(n uint32) bpf.Instruction { return bpf.LoadAbsolute{Off: offArgs + 8*n, Size: 4} }

// refuseBits refuses the call when any of the bits is set in argument n.
func refuseBits(n, bits uint32) []bpf.Instruction {
	return []bpf.Instruction{
		argument(n),
		bpf.JumpIf{Cond: bpf.JumpBitsNotSet, Val: bits, SkipTrue: 1},
		bpf.RetConstant{Val: refuse},
		bpf.RetConstant{Val: allow},
	}
}

// refuseValues refuses the call when argument n is one of the values.
func refuseValues(n uint32, values ...uint32) []bpf.Instruction {
	block := []bpf.Instruction{argument(n)}
	for _, v := range values {
		block = append(block, bpf.JumpIf{Cond: bpf.JumpNotEqual, Val: v, SkipTrue: 1}, bpf.RetConstant{Val: refuse})
	}
	return append(block, bpf.RetConstant{Val: allow})
}

// refusePair refuses the call when two arguments have these values. With
// PACKET_TX_RING, the one way to send from a capture socket that has no call of its own.
func refusePair(n, value, m, other uint32) []bpf.Instruction {
	return append([]bpf.Instruction{
		argument(n),
		bpf.JumpIf{Cond: bpf.JumpEqual, Val: value, SkipTrue: 1},
		bpf.RetConstant{Val: allow},
	}, refuseValues(m, other)...)
}

// sockets lets pass the families of a tracer, and of IP only what has ports:
// raw IP sockets could send anything.
func sockets() []bpf.Instruction {
	block := []bpf.Instruction{argument(0)}
	for i, f := range families {
		block = append(block, bpf.JumpIf{Cond: bpf.JumpEqual, Val: f, SkipTrue: uint8(len(families) - i)})
	}
	return append(block,
		bpf.RetConstant{Val: noFamily},
		bpf.JumpIf{Cond: bpf.JumpEqual, Val: unix.AF_PACKET, SkipTrue: 4},
		bpf.JumpIf{Cond: bpf.JumpEqual, Val: unix.AF_NETLINK, SkipTrue: 3},
		argument(1),
		bpf.ALUOpConstant{Op: bpf.ALUOpAnd, Val: sockType},
		bpf.JumpIf{Cond: bpf.JumpEqual, Val: unix.SOCK_RAW, SkipTrue: 1},
		bpf.RetConstant{Val: allow},
		bpf.RetConstant{Val: refuse},
	)
}

// ranges joins neighbouring numbers of a sorted list.
func ranges(nrs []uint32) [][2]uint32 {
	var out [][2]uint32
	for _, n := range nrs {
		if k := len(out) - 1; k >= 0 && out[k][1]+1 == n {
			out[k][1] = n
			continue
		}
		out = append(out, [2]uint32{n, n})
	}
	return out
}

// within refuses a range of calls.
func within(r [2]uint32) []bpf.Instruction {
	if r[0] == r[1] {
		return on(r[0], bpf.RetConstant{Val: refuse})
	}
	return []bpf.Instruction{
		bpf.JumpIf{Cond: bpf.JumpLessThan, Val: r[0], SkipTrue: 2},
		bpf.JumpIf{Cond: bpf.JumpGreaterThan, Val: r[1], SkipTrue: 1},
		bpf.RetConstant{Val: refuse},
	}
}
