//go:build linux

package privileges

import "golang.org/x/sys/unix"

// auditArch is what the kernel calls this machine's own calls; those of the 32-bit
// table have another one.
const (
	auditArch = unix.AUDIT_ARCH_AARCH64
	x32Bit    = 0 // no such thing here
)

// deniedHere are calls that other machines lack.
var deniedHere = []uint32{unix.SYS_NFSSERVCTL, unix.SYS_LOOKUP_DCOOKIE}
