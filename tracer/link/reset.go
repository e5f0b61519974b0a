package link

// What a Linker keeps of its memory when it is reset, so that a large input does not
// stay for ever.
const (
	keptChunks = 8       // of slabs
	keptArena  = 8       // chunks
	keptSlots  = 1 << 14 // of the index, and of what joins opened with finished
)

// Reset makes the Linker what New returns, whatever it has done, and in whatever
// state it was left: nothing but memory, all zero, is used again. Its sinks are not
// called. It is not for Linkers that write on goroutines of their own (Config.Async).
func (l *Linker) Reset(cfg Config, points Points) error {
	if err := cfg.Validate(); err != nil {
		return err
	}
	exchs, sights, kins, more := l.exchs.cleared(), l.sights.cleared(), l.kins.cleared(), l.ix.more.cleared()
	bytes, slots, byslot := l.bytes.cleared(), l.ix.slots, l.byslot
	*l = Linker{}
	l.begin(cfg, points)
	l.exchs, l.sights, l.kins, l.ix.more, l.bytes = exchs, sights, kins, more, bytes
	if len(slots) <= keptSlots {
		clear(slots)
		l.ix.slots = slots
	}
	for i := range byslot {
		if cap(byslot[i]) <= keptSlots {
			l.byslot[i] = byslot[i][:0]
		}
	}
	return nil
}

// cleared is an empty slab with the memory of one that is given up.
func (s *slab[T]) cleared() slab[T] {
	for i, left := 0, int(s.n)+1; i < min(len(s.chunks), keptChunks) && left > 0; i, left = i+1, left-slabChunk {
		clear(s.chunks[i][:min(left, slabChunk)])
	}
	kept := s.chunks
	if len(kept) > keptChunks {
		kept = append([]*[slabChunk]T(nil), kept[:keptChunks]...)
	}
	return slab[T]{chunks: kept}
}

// cleared is an empty arena with the memory of one that is given up.
func (a *arena) cleared() (c arena) {
	c.spare = a.spare
	for i := range a.chunks {
		if len(c.spare) < keptArena {
			c.spare = append(c.spare, a.chunks[i].buf[:0])
		}
	}
	return c
}

// room is memory for a chunk.
func (a *arena) room() []byte {
	n := len(a.spare)
	if n == 0 {
		return make([]byte, 0, chunkSize)
	}
	b := a.spare[n-1]
	a.spare = a.spare[:n-1]
	return b
}
