//go:build linux

package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/cilium/ebpf"
	"golang.org/x/sys/unix"

	"github.com/wirespan/wirespan/bpf/sys"
)

// run is what the kernel counted of programs of one name.
type run struct{ ns, count float64 }

// runs reads what the kernel counted of the programs that a process holds, by
// name. They are counted while somebody asked for it (ebpf.EnableStats).
func runs(pid int) (map[string]run, error) {
	files, err := filepath.Glob(fmt.Sprintf("/proc/%d/fdinfo/*", pid))
	if err != nil {
		return nil, err
	}
	seen := make(map[string]bool)
	all := make(map[string]run)
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			continue // it was closed meanwhile
		}
		field := make(map[string]string)
		for s := bufio.NewScanner(bytes.NewReader(b)); s.Scan(); {
			name, v, _ := strings.Cut(s.Text(), ":")
			field[name] = strings.TrimSpace(v)
		}
		id := field["prog_id"]
		if field["run_cnt"] == "" || seen[id] {
			continue
		}
		seen[id] = true
		name, err := programName(id)
		if err != nil {
			return nil, err
		}
		ns, _ := strconv.ParseFloat(field["run_time_ns"], 64)
		n, _ := strconv.ParseFloat(field["run_cnt"], 64)
		r := all[name]
		all[name] = run{r.ns + ns, r.count + n}
	}
	return all, nil
}

func programName(id string) (string, error) {
	n, err := strconv.ParseUint(id, 10, 32)
	if err != nil {
		return "", fmt.Errorf("read id of program: %w", err)
	}
	p, err := ebpf.NewProgramFromID(ebpf.ProgramID(n))
	if err != nil {
		return "", fmt.Errorf("find program %d: %w", n, err)
	}
	defer p.Close()
	info, err := p.Info()
	if err != nil {
		return "", fmt.Errorf("ask for program %d: %w", n, err)
	}
	return info.Name, nil
}

// programs prints what a run of each program takes, as the kernel counts it.
func programs(p *plan, out *bytes.Buffer) error {
	stats, err := ebpf.EnableStats(uint32(unix.BPF_STATS_RUN_TIME))
	if err != nil {
		return fmt.Errorf("count run time of programs: %w", err)
	}
	defer stats.Close()
	fmt.Fprint(out, programsText)
	for _, t := range p.tiers {
		table := make(map[string][]float64)
		for _, c := range columns[1:] {
			took, err := c.programs(p, t)
			if err != nil {
				return err
			}
			for name, ns := range took {
				table[name] = append(table[name], median(ns))
			}
		}
		for _, name := range sorted(table) {
			fmt.Fprintf(out, "| `%v` | `%s` |", t, name)
			for _, ns := range table[name] {
				fmt.Fprintf(out, " %.0f |", ns)
			}
			fmt.Fprintln(out)
		}
	}
	return nil
}

const programsText = `
## A run of a program

Nanoseconds of a run in the same loops, as the kernel counts them (BPF_ENABLE_STATS), means of each round and medians of all rounds. Reading
the clock twice is part of it, what calls the program is not: with AF_UNIX, ` + "`sock`" + ` does nothing but see what it is.

| | program | AF_UNIX | TCP, left out by port | by process | TCP, told |
|---|---|---|---|---|---|
`

// programs are the times of a run, in each round, of programs that run in a loop.
func (c column) programs(p *plan, t sys.Tier) (map[string][]float64, error) {
	took := make(map[string][]float64)
	l, err := startLoop(c.loop)
	if err != nil {
		return nil, err
	}
	defer l.stop()
	for range p.rounds {
		m, err := start(view{t, c.left})
		if err != nil {
			return nil, err
		}
		before, err := runs(os.Getpid())
		if err == nil {
			_, err = l.time()
		}
		after, e := runs(os.Getpid())
		if _, e2 := m.stop(); err == nil {
			err = errors.Join(e, e2)
		}
		if err != nil {
			return nil, err
		}
		for name, a := range after {
			if n := a.count - before[name].count; n > trials*trialCalls/2 {
				took[name] = append(took[name], (a.ns-before[name].ns)/n)
			}
		}
	}
	return took, nil
}

func sorted(m map[string][]float64) []string { return slices.Sorted(maps.Keys(m)) }
