//go:build linux

package main

import (
	"bytes"
	"fmt"

	"github.com/wirespan/wirespan/bpf/sys"
)

// column is one of the table of calls: which loop, and what is told of it.
type column struct {
	loop string
	left leaving
}

var columns = []column{{"null", nothing}, {"unix", nothing}, {"tcp", byPort}, {"tcp", byProcess}, {"tcp", nothing}}

// calls measures what a call costs more with each tier, and prints it. A round
// measures each loop without the module, with it, and without it again; what
// is added is the difference to the lesser of the two without.
func calls(p *plan, out *bytes.Buffer) error {
	children := make(map[string]*loop)
	for _, kind := range loops {
		c, err := startLoop(kind)
		if err != nil {
			return err
		}
		defer c.stop()
		children[kind] = c
	}
	bare := make(map[string][]float64)
	added := make(map[sys.Tier]map[column][]float64)
	for range p.rounds {
		for _, t := range p.tiers {
			if added[t] == nil {
				added[t] = make(map[column][]float64)
			}
			for _, c := range columns {
				without, more, err := c.measure(children[c.loop], t)
				if err != nil {
					return err
				}
				bare[c.loop] = append(bare[c.loop], without)
				added[t][c] = append(added[t][c], more)
			}
		}
	}
	fmt.Fprint(out, callsText)
	fmt.Fprintf(out, "| without | %.0f | %.0f | %.0f | | |\n", median(bare["null"]), median(bare["unix"]), median(bare["tcp"]))
	for _, t := range p.tiers {
		fmt.Fprintf(out, "| `%v` |", t)
		for _, c := range columns {
			fmt.Fprintf(out, " %+.0f |", median(added[t][c]))
		}
		fmt.Fprintln(out)
	}
	return nil
}

const callsText = `
## A call

Nanoseconds for a call that moves 100 bytes in a tight loop, and what each tier adds: within one process, the least of 300 trials with
the module less the least without, just before and after; medians of all rounds. Goals for TCP: 150 for one that a filter leaves out, 600
for one that is told; nothing on files in ` + "`sock`" + `.

| | /dev/null | AF_UNIX | TCP, left out by port | by process | TCP, told |
|---|---|---|---|---|---|
`

// measure is the time of a call without the module, and what it takes more with.
func (c column) measure(l *loop, t sys.Tier) (without, more float64, err error) {
	before, err := l.time()
	if err != nil {
		return 0, 0, err
	}
	m, err := start(view{t, c.left})
	if err != nil {
		return 0, 0, err
	}
	with, err := l.time()
	if _, e := m.stop(); err == nil {
		err = e
	}
	if err != nil {
		return 0, 0, err
	}
	after, err := l.time()
	without = min(before, after)
	return without, with - without, err
}
