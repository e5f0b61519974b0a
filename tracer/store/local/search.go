package local

import (
	"container/heap"
	"context"
	"fmt"
	"slices"

	"github.com/cockroachdb/pebble/v2"

	"github.com/wirespan/wirespan/tracer/span"
	"github.com/wirespan/wirespan/tracer/store"
	"github.com/wirespan/wirespan/tracer/store/local/block"
	"github.com/wirespan/wirespan/tracer/store/local/index"
)

// Search goes from the latest block to the earliest. A hit is yielded once no block
// that is left can hold a later one.
func (s *Store) Search(ctx context.Context, q *store.Query, yield func(*store.Span) bool) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	narrow := store.Narrow(*q)
	views, err := s.views(narrow.Window, false)
	if err != nil {
		return err
	}
	defer s.release(views)
	f := finder{s: s, q: &narrow, wanted: hashes(narrow.Keys), yield: yield, left: q.Limit}
	if q.Limit <= 0 {
		f.left = -1
	}
	for _, v := range views {
		heap.Push(&f.sources, source{max: v.max, view: v})
	}
	return f.run(ctx)
}

// finder is a search under way.
type finder struct {
	s       *Store
	q       *store.Query
	wanted  []uint64
	yield   func(*store.Span) bool
	left    int // spans to yield, -1: all
	sources sources
	hits    hits
	reader  block.Reader
	open    *block.Columns // of reader
}

// source is where hits may come from: a partition, a block on disk, one in memory.
type source struct {
	max  int64 // no later start is in it
	view *view
	what uint8
	at   uint32 // block, or number in view.tails
}

const (
	wholePartition = iota
	blockOnDisk
	blockInMemory
)

// hit is a span that is an answer. Blocks on disk are read again to yield it, if they
// left the cache: hits are small, however many there are.
type hit struct {
	start int64
	row   uint32
	from  source
}

type sources []source

func (h sources) Len() int           { return len(h) }
func (h sources) Less(i, j int) bool { return h[i].max > h[j].max }
func (h sources) Swap(i, j int)      { h[i], h[j] = h[j], h[i] }
func (h *sources) Push(x any)        { *h = append(*h, x.(source)) }
func (h *sources) Pop() any          { return pop((*[]source)(h)) }

type hits []hit

func (h hits) Len() int           { return len(h) }
func (h hits) Less(i, j int) bool { return h[i].start > h[j].start }
func (h hits) Swap(i, j int)      { h[i], h[j] = h[j], h[i] }
func (h *hits) Push(x any)        { *h = append(*h, x.(hit)) }
func (h *hits) Pop() any          { return pop((*[]hit)(h)) }

func pop[T any](list *[]T) T {
	n := len(*list) - 1
	x := (*list)[n]
	*list = (*list)[:n]
	return x
}

func (f *finder) run(ctx context.Context) error {
	for len(f.sources) > 0 {
		if err := ctx.Err(); err != nil {
			return err
		}
		src := heap.Pop(&f.sources).(source)
		if !f.flush(src.max) {
			return nil
		}
		if err := f.look(src); err != nil {
			return err
		}
	}
	f.flush(-1 << 63)
	return ctx.Err()
}

// flush yields the hits that nothing can precede; false ends the search.
func (f *finder) flush(until int64) bool {
	for len(f.hits) > 0 && f.hits[0].start >= until {
		if f.left == 0 {
			return false
		}
		h := heap.Pop(&f.hits).(hit)
		cols := f.columns(h.from)
		if cols == nil {
			continue
		}
		f.left--
		if !f.yield(f.row(cols, h.row)) {
			return false
		}
	}
	return f.left != 0
}

func (f *finder) row(cols *block.Columns, row uint32) *store.Span {
	if f.open != cols {
		f.reader.Open(cols)
		f.open = cols
	}
	f.reader.Seek(int(row))
	return f.reader.Next()
}

// columns reads a block; nil if it is gone or damaged.
func (f *finder) columns(src source) *block.Columns {
	if src.what == blockInMemory {
		return src.view.tails[src.at].columns()
	}
	d, err := f.s.load(place{src.view.p.id, src.at})
	if err != nil {
		return nil
	}
	return d.cols
}

// look puts what is in a source into the heaps.
func (f *finder) look(src source) error {
	switch src.what {
	case wholePartition:
		return f.partition(src.view)
	case blockOnDisk:
		d, err := f.s.load(place{src.view.p.id, src.at})
		if err != nil {
			return nil // told; the others are looked at
		}
		if len(f.wanted) > 0 {
			f.rows(src, d.cols, d.rows(f.wanted))
		} else {
			f.rows(src, d.cols, nil)
		}
	case blockInMemory:
		t := &src.view.tails[src.at]
		if len(f.wanted) == 0 {
			f.rows(src, t.columns(), nil)
		} else if rows := rowsOf(t.hashes, f.wanted); len(rows) > 0 {
			f.rows(src, t.columns(), rows)
		}
	}
	return nil
}

// rows looks at some rows of a block, at all if there is no list and no keys are
// asked for.
func (f *finder) rows(src source, c *block.Columns, list []uint32) {
	if len(f.wanted) > 0 {
		for _, row := range list {
			f.try(src, c, row)
		}
		return
	}
	for row := range uint32(c.Len()) {
		f.try(src, c, row)
	}
}

// try asks first what costs nothing to know.
func (f *finder) try(src source, c *block.Columns, row uint32) {
	q, start := f.q, c.Starts[row]
	took := c.Ends[row] - start
	if !q.Holds(start) || q.Errors && c.Status(int(row)) != span.Error ||
		q.MinDuration != 0 && took < q.MinDuration || q.MaxDuration != 0 && took > q.MaxDuration ||
		q.Service != "" && c.Service(int(row)) != q.Service || q.Operation != "" && c.Name(int(row)) != q.Operation {
		return
	}
	if q.Where != nil && !store.Match(q.Where, f.row(c, row)) {
		return
	}
	heap.Push(&f.hits, hit{start, row, src})
}

// partition makes sources of the blocks of a partition that may hold answers.
func (f *finder) partition(v *view) error {
	for i := range v.tails {
		if c := v.tails[i].columns(); c.Len() > 0 {
			heap.Push(&f.sources, source{slices.Max(c.Starts), v, blockInMemory, uint32(i)})
		}
	}
	if len(f.wanted) > 0 {
		list, err := f.s.blocks(v, f.wanted, f.q.Window)
		if err != nil {
			return err
		}
		for _, b := range list {
			heap.Push(&f.sources, source{v.max, v, blockOnDisk, b})
		}
		return nil
	}
	return f.s.summaries(v, func(b uint32, sum *index.Summary) {
		if sum.May(f.q) {
			heap.Push(&f.sources, source{sum.Max, v, blockOnDisk, b})
		}
	})
}

// summaries reads those of the blocks on disk. A damaged one is told, and its block
// taken for one that may hold anything.
func (s *Store) summaries(v *view, yield func(block uint32, sum *index.Summary)) error {
	lower := key(keySummary, v.p.id)
	it, err := s.db.NewIter(&pebble.IterOptions{LowerBound: lower, UpperBound: key(keySummary, v.p.id, uint64(v.end))})
	if err != nil {
		return fmt.Errorf("read summaries: %w", err)
	}
	for ok := it.First(); ok; ok = it.Next() {
		if len(it.Key()) != numberLen {
			continue
		}
		sum, err := index.ReadSummary(it.Value())
		if err != nil {
			s.note("block %d of partition %d: %v", numberOf(it.Key()), v.p.id, err)
			sum = &index.Summary{Min: v.min, Max: v.max}
			sum.Widen()
		}
		yield(numberOf(it.Key()), sum)
	}
	if err := it.Close(); err != nil {
		return fmt.Errorf("read summaries: %w", err)
	}
	return nil
}
