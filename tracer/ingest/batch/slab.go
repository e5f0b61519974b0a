package batch

// keepChunk is the largest chunk, in elements, that waits for the next request.
const keepChunk = 1 << 16

// slab gives out lists. Elements are pushed on a stack, since lists stand within
// others, and become a list with take.
type slab[T any] struct {
	stack []T
	chunk []T
}

// take makes a list of what was pushed since the stack had this height.
func (s *slab[T]) take(height int) []T {
	top := s.stack[height:]
	if len(top) == 0 {
		return nil
	}
	if cap(s.chunk)-len(s.chunk) < len(top) {
		// The lists of the chunk before keep it alive.
		s.chunk = make([]T, 0, max(len(top), min(2*cap(s.chunk), keepChunk), 64))
	}
	at := len(s.chunk)
	s.chunk = append(s.chunk, top...)
	s.drop(height)
	return s.chunk[at:len(s.chunk):len(s.chunk)]
}

// drop forgets what was pushed since the stack had this height.
func (s *slab[T]) drop(height int) {
	clear(s.stack[height:])
	s.stack = s.stack[:height]
}

// reset takes all lists back.
func (s *slab[T]) reset() {
	s.drop(0)
	clear(s.chunk)
	s.chunk = s.chunk[:0]
	if cap(s.chunk) > keepChunk {
		s.chunk = nil
	}
	if cap(s.stack) > keepChunk {
		s.stack = nil
	}
}
