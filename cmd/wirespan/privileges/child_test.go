//go:build linux && (amd64 || arm64)

package privileges_test

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/wirespan/wirespan/cmd/wirespan/privileges"
)

// What cannot be taken back is tried in a process of its own: the test program
// again, with an order on its standard input.
const childArg = "privileges-child"

// order tells a child what to put in force and what to try then.
type order struct {
	Plan  privileges.Plan
	Try   []string // names of attempts
	Paths map[string]string
	// Missing are calls that the kernel is to lack; Explain asks for advice
	// instead of dropping.
	Missing []uint32
	Explain bool
	// Become is tried before, and makes the file of this name in between.
	Become string
}

// outcome is what came of it.
type outcome struct {
	Report  privileges.Report
	Err     string
	Tried   map[string]string // "" is success
	Threads []map[string]string
	Advice  string
}

func TestMain(m *testing.M) {
	flag.Parse()
	if flag.Arg(0) == childArg {
		child()
		return
	}
	os.Exit(m.Run())
}

// drop runs a child, started by the command wrap if there is one.
func drop(t *testing.T, o order, wrap ...string) outcome {
	t.Helper()
	return dropWith(t, executable(t), o, wrap...)
}

func dropWith(t *testing.T, exe string, o order, wrap ...string) outcome {
	t.Helper()
	args := append(slices.Clone(wrap), exe, "--", childArg)
	cmd := exec.Command(args[0], args[1:]...)
	in, err := json.Marshal(o)
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stdin = strings.NewReader(string(in))
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("child: %v\n%s", err, stderr.String())
	}
	var res outcome
	if err := json.Unmarshal(out, &res); err != nil {
		t.Fatalf("child said %q: %v\n%s", out, err, stderr.String())
	}
	for _, m := range res.Report {
		t.Log(m)
	}
	return res
}

// executable copies the test program to where any user can start it.
func executable(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "privileges")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(self)
	if err != nil {
		t.Fatal(err)
	}
	exe := filepath.Join(dir, "child")
	if err := os.WriteFile(exe, b, 0o755); err != nil {
		t.Fatal(err)
	}
	return exe
}

// child keeps some threads alive, so that all of them must be reached.
func child() {
	var o order
	in, err := io.ReadAll(os.Stdin)
	if err == nil {
		err = json.Unmarshal(in, &o)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	release := threads(4)
	res := outcome{Tried: make(map[string]string)}
	if o.Explain {
		exe, _ := os.Executable()
		res.Advice = text(privileges.Explain(attempt("packet socket", nil), exe))
	} else if err = become(o); err == nil {
		err = withoutCalls(o.Missing)
	}
	if err == nil && !o.Explain {
		res.Report, err = privileges.Drop(o.Plan)
	}
	res.Err = text(err)
	for _, name := range o.Try {
		res.Tried[name] = text(attempt(name, o.Paths))
	}
	res.Threads = statuses()
	release()
	if err := json.NewEncoder(os.Stdout).Encode(res); err != nil {
		os.Exit(1)
	}
}

// become changes the user and makes a file as it.
func become(o order) error {
	if o.Become == "" {
		return nil
	}
	if err := privileges.Become(o.Plan); err != nil {
		return err
	}
	return os.WriteFile(o.Become, []byte("x"), 0o600)
}

// threads starts threads of the operating system that stay until released.
func threads(n int) (release func()) {
	stop := make(chan struct{})
	var up sync.WaitGroup
	for range n {
		up.Add(1)
		r, w, err := os.Pipe()
		if err != nil {
			panic(err)
		}
		go func() {
			up.Done()
			var b [1]byte
			_, _ = syscall.Read(int(r.Fd()), b[:])
		}()
		go func() {
			<-stop
			w.Close()
		}()
	}
	up.Wait()
	return func() { close(stop) }
}

// statuses reads the security lines of every thread's status (proc(5)).
func statuses() []map[string]string {
	files, _ := filepath.Glob("/proc/self/task/*/status")
	var out []map[string]string
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			continue
		}
		m := make(map[string]string)
		for line := range strings.Lines(string(b)) {
			k, v, _ := strings.Cut(strings.TrimSpace(line), ":")
			if strings.HasPrefix(k, "Cap") || k == "NoNewPrivs" || k == "Seccomp" || k == "Uid" || k == "Gid" || k == "Groups" {
				m[k] = strings.Join(strings.Fields(v), " ")
			}
		}
		out = append(out, m)
	}
	return out
}

// attempt does one thing that may or may not be allowed.
func attempt(name string, paths map[string]string) error {
	switch name {
	case "read":
		_, err := os.ReadFile(paths[name])
		return err
	case "read hosts":
		_, err := os.ReadFile("/etc/hosts")
		return err
	case "write", "write elsewhere":
		return os.WriteFile(paths[name], []byte("x"), 0o644)
	case "exec":
		return exec.Command("/bin/true").Run()
	case "packet socket":
		return opened(unix.Socket(unix.AF_PACKET, unix.SOCK_RAW, 0))
	case "raw socket":
		return opened(unix.Socket(unix.AF_INET, unix.SOCK_RAW, unix.IPPROTO_ICMP))
	case "udp socket":
		return opened(unix.Socket(unix.AF_INET, unix.SOCK_DGRAM, 0))
	case "tcp6 socket":
		return opened(unix.Socket(unix.AF_INET6, unix.SOCK_STREAM, 0))
	case "netlink socket":
		return opened(unix.Socket(unix.AF_NETLINK, unix.SOCK_RAW, unix.NETLINK_ROUTE))
	case "alg socket":
		return opened(unix.Socket(unix.AF_ALG, unix.SOCK_SEQPACKET, 0))
	case "unshare":
		return unix.Unshare(unix.CLONE_NEWUSER)
	case "ptrace":
		return unix.PtraceAttach(os.Getppid())
	case "bpf":
		_, _, errno := unix.Syscall(unix.SYS_BPF, 0, 0, 0)
		return number(errno)
	case "process": // what attribution reads of one (tracer/tag)
		if _, err := os.Readlink(paths[name] + "/exe"); err != nil {
			return err
		}
		fds, err := filepath.Glob(paths[name] + "/fd/*")
		if err != nil || len(fds) == 0 {
			return fmt.Errorf("%d file descriptors: %w", len(fds), os.ErrPermission)
		}
		_, err = os.Readlink(fds[0])
		return err
	case "thread":
		threads(8)()
		return nil
	}
	return errors.New("no such attempt")
}

func number(e syscall.Errno) error {
	if e == 0 {
		return nil
	}
	return e
}

func opened(fd int, err error) error {
	if err == nil {
		unix.Close(fd)
	}
	return err
}

func text(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}
