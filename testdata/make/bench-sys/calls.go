//go:build linux

package main

import (
	"bytes"
	"fmt"
	"math"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"github.com/wirespan/wirespan/bpf/sys"
)

// loops are what is measured: writes of 100 bytes, and the reads of what was
// written where there are any.
var loops = []string{"null", "unix", "tcp"}

// runLoop is the child: it prints the least time of a call, in nanoseconds. A
// trial is short, so that some are not disturbed.
func runLoop(kind string) {
	write, read := pair(kind)
	buf := make([]byte, 100)
	best := math.MaxFloat64
	for range 300 {
		const n = 200
		begin := time.Now()
		for range n {
			_, _ = unix.Write(write, buf)
			if read >= 0 {
				_, _ = unix.Read(read, buf)
			}
		}
		best = min(best, float64(time.Since(begin).Nanoseconds())/n)
	}
	calls := 1.0
	if read >= 0 {
		calls = 2
	}
	fmt.Printf("%.0f\n", best/calls)
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

// call is what was measured of calls: with which tier, and whether a filter left
// out all of them.
type call struct {
	tier     sys.Tier
	filtered bool
}

// calls measures what a call costs more with each tier, and prints it.
func calls(tiers []sys.Tier, rounds int, out *bytes.Buffer) error {
	rows := []call{{sys.Off, false}}
	for _, t := range tiers {
		rows = append(rows, call{t, true}, call{t, false})
	}
	best := make(map[call]map[string]float64)
	for range rounds {
		for _, r := range rows {
			if err := r.measure(best); err != nil {
				return err
			}
		}
	}
	fmt.Fprint(out, callsText)
	bare := best[rows[0]]
	fmt.Fprintf(out, "| without | %.0f | %.0f | %.0f | |\n", bare["null"], bare["unix"], bare["tcp"])
	for i := 1; i < len(rows); i += 2 {
		left, told := best[rows[i]], best[rows[i+1]]
		fmt.Fprintf(out, "| `%v` | %+.0f | %+.0f | %+.0f | %+.0f |\n", rows[i].tier,
			told["null"]-bare["null"], told["unix"]-bare["unix"], left["tcp"]-bare["tcp"], told["tcp"]-bare["tcp"])
	}
	return nil
}

const callsText = `## A call

Nanoseconds for a call that moves 100 bytes in a tight loop, and what each tier adds: the least of all trials, in turns. Goals for
TCP: 150 for one that a filter leaves out, 600 for one that is told; nothing on files in ` + "`sock`" + `.

| | /dev/null | AF_UNIX | TCP, left out | TCP, told |
|---|---|---|---|---|
`

// measure takes the least time of each loop.
func (r call) measure(best map[call]map[string]float64) error {
	m, err := start(r.tier, r.filtered)
	if err != nil {
		return err
	}
	if best[r] == nil {
		best[r] = make(map[string]float64)
	}
	for _, kind := range loops {
		ns, err := timeLoop(kind)
		if err != nil {
			return err
		}
		if old, ok := best[r][kind]; !ok || ns < old {
			best[r][kind] = ns
		}
	}
	_, err = m.stop()
	return err
}

func timeLoop(kind string) (float64, error) {
	out, err := exec.Command(os.Args[0], "-loop", kind).Output()
	if err != nil {
		return 0, fmt.Errorf("loop %s: %w", kind, err)
	}
	return strconv.ParseFloat(strings.TrimSpace(string(out)), 64)
}
