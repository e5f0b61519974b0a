package kernel

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"sync/atomic"
	"time"

	"github.com/wirespan/wirespan/bpf/sys"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/link"
)

// pollTime is how long events gather, when there are none: waking the reader for
// each costs more than all the rest.
const pollTime = 10 * time.Millisecond

// kernelSource reads events from the ring of loaded programs.
type kernelSource struct {
	tier  sys.Tier
	coll  *ebpf.Collection
	links []link.Link
	ring  eventRing

	clock clock

	counts interface {
		read() ([numCounts]uint64, error)
	}
	names         *names // of tier legacy, nil otherwise
	wakes         wakes
	own           uint32 // our process as the kernel numbers it
	gosMu         sync.Mutex
	gos           tgidSet // named by SetGo; those that have ended stay, and cost a lookup
	read, garbled atomic.Uint64
}

// Read, see Source.
func (s *kernelSource) Read(ctx context.Context, dst []sys.Event) (n int, err error) {
	if len(dst) == 0 {
		return 0, nil
	}
	for n == 0 {
		if err := ctx.Err(); err != nil {
			return 0, err
		}
		if err := s.ring.wait(pollTime); err != nil {
			return 0, err
		}
		if n, err = s.drain(dst); err != nil {
			break
		}
	}
	s.read.Add(uint64(n))
	return n, err
}

// drain takes what is in the ring, as far as there is room for it.
func (s *kernelSource) drain(dst []sys.Event) (n int, err error) {
	defer s.ring.taken()
	for n < len(dst) {
		b, err := s.ring.next()
		switch {
		case err == nil:
		case errors.Is(err, errNoMore):
			return n, nil
		case errors.Is(err, io.EOF):
			return n, io.EOF
		default:
			return n, fmt.Errorf("read ring: %w", err)
		}
		e := &dst[n]
		if !sys.Decode(b, e) {
			s.garbled.Add(1)
			continue
		}
		if s.names != nil && !s.names.complete(e) {
			continue
		}
		e.Time = s.clock.real(e.Time)
		n++
	}
	return n, nil
}

// Stats, see Source.
func (s *kernelSource) Stats() (sys.Stats, error) {
	n, err := s.counts.read()
	if err != nil {
		return sys.Stats{}, fmt.Errorf("read counters: %w", err)
	}
	unnamed := uint64(0)
	if s.names != nil {
		unnamed = s.names.unnamed.Load()
	}
	return sys.Stats{
		Unnamed: unnamed,
		Seen:    n[countSeen], Filtered: n[countFiltered], Emitted: n[countEmitted], Dropped: n[countDropped],
		Bad: n[countBad], Skipped: n[countSkipped], Garbled: s.garbled.Load(), Read: s.read.Load(),
	}, nil
}

// Tier, see Source.
func (s *kernelSource) Tier() sys.Tier { return s.tier }

// Close, see Source. The programs leave the kernel; what they have told by then
// is still to be read.
func (s *kernelSource) Close() error {
	var errs []error
	errs = append(errs, s.wakes.close())
	for _, l := range s.links {
		errs = append(errs, l.Close())
	}
	s.links = nil
	if s.ring != nil {
		errs = append(errs, s.ring.stop())
	}
	s.coll.Close()
	return errors.Join(errs...)
}
