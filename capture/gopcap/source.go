package gopcap

import (
	"context"
	"fmt"
	"io"
	"slices"
	"sync"
	"time"

	"golang.org/x/net/bpf"

	"github.com/wirespan/wirespan/capture"
)

var (
	_ capture.Source   = (*Source)(nil)
	_ capture.Lender   = (*Source)(nil)
	_ capture.Filterer = (*Source)(nil)
)

// Source is a live capture through go-pcap. A goroutine per interface copies
// packets into a bounded queue, which ReadBatch takes from.
type Source struct {
	cfg    Config
	points []capture.Point
	closed chan struct{}
	once   sync.Once
	wg     sync.WaitGroup

	mu      sync.Mutex
	queue   []capture.Packet // a ring
	head, n int
	more    chan struct{} // holds one token when there may be packets
	devices []*device
	compile func(capture.LinkType) ([]bpf.RawInstruction, error)
	stats   capture.Stats
	stopped bool
}

// Open starts capturing. All interfaces must exist and be up.
func Open(cfg Config) (*Source, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	s := &Source{
		cfg: cfg, compile: cfg.Filter, closed: make(chan struct{}), more: make(chan struct{}, 1),
		queue: make([]capture.Packet, cfg.Queue),
	}
	for _, name := range cfg.Interfaces {
		h, err := openHandle(name, &cfg, cfg.Filter)
		if err != nil {
			for _, d := range s.devices {
				d.handle.h.Close() // nobody reads them yet
			}
			return nil, err
		}
		s.devices = append(s.devices, &device{s: s, name: name, point: s.point(name), handle: h, since: time.Now()})
	}
	for _, d := range s.devices {
		s.wg.Go(d.run)
	}
	return s, nil
}

func (s *Source) point(name string) uint16 {
	if s.cfg.PointName != nil {
		name = s.cfg.PointName(name)
	}
	if at := slices.IndexFunc(s.points, func(p capture.Point) bool { return p.Name == name }); at >= 0 {
		return uint16(at)
	}
	s.points = append(s.points, capture.Point{Name: name})
	return uint16(len(s.points) - 1)
}

// Points, see capture.Source.
func (s *Source) Points() []capture.Point { return s.points }

// ReadBatch, see capture.Source. Packets stay valid for good.
func (s *Source) ReadBatch(ctx context.Context, dst []capture.Packet) (int, error) {
	for {
		if err := ctx.Err(); err != nil {
			return 0, err
		}
		n, end := s.take(dst)
		if n > 0 || len(dst) == 0 {
			return n, nil
		}
		if end {
			return 0, io.EOF
		}
		select {
		case <-s.more:
		case <-s.closed:
			return 0, io.EOF
		case <-ctx.Done():
		}
	}
}

func (s *Source) take(dst []capture.Packet) (n int, end bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for n < len(dst) && s.n > 0 {
		p := &s.queue[s.head]
		dst[n], *p = *p, capture.Packet{}
		s.head = (s.head + 1) % len(s.queue)
		s.n--
		s.stats.Packets++
		s.stats.Bytes += uint64(len(dst[n].Data))
		s.stats.WireBytes += uint64(dst[n].WireLen)
		n++
	}
	return n, s.stopped
}

// put queues a packet, which belongs to the queue then, or drops it.
func (s *Source) put(p capture.Packet) {
	s.mu.Lock()
	s.stats.Received++
	switch {
	case s.stopped:
	case s.n == len(s.queue):
		s.stats.Drops++
	default:
		s.queue[(s.head+s.n)%len(s.queue)] = p
		s.n++
	}
	s.mu.Unlock()
	select {
	case s.more <- struct{}{}:
	default:
	}
}

// Lend, see capture.Lender: every packet has memory of its own.
func (s *Source) Lend() (release func()) { return func() {} }

// Stats, see capture.Source. Drops counts what the queue dropped: go-pcap does
// not tell what the kernel did.
func (s *Source) Stats() (capture.Stats, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.stats, nil
}

// SetFilter replaces the filter on all interfaces, whose link types have to be
// the same; nil lifts it.
func (s *Source) SetFilter(program []bpf.RawInstruction) error {
	if program == nil {
		return s.SetFilterFunc(nil)
	}
	s.mu.Lock()
	for _, d := range s.devices {
		if a, b := d.handle, s.devices[0].handle; a.link != b.link {
			s.mu.Unlock()
			return fmt.Errorf("set filter: interfaces have link types %d and %d, one program cannot suit both", b.link, a.link)
		}
	}
	s.mu.Unlock()
	return s.SetFilterFunc(func(capture.LinkType) ([]bpf.RawInstruction, error) { return program, nil })
}

// SetFilterFunc replaces the filter on all interfaces; nil lifts it. Packets
// that are queued passed the filter before.
func (s *Source) SetFilterFunc(compile func(capture.LinkType) ([]bpf.RawInstruction, error)) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	programs := make([][]bpf.RawInstruction, len(s.devices))
	for n, d := range s.devices {
		if compile == nil {
			continue
		}
		var err error
		if programs[n], err = compile(d.handle.link); err != nil {
			return fmt.Errorf("set filter on %s: %w", d.name, err)
		}
	}
	s.compile = compile
	for n, d := range s.devices {
		if d.dead {
			continue // it gets the filter when it is back
		}
		if err := d.handle.attach(programs[n]); err != nil {
			return fmt.Errorf("set filter on %s: %w", d.name, err)
		}
	}
	return nil
}

// Stop takes no more packets; ReadBatch yields those in the queue, then io.EOF.
// What the ring of go-pcap holds is not waited for.
func (s *Source) Stop() error {
	s.mu.Lock()
	s.stopped = true
	s.mu.Unlock()
	select {
	case s.more <- struct{}{}:
	default:
	}
	return nil
}

// closeTime is how long Close waits for goroutines to end.
const closeTime = 100 * time.Millisecond

// Close unblocks ReadBatch. Goroutines that sleep in go-pcap end with the next
// packet on their interfaces, which may be after Close has returned.
func (s *Source) Close() error {
	s.once.Do(func() {
		close(s.closed)
		s.mu.Lock()
		s.stopped = true
		for _, d := range s.devices {
			if !d.dead {
				_ = d.handle.attach(nil)
			}
		}
		s.mu.Unlock()
		ended := make(chan struct{})
		go func() {
			s.wg.Wait()
			close(ended)
		}()
		select {
		case <-ended:
		case <-time.After(closeTime):
		}
	})
	return nil
}
