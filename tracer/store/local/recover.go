package local

import (
	"container/list"
	"context"
	"fmt"
	"time"

	"github.com/cockroachdb/pebble/v2"

	"github.com/wirespan/wirespan/tracer/span"
	"github.com/wirespan/wirespan/tracer/store"
	"github.com/wirespan/wirespan/tracer/store/local/block"
	"github.com/wirespan/wirespan/tracer/store/local/index"
)

// read makes the tables in memory of what is on disk.
func (s *Store) read(ctx context.Context) error {
	s.parts, s.slots, s.bad = map[uint64]*partition{}, map[int64]*partition{}, map[place]bool{}
	s.queue, s.last = nil, 0
	s.cache.at, s.cache.bytes = map[place]*list.Element{}, 0
	s.cache.byAge.Init()
	steps := [...]struct {
		letter byte
		read   func(k, v []byte) error
	}{{keyPartition, s.readPartition}, {keyRun, s.readRun}, {keySummary, nil}, {keyFragment, s.readFragment}}
	for _, step := range steps {
		var err error
		if step.letter == keySummary {
			err = s.readRecent(ctx)
		} else {
			err = s.scan(ctx, []byte{step.letter}, step.read)
		}
		if err != nil {
			return fmt.Errorf("read store %s: %w", s.dir, err)
		}
	}
	s.settle()
	return s.readFilters(ctx)
}

// scan calls read with all keys that begin so.
func (s *Store) scan(ctx context.Context, prefix []byte, read func(k, v []byte) error) error {
	lower, upper := within(prefix)
	return s.scanRange(ctx, lower, upper, read)
}

func (s *Store) scanRange(ctx context.Context, lower, upper []byte, read func(k, v []byte) error) error {
	it, err := s.db.NewIter(&pebble.IterOptions{LowerBound: lower, UpperBound: upper})
	if err != nil {
		return err
	}
	for ok := it.First(); ok; ok = it.Next() {
		if err = ctx.Err(); err != nil {
			break
		}
		v, verr := it.ValueAndErr()
		if err = verr; err != nil {
			break
		}
		if err = read(it.Key(), v); err != nil {
			break
		}
	}
	if cerr := it.Close(); err == nil {
		err = cerr
	}
	return err
}

func (s *Store) readPartition(k, v []byte) error {
	if len(k) != partLen {
		return nil
	}
	p, err := readPartition(partOf(k), v)
	if err != nil {
		return err
	}
	p.used = time.Unix(0, int64(p.id))
	s.parts[p.id] = p
	s.last = max(s.last, p.id)
	return nil
}

func (s *Store) readRun(k, v []byte) error {
	p := s.parts[partOf(k)]
	if p == nil || len(k) != numberLen {
		return nil
	}
	r, err := readRun(numberOf(k), v)
	if err != nil {
		return err
	}
	p.runs = append(p.runs, r)
	p.next = max(p.next, r.last+1)
	p.add(r.spans, r.bytes, r.min, r.max)
	return nil
}

// add counts spans that are on disk.
func (p *partition) add(spans uint64, bytes, from, to int64) {
	p.spans, p.bytes = p.spans+spans, p.bytes+bytes
	p.min, p.max = min(p.min, from), max(p.max, to)
}

// readRecent reads the blocks that are in no run, for what is to be in memory of
// them.
func (s *Store) readRecent(ctx context.Context) error {
	for _, p := range s.parts {
		lower := key(keySummary, p.id, uint64(p.next))
		_, upper := within(key(keySummary, p.id))
		err := s.scanRange(ctx, lower, upper, func(k, v []byte) error {
			if len(k) != numberLen {
				return nil
			}
			sum, err := index.ReadSummary(v)
			if err != nil {
				return err
			}
			r := &recent{number: numberOf(k), spans: uint64(sum.Spans), bytes: sum.Bytes + int64(len(v)), min: sum.Min, max: sum.Max, rates: index.Table{}}
			if d, err := s.load(place{p.id, r.number}); err == nil {
				r.read(d.cols)
			}
			p.recent = append(p.recent, r)
			p.rows += len(r.rates)
			p.next = r.number + 1
			p.add(r.spans, r.bytes, r.min, r.max)
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// read takes keys and rates from the spans of a block.
func (r *recent) read(c *block.Columns) {
	var rd block.Reader
	var keys []store.Key
	rd.Open(c)
	for range c.Len() {
		sp := rd.Next()
		keys = store.AppendKeys(keys[:0], sp)
		for _, k := range keys {
			r.hashes = append(r.hashes, index.Hash(k))
		}
		var one index.Count
		if store.Counted(sp) {
			one.Span(sp.End-sp.Start, sp.Status == span.Error)
		}
		r.rates.Add(index.Row{
			Step: store.Floor(sp.Start, store.RateStep), Service: sp.Service, Name: sp.Name,
			Protocol: sp.Protocol(), Signal: sp.Signal,
		}, &one)
	}
	r.sort()
}

// readFragment puts the spans of a fragment back into its block. One of a block that
// is whole on disk is left from a write that was not synced; it goes with the block.
func (s *Store) readFragment(k, v []byte) error {
	p := s.parts[partOf(k)]
	if p == nil || len(k) != moreLen {
		return nil
	}
	number := numberOf(k)
	var t *tail
	if n := len(p.tails); n > 0 && p.tails[n-1].number == number {
		t = p.tails[n-1]
	}
	if t == nil {
		if number < p.next {
			return nil
		}
		t = s.makeTail(p, number)
	}
	cols, err := s.code.Decode(v)
	if err != nil {
		s.note("fragment of block %d of partition %d: %v", number, p.id, err)
		t.full = true // what is behind it keeps its rows
		return nil
	}
	var r block.Reader
	r.Open(cols)
	for range cols.Len() {
		s.put(t, r.Next())
	}
	t.rows = t.b.Len()
	return nil
}

// settle chooses the partitions to which spans go, and closes blocks that others
// came behind.
func (s *Store) settle() {
	for _, p := range s.parts {
		if o := s.slots[p.from]; o == nil || o.id < p.id {
			s.slots[p.from] = p
		}
		for i, t := range p.tails {
			if t.full || i < len(p.tails)-1 || t.b.Len() >= s.cfg.BlockSpans {
				s.seal(t)
			}
		}
	}
}
