package main

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/wirespan/wirespan/bpf/filter"
)

// Steps of the adaptive snap. Heads of requests and responses mostly fit the
// first; each time something is missed that a parser wanted, the next holds
// for snapHold.
var snapSteps = [...]uint32{512, 1024, 2048, 4096, 0}

const snapHold = 10 * time.Minute

// snapStep decides how much of a packet is taken. Its methods may be called by
// any goroutine.
type snapStep struct {
	mu     sync.Mutex
	at     int
	since  time.Time
	wanted uint64 // bytes that were cut off and that parsers wanted, when last looked
}

// keep is the present length, 0 for whole packets.
func (s *snapStep) keep() uint32 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return snapSteps[s.at]
}

// snaps are for the compiler. Only TCP has bodies that are passed over.
func (s *snapStep) snaps() []filter.Snap {
	keep := s.keep()
	if keep == 0 {
		return nil
	}
	return []filter.Snap{{If: filter.MustParse(fmt.Sprintf("tcp and greater %d", keep+1)), Len: keep}}
}

// look gets the number of bytes since the start that were cut off although a
// parser wanted them, and reports whether the length has changed: it grows when
// there are more, and shrinks again after snapHold without.
func (s *snapStep) look(now time.Time, wanted uint64) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	more := wanted > s.wanted
	s.wanted = wanted
	switch {
	case more && s.at < len(snapSteps)-1:
		s.at++
	case !more && s.at > 0 && now.Sub(s.since) >= snapHold:
		s.at--
	default:
		if more {
			s.since = now
		}
		return false
	}
	s.since = now
	return true
}

// adapt looks once in a while at what was cut off and wanted, and changes the
// filter programs with it.
func (r *liveRun) adapt(ctx context.Context) {
	t := time.NewTicker(2 * freshness)
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case now := <-t.C:
			s, _, _ := r.pipe.board.read()
			r.mu.Lock()
			if r.filter.snap.look(now, s.wantedCut()) {
				if err := r.src.setFilter(r.filter.compile); err != nil {
					r.line.warn(err)
				}
			}
			r.mu.Unlock()
		}
	}
}

// wantedCut is how many of the bytes that were cut off a parser wanted. A gap
// does not say why it is one, so the smaller count holds.
func (s *summary) wantedCut() uint64 {
	return min(s.flows.Truncated, s.engine.LostKept+s.engine.LostBoundary)
}
