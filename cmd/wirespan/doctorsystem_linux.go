package main

import (
	"fmt"
	"os"
	"os/user"
	"unsafe"

	"golang.org/x/sys/unix"
	"kernel.org/pub/linux/libs/security/libcap/cap"

	"github.com/wirespan/wirespan/capture/netns"
)

// readSystem asks the kernel what no file says.
func (h *hostFacts) readSystem() {
	var u unix.Utsname
	if unix.Uname(&u) == nil {
		h.Release, h.Machine = unix.ByteSliceToString(u.Release[:]), unix.ByteSliceToString(u.Machine[:])
	}
	h.user = fmt.Sprintf("user %d", os.Getuid())
	if who, err := user.Current(); err == nil {
		h.user = fmt.Sprintf("user %s (%d)", who.Username, os.Getuid())
	}
	if set, err := cap.GetFile(h.exe); err == nil {
		h.file = set.String()
	}
	var lim unix.Rlimit
	if unix.Getrlimit(unix.RLIMIT_NOFILE, &lim) == nil {
		h.files = lim.Cur
	}
	var t unix.Timex // modes 0: only read
	if state, err := unix.Adjtimex(&t); err == nil {
		h.unsync = state == unix.TIME_ERROR || t.Status&unix.STA_UNSYNC != 0
	}
}

// diskRoom is the room of a directory for users without rights, and its size.
func diskRoom(dir string) (free, size uint64, err error) {
	var st unix.Statfs_t
	if err := unix.Statfs(dir, &st); err != nil {
		return 0, 0, fmt.Errorf("look at %s: %w", dir, err)
	}
	return st.Bavail * uint64(st.Bsize), st.Blocks * uint64(st.Bsize), nil
}

// ethtool commands that yield one number (linux/ethtool.h).
const (
	ethtoolGetTSO   = 0x1e
	ethtoolGetGSO   = 0x23
	ethtoolGetFlags = 0x25
	ethtoolGetGRO   = 0x2b
	ethFlagLRO      = 1 << 15
	ethFlagRxVLAN   = 1 << 8
)

// readOffloads asks drivers what they do to packets, in the namespace of the
// interfaces. What a driver does not know is off.
func readOffloads(ns string, list []ifaceReport) error {
	return netns.Do(ns, func() error {
		fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
		if err != nil {
			return fmt.Errorf("open socket: %w", err)
		}
		defer unix.Close(fd)
		for n := range list {
			i := &list[n]
			on := func(cmd uint32) bool { return ethtoolValue(fd, i.Name, cmd)&1 == 1 }
			flags := ethtoolValue(fd, i.Name, ethtoolGetFlags)
			i.Offloads = Offloads{
				TSO: on(ethtoolGetTSO), GSO: on(ethtoolGetGSO), GRO: on(ethtoolGetGRO),
				LRO: flags&ethFlagLRO != 0, RxVLAN: flags&ethFlagRxVLAN != 0,
			}
			if d, err := unix.IoctlGetEthtoolDrvinfo(fd, i.Name); err == nil {
				i.Driver = unix.ByteSliceToString(d.Driver[:])
			}
			if ts, err := unix.IoctlGetEthtoolTsInfo(fd, i.Name); err == nil {
				i.AdapterClock = ts.So_timestamping&unix.SOF_TIMESTAMPING_RX_HARDWARE != 0
			}
		}
		return nil
	})
}

type ethtoolNumber struct{ cmd, data uint32 }

type ethtoolRequest struct {
	name [unix.IFNAMSIZ]byte
	data unsafe.Pointer
	_    [24 - unsafe.Sizeof(uintptr(0))]byte
}

// ethtoolValue asks for one number, 0 if it is not known.
func ethtoolValue(fd int, name string, cmd uint32) uint32 {
	v := ethtoolNumber{cmd: cmd}
	req := ethtoolRequest{data: unsafe.Pointer(&v)}
	copy(req.name[:unix.IFNAMSIZ-1], name)
	if _, _, errno := unix.Syscall(unix.SYS_IOCTL, uintptr(fd), unix.SIOCETHTOOL, uintptr(unsafe.Pointer(&req))); errno != 0 {
		return 0
	}
	return v.data
}
