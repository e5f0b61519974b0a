package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/wirespan/wirespan/capture/pcapfile"
)

// tcpdump is a running tcpdump that writes one interface to us.
type tcpdump struct {
	iface  string
	cmd    *exec.Cmd
	out    *os.File
	ready  chan struct{} // closed when it captures
	ended  chan struct{} // closed behind its last words
	words  []string      // what it said, valid after ended
	counts tcpdumpCounts
}

// tcpdumpCounts are the counters that tcpdump prints at its end.
type tcpdumpCounts struct {
	captured, received, kernelDrops, ifaceDrops uint64
}

// tcpdumpBuffer is its ring in KiB, generous: the comparison is about what was
// seen, not about the defaults.
const tcpdumpBuffer = "16384"

// startTCPDump runs tcpdump on an interface.
func startTCPDump(ctx context.Context, program, iface, expr string) (*tcpdump, error) {
	args := []string{"-i", iface, "-p", "-n", "-U", "-s", strconv.Itoa(liveSnaplen), "-B", tcpdumpBuffer, "--time-stamp-precision=nano", "-w", "-"}
	if expr != "" {
		args = append(args, "--", expr)
	}
	t := &tcpdump{iface: iface, cmd: exec.CommandContext(ctx, program, args...), ready: make(chan struct{}), ended: make(chan struct{})}
	t.cmd.Cancel = func() error { return t.cmd.Process.Signal(os.Interrupt) }
	t.cmd.WaitDelay = 5 * time.Second
	// An interrupt from the terminal is for us: the end comes in order.
	t.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	r, w, err := os.Pipe()
	if err != nil {
		return nil, fmt.Errorf("start tcpdump: %w", err)
	}
	t.out, t.cmd.Stdout = r, w
	said, err := t.cmd.StderrPipe()
	if err == nil {
		err = t.cmd.Start()
	}
	w.Close()
	if err != nil {
		r.Close()
		return nil, fmt.Errorf("start tcpdump: %w", err)
	}
	go t.listen(said)
	return t, nil
}

// listen reads what tcpdump says.
func (t *tcpdump) listen(said io.Reader) {
	defer close(t.ended)
	lines := bufio.NewScanner(said)
	for lines.Scan() {
		line := lines.Text()
		if strings.Contains(line, "listening on ") {
			close(t.ready)
		} else if !t.counts.take(line) && len(t.words) < 20 {
			t.words = append(t.words, line)
		}
	}
}

var tcpdumpCount = regexp.MustCompile(`^(\d+) packets? (captured|received by filter|dropped by kernel|dropped by interface)$`)

// take reads a line of the counters.
func (c *tcpdumpCounts) take(line string) bool {
	f := tcpdumpCount.FindStringSubmatch(line)
	if f == nil {
		return false
	}
	n, err := strconv.ParseUint(f[1], 10, 64)
	if err != nil {
		return false
	}
	switch f[2] {
	case "captured":
		c.captured = n
	case "received by filter":
		c.received = n
	case "dropped by kernel":
		c.kernelDrops = n
	default:
		c.ifaceDrops = n
	}
	return true
}

// await waits until tcpdump captures, or has given up.
func (t *tcpdump) await(ctx context.Context) error {
	select {
	case <-t.ready:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	case <-t.ended:
		return fmt.Errorf("tcpdump on %s: %s", t.iface, strings.Join(t.words, "; "))
	}
}

// read shows its packets to a feed, until its output ends. When the feed fails
// before that, tcpdump finds its pipe closed and ends, too.
func (t *tcpdump) read(ctx context.Context, f *feed) error {
	defer t.out.Close()
	src, err := pcapfile.Open(ctx, pcapfile.Config{
		Inputs: []pcapfile.Input{{Paths: []string{"-"}, Name: t.iface}}, Stdin: t.out,
	})
	if err != nil {
		return fmt.Errorf("read tcpdump: %w", err)
	}
	defer src.Close()
	return f.read(ctx, src)
}

// stop ends tcpdump, which writes what it has before it goes.
func (t *tcpdump) stop() { _ = t.cmd.Process.Signal(os.Interrupt) }

// wait takes its last words.
func (t *tcpdump) wait() error {
	<-t.ended
	err := t.cmd.Wait()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return fmt.Errorf("tcpdump on %s: %w: %s", t.iface, err, strings.Join(t.words, "; "))
	}
	return err
}
