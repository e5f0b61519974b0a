//go:build linux

// Command bench-sys measures what the eBPF module costs the host it looks at:
// nanoseconds per call in tight loops, events at a steady rate, and the throughput
// of nginx under wrk, each with and without it in turns of one run, so that the
// load of the machine falls on both alike. It needs root; build/wirespan must be
// there. It takes four minutes, and prints the page docs/sys-cost.md.
//
// Usage: go run ./testdata/make/bench-sys [-o docs/sys-cost.md] [-tiers sock,syscall] [-rounds 7] [-calls] [-wirespan build/wirespan]
package main

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"math"
	"os"
	"runtime"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/wirespan/wirespan/bpf/sys"
	"github.com/wirespan/wirespan/bpf/sys/kernel"
)

func main() {
	tiers := flag.String("tiers", "sock,syscall", "`TIERS` to measure")
	rounds := flag.Int("rounds", 7, "rounds of each")
	page := flag.String("o", "-", "`FILE` for the page, - for standard output")
	binary := flag.String("wirespan", "build/wirespan", "`FILE` to capture packets with")
	only := flag.Bool("calls", false, "measure calls only")
	loop := flag.String("loop", "", "")
	flag.Parse()
	switch *loop {
	case "":
	case "steady":
		runSteady()
		return
	default:
		runLoop(*loop)
		return
	}
	if os.Geteuid() != 0 {
		fmt.Println("bench-sys: skipped, eBPF needs root")
		return
	}
	var names []sys.Tier
	for t := sys.Legacy; t <= sys.Sock; t++ {
		if slices.Contains(strings.Split(*tiers, ","), t.String()) {
			names = append(names, t)
		}
	}
	slices.Reverse(names)
	names = slices.DeleteFunc(names, func(t sys.Tier) bool {
		m, err := start(t, true)
		if err == nil {
			_, err = m.stop()
		}
		if err != nil {
			fmt.Println("bench-sys: left out:", err)
		}
		return err != nil
	})
	if err := measure(names, *rounds, *binary, *page, *only); err != nil {
		fmt.Fprintln(os.Stderr, "bench-sys:", err)
		os.Exit(1)
	}
}

// measure writes the page.
func measure(tiers []sys.Tier, rounds int, binary, page string, only bool) error {
	var out bytes.Buffer
	out.WriteString(head(rounds))
	err := calls(tiers, rounds, &out)
	if err == nil && !only {
		err = steady(tiers, &out)
	}
	if err == nil && !only {
		err = throughput(tiers, rounds, binary, &out)
	}
	if err != nil {
		return err
	}
	if page == "-" {
		_, err = os.Stdout.Write(out.Bytes())
		return err
	}
	return os.WriteFile(page, out.Bytes(), 0o644)
}

// head is what the page begins with.
func head(rounds int) string {
	var u unix.Utsname
	_ = unix.Uname(&u)
	release, _, _ := strings.Cut(unix.ByteSliceToString(u.Release[:]), "-")
	return fmt.Sprintf("# What the eBPF module costs\n\nMeasured on Linux %s, %d CPUs, %d rounds, by `go run ./testdata/make/bench-sys -o docs/sys-cost.md` (as root), which\nwrites this page. What it is about: [processes and threads](sys.md).\n\n", release, runtime.NumCPU(), rounds)
}

// module is an open tier whose events are read and thrown away.
type module struct {
	src    sys.Source
	cancel context.CancelFunc
	done   chan struct{}
}

// start opens a tier; sys.Off opens none. Filtered leaves out everything.
func start(t sys.Tier, filtered bool) (*module, error) {
	if t == sys.Off {
		return nil, nil
	}
	cfg := kernel.Default()
	cfg.Tiers, cfg.Every = []sys.Tier{t}, math.MaxUint32
	if filtered {
		cfg.Ports = []uint16{1}
	}
	ctx, cancel := context.WithCancel(context.Background())
	src, report, err := kernel.Open(ctx, cfg)
	if err != nil {
		cancel()
		return nil, fmt.Errorf("%v: %s", t, report[0].Reason)
	}
	m := &module{src, cancel, make(chan struct{})}
	go func() {
		defer close(m.done)
		batch := make([]sys.Event, 512)
		for {
			if _, err := src.Read(ctx, batch); err != nil {
				return
			}
		}
	}()
	return m, nil
}

// stop closes it and returns its counters.
func (m *module) stop() (sys.Stats, error) {
	if m == nil {
		return sys.Stats{}, nil
	}
	m.cancel()
	<-m.done
	st, err := m.src.Stats()
	if e := m.src.Close(); err == nil {
		err = e
	}
	return st, err
}

func median(v []float64) float64 {
	v = slices.Sorted(slices.Values(v))
	return v[len(v)/2]
}
