//go:build linux

package afpacket

import (
	"math"
	"sync/atomic"
	"time"
)

// A block shows its packets when it is full or was retired, so that one ring may
// give packets while those of another that came before are not to be seen yet.
// Where the order matters (Config.Reorder), packets are held until every ring
// has shown a later one, or is silent for so long that nothing earlier can come.

// earliest chooses the ring with the earliest packet, and tells up to which
// time it may be read. Where packets of rings that show none now may be
// earlier, there is none, but a time after which to look again.
func (s *Source) earliest() (first *ring, limit int64, hold time.Duration) {
	limit = math.MaxInt64
	if len(s.rings) == 1 {
		if r := s.rings[0]; r.ready() {
			return r, limit, 0
		}
		return nil, 0, 0
	}
	silent := false
	for _, r := range s.rings {
		switch {
		case !r.ready():
			silent = silent || !r.gone.Load()
		case first == nil:
			first = r
		case r.head < first.head:
			first, limit = r, first.head
		case r.head < limit:
			limit = r.head
		}
	}
	if first == nil || !silent || s.group.cfg.Reorder == 0 || s.stopAt.Load() != 0 {
		return first, limit, 0
	}
	return s.settle(first, limit)
}

// settle holds packets back that others may come before: those of the last
// Config.Reorder. Packets of the future are those of a clock that was set back. A
// ring that is half full is read nevertheless, because what it has no room for is
// lost.
func (s *Source) settle(first *ring, limit int64) (*ring, int64, time.Duration) {
	now := time.Now().UnixNano()
	settled := now - int64(s.group.cfg.Reorder)
	switch {
	case first.head <= settled:
		return first, min(limit, settled), 0
	case first.head > now || s.pressed():
		return first, limit, 0
	}
	return nil, 0, s.lookAgain(first, time.Duration(first.head-settled))
}

// lookAgain is when to look at packets again of which the first one is settled
// after d: not for each of them, but before a link of 1 Gbit/s has filled a
// quarter of the ring.
func (s *Source) lookAgain(r *ring, d time.Duration) time.Duration {
	const rate = 120 // bytes per microsecond, with the ring's own headers
	room := time.Duration(len(r.mem)/4/rate) * time.Microsecond
	return min(d+s.group.cfg.Reorder/4, max(room, time.Millisecond))
}

func (s *Source) pressed() bool {
	for _, r := range s.rings {
		if r.pressed() {
			return true
		}
	}
	return false
}

// pressed reports whether half of a ring waits for the reader.
func (r *ring) pressed() bool {
	u := (r.cur + len(r.refs)/2) % len(r.refs)
	return u != r.cur && atomic.LoadUint32(r.word(u))&statusUser != 0
}
