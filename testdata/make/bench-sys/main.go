//go:build linux

// Command bench-sys measures what the eBPF module costs the host it looks at:
// nanoseconds per call in tight loops, and the throughput of nginx under wrk, each
// with and without it in turns of one run, so that the load of the machine
// falls on both alike. It needs root; build/wirespan must be there.
//
// Usage: go run ./testdata/make/bench-sys [-tiers sock,syscall] [-rounds 5] [-calls] [-wirespan build/wirespan]
package main

import (
	"context"
	"flag"
	"fmt"
	"math"
	"os"
	"slices"
	"strings"

	"github.com/wirespan/wirespan/bpf/sys"
	"github.com/wirespan/wirespan/bpf/sys/kernel"
)

func main() {
	tiers := flag.String("tiers", "sock,syscall", "`TIERS` to measure")
	rounds := flag.Int("rounds", 5, "rounds of each")
	binary := flag.String("wirespan", "build/wirespan", "`FILE` to capture packets with")
	only := flag.Bool("calls", false, "measure calls only")
	loop := flag.String("loop", "", "")
	flag.Parse()
	if *loop != "" {
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
	err := calls(names, *rounds)
	if err == nil && !*only {
		err = throughput(names, *rounds, *binary)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench-sys:", err)
		os.Exit(1)
	}
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
