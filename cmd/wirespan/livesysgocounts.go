package main

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/wirespan/wirespan/bpf/sys/goroutines"
)

// maxVersions bounds the versions that are told apart.
const maxVersions = 16

// goCounts say what became of looking for Go processes.
type goCounts struct {
	mu       sync.Mutex
	hidden   string // why none can be told
	goes     int    // processes of Go whose goroutines are told
	denied   int    // whose executable may not be read
	unknown  map[string]int
	others   int // of other faults
	fault    error
	began    int // programs that began and were not looked at
	woken    int // with a probe now
	unwoken  int // that were to have one and cannot
	overRate int
}

func (c *goCounts) init() { c.unknown = make(map[string]int) }

func (c *goCounts) add(n *int, d int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	*n += d
}

func (c *goCounts) found()       { c.add(&c.goes, 1) }
func (c *goCounts) passed()      { c.add(&c.began, 1) }
func (c *goCounts) wakes(n int)  { c.add(&c.woken, n) }
func (c *goCounts) wakeRefused() { c.add(&c.unwoken, 1) }
func (c *goCounts) tooMany()     { c.add(&c.overRate, 1) }

// unreadable notes that a process does not show its executable.
func (c *goCounts) unreadable(err error) {
	if errors.Is(err, fs.ErrPermission) {
		c.add(&c.denied, 1)
	}
}

// refused notes why a process's goroutines are not told.
func (c *goCounts) refused(err error, p *goroutines.Program) {
	switch {
	case errors.Is(err, goroutines.ErrNotGo), errors.Is(err, fs.ErrNotExist):
	case errors.Is(err, fs.ErrPermission):
		c.add(&c.denied, 1)
	case p != nil && errors.Is(err, goroutines.ErrVersion):
		c.mu.Lock()
		defer c.mu.Unlock()
		v := cmp.Or(p.Version, "without version")
		if _, ok := c.unknown[v]; !ok && len(c.unknown) >= maxVersions {
			v = "others"
		}
		c.unknown[v]++
	default:
		c.mu.Lock()
		defer c.mu.Unlock()
		c.others++
		c.fault = err
	}
}

// print tells of it in the summary.
func (f *goFinder) print(w io.Writer) {
	if f == nil {
		return
	}
	c := &f.counts
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.hidden != "" {
		fmt.Fprintf(w, "%-12s none: %s\n", "goroutines", c.hidden)
		return
	}
	if c.goes+c.denied+len(c.unknown)+c.others == 0 {
		return
	}
	parts := []string{fmt.Sprintf("%d Go processes", c.goes)}
	note := func(n int, format string, v ...any) {
		if n > 0 {
			parts = append(parts, fmt.Sprintf(format, append([]any{n}, v...)...))
		}
	}
	note(c.woken, "%d with wakes")
	note(c.overRate, "%d with too many wakes")
	note(c.unwoken, "%d whose wakes cannot be told")
	for _, v := range slices.Sorted(maps.Keys(c.unknown)) {
		note(c.unknown[v], "%d of an unknown version (%s)", v)
	}
	note(c.others, "%d not understood (%v)", c.fault)
	note(c.denied, "%d of other users not looked into (CAP_SYS_PTRACE missing)")
	if !f.later {
		note(c.began, "%d programs that began later not looked into (--processes)")
	} else {
		note(c.began, "%d programs not looked into in time")
	}
	fmt.Fprintf(w, "%-12s %s\n", "goroutines", strings.Join(parts, ", "))
}
