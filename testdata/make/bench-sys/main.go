//go:build linux

// Command bench-sys measures what the eBPF module costs the host it looks at:
// nanoseconds per call in tight loops, the time of each program as the kernel
// counts it, events at a steady rate, and the throughput of nginx under wrk, each
// with and without it in turns of one run, so that the load of the machine falls
// on both alike. It needs root; build/wirespan must be there. It takes five
// minutes, and prints the page docs/sys-cost.md.
//
// Usage: go run ./testdata/make/bench-sys [-o docs/sys-cost.md] [-tiers sock,syscall] [-rounds 7] [-parts calls,programs,steady,throughput] [-wirespan build/wirespan]
package main

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"runtime"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/wirespan/wirespan/bpf/sys"
)

// plan is what is measured.
type plan struct {
	tiers  []sys.Tier
	rounds int
	binary string // of wirespan
}

// parts of the page, in order.
var parts = []struct {
	name string
	run  func(*plan, *bytes.Buffer) error
}{{"calls", calls}, {"programs", programs}, {"steady", steady}, {"throughput", throughput}}

func main() {
	tiers := flag.String("tiers", "sock,syscall", "`TIERS` to measure")
	rounds := flag.Int("rounds", 7, "rounds of each")
	page := flag.String("o", "-", "`FILE` for the page, - for standard output")
	binary := flag.String("wirespan", "build/wirespan", "`FILE` to capture packets with")
	wanted := flag.String("parts", "calls,programs,steady,throughput", "`PARTS` of the page to measure")
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
	p := plan{tiersOf(strings.Split(*tiers, ",")), *rounds, *binary}
	if len(p.tiers) == 0 {
		fmt.Println("bench-sys: skipped, this kernel has none of the tiers", *tiers)
		return
	}
	if err := p.measure(strings.Split(*wanted, ","), *page); err != nil {
		fmt.Fprintln(os.Stderr, "bench-sys:", err)
		os.Exit(1)
	}
}

// tiersOf are the tiers of these names that this kernel has, the best first.
func tiersOf(wanted []string) (tiers []sys.Tier) {
	for t := sys.Sock; t >= sys.Legacy; t-- {
		if !slices.Contains(wanted, t.String()) {
			continue
		}
		m, err := start(view{tier: t})
		if err == nil {
			_, err = m.stop()
		}
		if err != nil {
			fmt.Println("bench-sys: left out:", err)
			continue
		}
		tiers = append(tiers, t)
	}
	return tiers
}

// measure writes the page.
func (p *plan) measure(wanted []string, page string) error {
	var out, body bytes.Buffer
	before := load()
	for _, part := range parts {
		if !slices.Contains(wanted, part.name) {
			continue
		}
		if err := part.run(p, &body); err != nil {
			return err
		}
	}
	out.WriteString(head(p.rounds, before))
	out.Write(body.Bytes())
	if page == "-" {
		_, err := os.Stdout.Write(out.Bytes())
		return err
	}
	return os.WriteFile(page, out.Bytes(), 0o644)
}

// head is what the page begins with.
func head(rounds int, before string) string {
	var u unix.Utsname
	_ = unix.Uname(&u)
	release, _, _ := strings.Cut(unix.ByteSliceToString(u.Release[:]), "-")
	return fmt.Sprintf(headText, release, runtime.NumCPU(), rounds, before, load())
}

const headText = `# What the eBPF module costs

Measured on Linux %s, %d CPUs, %d rounds, by ` + "`make sys-cost`" + ` (as root), which writes this page; load average %s before
and %s after it, its own included. What it is about: [processes and threads](sys.md).
`

// load is the load average of the last minute.
func load() string {
	b, err := os.ReadFile("/proc/loadavg")
	first, _, ok := strings.Cut(string(b), " ")
	if err != nil || !ok {
		return "unknown"
	}
	return first
}

func median(v []float64) float64 {
	v = slices.Sorted(slices.Values(v))
	return v[len(v)/2]
}
