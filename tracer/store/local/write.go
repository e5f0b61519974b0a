package local

import (
	"context"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/wirespan/wirespan/tracer/span"
	"github.com/wirespan/wirespan/tracer/store"
	"github.com/wirespan/wirespan/tracer/store/local/block"
	"github.com/wirespan/wirespan/tracer/store/local/index"
)

// Write puts the spans into open blocks, where they can be read when it returns.
func (s *Store) Write(ctx context.Context, spans []store.Span) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for len(s.queue) > maxQueue && !s.closed && s.full.Load() == nil {
		s.room.Wait()
	}
	if s.closed {
		return errClosed
	}
	if why := s.full.Load(); why != nil {
		s.counts.refused += uint64(len(spans))
		return fmt.Errorf("%w: %s", store.ErrFull, *why)
	}
	now := time.Now()
	for i := range spans {
		s.add(&spans[i], now)
	}
	s.counts.written += uint64(len(spans))
	return nil
}

func (s *Store) add(sp *store.Span, now time.Time) {
	p := s.partition(sp.Start, now)
	t := p.open()
	if t == nil {
		t = s.newTail(p)
	}
	s.put(t, sp)
	p.used = now
	if t.b.Len() >= s.cfg.BlockSpans || t.b.Full() {
		s.seal(t)
	}
}

// put adds a span to an open block.
func (s *Store) put(t *tail, sp *store.Span) {
	row := uint32(t.b.Len())
	t.b.Add(sp)
	s.keys = store.AppendKeys(s.keys[:0], sp)
	for _, k := range s.keys {
		t.hashes = append(t.hashes, keyRow{index.Hash(k), row})
	}
	t.count(sp)
	if row == 0 {
		t.min, t.max = sp.Start, sp.Start
	}
	t.min, t.max = min(t.min, sp.Start), max(t.max, sp.Start)
	t.part.grow(sp.Start)
}

// partition is the one for a start.
func (s *Store) partition(start int64, now time.Time) *partition {
	slot := store.Floor(start, int64(s.cfg.Partition))
	p := s.slots[slot]
	if p == nil && len(s.slots) >= maxPartitions {
		slot = math.MinInt64
		p = s.slots[slot]
	}
	if p != nil && (s.cfg.MaxBytes == 0 || p.bytes < max(32<<20, s.cfg.MaxBytes/32)) {
		return p
	}
	if p != nil && p.open() != nil { // it is large, and another begins
		s.seal(p.open())
	}
	s.last = max(s.last+1, uint64(max(0, now.UnixNano())))
	p = &partition{id: s.last, from: slot, to: slot + int64(s.cfg.Partition), used: now}
	if slot == math.MinInt64 || p.to < p.from {
		p.to = 0
	}
	s.parts[p.id], s.slots[slot] = p, p
	return p
}

// newTail opens a block. When too many are open, that which waited longest is closed.
func (s *Store) newTail(p *partition) *tail {
	t := s.makeTail(p, p.next)
	open, idle := 0, (*partition)(nil)
	for _, o := range s.slots {
		if o.open() == nil || o == p {
			continue
		}
		if open++; idle == nil || o.used.Before(idle.used) {
			idle = o
		}
	}
	if open >= maxOpen {
		s.seal(idle.open())
	}
	return t
}

// spare is room of a block that was sealed.
type spare struct {
	b      *block.Builder
	hashes []keyRow
}

// makeTail puts an empty block behind the others of a partition.
func (s *Store) makeTail(p *partition, number uint32) *tail {
	room := spare{}
	if n := len(s.spare); n > 0 {
		room, s.spare = s.spare[n-1], s.spare[:n-1]
	} else {
		room.b = block.NewBuilder()
	}
	t := &tail{part: p, number: number, b: room.b, hashes: room.hashes, rates: map[rateKey]*index.Count{}}
	p.tails = append(p.tails, t)
	p.next = number + 1
	return t
}

// seal closes a block and hands it to the sealer.
func (s *Store) seal(t *tail) {
	t.full = true
	s.queue = append(s.queue, t)
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// count counts a span, if it counts; else that there was one.
func (t *tail) count(sp *store.Span) {
	k := rateKey{step: store.Floor(sp.Start, store.RateStep), protocol: t.protocolID(sp), signal: sp.Signal}
	k.service, k.name = t.b.LastIDs()
	c := t.rates[k]
	if c == nil {
		c = &index.Count{}
		t.rates[k] = c
	}
	if store.Counted(sp) {
		c.Span(sp.End-sp.Start, sp.Status == span.Error)
	}
}

// maxProtocols bounds the protocols of a block; spans of others count as of none.
const maxProtocols = 255

func (t *tail) protocolID(sp *store.Span) uint8 {
	name := sp.Protocol()
	at := slices.Index(t.protocol, name)
	if at < 0 {
		if len(t.protocol) == 0 {
			t.protocol = append(t.protocol, "")
		}
		if name == "" || len(t.protocol) > maxProtocols {
			return 0
		}
		at = len(t.protocol)
		t.protocol = append(t.protocol, string([]byte(name)))
	}
	return uint8(at)
}

// table is what was counted, by names.
func (t *tail) table() index.Table {
	table := make(index.Table, len(t.rates))
	for k, c := range t.rates {
		table.Add(index.Row{Step: k.step, Service: t.b.Text(k.service), Name: t.b.Text(k.name), Protocol: t.protocol[k.protocol], Signal: k.signal}, c)
	}
	return table
}

// Sync returns when all that was written is on disk.
func (s *Store) Sync(ctx context.Context) error {
	s.mu.Lock()
	closed := s.closed
	s.mu.Unlock()
	if closed {
		return errClosed
	}
	return s.syncNow(ctx)
}

func (s *Store) syncNow(ctx context.Context) error {
	reply := make(chan error, 1)
	select {
	case s.syncs <- reply:
	case <-ctx.Done():
		return ctx.Err()
	}
	select {
	case err := <-reply:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}
