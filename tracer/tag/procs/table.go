package procs

import (
	"context"
	"fmt"
	"hash/maphash"
	"os"
	"sync"
	"sync/atomic"
	"time"
)

// Table knows the owners of local endpoints.
type Table struct {
	cfg  Config
	seed maphash.Seed
	snap atomic.Pointer[snapshot]

	hits, misses atomic.Uint64
	asked        atomic.Bool
	wake         chan struct{}
	denied       [numDenied]atomic.Uint64 // endpoints that a refresh did not find either

	mu      sync.Mutex // held by a refresh, never by Lookup
	refresh refresher
	report  Report
}

// numDenied bounds the endpoints that are remembered as not found. An entry
// that another one takes costs a refresh more, which the rate bounds.
const numDenied = 1024

// New opens what a Table needs for as long as it lives (the sock_diag socket),
// and reads nothing yet. So it may be called before privileges are given up.
func New(cfg Config) (*Table, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	if _, err := os.Stat(cfg.Root); err != nil {
		return nil, fmt.Errorf("look into procfs: %w", err)
	}
	t := &Table{cfg: cfg, seed: maphash.MakeSeed(), wake: make(chan struct{}, 1)}
	t.refresh.init(&t.cfg)
	return t, nil
}

// Lookup returns the process at an endpoint, nil if it is not of this machine
// or not known. It may be called by any goroutine; it takes no lock and
// allocates nothing. If the endpoint is local and not known, it asks for a
// refresh, so that a later call may know: call it once when a connection or
// request begins, and again when its span is written.
func (t *Table) Lookup(e *Endpoint) *Process {
	s := t.snap.Load()
	if s == nil {
		t.misses.Add(1)
		t.ask()
		return nil
	}
	p, o := s.lookup(e)
	switch o {
	case known:
		t.hits.Add(1)
	case unknown:
		t.misses.Add(1)
		h := maphash.Comparable(t.seed, *e) | 1
		if d := &t.denied[h>>1%numDenied]; d.Load() != h {
			d.Store(h)
			t.ask()
		}
	}
	return p
}

// ask wakes Run, once until it has listened.
func (t *Table) ask() {
	if !t.asked.Load() && t.asked.CompareAndSwap(false, true) {
		select {
		case t.wake <- struct{}{}:
		default:
		}
	}
}

// Run refreshes until ctx is done: at once, then when lookups ask for it, and
// at least every FullInterval.
func (t *Table) Run(ctx context.Context) {
	next := t.Refresh(true)
	full := time.NewTimer(t.cfg.FullInterval)
	defer full.Stop()
	pause := time.NewTimer(0)
	defer pause.Stop()
	for {
		whole := false
		select {
		case <-ctx.Done():
			return
		case <-t.wake:
		case <-full.C:
			whole = true
		}
		pause.Reset(time.Until(next))
		select {
		case <-ctx.Done():
			return
		case <-pause.C:
		}
		t.asked.Store(false)
		next = t.Refresh(whole)
		if whole {
			t.forgetDenied()
			full.Reset(max(t.cfg.FullInterval, time.Until(next)))
		}
	}
}

func (t *Table) forgetDenied() {
	for i := range t.denied {
		t.denied[i].Store(0)
	}
}

// Refresh reads the kernel's lists now, and returns when the next refresh may
// be made within the bounds of Config. A whole one looks at every process, else
// only sockets whose owner is not known are looked for. Run calls it; others
// may, for a look at the machine (doctor) or in tests.
func (t *Table) Refresh(whole bool) time.Time {
	t.mu.Lock()
	defer t.mu.Unlock()
	began := time.Now()
	if s := t.refresh.run(began, whole, &t.report); s != nil {
		t.snap.Store(s)
	}
	cost := time.Since(began)
	t.report.Cost += cost
	t.report.LastCost = cost
	return began.Add(cost + max(t.cfg.MinInterval, time.Duration(float64(cost)/t.cfg.Duty)))
}

// Close releases the socket. Lookup still answers from what was known.
func (t *Table) Close() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if d := t.refresh.diag; d != nil {
		t.refresh.diag = nil
		return d.close()
	}
	return nil
}
