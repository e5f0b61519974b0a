//go:build linux

package listen

import "sync/atomic"

// loan is the blocks of a batch that somebody else has.
type loan struct {
	source *Source
	blocks []*block
	lent   atomic.Bool
	give   func() // give back, made once
}

// Lend, see capture.Lender: the blocks behind the last batch are used again
// when release is called, from whatever goroutine. While all are lent, packets
// wait in the sockets, and what does not fit there is counted by the kernel.
func (s *Source) Lend() (release func()) {
	var l *loan
	select {
	case l = <-s.spare:
	default:
		l = &loan{source: s}
		l.give = l.release
	}
	l.blocks, s.batch = s.batch, l.blocks[:0]
	l.lent.Store(true)
	return l.give
}

func (l *loan) release() {
	if !l.lent.Swap(false) {
		return
	}
	for _, b := range l.blocks {
		b.drop()
	}
	clear(l.blocks)
	select {
	case l.source.spare <- l:
	default:
	}
}
