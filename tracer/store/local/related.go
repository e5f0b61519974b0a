package local

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/cockroachdb/pebble/v2"

	"github.com/wirespan/wirespan/tracer/store"
	"github.com/wirespan/wirespan/tracer/store/local/block"
	"github.com/wirespan/wirespan/tracer/store/local/index"
)

// Related looks up the keys in all partitions of the window, the latest first.
func (s *Store) Related(ctx context.Context, keys []store.Key, w store.Window, limit int) (spans []store.Span, more bool, err error) {
	if err := ctx.Err(); err != nil {
		return nil, false, err
	}
	wanted := hashes(keys)
	if len(wanted) == 0 {
		return nil, false, nil
	}
	views, err := s.views(w, false)
	if err != nil {
		return nil, false, err
	}
	defer s.release(views)
	slices.SortFunc(views, func(a, b *view) int { return -order(uint64(a.max)^1<<63, uint64(b.max)^1<<63) })
	g := gather{s: s, wanted: wanted, w: w, limit: limit}
	for _, v := range views {
		if err := g.view(ctx, v); err != nil {
			return nil, false, err
		}
		if g.more {
			break
		}
	}
	return g.spans, g.more, nil
}

// hashes are those of keys, sorted, each once.
func hashes(keys []store.Key) []uint64 {
	list := make([]uint64, len(keys))
	for i, k := range keys {
		list[i] = index.Hash(k)
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// gather collects the spans of keys.
type gather struct {
	s      *Store
	wanted []uint64
	w      store.Window
	limit  int
	spans  []store.Span
	more   bool
	reader block.Reader
	loaded [together]*decoded
}

func (g *gather) view(ctx context.Context, v *view) error {
	for i := len(v.tails) - 1; i >= 0; i-- {
		t := &v.tails[i]
		if rows := rowsOf(t.hashes, g.wanted); len(rows) > 0 {
			g.rows(t.columns(), rows)
		}
	}
	blocks, err := g.s.blocks(v, g.wanted, g.w)
	if err != nil {
		return err
	}
	slices.Reverse(blocks)
	for some := range slices.Chunk(blocks, together) {
		if err := ctx.Err(); err != nil {
			return err
		}
		for i, d := range g.s.loadAll(v.p.id, some, g.loaded[:]) {
			if d != nil && !g.more {
				g.rows(d.cols, d.rows(g.wanted))
			}
			g.loaded[i] = nil
		}
		if g.more {
			return nil
		}
	}
	return nil
}

// together is the number of blocks that are read at a time: a trace of several agents
// lies in several, and each comes from the disk, perhaps, and is decoded.
const together = 8

// loadAll reads blocks of a partition into list. Of those that were dropped meanwhile,
// or are damaged, which is told, there is none.
func (s *Store) loadAll(part uint64, blocks []uint32, list []*decoded) []*decoded {
	list = list[:len(blocks)]
	var others sync.WaitGroup
	for i, b := range blocks {
		if list[i] = s.cache.get(place{part, b}); list[i] != nil {
			continue
		}
		read := func() {
			if d, err := s.load(place{part, b}); err == nil {
				d.once.Do(d.index)
				list[i] = d
			}
		}
		if i == len(blocks)-1 {
			read()
			break
		}
		others.Go(read)
	}
	others.Wait()
	return list
}

func (g *gather) rows(c *block.Columns, rows []uint32) {
	opened := false
	for _, row := range rows {
		if !g.w.Holds(c.Starts[row]) {
			continue
		}
		if g.limit > 0 && len(g.spans) == g.limit {
			g.more = true
			return
		}
		if !opened {
			g.reader.Open(c)
			opened = true
		}
		g.reader.Seek(int(row))
		g.spans = append(g.spans, g.reader.Next().Clone())
	}
}

// blocks are those on disk that may hold one of the hashes, sorted.
func (s *Store) blocks(v *view, wanted []uint64, w store.Window) ([]uint32, error) {
	var list []uint32
	var pages *pebble.Iterator
	for i := range v.runs {
		r := &v.runs[i]
		if r.max < w.From || w.To != 0 && r.min >= w.To {
			continue
		}
		if pages == nil {
			var err error
			lower, upper := within(key(keyPage, v.p.id))
			if pages, err = s.db.NewIter(&pebble.IterOptions{LowerBound: lower, UpperBound: upper}); err != nil {
				return nil, fmt.Errorf("read index: %w", err)
			}
		}
		var err error
		if list, err = r.look(list, pages, v.p.id, wanted); err != nil {
			s.note("index run %d of partition %d: %v; its blocks are looked at one by one", r.number, v.p.id, err)
			for b := r.first; b <= r.last; b++ {
				list = append(list, b)
			}
		}
	}
	if pages != nil {
		if err := pages.Close(); err != nil && !errors.Is(err, pebble.ErrNotFound) && !pebble.IsCorruptionError(err) {
			return nil, fmt.Errorf("read index: %w", err)
		}
	}
	for _, r := range v.recent {
		if r.max < w.From || w.To != 0 && r.min >= w.To {
			continue
		}
		if r.has(wanted) {
			list = append(list, r.number)
		}
	}
	slices.Sort(list)
	return slices.Compact(list), nil
}

// look appends the blocks of a run that may hold one of the hashes.
func (r *run) look(list []uint32, pages *pebble.Iterator, part uint64, wanted []uint64) ([]uint32, error) {
	var page index.Page
	var have bool
	var first uint64
	for _, h := range wanted {
		prefix := r.layout.Prefix(h)
		if !r.filter.May(prefix) {
			continue
		}
		if !have || prefix < first || prefix > page.Last(r.layout) {
			found := pages.SeekLT(key(keyPage, part, uint64(r.number), prefix+1))
			if !found || numberOf(pages.Key()) != r.number {
				if err := pages.Error(); err != nil {
					return list, err
				}
				continue
			}
			v, err := pages.ValueAndErr()
			if err != nil {
				return list, err
			}
			if page, err = index.ReadPage(page[:0], v); err != nil {
				return list, err
			}
			first, have = prefixOf(pages.Key()), true
		}
		page.Blocks(r.layout, prefix, func(b uint32) { list = append(list, r.first+b) })
	}
	return list, nil
}
