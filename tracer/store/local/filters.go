package local

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/cockroachdb/pebble/v2"

	"github.com/wirespan/wirespan/tracer/store/local/index"
)

// Filters of the runs that were made last are in memory, so that a key that a run
// does not have costs no look at its pages. Those of older runs stay on disk: their
// pages are looked at.

// filterOf is the filter of the prefixes of postings, which it sorts.
func filterOf(l index.Layout, postings []uint64) index.Filter {
	slices.Sort(postings)
	n, last := 0, uint64(0)
	for i, v := range postings {
		if v >>= l.BlockBits; i == 0 || v != last {
			n, last = n+1, v
		}
	}
	f := index.NewFilter(n)
	for i, v := range postings {
		if v >>= l.BlockBits; i == 0 || v != last {
			f.Add(v)
			last = v
		}
	}
	return f
}

// filterRoom is how many bytes of filters are kept in memory.
func (s *Store) filterRoom() int { return int(s.cfg.Memory / 6) }

// runAt is a run of a partition.
type runAt struct {
	p *partition
	i int
}

func (r runAt) run() *run { return &r.p.runs[r.i] }

// byAge are all runs, the latest first. Store.mu is held.
func (s *Store) byAge() (list []runAt) {
	for _, p := range s.parts {
		for i := range p.runs {
			list = append(list, runAt{p, i})
		}
	}
	slices.SortFunc(list, func(a, b runAt) int {
		return cmp.Or(cmp.Compare(b.p.id, a.p.id), cmp.Compare(b.i, a.i))
	})
	return list
}

// dropFilters takes those of the oldest runs out of memory, if there are too many.
// Store.mu is held. Views keep theirs.
func (s *Store) dropFilters() {
	total := 0
	for _, r := range s.byAge() {
		if total += r.run().filter.Size(); total <= s.filterRoom() || r.run().filter == nil {
			continue
		}
		r.p.runs = slices.Clone(r.p.runs)
		r.run().filter = nil
	}
}

// readFilters reads those for which there is room. One that is missing or damaged
// costs time only.
func (s *Store) readFilters(ctx context.Context) error {
	total := 0
	for _, r := range s.byAge() {
		if err := ctx.Err(); err != nil {
			return err
		}
		v, closer, err := s.db.Get(key(keyFilter, r.p.id, uint64(r.run().number)))
		if errors.Is(err, pebble.ErrNotFound) {
			continue
		}
		if err != nil {
			return fmt.Errorf("read store %s: filter: %w", s.dir, err)
		}
		f, err := index.ReadFilter(v)
		closer.Close()
		if err != nil {
			s.note("filter of index run %d of partition %d: %v", r.run().number, r.p.id, err)
			continue
		}
		if total += f.Size(); total > s.filterRoom() {
			return nil
		}
		r.run().filter = f
	}
	return nil
}
