package main

import (
	"context"
	"sync"
	"time"

	"golang.org/x/net/bpf"
)

// Classic BPF instructions (linux/filter.h), as bpf.RawInstruction has them.
const (
	bpfRetK   = 0x06 // ret #k
	bpfJump   = 0x05 // ja #k
	bpfLoadL  = 0x80 // ld len
	bpfIfGT   = 0x25 // jgt #k, jt, jf
	bpfMaxLen = 4096 // BPF_MAXINSNS
)

// cutAccepted makes a program keep the first bytes only of packets that are
// longer. What it accepted goes to a tail that looks at the length. A program
// that has no room for the tail, or returns a computed value, stays as it is.
func cutAccepted(prog []bpf.RawInstruction, keep uint32) []bpf.RawInstruction {
	if len(prog)+4 > bpfMaxLen {
		return prog
	}
	var whole uint32
	for _, in := range prog {
		if in.Op&0x07 == bpfRetK&0x07 && in.Op != bpfRetK {
			return prog
		}
		if in.Op == bpfRetK {
			whole = max(whole, in.K)
		}
	}
	if whole <= keep {
		return prog
	}
	out := make([]bpf.RawInstruction, 0, len(prog)+4)
	for i, in := range prog {
		if in.Op == bpfRetK && in.K > keep {
			in = bpf.RawInstruction{Op: bpfJump, K: uint32(len(prog) - i - 1)}
		}
		out = append(out, in)
	}
	return append(out,
		bpf.RawInstruction{Op: bpfLoadL},
		bpf.RawInstruction{Op: bpfIfGT, K: keep, Jt: 0, Jf: 1},
		bpf.RawInstruction{Op: bpfRetK, K: keep},
		bpf.RawInstruction{Op: bpfRetK, K: whole})
}

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
			if !r.filter.snap.look(now, s.wantedCut()) {
				continue
			}
			if err := r.src.setFilter(r.filter.compile); err != nil {
				r.line.warn(err)
			}
		}
	}
}

// wantedCut is how many of the bytes that were cut off a parser wanted. A gap
// does not say why it is one, so the smaller count holds.
func (s *summary) wantedCut() uint64 {
	return min(s.flows.Truncated, s.engine.LostKept+s.engine.LostBoundary)
}
