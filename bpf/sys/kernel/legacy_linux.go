package kernel

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/link"
)

// tracepoints say where a program of tier legacy is attached, as group/name. Of
// each, those that a kernel does not have are left out, unless needed says that
// nothing works without.
var tracepoints = map[string][]string{
	"enter_read":     {"syscalls/sys_enter_read", "syscalls/sys_enter_readv", "syscalls/sys_enter_preadv2"},
	"enter_recvfrom": {"syscalls/sys_enter_recvfrom"},
	"enter_recvmsg":  {"syscalls/sys_enter_recvmsg"},
	"enter_write": {
		"syscalls/sys_enter_write", "syscalls/sys_enter_writev", "syscalls/sys_enter_pwritev2",
		"syscalls/sys_enter_sendto", "syscalls/sys_enter_sendmsg", "syscalls/sys_enter_sendfile64",
	},
	"enter_splice":  {"syscalls/sys_enter_splice"},
	"enter_lose":    {"syscalls/sys_enter_sendmmsg", "syscalls/sys_enter_recvmmsg", "syscalls/sys_enter_dup"},
	"enter_dup":     {"syscalls/sys_enter_dup2", "syscalls/sys_enter_dup3"},
	"enter_fcntl":   {"syscalls/sys_enter_fcntl"},
	"enter_blind":   {"syscalls/sys_enter_io_uring_setup", "syscalls/sys_enter_close_range"},
	"enter_accept":  {"syscalls/sys_enter_accept", "syscalls/sys_enter_accept4"},
	"enter_socket":  {"syscalls/sys_enter_socket"},
	"enter_connect": {"syscalls/sys_enter_connect"},
	"enter_close":   {"syscalls/sys_enter_close"},
	"leave": {
		"syscalls/sys_exit_read", "syscalls/sys_exit_readv", "syscalls/sys_exit_preadv2", "syscalls/sys_exit_recvfrom", "syscalls/sys_exit_recvmsg",
		"syscalls/sys_exit_write", "syscalls/sys_exit_writev", "syscalls/sys_exit_pwritev2", "syscalls/sys_exit_sendto", "syscalls/sys_exit_sendmsg",
		"syscalls/sys_exit_sendfile64", "syscalls/sys_exit_splice", "syscalls/sys_exit_accept", "syscalls/sys_exit_accept4",
		"syscalls/sys_exit_connect", "syscalls/sys_exit_socket",
	},
	"sock_state": {"sock/inet_sock_set_state"},
	"proc_exec":  {"sched/sched_process_exec"},
	"proc_exit":  {"sched/sched_process_exit"},
}

// optional tracepoints are newer than 4.14, or not on every architecture.
var optional = []string{
	"syscalls/sys_enter_io_uring_setup", "syscalls/sys_enter_close_range", "syscalls/sys_enter_dup2", "sock/inet_sock_set_state",
}

// attachLegacy attaches programs to tracepoints by name.
func attachLegacy(coll *ebpf.Collection) (links []link.Link, err error) {
	for name, points := range tracepoints {
		for _, point := range points {
			group, event, _ := strings.Cut(point, "/")
			l, err := link.Tracepoint(group, event, coll.Programs[name], nil)
			if errors.Is(err, os.ErrNotExist) && slices.Contains(optional, point) && tracefs() != "" {
				continue
			}
			if err != nil {
				return links, fmt.Errorf("%w %s: %w", errTracefs, point, err)
			}
			links = append(links, l)
		}
	}
	return links, nil
}

// tracefs is where tracepoints are found by name, "" if nowhere.
func tracefs() string {
	for _, dir := range [...]string{"/sys/kernel/tracing", "/sys/kernel/debug/tracing"} {
		if _, err := os.Stat(filepath.Join(dir, "events/syscalls")); err == nil {
			return dir
		}
	}
	return ""
}

// legacyConfig is struct config of c/legacy.c.
type legacyConfig struct{ Own, ByTGID, Every, Narrow uint32 }

// narrow reports whether inet_sock_set_state tells the protocol in one byte.
func narrow() (uint32, error) {
	b, err := os.ReadFile(filepath.Join(tracefs(), "events/sock/inet_sock_set_state/format"))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return 0, nil // before 4.16
	case err != nil:
		return 0, fmt.Errorf("%w sock/inet_sock_set_state: %w", errTracefs, err)
	case strings.Contains(string(b), "__u8 protocol;"):
		return 1, nil
	}
	return 0, nil
}

// errCgroups is about filters that 4.14 cannot keep.
var errCgroups = errors.New("filters by cgroup need another tier")

// restrictLegacy is restrict for tier legacy, whose programs have no variables.
func (s *kernelSource) restrictLegacy(own uint32, cfg *Config) error {
	if len(cfg.Cgroups) > 0 {
		return errCgroups
	}
	n, err := narrow()
	if err != nil {
		return err
	}
	c := legacyConfig{Own: own, Every: cfg.Every, Narrow: n}
	for _, p := range cfg.TGIDs {
		c.ByTGID = 1
		if err := s.coll.Maps["tgids"].Put(p, uint8(1)); err != nil {
			return fmt.Errorf("filter tgids: %w", err)
		}
	}
	if err := s.coll.Maps["config"].Put(uint32(0), c); err != nil {
		return fmt.Errorf("set configuration: %w", err)
	}
	return nil
}
