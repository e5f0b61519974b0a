//go:build linux

package afpacket

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/net/bpf"
	"golang.org/x/sys/unix"

	"github.com/wirespan/wirespan/capture"
)

var (
	_ capture.Source   = (*Source)(nil)
	_ capture.Lender   = (*Source)(nil)
	_ capture.Filterer = (*Source)(nil)
)

// Source is a live capture: a capture.Source, Lender and Filterer. It reads
// the rings of its interfaces on the goroutine that calls ReadBatch, in the
// order of time as far as packets are there.
type Source struct {
	group *group
	id    int // in the group

	waking sync.Mutex
	wake   int // eventfd that ends a wait, -1 after Close

	fresh  []*ring // under group.mu: rings that the reader does not know yet
	change atomic.Bool
	closed atomic.Bool
	stopAt atomic.Int64 // time in ns after which nothing is handed on, 0 none
	spare  chan *loan

	reading sync.Mutex // held while ReadBatch runs
	rings   []*ring
	polls   []unix.PollFd
	timeout unix.Timespec
	batch   []unit // units that the last batch borrows
	taps    tapCache
	seen    *sightings // nil: duplicates are kept
	n       readCounts // the reader's

	published atomicCounts
}

// readCounts are what the reader counts.
type readCounts struct{ packets, bytes, wire, filtered, duplicates, faults, hardware uint64 }

// atomicCounts are readCounts for others to read.
type atomicCounts struct {
	packets, bytes, wire, filtered, duplicates, faults, hardware atomic.Uint64
}

func (a *atomicCounts) publish(n *readCounts) {
	a.packets.Store(n.packets)
	a.bytes.Store(n.bytes)
	a.wire.Store(n.wire)
	a.filtered.Store(n.filtered)
	a.duplicates.Store(n.duplicates)
	a.faults.Store(n.faults)
	a.hardware.Store(n.hardware)
}

// unit is a reference to a unit of a ring.
type unit struct {
	ring *ring
	n    int
}

func newSource(g *group, id int) (*Source, error) {
	wake, err := unix.Eventfd(0, unix.EFD_CLOEXEC|unix.EFD_NONBLOCK)
	if err != nil {
		return nil, fmt.Errorf("open eventfd: %w", err)
	}
	s := &Source{group: g, id: id, wake: wake, spare: make(chan *loan, 64)}
	if g.cfg.Duplicates > 0 {
		s.seen = newSightings(g.cfg.Duplicates)
	}
	return s, nil
}

// ReadBatch, see capture.Source. A context that is cancelled is noticed within
// 50 ms, its deadline at once. After Close, and after what Stop left, it
// returns io.EOF.
func (s *Source) ReadBatch(ctx context.Context, dst []capture.Packet) (int, error) {
	s.reading.Lock()
	defer s.reading.Unlock()
	s.reclaim()
	for {
		if s.closed.Load() {
			s.end()
			return 0, io.EOF
		}
		if s.change.Load() {
			s.adopt()
		}
		if err := ctx.Err(); err != nil {
			return 0, err
		}
		n, hold := s.fill(dst)
		s.published.publish(&s.n)
		if n > 0 || len(dst) == 0 {
			return n, nil
		}
		s.reclaim() // of packets that were all left out
		if s.exhausted() {
			return 0, io.EOF
		}
		if err := s.wait(ctx, hold); err != nil {
			return 0, err
		}
	}
}

// reclaim gives back the units of the last batch.
func (s *Source) reclaim() {
	for _, u := range s.batch {
		u.ring.release(u.n)
	}
	s.batch = s.batch[:0]
}

// fill takes packets in the order of time. When it takes none because others
// may be earlier, hold is when to look again.
func (s *Source) fill(dst []capture.Packet) (n int, hold time.Duration) {
	for n < len(dst) {
		r, limit, wait := s.earliest()
		if r == nil {
			hold = wait
			break
		}
		n += r.take(s, dst[n:], limit)
		if !r.reading {
			s.keep(r, false)
		}
	}
	for _, r := range s.rings {
		if r.touched {
			s.keep(r, true)
		}
	}
	return n, hold
}

// keep notes that the batch borrows the current unit of a ring, which it
// shares with the reader if that has more to read in it.
func (s *Source) keep(r *ring, shared bool) {
	r.touched = false
	s.batch = append(s.batch, unit{r, r.cur})
	if shared {
		r.refs[r.cur].Add(1)
	} else {
		r.next()
	}
}

// wait sleeps until a ring has packets, something changed, or ctx ends.
func (s *Source) wait(ctx context.Context, hold time.Duration) error {
	d := 50 * time.Millisecond
	if hold > 0 {
		d = min(d, hold)
	}
	if end, ok := ctx.Deadline(); ok {
		d = min(d, time.Until(end))
	}
	if s.stopAt.Load() != 0 {
		d = min(d, time.Millisecond)
	}
	s.polls = append(s.polls[:0], unix.PollFd{Fd: int32(s.wake), Events: unix.POLLIN})
	for _, r := range s.rings {
		p := unix.PollFd{Fd: int32(r.fd), Events: unix.POLLIN}
		switch {
		case r.reading && hold > 0:
			p.Fd = -1 // its packets wait for those of others
		case r.blocked() || r.reading:
			// Lent blocks make the socket readable: it is looked at by time.
			p.Fd, d = -1, min(d, time.Millisecond)
		case r.poll:
			d = min(d, s.group.cfg.Retire)
		}
		s.polls = append(s.polls, p)
	}
	s.timeout = unix.NsecToTimespec(max(0, d.Nanoseconds()))
	n, err := unix.Ppoll(s.polls, &s.timeout, nil)
	switch {
	case errors.Is(err, unix.EINTR) || n == 0 && err == nil:
		return nil
	case err != nil:
		return fmt.Errorf("wait for packets: %w", err)
	}
	return s.answer()
}

// answer deals with what poll reported.
func (s *Source) answer() error {
	if s.polls[0].Revents != 0 {
		var b [8]byte
		_, _ = unix.Read(s.wake, b[:])
	}
	for n, r := range s.rings {
		if s.polls[n+1].Revents&(unix.POLLERR|unix.POLLHUP|unix.POLLNVAL) == 0 {
			continue
		}
		// Reading the error clears it. An interface that is down comes back, or
		// vanishes, which rtnetlink tells.
		code, err := unix.GetsockoptInt(r.fd, unix.SOL_SOCKET, unix.SO_ERROR)
		if err != nil {
			return fmt.Errorf("capture on %s: %w", r.name, err)
		}
		switch e := unix.Errno(code); e {
		case 0, unix.ENETDOWN, unix.ENODEV, unix.ENXIO, unix.ENOBUFS:
		default:
			return fmt.Errorf("capture on %s: %w", r.name, e)
		}
	}
	return nil
}

// adopt takes over rings of interfaces that appeared, and lets go of those
// whose interfaces have gone and that are read to their ends.
func (s *Source) adopt() {
	s.change.Store(false)
	s.group.mu.Lock()
	s.rings = append(s.rings, s.fresh...)
	s.fresh = s.fresh[:0]
	s.group.mu.Unlock()
	kept := s.rings[:0]
	for _, r := range s.rings {
		if r.gone.Load() && r.stop.IsZero() {
			// The block that is being filled comes after the retire timeout.
			r.stop = time.Now().Add(s.group.drain())
		}
		if !r.stop.IsZero() {
			if !r.ready() && time.Now().After(r.stop) {
				s.group.closed(r)
				continue
			}
			s.change.Store(true) // look again
		}
		kept = append(kept, r)
	}
	clear(s.rings[len(kept):])
	s.rings = kept
}

// exhausted reports whether a source that was stopped has given all.
func (s *Source) exhausted() bool {
	at := s.stopAt.Load()
	return at != 0 && time.Now().UnixNano() > at+int64(s.group.drain())
}

// Stop takes no more packets, on this source alone; ReadBatch yields those in
// the rings, then io.EOF.
func (s *Source) Stop() error {
	if !s.stopAt.CompareAndSwap(0, time.Now().UnixNano()) {
		return nil
	}
	err := s.group.refuse(s.id)
	s.wakeUp()
	return err
}

// Close ends the capture and unblocks ReadBatch. What the last ReadBatch
// handed out stays valid until the next, and what is lent until its release.
func (s *Source) Close() error {
	if s.closed.Swap(true) {
		return nil
	}
	s.wakeUp()
	s.reading.Lock()
	defer s.reading.Unlock()
	s.end()
	s.closeWake()
	s.group.leave(s)
	return nil
}

// end closes all rings; the caller holds reading.
func (s *Source) end() {
	s.adopt()
	for _, r := range s.rings {
		r.abandon()
		s.group.closed(r)
	}
	s.rings = nil
}

func (s *Source) wakeUp() {
	s.waking.Lock()
	defer s.waking.Unlock()
	if s.wake >= 0 {
		_, _ = unix.Write(s.wake, []byte{1, 0, 0, 0, 0, 0, 0, 0})
	}
}

func (s *Source) closeWake() {
	s.waking.Lock()
	defer s.waking.Unlock()
	_ = unix.Close(s.wake)
	s.wake = -1
}

// Points, see capture.Source. Sources of one OpenFanout have the same list.
func (s *Source) Points() []capture.Point { return *s.group.points.Load() }

// Degraded lists what the kernel refused so far, over all sources opened
// together.
func (s *Source) Degraded() []Degraded {
	s.group.mu.Lock()
	defer s.group.mu.Unlock()
	return append([]Degraded(nil), s.group.degraded...)
}

// SetFilter replaces the filter, of all sources opened together; nil lifts it.
// The program must suit the link types of all interfaces, which therefore have
// to be the same; else use SetFilterFunc.
func (s *Source) SetFilter(program []bpf.RawInstruction) error {
	if program == nil {
		return s.SetFilterFunc(nil)
	}
	links := s.group.links()
	if len(links) > 1 {
		return fmt.Errorf("set filter: interfaces have link types %v, one program cannot suit them", links)
	}
	return s.SetFilterFunc(func(capture.LinkType) ([]bpf.RawInstruction, error) { return program, nil })
}

// SetFilterFunc replaces the filter on all rings, of all sources opened
// together, and for interfaces that come later; nil lifts it. compile must not
// call the source. It may be called from any goroutine. Each ring changes at
// once; packets that are in it already passed the filter before. After an
// error of compile the filters are as before.
func (s *Source) SetFilterFunc(compile func(capture.LinkType) ([]bpf.RawInstruction, error)) error {
	return s.group.setFilter(compile)
}
