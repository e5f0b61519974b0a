package local

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/cockroachdb/pebble/v2"

	"github.com/wirespan/wirespan/tracer/store/local/block"
	"github.com/wirespan/wirespan/tracer/store/local/index"
)

// sealer writes blocks. All that is on disk of spans goes through it, in order.
type sealer struct {
	s     *Store
	enc   *block.Encoder
	part  *block.Builder // for fragments
	buf   []byte
	pairs []block.Pair
	dirty bool // something was written since the last sync
}

func (w *sealer) run(ctx context.Context) {
	defer w.s.done.Done()
	tick := time.NewTicker(w.s.cfg.SyncEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-w.s.wake:
			if err := w.sealAll(); err != nil {
				w.failed(err)
			}
		case <-tick.C:
			if err := w.sync(); err != nil {
				w.failed(err)
			}
		case reply := <-w.s.syncs:
			reply <- w.sync()
		}
	}
}

// failed tells of an error at writing. What it could not write stays in memory, and
// is tried again.
func (w *sealer) failed(err error) {
	w.s.log.Error("store cannot write", "error", err)
}

// sealAll writes the full blocks.
func (w *sealer) sealAll() error {
	s := w.s
	for {
		s.mu.Lock()
		var t *tail
		if len(s.queue) > 0 {
			t = s.queue[0]
		}
		s.mu.Unlock()
		if t == nil {
			return nil
		}
		r, err := w.sealOne(t)
		if err != nil {
			return err
		}
		w.replace(t, r)
	}
}

// sealOne writes a full block in place of its fragments.
func (w *sealer) sealOne(t *tail) (*recent, error) {
	p := t.part
	w.buf = w.enc.Encode(w.buf[:0], t.b)
	w.pairs = t.b.Pairs(w.pairs[:0])
	sum := index.NewSummary(t.b.Len(), t.min, t.max, int64(len(w.buf)), w.pairs)
	encoded := sum.Append(nil)
	b := w.s.db.NewBatch()
	defer b.Close()
	if err := set(b, p.recordIn(b), key(keyBlock, p.id, uint64(t.number)), w.buf); err != nil {
		return nil, err
	}
	if err := b.Set(key(keySummary, p.id, uint64(t.number)), encoded, nil); err != nil {
		return nil, fmt.Errorf("write summary: %w", err)
	}
	if t.rows > 0 {
		lower, upper := within(key(keyFragment, p.id, uint64(t.number)))
		if err := b.DeleteRange(lower, upper, nil); err != nil {
			return nil, fmt.Errorf("delete fragments: %w", err)
		}
	}
	if err := b.Commit(pebble.NoSync); err != nil {
		return nil, fmt.Errorf("write block: %w", err)
	}
	w.dirty, p.recorded = true, true
	r := &recent{number: t.number, spans: uint64(t.b.Len()), bytes: int64(len(w.buf) + len(encoded)), min: t.min, max: t.max, rates: t.table()}
	r.hashes = make([]uint64, len(t.hashes))
	for i := range t.hashes {
		r.hashes[i] = t.hashes[i].hash
	}
	r.sort()
	return r, nil
}

// recordIn puts the partition's record into a batch if it is not on disk. Only the
// sealer sets recorded.
func (p *partition) recordIn(b *pebble.Batch) error {
	if p.recorded {
		return nil
	}
	return b.Set(key(keyPartition, p.id), p.record(), nil)
}

func set(b *pebble.Batch, err error, k, v []byte) error {
	if err == nil {
		err = b.Set(k, v, nil)
	}
	if err != nil {
		return fmt.Errorf("write block: %w", err)
	}
	return nil
}

// replace puts the written block in the place of that in memory.
func (w *sealer) replace(t *tail, r *recent) {
	s, p := w.s, t.part
	s.mu.Lock()
	defer s.mu.Unlock()
	s.queue = append(s.queue[:0], s.queue[1:]...)
	p.tails = slices.DeleteFunc(p.tails, func(o *tail) bool { return o == t })
	p.recent = append(p.recent, r)
	p.rows += len(r.rates)
	p.bytes += r.bytes
	if t.readers == 0 && len(s.spare) < 2*maxQueue {
		t.b.Reset()
		s.spare = append(s.spare, spare{t.b, t.hashes[:0]})
	}
	t.b, t.hashes = nil, nil
	s.room.Broadcast()
	if p.due(s.cfg.RunBlocks) {
		select {
		case s.keep <- struct{}{}:
		default:
		}
	}
}

// sync writes full blocks, then what is new in open ones as fragments, and waits for
// the disk.
func (w *sealer) sync() error {
	if err := w.sealAll(); err != nil {
		return err
	}
	s := w.s
	s.mu.Lock()
	var open []*tail
	for _, p := range s.parts {
		for _, t := range p.tails {
			if t.b.Len() > t.rows {
				open = append(open, t)
			}
		}
	}
	s.mu.Unlock()
	for _, t := range open {
		if err := w.fragment(t); err != nil {
			return err
		}
	}
	if s.unsynced.Swap(false) {
		w.dirty = true
	}
	if !w.dirty {
		return nil
	}
	if err := s.db.LogData(nil, pebble.Sync); err != nil {
		return fmt.Errorf("sync store: %w", err)
	}
	w.dirty = false
	return nil
}

// fragment writes the rows of an open block that are not on disk. The block may have
// become full meanwhile; it is still there, since only the sealer replaces it.
func (w *sealer) fragment(t *tail) error {
	s, p := w.s, t.part
	s.mu.Lock()
	v := t.b.View()
	from := t.rows
	s.mu.Unlock()
	var r block.Reader
	r.Open(v.Columns())
	r.Skip(from)
	w.part.Reset()
	for r.Row() < v.Len() {
		w.part.Add(r.Next())
	}
	w.buf = w.enc.Encode(w.buf[:0], w.part)
	b := s.db.NewBatch()
	defer b.Close()
	if err := set(b, p.recordIn(b), key(keyFragment, p.id, uint64(t.number), uint64(from)), w.buf); err != nil {
		return err
	}
	if err := b.Commit(pebble.NoSync); err != nil {
		return fmt.Errorf("write fragment: %w", err)
	}
	w.dirty, p.recorded = true, true
	s.mu.Lock()
	t.rows = v.Len()
	s.mu.Unlock()
	return nil
}
