//go:build linux

package privileges

import "golang.org/x/sys/unix"

// auditArch is what the kernel calls this machine's own calls; those of the 32-bit
// table have another one. x32 calls share it, with bit 30 set in the number.
const (
	auditArch = unix.AUDIT_ARCH_X86_64
	x32Bit    = 0x40000000
)

// deniedHere are calls that other machines lack.
var deniedHere = []uint32{
	unix.SYS_IOPL, unix.SYS_IOPERM, unix.SYS_MODIFY_LDT, unix.SYS_USELIB, unix.SYS_USTAT, unix.SYS_SYSFS, unix.SYS__SYSCTL,
	unix.SYS_CREATE_MODULE, unix.SYS_GET_KERNEL_SYMS, unix.SYS_QUERY_MODULE, unix.SYS_NFSSERVCTL, unix.SYS_MKNOD, unix.SYS_LOOKUP_DCOOKIE,
}
