//go:build linux

package main

import (
	"context"
	"os"
	"os/exec"
	"runtime"
	"syscall"
	"testing"
	"unsafe"

	"golang.org/x/net/bpf"
	"golang.org/x/sys/unix"
)

// refusedCall is a system call that a sandbox refuses: its number, and values of
// its arguments from the first on; -1 is any.
type refusedCall struct {
	number int
	args   []int
	errno  syscall.Errno
}

// program makes the seccomp filter (seccomp(2)). Arguments are compared by
// their low halves, on hosts with the low half first.
func (r refusedCall) program(t *testing.T) []bpf.RawInstruction {
	t.Helper()
	list := []bpf.Instruction{bpf.LoadAbsolute{Off: 0, Size: 4}, bpf.JumpIf{Cond: bpf.JumpNotEqual, Val: uint32(r.number)}}
	for i, v := range r.args {
		if v >= 0 {
			list = append(list, bpf.LoadAbsolute{Off: uint32(16 + 8*i), Size: 4}, bpf.JumpIf{Cond: bpf.JumpNotEqual, Val: uint32(v)})
		}
	}
	for i, ins := range list {
		if j, ok := ins.(bpf.JumpIf); ok {
			j.SkipTrue = uint8(len(list) - i) // behind the refusal
			list[i] = j
		}
	}
	list = append(list, bpf.RetConstant{Val: unix.SECCOMP_RET_ERRNO | uint32(r.errno)}, bpf.RetConstant{Val: unix.SECCOMP_RET_ALLOW})
	raw, err := bpf.Assemble(list)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// doctorWithout runs doctor in a sandbox. The filter is on one thread, which
// starts the program and ends.
func doctorWithout(t *testing.T, r refusedCall, args ...string) *examined {
	t.Helper()
	raw := r.program(t)
	cmd := programCmd(context.Background(), append([]string{"doctor", "--json", "--no-trial", "--proc-root", "off"}, args...)...)
	done := make(chan *examined)
	go func() {
		defer close(done)
		runtime.LockOSThread()
		prog := unix.SockFprog{Len: uint16(len(raw)), Filter: (*unix.SockFilter)(unsafe.Pointer(&raw[0]))}
		if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
			t.Errorf("no_new_privs: %v", err)
			return
		}
		if err := unix.Prctl(unix.PR_SET_SECCOMP, unix.SECCOMP_MODE_FILTER, uintptr(unsafe.Pointer(&prog)), 0, 0); err != nil {
			t.Errorf("seccomp: %v", err)
			return
		}
		done <- examinedBy(t, cmd)
	}()
	x := <-done
	if x == nil {
		t.Fatal("no report")
	}
	return x
}

// TestDoctorDegraded refuses options of packet sockets one by one, and wants
// doctor to say what live would do without.
func TestDoctorDegraded(t *testing.T) {
	t.Parallel()
	if os.Getuid() != 0 {
		t.Skip("needs root for packet sockets")
	}
	if runtime.GOARCH != "amd64" && runtime.GOARCH != "arm64" {
		t.Skip("filters are written for amd64 and arm64")
	}
	if _, err := exec.LookPath(os.Args[0]); err != nil {
		t.Skip(err)
	}
	option := func(level, opt int, more ...int) []int { return append([]int{-1, level, opt}, more...) }
	for _, c := range []struct {
		name  string
		call  refusedCall
		line  string
		words []string
		note  bool // live says it at its start, too
	}{
		{"fan-out", refusedCall{unix.SYS_SETSOCKOPT, option(unix.SOL_PACKET, unix.PACKET_FANOUT), unix.EPERM}, "fan-out by program", []string{"one ring"}, false},
		{"outgoing", refusedCall{unix.SYS_SETSOCKOPT, option(unix.SOL_PACKET, unix.PACKET_IGNORE_OUTGOING), unix.ENOPROTOOPT}, "PACKET_IGNORE_OUTGOING", []string{"4.20"}, true},
		{"V3", refusedCall{unix.SYS_SETSOCKOPT, option(unix.SOL_PACKET, unix.PACKET_RX_RING, -1, int(unsafe.Sizeof(unix.TpacketReq3{}))), unix.EINVAL}, "TPACKET_V3", []string{"TPACKET_V2"}, true},
		{"filter", refusedCall{unix.SYS_SETSOCKOPT, option(unix.SOL_SOCKET, unix.SO_ATTACH_FILTER), unix.EPERM}, "filter in the kernel", []string{"user space"}, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			x := doctorWithout(t, c.call, "-i", "lo")
			if !x.Live || x.code != 0 {
				t.Errorf("exit status %d\n%s", x.code, x)
			}
			x.want(t, markWarning, c.line, c.words...)
			if c.note {
				x.want(t, markWarning, "degraded", c.words...)
			}
		})
	}
	t.Run("no packet sockets", func(t *testing.T) {
		x := doctorWithout(t, refusedCall{unix.SYS_SOCKET, []int{unix.AF_PACKET}, unix.EPERM}, "-i", "lo")
		if x.Live || x.code != exitPartial {
			t.Errorf("exit status %d\n%s", x.code, x)
		}
		x.want(t, markMissing, "start", "open packet socket")
		x.want(t, markOK, "TPACKET_V3", "since 3.2")
	})
}
