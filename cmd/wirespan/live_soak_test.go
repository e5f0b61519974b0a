package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// soakTime is how long TestLiveSoak runs; make test-all gives it ten minutes.
func soakTime(t *testing.T) time.Duration {
	t.Helper()
	s := os.Getenv("WIRESPAN_SOAK")
	if s == "" {
		return 15 * time.Second
	}
	d, err := time.ParseDuration(s)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// built makes the program as it is released: the text of a test binary is half as
// large again, and counts as memory.
func built(t *testing.T) string {
	t.Helper()
	exe := filepath.Join(t.TempDir(), "wirespan")
	if b, err := exec.Command(toolPath(t, "go"), "build", "-tags=grpcnotrace", "-ldflags=-s -w", "-o", exe, ".").CombinedOutput(); err != nil {
		t.Fatalf("go build: %v %s", err, b)
	}
	if bytes.Contains(readFile(t, exe), []byte("text/template.(*state).evalField")) {
		t.Error("text/template is in the program, and with it all methods of all types (servehtml.go)")
	}
	return exe
}

// statusOf reads a number from /proc/PID/status.
func statusOf(t *testing.T, pid int, key string) int {
	t.Helper()
	for l := range strings.Lines(string(readFile(t, fmt.Sprintf("/proc/%d/status", pid)))) {
		if name, v, ok := strings.Cut(l, ":"); ok && name == key {
			n, err := strconv.Atoi(strings.Fields(v)[0])
			if err != nil {
				t.Fatal(err)
			}
			return n
		}
	}
	t.Fatalf("process %d has no %s", pid, key)
	return 0
}

// TestLiveSoak loads the server while the interface flaps, SIGHUPs come, the
// receiver is dead, nobody reads the output and the disk of the recording is
// full: memory and threads stay bounded, and every loss is counted.
func TestLiveSoak(t *testing.T) {
	if testing.Short() {
		t.Skip("takes long")
	}
	l := newLab(t)
	l.nginx(t)
	disk := smallDisk(t, 2<<20)
	r, pw, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	cmd := l.liveCmd("-i", "vb", "--otlp", "http://10.79.0.1:4318", "--out", "ndjson:-", "-w", filepath.Join(disk, "ring.pcapng"),
		"--metrics", "127.0.0.1:9464", "--drain-timeout", "2s")
	cmd.Args[slices.Index(cmd.Args, os.Args[0])] = built(t)
	cmd.Stdout = pw
	w := start(t, cmd)
	pw.Close()
	w.listening(t)
	var rss, anon, threads, fds, routines []int
	pid := w.cmd.Process.Pid
	for round, end := 0, time.Now().Add(soakTime(t)); time.Now().Before(end); round++ {
		l.wrk(t, 8, 1)
		switch round % 4 {
		case 0:
			_ = w.cmd.Process.Signal(syscall.SIGHUP)
		case 1:
			l.must(t, "-n", l.server, "link", "set", "vb", "down")
			l.must(t, "-n", l.server, "link", "set", "vb", "up")
		case 2:
			l.must(t, "-n", l.server, "link", "del", "vb")
			l.join(t)
		}
		select {
		case <-w.exited:
			t.Fatalf("ended in round %d with %d\n%s", round, w.code, w.err.String())
		default:
		}
		rss = append(rss, statusOf(t, pid, "VmRSS"))
		anon = append(anon, statusOf(t, pid, "RssAnon"))
		threads = append(threads, statusOf(t, pid, "Threads"))
		open, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", pid))
		if err != nil {
			t.Fatal(err)
		}
		fds = append(fds, len(open))
		routines = append(routines, l.goroutines(t))
	}
	peak := statusOf(t, pid, "VmHWM")
	w.interrupt(t)
	t.Logf("rss %v kB (peak %d), anonymous %v kB, threads %v, files %v, goroutines %v\n%s", rss, peak, anon, threads, fds, routines, w.err.String())
	if strings.Contains(w.err.String(), "set filter") {
		t.Error("a SIGHUP could not set the filter")
	}
	if w.code != 0 {
		t.Errorf("exit status %d", w.code)
	}
	for _, want := range []string{"spans not exported", "spans not written", "packets lost to failed writes", "packets captured"} {
		if !strings.Contains(w.err.String(), want) {
			t.Errorf("the summary does not tell of %q", want)
		}
	}
	if peak > 128<<10 {
		t.Errorf("%d kB at the peak, want at most 128 MiB", peak)
	}
	grows(t, "kB of memory", rss, 16<<10)
	grows(t, "kB of anonymous memory", anon, 8<<10)
	grows(t, "threads", threads, 8)
	grows(t, "open files", fds, 4)
	grows(t, "goroutines", routines, 4)
}

// goroutines asks the run how many it has.
func (l *lab) goroutines(t *testing.T) int {
	t.Helper()
	b, err := l.in(l.server, toolPath(t, "curl"), "-s", "http://127.0.0.1:9464/debug/pprof/goroutine?debug=1").Output()
	if err != nil {
		t.Fatal(err)
	}
	var n int
	if _, err := fmt.Sscanf(string(b), "goroutine profile: total %d", &n); err != nil {
		t.Fatalf("%v: %.80s", err, b)
	}
	return n
}

// grows fails the test when the second half of the counts goes above the first
// by more than may be.
func grows(t *testing.T, what string, counts []int, may int) {
	t.Helper()
	half := len(counts) / 2
	if half == 0 {
		return
	}
	if a, b := slices.Max(counts[:half]), slices.Max(counts[half:]); b > a+may {
		t.Errorf("%s grow from %d to %d: %v", what, a, b, counts)
	}
}
