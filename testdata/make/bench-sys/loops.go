//go:build linux

package main

import (
	"bufio"
	"fmt"
	"io"
	"math"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// loops are what is measured: writes of 100 bytes, and the reads of what was
// written where there are any.
var loops = []string{"null", "unix", "tcp"}

// Of one answer of a loop: a trial is short, so that some are not disturbed.
const (
	trials     = 300
	trialCalls = 100 // pairs of calls
)

// runLoop is the child: for each line that it reads it answers with the least
// time of a call, in nanoseconds. It is asked again and again, with and without
// the module: memory, sockets and CPU caches are the same.
func runLoop(kind string) {
	write, read := pair(kind)
	calls := 1.0
	if read >= 0 {
		calls = 2
	}
	buf := make([]byte, 100)
	for in := bufio.NewScanner(os.Stdin); in.Scan(); {
		best := math.MaxFloat64
		for range trials {
			begin := time.Now()
			for range trialCalls {
				_, _ = unix.Write(write, buf)
				if read >= 0 {
					_, _ = unix.Read(read, buf)
				}
			}
			best = min(best, float64(time.Since(begin).Nanoseconds())/trialCalls)
		}
		fmt.Printf("%.1f\n", best/calls)
	}
}

// loop is a child.
type loop struct {
	cmd *exec.Cmd
	in  io.WriteCloser
	out *bufio.Reader
}

func startLoop(kind string) (*loop, error) {
	cmd := exec.Command(os.Args[0], "-loop", kind)
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start loop %s: %w", kind, err)
	}
	return &loop{cmd, in, bufio.NewReader(out)}, nil
}

// time asks for the least time of a call.
func (l *loop) time() (float64, error) {
	if _, err := io.WriteString(l.in, "\n"); err != nil {
		return 0, fmt.Errorf("ask loop: %w", err)
	}
	s, err := l.out.ReadString('\n')
	if err != nil {
		return 0, fmt.Errorf("read loop: %w", err)
	}
	return strconv.ParseFloat(strings.TrimSpace(s), 64)
}

func (l *loop) stop() {
	_ = l.in.Close()
	_ = l.cmd.Wait()
}

// pair opens two ends on one thread; read is -1 when nothing comes back.
func pair(kind string) (write, read int) {
	must := func(err error) {
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
	switch kind {
	case "unix":
		p, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM, 0)
		must(err)
		return p[0], p[1]
	case "tcp":
		l, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM, 0)
		must(err)
		must(unix.Bind(l, &unix.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}))
		must(unix.Listen(l, 1))
		at, err := unix.Getsockname(l)
		must(err)
		c, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM, 0)
		must(err)
		must(unix.SetsockoptInt(c, unix.IPPROTO_TCP, unix.TCP_NODELAY, 1))
		must(unix.Connect(c, at))
		a, _, err := unix.Accept(l)
		must(err)
		return c, a
	}
	f, err := unix.Open("/dev/null", unix.O_WRONLY, 0)
	must(err)
	return f, -1
}
