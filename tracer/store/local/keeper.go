package local

import (
	"context"
	"fmt"
	"time"

	"github.com/cockroachdb/pebble/v2"

	"github.com/wirespan/wirespan/tracer/store/local/index"
)

// keepEvery is the time between two looks at what is to be indexed or dropped.
const keepEvery = time.Second

// idleAfter is the time after which a block to which nothing is added is closed, and
// blocks are indexed however few there are.
const idleAfter = 10 * time.Minute

// keeper makes index runs and drops partitions.
func (s *Store) keeper(ctx context.Context) {
	defer s.done.Done()
	tick := time.NewTicker(keepEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-s.keep:
		case <-tick.C:
			s.bytes.Store(int64(s.db.Metrics().DiskSpaceUsage()))
		}
		if err := s.keepUp(ctx, time.Now()); err != nil {
			s.log.Error("store cannot index or drop", "error", err)
		}
	}
}

func (s *Store) keepUp(ctx context.Context, now time.Time) error {
	s.keeping.Lock()
	defer s.keeping.Unlock()
	for ctx.Err() == nil {
		p, list := s.unindexed(now)
		if p == nil {
			break
		}
		if err := s.makeRun(p, list); err != nil {
			return err
		}
	}
	if s.cfg.MaxAge > 0 && now.Sub(s.aliasesDropped) > time.Hour {
		s.aliasesDropped = now
		if err := s.dropAliases(ctx, now.Add(-s.cfg.MaxAge).UnixNano()); err != nil {
			return err
		}
	}
	for ctx.Err() == nil {
		p := s.expired(now)
		if p == nil {
			break
		}
		if err := s.drop(p); err != nil {
			return err
		}
	}
	return nil
}

// unindexed finds blocks that make a run, and closes blocks that are idle.
func (s *Store) unindexed(now time.Time) (*partition, []*recent) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, p := range s.parts {
		idle := now.Sub(p.used) > idleAfter
		if n := len(p.recent); p.due(s.cfg.RunBlocks) || idle && n > 0 && len(p.tails) == 0 {
			return p, p.recent[:min(n, s.cfg.RunBlocks)]
		}
		if t := p.open(); idle && t != nil {
			s.seal(t)
		}
	}
	return nil, nil
}

// makeRun writes the index of blocks.
func (s *Store) makeRun(p *partition, list []*recent) error {
	r := run{number: list[0].number, first: list[0].number, last: list[len(list)-1].number, min: list[0].min, max: list[0].max}
	total := 0
	rates := index.Table{}
	for _, b := range list {
		total += len(b.hashes)
		r.spans, r.bytes = r.spans+b.spans, r.bytes+b.bytes
		r.min, r.max = min(r.min, b.min), max(r.max, b.max)
		for row, c := range b.rates {
			rates.Add(row, c)
		}
	}
	r.layout = index.LayoutOf(total, int(r.last-r.first)+1)
	postings := make([]uint64, 0, total)
	for _, b := range list {
		for _, h := range b.hashes {
			postings = append(postings, r.layout.Posting(h, b.number-r.first))
		}
	}
	r.filter = filterOf(r.layout, postings)
	size, err := s.writeRun(p, &r, postings, rates)
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	p.runs = append(p.runs[:len(p.runs):len(p.runs)], r)
	s.dropFilters()
	p.recent = append([]*recent(nil), p.recent[len(list):]...)
	for _, b := range list {
		p.rows -= len(b.rates)
	}
	p.bytes += size
	return nil
}

func (s *Store) writeRun(p *partition, r *run, postings []uint64, rates index.Table) (size int64, err error) {
	b := s.db.NewBatch()
	defer b.Close()
	err = index.Pages(r.layout, postings, func(first uint64, page []byte) error {
		size += int64(len(page)) + pageLen
		return b.Set(key(keyPage, p.id, uint64(r.number), first), page, nil)
	})
	if err != nil {
		return 0, fmt.Errorf("write index: %w", err)
	}
	part := uint64(0)
	err = rates.Parts(func(data []byte) error {
		size += int64(len(data)) + moreLen
		part++
		return b.Set(key(keyRates, p.id, uint64(r.number), part), data, nil)
	})
	if err != nil {
		return 0, fmt.Errorf("write rates: %w", err)
	}
	filter := r.filter.Append(nil)
	size += int64(len(filter)) + numberLen
	if err := b.Set(key(keyFilter, p.id, uint64(r.number)), filter, nil); err != nil {
		return 0, fmt.Errorf("write filter: %w", err)
	}
	r.bytes += size
	if err := b.Set(key(keyRun, p.id, uint64(r.number)), r.record(), nil); err != nil {
		return 0, fmt.Errorf("write run: %w", err)
	}
	if err := b.Commit(pebble.NoSync); err != nil {
		return 0, fmt.Errorf("write index: %w", err)
	}
	return size, nil
}

// expired takes the partition that is to be dropped next out of the store. One with
// blocks in memory is closed first, and found the next time.
func (s *Store) expired(now time.Time) *partition {
	s.mu.Lock()
	defer s.mu.Unlock()
	var oldest *partition
	total := int64(0)
	for _, p := range s.parts {
		total += p.bytes
		if oldest == nil || p.age(s.cfg.Partition) < oldest.age(s.cfg.Partition) {
			oldest = p
		}
	}
	if oldest == nil {
		return nil
	}
	old := s.cfg.MaxAge > 0 && oldest.age(s.cfg.Partition) < now.Add(-s.cfg.MaxAge).UnixNano()
	large := s.cfg.MaxBytes > 0 && total > s.cfg.MaxBytes
	if !old && !large {
		return nil
	}
	if s.slots[oldest.from] == oldest {
		delete(s.slots, oldest.from) // what comes for its time begins another
	}
	if len(oldest.tails) > 0 {
		if t := oldest.open(); t != nil {
			s.seal(t)
		}
		return nil
	}
	delete(s.parts, oldest.id)
	s.counts.expired += oldest.spans
	return oldest
}

// drop deletes all that is on disk of a partition.
func (s *Store) drop(p *partition) error {
	b := s.db.NewBatch()
	defer b.Close()
	for _, letter := range partKeys {
		if err := b.DeleteRange(key(letter, p.id), key(letter, p.id+1), nil); err != nil {
			return fmt.Errorf("drop partition: %w", err)
		}
	}
	if err := b.Commit(pebble.NoSync); err != nil {
		return fmt.Errorf("drop partition: %w", err)
	}
	if _, err := s.db.AsyncFlush(); err != nil { // so that compaction knows
		return fmt.Errorf("drop partition: %w", err)
	}
	s.log.Info("store dropped a partition", "from", time.Unix(0, p.min).UTC(), "to", time.Unix(0, p.max).UTC(), "spans", p.spans, "bytes", p.bytes)
	return nil
}
