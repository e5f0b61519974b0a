//go:build linux

package afpacket

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"golang.org/x/sys/unix"
)

// netnsDir is where ip netns keeps its names, ip-netns(8).
const netnsDir = "/run/netns"

// namespace is a network namespace to open sockets in; nil is that of the
// process.
type namespace struct{ f *os.File }

// openNamespace opens a namespace by name or path. It stays open, so that
// sockets can be opened in it after privileges for its path are gone.
func openNamespace(name string) (*namespace, error) {
	if name == "" {
		return nil, nil
	}
	path := name
	if !strings.Contains(name, "/") {
		path = filepath.Join(netnsDir, name)
	}
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) && path != name {
		return nil, fmt.Errorf("open network namespace %q: %w (a name of ip netns list, or a path such as /proc/PID/ns/net)", name, err)
	}
	if err != nil {
		return nil, fmt.Errorf("open network namespace %q: %w", name, err)
	}
	return &namespace{f: f}, nil
}

func (n *namespace) close() {
	if n != nil {
		n.f.Close()
	}
}

// do runs f on a thread that is in the namespace. Sockets stay in the namespace
// they were opened in.
func (n *namespace) do(f func() error) error {
	if n == nil {
		return f()
	}
	done := make(chan error, 1)
	go func() { done <- n.enter(f) }()
	return <-done
}

// enter moves its thread to the namespace and back. A thread that cannot come
// back stays locked, so that it ends with this goroutine.
func (n *namespace) enter(f func() error) error {
	runtime.LockOSThread()
	home, err := os.Open(fmt.Sprintf("/proc/self/task/%d/ns/net", unix.Gettid()))
	if err != nil {
		runtime.UnlockOSThread()
		return fmt.Errorf("open own network namespace: %w", err)
	}
	defer home.Close()
	if err := unix.Setns(int(n.f.Fd()), unix.CLONE_NEWNET); err != nil {
		runtime.UnlockOSThread()
		return fmt.Errorf("enter network namespace %s: %w (needs CAP_SYS_ADMIN)", n.f.Name(), err)
	}
	result := f()
	if err := unix.Setns(int(home.Fd()), unix.CLONE_NEWNET); err == nil {
		runtime.UnlockOSThread()
	}
	return result
}
