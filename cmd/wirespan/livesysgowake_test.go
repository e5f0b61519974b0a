//go:build linux

package main

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/wirespan/wirespan/bpf/sys"
)

// goWaker is a program in which goroutines wait for a channel, are woken one by
// one, and send their waker's id and their own as the lengths of two messages.
// Locks, which are no hand-over, are waited for, too.
const goWaker = `package main

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"os"
	"runtime"
	"sync"
	"time"
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
	jobs, done := make(chan int), make(chan bool)
	var mu sync.Mutex
	for i := 0; i < 4; i++ {
		go func() {
			c, err := net.Dial("tcp", l.Addr().String())
			if err != nil {
				panic(err)
			}
			for waker := range jobs {
				c.Write(make([]byte, 10000+waker))
				c.Write(make([]byte, 20000+id()))
				done <- true
			}
		}()
	}
	time.Sleep(50 * time.Millisecond)
	for i := 0; i < 100; i++ {
		go func() {
			mu.Lock()
			defer mu.Unlock()
			jobs <- id()
			<-done
			time.Sleep(200 * time.Microsecond)
		}()
	}
	time.Sleep(400 * time.Millisecond)
	fmt.Println("done")
	time.Sleep(time.Hour)
}
`

// Each wake is told with the goroutines that the program itself says, and with
// no others in between; a process that wakes too many loses its probe.
func TestGoroutineWakes(t *testing.T) {
	for _, c := range []struct{ toolchain, flags string }{{"", ""}, {"", "-ldflags=-s"}, {"", "-buildmode=pie -ldflags=-s"}, {"go1.20.14", ""}} {
		t.Run(c.toolchain+" "+c.flags, func(t *testing.T) {
			if testing.Short() && c.toolchain != "" {
				t.Skip("short: fetches no toolchain")
			}
			pid, talk := talker(t, buildGo(t, c.toolchain, c.flags, false, map[string]string{"main.go": goWaker}))
			src := openKernel(t, sys.Off, pid)
			f := newGoFinder(src, &sysFlags{goWake: []string{fmt.Sprint(pid)}, goWakeLimit: 10000}, false)
			if f == nil {
				t.Skip("the tier tells no goroutines")
			}
			if len(f.notes) > 0 {
				t.Skip(f.notes)
			}
			talk()
			wokenBy := make(map[uint64]uint64)
			var waker uint64
			right, wakes := 0, 0
			readFor(t, src, pid, func(e *sys.Event) {
				switch {
				case e.Type == sys.GoroutineWake:
					wakes++
					wokenBy[e.Parent] = e.Goroutine
				case e.Type != sys.IO || e.Direction != sys.Sent:
				case e.Length >= 20000:
					if me := uint64(e.Length) - 20000; me != e.Goroutine || wokenBy[me] != waker {
						t.Errorf("goroutine %d, that says it is %d, was woken by %d, not %d", e.Goroutine, me, waker, wokenBy[me])
						return
					}
					right++
				case e.Length >= 10000:
					waker = uint64(e.Length) - 10000
				}
			})
			if right != 100 || wakes < 100 || wakes > 300 {
				t.Errorf("%d right, %d wakes told", right, wakes)
			}
			w := f.wakes[pid]
			if w == nil {
				t.Fatal("no probe")
			}
			var said []string
			f.say = func(s string) { said = append(said, s) }
			f.limit = 1
			f.rates(w.at.Add(time.Second)) // as if all of it had been in one
			if _, still := f.src.Wakes(pid); still || len(said) != 1 || !strings.Contains(said[0], "--sys-go-wake-limit") {
				t.Errorf("the probe is still there: %v, said %q", still, said)
			}
			var sum strings.Builder
			if f.print(&sum); !strings.Contains(sum.String(), "1 with too many wakes") {
				t.Errorf("summary: %s", sum.String())
			}
		})
	}
}

// Processes are named by id, by path, or by the last part of it.
func TestGoWakeNames(t *testing.T) {
	f := &goFinder{wanted: []string{"12", "shop", "/opt/b/cart"}}
	for name, c := range map[string]struct {
		pid  uint32
		want bool
	}{"/usr/bin/shop": {1, true}, "/usr/bin/shop (deleted)": {1, true}, "/x": {12, true}, "/opt/b/cart": {2, true}, "/opt/c/cart": {2, false}, "/usr/bin/shopper": {3, false}} {
		if got := f.wants(c.pid, name); got != c.want {
			t.Errorf("%s (%d): %v", name, c.pid, got)
		}
	}
}
