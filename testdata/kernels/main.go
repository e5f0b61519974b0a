// Command kernels is the init of a virtual machine that boots an old or new
// kernel to see wirespan capture there (testdata/make/kernels.sh). The initial
// RAM file system holds it as /init, and the binary as /wirespan; there is
// nothing else. It brings lo up, runs `wirespan live` on it, asks its own web
// server one question, demands the span of it, ends the capture, and says on the
// console how that went; then the same with each tier of the eBPF module that the
// kernel should have, and the spans of the two processes.
package main

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"golang.org/x/sys/unix"
)

// What kernels.sh looks for on the console.
const (
	passed = "KERNEL TEST PASSED"
	failed = "KERNEL TEST FAILED"
)

func main() {
	err := boot()
	if err == nil {
		err = tests()
	}
	var uts unix.Utsname
	_ = unix.Uname(&uts)
	release := unix.ByteSliceToString(uts.Release[:])
	if err != nil {
		fmt.Printf("\n%s on %s: %v\n", failed, release, err)
	} else {
		fmt.Printf("\n%s on %s\n", passed, release)
	}
	unix.Sync()
	_ = unix.Reboot(unix.LINUX_REBOOT_CMD_POWER_OFF)
	select {} // init must not end
}

// tests captures a request, and has each tier of the eBPF module tell of one.
func tests() error {
	addr, err := serve()
	if err != nil {
		return err
	}
	return errors.Join(capture(addr), system(addr))
}

// boot does what an init does: file systems, users, the loopback interface.
func boot() error {
	for _, m := range []struct{ source, target, kind string }{
		{"proc", "/proc", "proc"},
		{"sysfs", "/sys", "sysfs"},
		{"tracefs", "/sys/kernel/tracing", "tracefs"},
		{"devtmpfs", "/dev", "devtmpfs"},
		{"tmpfs", "/tmp", "tmpfs"},
	} {
		if err := os.MkdirAll(m.target, 0o755); err != nil {
			return fmt.Errorf("make directory: %w", err)
		}
		if err := unix.Mount(m.source, m.target, m.kind, 0, ""); err != nil {
			return fmt.Errorf("mount %s: %w", m.target, err)
		}
	}
	if err := os.MkdirAll("/etc", 0o755); err != nil {
		return fmt.Errorf("make directory: %w", err)
	}
	for name, text := range map[string]string{
		"/etc/passwd": "root:x:0:0::/:/\nwirespan:x:200:200::/:/\n",
		"/etc/group":  "root:x:0:\nwirespan:x:200:\n",
		"/etc/hosts":  "127.0.0.1 localhost\n",
	} {
		if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
			return fmt.Errorf("write user database: %w", err)
		}
	}
	return up("lo")
}

// up sets an interface up; the kernel gives lo its address by itself.
func up(name string) error {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return fmt.Errorf("open socket: %w", err)
	}
	defer unix.Close(fd)
	req, err := unix.NewIfreq(name)
	if err != nil {
		return fmt.Errorf("name interface: %w", err)
	}
	if err := unix.IoctlIfreq(fd, unix.SIOCGIFFLAGS, req); err != nil {
		return fmt.Errorf("read flags of %s: %w", name, err)
	}
	req.SetUint16(req.Uint16() | unix.IFF_UP | unix.IFF_RUNNING)
	if err := unix.IoctlIfreq(fd, unix.SIOCSIFFLAGS, req); err != nil {
		return fmt.Errorf("set %s up: %w", name, err)
	}
	return nil
}

// arguments of wirespan come from the kernel's command line, after "--".
func arguments() []string {
	b, err := os.ReadFile("/proc/cmdline")
	if err != nil {
		return nil
	}
	_, after, _ := strings.Cut(string(b), " -- ")
	return strings.Fields(after)
}
