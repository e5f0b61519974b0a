//go:build linux

package afpacket

import "sync/atomic"

// loan is the units of a batch that somebody else has.
type loan struct {
	source *Source
	units  []unit
	lent   atomic.Bool
	give   func() // give back, made once
}

// Lend, see capture.Lender: the blocks behind the last batch go back to the
// kernel when release is called, from whatever goroutine. Blocks are read in
// the order of the ring, so while all are lent the kernel drops packets and
// counts them; the ring bounds what can be lent.
func (s *Source) Lend() (release func()) {
	var l *loan
	select {
	case l = <-s.spare:
	default:
		l = &loan{source: s}
		l.give = l.release
	}
	l.units, s.batch = s.batch, l.units[:0]
	l.lent.Store(true)
	return l.give
}

func (l *loan) release() {
	if !l.lent.Swap(false) {
		return
	}
	for _, u := range l.units {
		u.ring.release(u.n)
	}
	clear(l.units)
	select {
	case l.source.spare <- l:
	default:
	}
}
