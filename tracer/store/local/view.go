package local

import (
	"slices"

	"github.com/wirespan/wirespan/tracer/store"
	"github.com/wirespan/wirespan/tracer/store/local/block"
	"github.com/wirespan/wirespan/tracer/store/local/index"
)

// view is a partition at one moment. Blocks in memory stay as they are until it is
// released.
type view struct {
	p        *partition
	min, max int64
	end      uint32 // blocks below are on disk
	runs     []run
	recent   []*recent
	tails    []tailView
}

// tailView is a block in memory at that moment.
type tailView struct {
	t      *tail
	v      block.View
	hashes []keyRow
	rates  index.Table
	cols   *block.Columns // once asked for
}

func (t *tailView) columns() *block.Columns {
	if t.cols == nil {
		t.cols = t.v.Columns()
	}
	return t.cols
}

// views are of all partitions with spans in the window: with their spans, or with
// what was counted. They must be released.
func (s *Store) views(w store.Window, rates bool) ([]*view, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil, errClosed
	}
	s.users.Add(1)
	var list []*view
	for _, p := range s.parts {
		if p.overlaps(w) {
			list = append(list, p.view(rates))
		}
	}
	return list, nil
}

func (p *partition) view(rates bool) *view {
	v := &view{p: p, min: p.min, max: p.max, end: p.next, runs: slices.Clip(p.runs), recent: slices.Clone(p.recent)}
	for i, t := range p.tails {
		if i == 0 {
			v.end = t.number
		}
		if rates { // spans are not asked for
			v.tails = append(v.tails, tailView{t: t, rates: t.table()})
			continue
		}
		t.readers++
		v.tails = append(v.tails, tailView{t: t, v: t.b.View(), hashes: t.hashes})
	}
	return v
}

func (s *Store) release(list []*view) {
	defer s.users.Done()
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, v := range list {
		for i := range v.tails {
			if v.tails[i].rates == nil {
				v.tails[i].t.readers--
			}
		}
	}
}
