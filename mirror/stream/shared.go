package stream

import "sync/atomic"

// shared is what a parcel borrows when several batches need it: those that have
// its packets, and the parcel itself until it is read to its end.
type shared struct {
	refs    atomic.Int32
	release func()
}

func (s *shared) drop() {
	if s.refs.Add(-1) == 0 {
		s.release()
	}
}
