package link

// slabChunk is the number of elements that a slab grows by: growing copies
// nothing and leaves no garbage.
const slabChunk = 512

// slab is a growing array of elements that are named by index. Index 0 is not
// used. T has no pointers, so that the garbage collector does not look inside.
type slab[T any] struct {
	chunks []*[slabChunk]T
	free   []int32
	n      int32 // elements that were ever used
}

func (s *slab[T]) at(i int32) *T { return &s.chunks[i/slabChunk][i%slabChunk] }

// take returns an element, zero or as put left it.
func (s *slab[T]) take() int32 {
	if n := len(s.free); n > 0 {
		i := s.free[n-1]
		s.free = s.free[:n-1]
		return i
	}
	s.n++
	if int(s.n/slabChunk) >= len(s.chunks) {
		s.chunks = append(s.chunks, new([slabChunk]T))
	}
	return s.n
}

// put gives an element back.
func (s *slab[T]) put(i int32) { s.free = append(s.free, i) }

// live is the number of elements in use.
func (s *slab[T]) live() int { return int(s.n) - len(s.free) }
