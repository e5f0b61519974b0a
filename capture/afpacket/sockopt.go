//go:build linux

package afpacket

import (
	"errors"
	"fmt"
	"io/fs"
	"runtime"
	"strconv"
	"strings"
	"unsafe"

	"golang.org/x/net/bpf"
	"golang.org/x/sys/unix"

	"github.com/wirespan/wirespan/capture/cbpf"
)

// htons turns a number into network byte order, as packet sockets want
// protocols.
func htons(v uint16) uint16 {
	b := [2]byte{byte(v >> 8), byte(v)}
	return *(*uint16)(unsafe.Pointer(&b))
}

// packetSocket opens a packet socket that yields nothing yet: its protocol is
// 0 until it is bound.
func packetSocket(kind int) (int, error) {
	fd, err := unix.Socket(unix.AF_PACKET, kind|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0)
	switch {
	case errors.Is(err, fs.ErrPermission):
		return -1, fmt.Errorf("%w: %w (needs CAP_NET_RAW)", errSocket, err)
	case errors.Is(err, unix.EAFNOSUPPORT):
		return -1, fmt.Errorf("%w: %w (the kernel lacks CONFIG_PACKET, or a sandbox forbids it)", errSocket, err)
	case err != nil:
		return -1, fmt.Errorf("%w: %w", errSocket, err)
	}
	return fd, nil
}

// attach replaces the filter of a socket; the kernel does it at once.
func attach(fd int, program []bpf.RawInstruction) error {
	if len(program) == 0 || len(program) > cbpf.MaxInstructions {
		return fmt.Errorf("attach filter: %d instructions, the kernel takes 1 to %d", len(program), cbpf.MaxInstructions)
	}
	p := sockFprog(program)
	err := unix.SetsockoptSockFprog(fd, unix.SOL_SOCKET, unix.SO_ATTACH_FILTER, p)
	runtime.KeepAlive(program)
	if err != nil {
		return fmt.Errorf("attach filter of %d instructions: %w", len(program), err)
	}
	return nil
}

// sockFprog is the kernel's view of a program, which borrows it:
// bpf.RawInstruction has the layout of struct sock_filter.
func sockFprog(program []bpf.RawInstruction) *unix.SockFprog {
	return &unix.SockFprog{Len: uint16(len(program)), Filter: (*unix.SockFilter)(unsafe.Pointer(&program[0]))}
}

// bind makes a socket yield the packets of an interface, 0 for all.
func bind(fd, ifindex int) error {
	sa := unix.SockaddrLinklayer{Protocol: htons(unix.ETH_P_ALL), Ifindex: ifindex}
	if err := unix.Bind(fd, &sa); err != nil {
		return fmt.Errorf("bind packet socket: %w", err)
	}
	return nil
}

func promiscuous(fd, ifindex int) error {
	m := unix.PacketMreq{Ifindex: int32(ifindex), Type: unix.PACKET_MR_PROMISC}
	return unix.SetsockoptPacketMreq(fd, unix.SOL_PACKET, unix.PACKET_ADD_MEMBERSHIP, &m)
}

// SOF_TIMESTAMPING_ values of linux/net_tstamp.h that PACKET_TIMESTAMP takes.
const (
	stampSysHardware = 1 << 5
	stampRawHardware = 1 << 6
)

// Values of linux/net_tstamp.h for SIOCSHWTSTAMP.
const (
	hwTxOn      = 1
	hwFilterAll = 1
)

type hwConfig struct{ flags, tx, rx int32 }

type ifreqData struct {
	name [unix.IFNAMSIZ]byte
	data unsafe.Pointer
	_    [24 - unsafe.Sizeof(uintptr(0))]byte
}

// hardwareClock asks the device to stamp all packets.
func hardwareClock(fd int, name string) error {
	conf := hwConfig{tx: hwTxOn, rx: hwFilterAll}
	req := ifreqData{data: unsafe.Pointer(&conf)}
	copy(req.name[:unix.IFNAMSIZ-1], name)
	_, _, errno := unix.Syscall(unix.SYS_IOCTL, uintptr(fd), unix.SIOCSHWTSTAMP, uintptr(unsafe.Pointer(&req)))
	if errno != 0 {
		return fmt.Errorf("switch on time stamps of %s: %w", name, errno)
	}
	return nil
}

// kernel is a version of Linux.
type kernel struct{ major, minor int }

func (k kernel) before(major, minor int) bool {
	return k.major < major || k.major == major && k.minor < minor
}

// runningKernel reads uname; what cannot be read counts as old.
func runningKernel() kernel {
	var u unix.Utsname
	if unix.Uname(&u) != nil {
		return kernel{}
	}
	return parseKernel(unix.ByteSliceToString(u.Release[:]))
}

func parseKernel(release string) kernel {
	major, rest, _ := strings.Cut(release, ".")
	minor := rest
	if n := strings.IndexFunc(rest, func(r rune) bool { return r < '0' || r > '9' }); n >= 0 {
		minor = rest[:n]
	}
	var k kernel
	k.major, _ = strconv.Atoi(major)
	k.minor, _ = strconv.Atoi(minor)
	return k
}
