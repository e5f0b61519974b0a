package record

import "math"

const (
	// segmentSlots is into how many segments a budget is divided, where that
	// gives segments between the bounds: so much is forgotten at a time.
	segmentSlots = 64
	minSegment   = 512 << 10 // the largest packet fits
	maxSegment   = 4 << 20
	flowBits     = 1 << 13
)

// segment is a part of the memory of Recent. What was appended does not change
// until reset.
type segment struct {
	buf         []byte // slots
	packets     uint64
	first, last int64 // packet times
	round       uint64
	pins        int // readers; no reset meanwhile
	flows       [flowBits / 64]uint64
}

func (s *segment) reset(round uint64) {
	*s = segment{buf: s.buf[:0], first: math.MaxInt64, last: math.MinInt64, round: round}
}

// note takes a packet into the index.
func (s *segment) note(at int64, hash uint32) {
	s.packets++
	s.first, s.last = min(s.first, at), max(s.last, at)
	s.flows[hash%flowBits/64] |= 1 << (hash % 64)
}

// has reports whether a flow with this hash may be in the segment.
func (s *segment) has(hash uint32) bool { return s.flows[hash%flowBits/64]&(1<<(hash%64)) != 0 }

// holds reports whether the segment may have packets of the selection.
func (s *segment) holds(sel *Selection) bool {
	if s.packets == 0 || s.first > sel.until || s.last < sel.from {
		return false
	}
	for h := range sel.hashes {
		if s.has(h) {
			return true
		}
	}
	return false
}
