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
	out.WriteString(tailText)
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

// tailText says why it is so.
const tailText = `
## Where it goes

A call that moves bytes meets one program, whose entry is a tracepoint: two indirect calls and as many guarded returns. Where the kernel
defends itself against speculation (retpolines, Safe RET) that is most of what AF_UNIX shows, and nothing that a program could do less of.
Every helper is one more such return, so what is left out calls none by port and one by process, and looks at a map only when a bit says that
the process may be in it. What is told calls six: who runs, the TCP socket, the message under way on it, the clock (some 50 ns on a virtual
machine), and two for the ring. Processes that are known to be Go pay for reading the goroutine; others for one bit.

What was tried and is gone: a counter for each step of a call (each is a locked addition; now one says what became of it, and the reader adds
up), asking for the cookie of a socket (it lies in the socket once somebody asked), a lookup in the table of Go programs for each event, the
fields of a message spread over two cache lines, a filter behind the lookups, waking the reader for each event (half of the throughput), and a reader
that copies each record under a lock and moves the kernel's position each time. The reader takes the ring as it lies, 512 events at a time,
and sleeps 10 ms when it is empty: some 15 ns an event when it is in the cache (` + "`go test ./bpf/sys/kernel -bench Read`" + `), the rest of its own
CPU above is memory that another core wrote.

Not tried, for it would cost more than it brings: a ring for each CPU, whose events would have to be brought into order; events without
addresses, which a reader that lost the first one could not place.
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
