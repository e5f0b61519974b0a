package netns

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

// directory is where ip netns keeps its names, ip-netns(8).
const directory = "/run/netns"

// Do runs f on a thread that is in a namespace: a name that ip netns knows, or
// a path such as /proc/PID/ns/net. An empty name is the namespace of the
// process.
func Do(name string, f func() error) error {
	n, err := Open(name)
	if err != nil {
		return err
	}
	defer n.Close()
	return n.Do(f)
}

// Namespace is a network namespace to open sockets in; nil is that of the
// process.
type Namespace struct{ f *os.File }

// Open opens a namespace as Do names it. It stays open, so that sockets can be
// opened in it after privileges for its path are gone.
func Open(name string) (*Namespace, error) {
	if name == "" {
		return nil, nil
	}
	path := name
	if !strings.Contains(name, "/") {
		path = filepath.Join(directory, name)
	}
	ns, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) && path != name {
		return nil, fmt.Errorf("open network namespace %q: %w (a name of ip netns list, or a path such as /proc/PID/ns/net)", name, err)
	}
	if err != nil {
		return nil, fmt.Errorf("open network namespace %q: %w", name, err)
	}
	return &Namespace{f: ns}, nil
}

// Close lets go of the namespace.
func (n *Namespace) Close() {
	if n != nil {
		n.f.Close()
	}
}

// Do runs f on a thread that is in the namespace. Sockets stay in the namespace
// they were opened in.
func (n *Namespace) Do(f func() error) error {
	if n == nil {
		return f()
	}
	done := make(chan error, 1)
	go func() { done <- enter(n.f, f) }()
	return <-done
}

// enter moves its thread to the namespace and back. A thread that cannot come
// back stays locked, so that it ends with this goroutine.
func enter(ns *os.File, f func() error) error {
	runtime.LockOSThread()
	home, err := os.Open(fmt.Sprintf("/proc/self/task/%d/ns/net", unix.Gettid()))
	if err != nil {
		runtime.UnlockOSThread()
		return fmt.Errorf("open own network namespace: %w", err)
	}
	defer home.Close()
	if err := unix.Setns(int(ns.Fd()), unix.CLONE_NEWNET); err != nil {
		runtime.UnlockOSThread()
		return fmt.Errorf("enter network namespace %s: %w (needs CAP_SYS_ADMIN)", ns.Name(), err)
	}
	result := f()
	if err := unix.Setns(int(home.Fd()), unix.CLONE_NEWNET); err == nil {
		runtime.UnlockOSThread()
	}
	return result
}
