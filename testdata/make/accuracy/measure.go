package main

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

// tries is how often a field is measured as long as packets are lost.
const tries = 3

// row is what was measured of a runtime.
type row struct {
	name, how string
	skipped   string
	cells     []cell
}

// cell is a field of a row.
type cell struct {
	calls
	lost string
}

// measureRuntime measures a runtime under all loads, each with servers that
// are new. A gateway in front of it has a row of its own.
func measureRuntime(o *options, r *runtime) []row {
	rows := []row{{name: r.name, how: r.how}}
	if r.gateway != "" {
		rows = append(rows, row{name: r.gateway, how: r.gatewayHow})
	}
	for _, n := range o.loads {
		var s *score
		var err error
		for range tries { // a loss of packets says nothing of links
			if s, err = measure(o, r, n); err != nil || s.lost == "" {
				break
			}
		}
		if err != nil {
			return []row{{name: r.name, how: r.how, skipped: err.Error()}}
		}
		rows[0].cells = append(rows[0].cells, cell{s.made[portOf(backend)], s.lost})
		if r.gateway != "" {
			rows[1].cells = append(rows[1].cells, cell{s.made[portOf(behind)], s.lost})
		}
	}
	return rows
}

// task is a program that runs beside.
type task struct {
	cmd  *exec.Cmd
	said said
	done chan error
}

// said is what a program has said so far.
type said struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *said) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *said) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

// begin starts a program with a group of its own, so that its children end
// with it.
func begin(cmd *exec.Cmd) (*task, error) {
	t := &task{cmd: cmd, done: make(chan error, 1)}
	cmd.Stderr = &t.said
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.WaitDelay = time.Second
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	go func() { t.done <- cmd.Wait() }()
	return t, nil
}

// end ends a program with all that it started.
func (t *task) end(s syscall.Signal) {
	_ = syscall.Kill(-t.cmd.Process.Pid, s)
	select {
	case <-t.done:
	case <-time.After(20 * time.Second):
		_ = syscall.Kill(-t.cmd.Process.Pid, syscall.SIGKILL)
		<-t.done
	}
	_ = syscall.Kill(-t.cmd.Process.Pid, syscall.SIGKILL)
}

// accepts waits until somebody listens at an address.
func accepts(addr string, t *task) error {
	for range 400 {
		if c, err := net.Dial("tcp", addr); err == nil {
			return c.Close()
		}
		select {
		case err := <-t.done:
			t.done <- err
			return fmt.Errorf("%s ended: %w: %s", t.cmd.Path, err, t.said.String())
		case <-time.After(50 * time.Millisecond):
		}
	}
	return fmt.Errorf("%s does not listen at %s: %s", t.cmd.Path, addr, t.said.String())
}

// measure asks one kind of server, n requests at a time.
func measure(o *options, r *runtime, n int) (s *score, err error) {
	dir := filepath.Join(o.dir, "run")
	if err := errors.Join(os.RemoveAll(dir), os.Mkdir(dir, 0o755), writeServers(dir)); err != nil {
		return s, err
	}
	back, err := self("backend")(dir)
	if err != nil {
		return s, err
	}
	back.Env = append(back.Env, "PORT="+portOf(backend))
	b, err := begin(back)
	if err != nil {
		return s, err
	}
	defer b.end(syscall.SIGKILL)
	cmd, err := r.command(dir)
	if err != nil {
		return s, err
	}
	srv, err := begin(cmd)
	if err != nil {
		return s, err
	}
	defer srv.end(syscall.SIGTERM)
	if err := errors.Join(accepts(backend, b), accepts(front, srv)); err != nil {
		return s, err
	}
	if r.gateway != "" {
		if err := accepts(behind, srv); err != nil {
			return s, err
		}
	}
	files := dir
	if o.keep != "" {
		files = filepath.Join(o.keep, strings.NewReplacer(" ", "-", ",", "").Replace(r.name)+"-"+strconv.Itoa(n))
		if err := os.MkdirAll(files, 0o755); err != nil {
			return s, err
		}
	}
	spans := filepath.Join(files, "spans")
	args := append([]string{"live", "-i", "lo", "--sys", "require", "-B", "131072", "--out", "ndjson:" + spans}, r.sys...)
	if o.keep != "" {
		args = append(args, "--sys-record", filepath.Join(files, "events"), "-w", filepath.Join(files, "packets.pcapng"))
	}
	args = append(args, "tcp")
	w, err := begin(exec.Command(o.program, args...))
	if err != nil {
		return s, err
	}
	defer func() { w.end(syscall.SIGKILL) }()
	if err := listens(w); err != nil {
		return s, err
	}
	answered, err := runLoad(dir, o.requests, n, r.ids)
	if err != nil {
		return s, err
	}
	time.Sleep(1500 * time.Millisecond) // traces leave a second after their end
	w.end(syscall.SIGINT)
	if o.keep != "" {
		_ = os.WriteFile(filepath.Join(files, "summary"), []byte(w.said.String()), 0o644)
	}
	w.done <- nil
	f, err := os.Open(spans)
	if err != nil {
		return s, err
	}
	defer f.Close()
	all, err := readSpans(f)
	if err != nil {
		return nil, err
	}
	s = all.score(portOf(front), portOf(backend))
	s.lost = lossesOf(w.said.String())
	if len(r.sys) > 0 && !strings.Contains(w.said.String(), " with wakes") {
		s.lost = strings.TrimSpace("no probe of wakes " + s.lost)
	}
	s.expect(r, answered)
	if o.wrong {
		for _, m := range s.mistakes {
			fmt.Fprintf(os.Stderr, "%s, %d: %s\n", r.name, n, m)
		}
	}
	return s, nil
}

// listens waits until wirespan captures.
func listens(w *task) error {
	for range 200 {
		select {
		case err := <-w.done:
			w.done <- err
			return fmt.Errorf("wirespan: %w: %s", err, w.said.String())
		case <-time.After(50 * time.Millisecond):
		}
		if strings.Contains(w.said.String(), "listening on ") {
			time.Sleep(500 * time.Millisecond) // a busy machine
			return nil
		}
	}
	return errors.New("wirespan does not capture")
}

// runLoad asks, and tells how many requests were answered.
func runLoad(dir string, requests, n int, ids bool) (int, error) {
	cmd, err := self("load")(dir)
	if err != nil {
		return 0, err
	}
	cmd.Env = append(cmd.Env, "FRONT="+front, fmt.Sprintf("REQUESTS=%d", requests), fmt.Sprintf("LOAD=%d", n), fmt.Sprintf("IDS=%t", ids))
	b, err := cmd.Output()
	if err != nil {
		return 0, fmt.Errorf("load: %w", err)
	}
	return strconv.Atoi(strings.TrimSpace(string(b)))
}

// lossesOf is what wirespan said that it lost. Events are those of the whole
// host: somebody else's load may have filled the ring.
func lossesOf(summary string) string {
	for l := range strings.Lines(summary) {
		l = strings.TrimSpace(l)
		if rest, ok := strings.CutPrefix(l, "losses"); ok && strings.TrimSpace(rest) != "none" {
			return strings.TrimSpace(rest)
		}
		if rest, ok := strings.CutPrefix(l, "given up"); ok && strings.Contains(rest, "losses of events") {
			return strings.TrimSpace(rest)
		}
	}
	return ""
}
