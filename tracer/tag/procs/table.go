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

	hits, misses, unasked atomic.Uint64

	asked  chan Endpoint            // misses, for Run to look for
	denied [numDenied]atomic.Uint64 // hashes of those that were asked for before

	byPID numbered

	mu      sync.Mutex // held by a refresh, never by Lookup
	refresh refresher
	report  Report
}

// numDenied bounds the endpoints that are remembered as not found. An entry
// that another one takes costs a refresh more, which the rate bounds.
const numDenied = 1024

// maxAsked bounds the misses that wait to be looked for; beyond it they wait
// for the next whole look.
const maxAsked = 256

// New opens what a Table needs for as long as it lives (the sock_diag socket),
// and reads nothing yet. So it may be called before privileges are given up.
func New(cfg Config) (*Table, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	if _, err := os.Stat(cfg.Root); err != nil {
		return nil, fmt.Errorf("look into procfs: %w", err)
	}
	t := &Table{cfg: cfg, seed: maphash.MakeSeed(), asked: make(chan Endpoint, maxAsked)}
	t.refresh.init(&t.cfg)
	t.byPID.init()
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
		return nil // the first look is under way
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
			t.ask(e)
		}
	}
	return p
}

// ask has Run look for an endpoint. It does not wait.
func (t *Table) ask(e *Endpoint) {
	select {
	case t.asked <- *e:
	default:
		t.unasked.Add(1)
	}
}

// Run looks around until ctx is done: at everything at once and then every
// FullInterval, and between for what lookups have missed.
func (t *Table) Run(ctx context.Context) {
	full := time.NewTimer(max(t.cfg.FullInterval, t.Refresh(true)))
	defer full.Stop()
	pause := time.NewTimer(0)
	defer pause.Stop()
	var next time.Time // when to look for what was missed
	for {
		select {
		case <-ctx.Done():
			return
		case <-full.C:
			full.Reset(max(t.cfg.FullInterval, t.Refresh(true)))
			continue
		case e := <-t.asked:
			t.ask(&e) // with the others, after the pause
		case pid := <-t.byPID.asked:
			select {
			case t.byPID.asked <- pid:
			default:
			}
		}
		pause.Reset(time.Until(next))
		select {
		case <-ctx.Done():
			return
		case <-pause.C:
		}
		next = time.Now().Add(t.Refresh(false))
	}
}

// Refresh looks around now, and returns how long to wait until the next time
// within the bounds of Config. A whole look is at every socket and process,
// another one for what lookups have missed; each kind may take half of the
// share. Run calls it; others may, for a look at the machine (doctor), before
// rights are given up, or in tests.
func (t *Table) Refresh(whole bool) time.Duration {
	t.mu.Lock()
	defer t.mu.Unlock()
	began := time.Now()
	asked := t.takeAsked()
	s := t.snap.Load()
	if whole || s == nil {
		s = t.refresh.whole(began, &t.report)
		for i := range t.denied {
			t.denied[i].Store(0)
		}
	} else {
		s = t.refresh.target(asked, s, began, &t.report)
	}
	if s != nil {
		t.snap.Store(s)
	}
	t.refreshPIDs(whole, began)
	cost := time.Since(began)
	t.report.Cost += cost
	t.report.LastCost = cost
	return max(t.cfg.MinInterval, time.Duration(2*float64(cost)/t.cfg.Duty))
}

// takeAsked takes what lookups have missed. A whole look finds it, too.
func (t *Table) takeAsked() (list []Endpoint) {
	for {
		select {
		case e := <-t.asked:
			list = append(list, e)
		default:
			return list
		}
	}
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
