//go:build linux

package main

import (
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

// calls prints what a call costs more with each tier.
func calls(tiers []sys.Tier, rounds int) error {
	type row struct {
		tier     sys.Tier
		filtered bool
	}
	rows := []row{{sys.Off, false}}
	for _, t := range tiers {
		rows = append(rows, row{t, true}, row{t, false})
	}
	best := make(map[row]map[string]float64)
	for range rounds {
		for _, r := range rows {
			m, err := start(r.tier, r.filtered)
			if err != nil {
				return err
			}
			for _, kind := range loops {
				ns, err := timeLoop(kind)
				if err != nil {
					return err
				}
				if best[r] == nil {
					best[r] = make(map[string]float64)
				}
				if old, ok := best[r][kind]; !ok || ns < old {
					best[r][kind] = ns
				}
			}
			if _, err := m.stop(); err != nil {
				return err
			}
		}
	}
	fmt.Printf("%-18s %12s %12s %12s   ns per call, least of all trials\n", "", loops[0], loops[1], loops[2])
	for _, r := range rows {
		name := r.tier.String()
		if r.tier != sys.Off {
			name += map[bool]string{true: ", filtered", false: ", events"}[r.filtered]
		}
		fmt.Printf("%-18s", name)
		for _, kind := range loops {
			fmt.Printf(" %5.0f (%+4.0f)", best[r][kind], best[r][kind]-best[rows[0]][kind])
		}
		fmt.Println()
	}
	return nil
}

func timeLoop(kind string) (float64, error) {
	out, err := exec.Command(os.Args[0], "-loop", kind).Output()
	if err != nil {
		return 0, fmt.Errorf("loop %s: %w", kind, err)
	}
	return strconv.ParseFloat(strings.TrimSpace(string(out)), 64)
}
