//go:build linux && (amd64 || arm64)

package privileges

import (
	"encoding/binary"
	"slices"
	"testing"

	"golang.org/x/net/bpf"
	"golang.org/x/sys/unix"
)

// call lays out struct seccomp_data for the VM, which reads words big-endian
// where the kernel reads them as the machine has them.
func call(arch, nr uint32, args ...uint32) []byte {
	b := make([]byte, 64)
	binary.BigEndian.PutUint32(b[offNumber:], nr)
	binary.BigEndian.PutUint32(b[offArch:], arch)
	for i, a := range args {
		binary.BigEndian.PutUint32(b[offArgs+8*i:], a)
	}
	return b
}

func vm(t *testing.T, kernel bool) *bpf.VM {
	t.Helper()
	m, err := bpf.NewVM(seccompProgram(kernel))
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// answer is the verdict of the program; the VM returns the number of bytes to
// keep, which for the kernel is an action.
func answer(t *testing.T, m *bpf.VM, b []byte) uint32 {
	t.Helper()
	v, err := m.Run(b)
	if err != nil {
		t.Fatal(err)
	}
	return uint32(v)
}

func TestSeccompArguments(t *testing.T) {
	m := vm(t, false)
	for _, c := range []struct {
		name string
		call []byte
		want uint32
	}{
		{"another table of calls", call(auditArch^1, unix.SYS_READ), refuse},
		{"a new thread", call(auditArch, unix.SYS_CLONE, unix.CLONE_VM|unix.CLONE_FS|unix.CLONE_THREAD|unix.CLONE_SIGHAND), allow},
		{"a new user namespace", call(auditArch, unix.SYS_CLONE, unix.CLONE_NEWUSER|unix.CLONE_VM), refuse},
		{"a new network namespace", call(auditArch, unix.SYS_CLONE, unix.CLONE_NEWNET), refuse},
		{"clone3", call(auditArch, unix.SYS_CLONE3), unknown},
		{"stream socket", call(auditArch, unix.SYS_SOCKET, unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK), allow},
		{"datagram socket", call(auditArch, unix.SYS_SOCKET, unix.AF_INET6, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC), allow},
		{"unix socket", call(auditArch, unix.SYS_SOCKET, unix.AF_UNIX, unix.SOCK_DGRAM), allow},
		{"raw IP socket", call(auditArch, unix.SYS_SOCKET, unix.AF_INET, unix.SOCK_RAW|unix.SOCK_CLOEXEC), refuse},
		{"raw IPv6 socket", call(auditArch, unix.SYS_SOCKET, unix.AF_INET6, unix.SOCK_RAW), refuse},
		{"packet socket", call(auditArch, unix.SYS_SOCKET, unix.AF_PACKET, unix.SOCK_RAW), allow},
		{"netlink socket", call(auditArch, unix.SYS_SOCKET, unix.AF_NETLINK, unix.SOCK_RAW), allow},
		{"virtual machine socket", call(auditArch, unix.SYS_SOCKET, unix.AF_VSOCK, unix.SOCK_STREAM), noFamily},
		{"unknown family", call(auditArch, unix.SYS_SOCKET, 0xffffffff, 0), noFamily},
		{"sending ring", call(auditArch, unix.SYS_SETSOCKOPT, 5, unix.SOL_PACKET, unix.PACKET_TX_RING), refuse},
		{"receiving ring", call(auditArch, unix.SYS_SETSOCKOPT, 5, unix.SOL_PACKET, unix.PACKET_RX_RING), allow},
		{"another level", call(auditArch, unix.SYS_SETSOCKOPT, 5, unix.SOL_SOCKET, unix.PACKET_TX_RING), allow},
		{"typing into a terminal", call(auditArch, unix.SYS_IOCTL, 0, unix.TIOCSTI), refuse},
		{"size of a terminal", call(auditArch, unix.SYS_IOCTL, 0, unix.TIOCGWINSZ), allow},
	} {
		if got := answer(t, m, c.call); got != c.want {
			t.Errorf("%s: %#x, want %#x", c.name, got, c.want)
		}
	}
}

// TestSeccompNumbers asks for every number there is.
func TestSeccompNumbers(t *testing.T) {
	special := []uint32{unix.SYS_CLONE, unix.SYS_CLONE3, unix.SYS_SOCKET}
	for _, kernel := range []bool{false, true} {
		m, list := vm(t, kernel), deniedCalls(kernel)
		for nr := range uint32(600) {
			want := uint32(allow)
			if slices.Contains(list, nr) {
				want = refuse
			}
			if slices.Contains(special, nr) {
				continue
			}
			if got := answer(t, m, call(auditArch, nr)); got != want {
				t.Errorf("call %d with kernel %v: %#x, want %#x", nr, kernel, got, want)
			}
		}
	}
	if x32Bit != 0 {
		if got := answer(t, vm(t, false), call(auditArch, x32Bit|unix.SYS_READ)); got != refuse {
			t.Errorf("x32 read: %#x, want %#x", got, refuse)
		}
	}
}

func TestSeccompListsAgree(t *testing.T) {
	for _, nr := range hot {
		if slices.Contains(deniedCalls(false), nr) {
			t.Errorf("call %d is hot and denied", nr)
		}
	}
	if n := len(seccompProgram(false)); n > 4096 {
		t.Errorf("%d instructions, the kernel takes 4096", n)
	}
}

func TestRanges(t *testing.T) {
	got := ranges([]uint32{1, 2, 3, 7, 9, 10})
	want := [][2]uint32{{1, 3}, {7, 7}, {9, 10}}
	if !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
}
