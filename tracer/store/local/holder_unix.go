//go:build unix

package local

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// lockName is the file that Pebble locks in the directory of its database.
const lockName = "LOCK"

// holder names the process that holds the lock, empty if that is not known: it is this
// one, or in another PID namespace, or on another host.
func holder(dir string, err error) string {
	var errno syscall.Errno
	if !errors.As(err, &errno) || errno != syscall.EAGAIN && errno != syscall.EACCES {
		return "" // not a matter of locks, or this process: to look would release its lock (fcntl(2))
	}
	f, err := os.OpenFile(filepath.Join(dir, lockName), os.O_RDWR, 0)
	if err != nil {
		return ""
	}
	defer f.Close()
	l := unix.Flock_t{Type: unix.F_WRLCK}
	if err := unix.FcntlFlock(f.Fd(), unix.F_GETLK, &l); err != nil || l.Type == unix.F_UNLCK || l.Pid <= 0 {
		return ""
	}
	name, err := os.ReadFile(fmt.Sprintf("/proc/%d/comm", l.Pid))
	if err != nil {
		return fmt.Sprintf("process %d", l.Pid)
	}
	return fmt.Sprintf("process %d (%s)", l.Pid, strings.TrimSpace(string(name)))
}
