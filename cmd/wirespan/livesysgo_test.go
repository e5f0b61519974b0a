//go:build linux

package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/wirespan/wirespan/bpf/sys"
	"github.com/wirespan/wirespan/bpf/sys/kernel"
)

// goTalker is a program whose goroutines send as many bytes as their own id
// says, each over a connection of its own, when a line comes in.
const goTalker = `package main

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"os"
	"runtime"
	"sync"
)

func id() (n int) {
	b := make([]byte, 64)
	fmt.Sscanf(string(b[:runtime.Stack(b, false)]), "goroutine %d ", &n)
	return n
}

func main() {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() { io.Copy(io.Discard, c); c.Close() }()
		}
	}()
	fmt.Println("ready")
	bufio.NewReader(os.Stdin).ReadString('\n')
	var wg sync.WaitGroup
	for i := 0; i < 50; i++ {
		wg.Add(1)
		go func() {
			defer wg.Done()
			c, err := net.Dial("tcp", l.Addr().String())
			if err != nil {
				panic(err)
			}
			send(c, make([]byte, 1000+id()))
			c.Close()
		}()
	}
	wg.Wait()
	fmt.Println("done")
}
`

const (
	goSend = "package main\n\nimport \"net\"\n\nfunc send(c net.Conn, b []byte) { c.Write(b) }\n"
	// C sends on the thread's own stack, with thread-local storage of its own.
	cgoSend = `package main

// #include <unistd.h>
// static __thread char room[500];
// static void put(int fd, void *p, int n) { room[n % 500] = 1; if (write(fd, p, n) != n) _exit(9); }
import "C"
import (
	"net"
	"unsafe"
)

func send(c net.Conn, b []byte) {
	r, err := c.(*net.TCPConn).SyscallConn()
	if err != nil {
		panic(err)
	}
	r.Write(func(fd uintptr) bool { C.put(C.int(fd), unsafe.Pointer(&b[0]), C.int(len(b))); return true })
}
`
)

// buildGo builds a program with a toolchain of the module proxy, or with the
// one of the test.
func buildGo(t *testing.T, toolchain, flags string, cgo bool, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	files["go.mod"] = "module p\n\ngo 1.17\n"
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	env := append(os.Environ(), "GOFLAGS=-mod=mod", "GODEBUG=goindex=0", "CGO_ENABLED=0")
	if cgo {
		env = append(env, "CGO_ENABLED=1")
	}
	if toolchain != "" {
		env = append(env, "GOTOOLCHAIN="+toolchain)
	}
	cmd := exec.Command("go", append(append([]string{"build", "-o", "program"}, strings.Fields(flags)...), ".")...)
	cmd.Dir, cmd.Env = dir, env
	if b, err := cmd.CombinedOutput(); err != nil {
		t.Skipf("cannot build with %q: %v: %s", toolchain, err, b)
	}
	return filepath.Join(dir, "program")
}

// talker runs a program that talks when it is told to.
func talker(t *testing.T, path string) (pid uint32, talk func()) {
	t.Helper()
	cmd := exec.Command(path)
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	lines := bufio.NewScanner(out)
	says := func(want string) {
		if !lines.Scan() || lines.Text() != want {
			t.Fatalf("the program said %q, not %q: %v", lines.Text(), want, lines.Err())
		}
	}
	says("ready")
	return uint32(cmd.Process.Pid), func() {
		if _, err := io.WriteString(in, "\n"); err != nil {
			t.Fatal(err)
		}
		says("done")
	}
}

// openKernel opens the module for one process, all of whose calls are told, or
// skips the test with the reason.
func openKernel(t *testing.T, tier sys.Tier, pid uint32) sys.Source {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("needs root, for eBPF")
	}
	cfg := kernel.Default()
	cfg.Every, cfg.TGIDs = 1<<30, []uint32{pid}
	if tier != sys.Off {
		cfg.Tiers = []sys.Tier{tier}
	}
	src, report, err := kernel.Open(t.Context(), cfg)
	if err != nil {
		t.Skipf("no eBPF: %+v", report)
	}
	t.Cleanup(func() { _ = src.Close() })
	return src
}

// readFor reads events of a process until there are none for a while.
func readFor(t *testing.T, src sys.Source, pid uint32, each func(*sys.Event)) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
	defer cancel()
	batch := make([]sys.Event, 256)
	for {
		n, err := src.Read(ctx, batch)
		for i := range batch[:n] {
			if batch[i].TGID == pid {
				each(&batch[i])
			}
		}
		if err != nil {
			return
		}
	}
}

// The goroutine that events tell is the one that the runtime tells the program,
// for all kinds of programs and for versions before and after the structures
// changed.
func TestGoroutineIDs(t *testing.T) {
	for _, c := range []struct {
		toolchain, flags string
		cgo              bool
		tier             sys.Tier
	}{
		{"", "", false, sys.Off},
		{"", "", false, sys.Syscall},
		{"", "-ldflags=-s", false, sys.Off},
		{"", "-buildmode=pie -ldflags=-s", false, sys.Off},
		{"", "", true, sys.Off},
		{"", "-ldflags=-s", true, sys.Off},
		{"", "-buildmode=pie", true, sys.Off},
		{"go1.17.13", "", false, sys.Off},
		{"go1.20.14", "-ldflags=-s", false, sys.Off},
		{"go1.23.12", "-ldflags=-s", false, sys.Off},
	} {
		t.Run(fmt.Sprintf("%s %s cgo=%v %s", c.toolchain, c.flags, c.cgo, c.tier), func(t *testing.T) {
			if testing.Short() && c.toolchain != "" {
				t.Skip("short: fetches no toolchain")
			}
			send := goSend
			if c.cgo {
				send = cgoSend
			}
			pid, talk := talker(t, buildGo(t, c.toolchain, c.flags, c.cgo, map[string]string{"main.go": goTalker, "send.go": send}))
			src := openKernel(t, c.tier, pid)
			f := newGoFinder(src, &sysFlags{}, false)
			if f == nil {
				t.Skip("the tier tells no goroutines")
			}
			talk()
			right, parents := 0, 0
			readFor(t, src, pid, func(e *sys.Event) {
				if e.Type != sys.IO || e.Direction != sys.Sent || e.Length < 1000 {
					return
				}
				if e.Goroutine != uint64(e.Length)-1000 {
					t.Errorf("goroutine %d sent %d bytes", e.Goroutine, e.Length)
					return
				}
				right++
				if e.Parent == 1 {
					parents++
				}
			})
			old := c.toolchain == "go1.17.13" || c.toolchain == "go1.20.14"
			if right != 50 || !old && parents != 50 || old && parents != 0 {
				var s strings.Builder
				f.print(&s)
				t.Errorf("%d right, %d with parent; %s", right, parents, s.String())
			}
		})
	}
}
