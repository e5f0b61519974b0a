package pcapfile

import (
	"context"
	"io"
	"os"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/wirespan/wirespan/capture"
)

// Source reads capture files as one stream of packets. It meets
// capture.Source, Lender, Namer and Filterer.
//
// Packets of one file keep its order. Packets of several points are merged by
// time; one without a time, or with a time before its predecessor's, is merged
// as if it had the time of its predecessor. What is read depends on the bytes
// of the files alone; the division into batches does so for regular files, for
// pipes it follows the writer.
type Source struct {
	stdin  io.Reader
	follow bool
	anew   bool

	pool   pool
	lanes  []*lane // all that have not ended
	merge  merge
	filter filter
	extra  store

	points   []capture.Point
	agents   []string // who recorded the inputs
	settings []string // and how

	packets, bytes, wireBytes, filtered atomic.Uint64
	kernelDrops, ifaceDrops             atomic.Uint64
	read                                atomic.Int64
	size                                int64

	done   chan struct{} // closed by Close
	mu     sync.Mutex
	closed bool
	open   []io.Closer
	faults []*Fault
}

var (
	_ capture.Source   = (*Source)(nil)
	_ capture.Lender   = (*Source)(nil)
	_ capture.Namer    = (*Source)(nil)
	_ capture.Filterer = (*Source)(nil)
)

// ReadBatch fills dst with packets that are valid until the next call (or
// longer, see Lend). It returns as soon as there is a packet and the next one
// would take a read. A damaged file does not end it, see Faults. After Close
// it returns os.ErrClosed. When ctx ends it returns ctx.Err(); nothing is
// lost, and it may be called again.
func (s *Source) ReadBatch(ctx context.Context, dst []capture.Packet) (int, error) {
	if len(dst) == 0 {
		return 0, nil
	}
	for {
		n, err := s.next(ctx, dst)
		if n > 0 {
			kept, bad := s.account(dst[:n])
			if n = kept; bad != nil {
				return n, bad
			}
		}
		if n > 0 || err != nil {
			return n, err
		}
	}
}

// next gets packets before the filter.
func (s *Source) next(ctx context.Context, dst []capture.Packet) (int, error) {
	select {
	case <-s.done:
		return 0, os.ErrClosed
	default:
	}
	switch len(s.lanes) {
	case 0:
		return 0, io.EOF
	case 1:
		if !s.merge.begun {
			return s.alone(ctx, dst)
		}
	}
	return s.merged(ctx, dst)
}

// alone reads the only lane, without a merge.
func (s *Source) alone(ctx context.Context, dst []capture.Packet) (int, error) {
	l := s.lanes[0]
	for {
		if n := l.buffered(dst); n > 0 {
			return n, nil
		}
		if err := l.fill(ctx); err != nil {
			if err == io.EOF {
				s.end(l)
			}
			return 0, err
		}
	}
}

// end takes a lane out.
func (s *Source) end(l *lane) {
	l.window.release()
	s.lanes = slices.DeleteFunc(s.lanes, func(o *lane) bool { return o == l })
}

// account counts a batch and runs the filter over it; it returns how many
// packets are left. The error is that of compiling the filter.
func (s *Source) account(batch []capture.Packet) (int, error) {
	var captured, wire uint64
	for i := range batch {
		captured += uint64(len(batch[i].Data))
		wire += uint64(batch[i].WireLen)
	}
	s.packets.Add(uint64(len(batch)))
	s.bytes.Add(captured)
	s.wireBytes.Add(wire)
	if !s.filter.set() {
		return len(batch), nil
	}
	kept, err := s.filter.keep(batch)
	s.filtered.Add(uint64(len(batch) - kept))
	return kept, err
}

// Lend gives the memory behind the last batch to the caller until release is
// called. The Source takes other blocks meanwhile: it keeps at most 16 unused
// ones and allocates when there is none, so that the number of loans bounds
// the memory (256 KiB for each open file and loan).
func (s *Source) Lend() (release func()) {
	if len(s.lanes) == 1 {
		b := s.lanes[0].window.blk
		if b == nil {
			return func() {}
		}
		b.refs.Add(1)
		return func() { s.pool.drop(b) }
	}
	blocks := make([]*block, 0, len(s.lanes))
	for _, l := range s.lanes {
		if b := l.window.blk; b != nil {
			b.refs.Add(1)
			blocks = append(blocks, b)
		}
	}
	return func() {
		for _, b := range blocks {
			s.pool.drop(b)
		}
	}
}

// Points lists the capture points that gave a packet so far.
func (s *Source) Points() []capture.Point { return s.points }

// Stats counts. Drops and IfDrops come from the interface statistics of
// pcapng files. Size is 0 if one of the inputs is not a regular file.
func (s *Source) Stats() (capture.Stats, error) {
	s.mu.Lock()
	faults := len(s.faults)
	s.mu.Unlock()
	return capture.Stats{
		Packets:   s.packets.Load(),
		Bytes:     s.bytes.Load(),
		WireBytes: s.wireBytes.Load(),
		Filtered:  s.filtered.Load(),
		Drops:     s.kernelDrops.Load(),
		IfDrops:   s.ifaceDrops.Load(),
		Read:      s.read.Load(),
		Size:      s.size,
		Faults:    uint64(faults),
	}, nil
}

// Faults lists the inputs that could not be read to their end so far, in the
// order in which they were met. It may be called from any goroutine.
func (s *Source) Faults() []*Fault {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.faults)
}

func (s *Source) addFault(f *Fault) {
	s.mu.Lock()
	s.faults = append(s.faults, f)
	s.mu.Unlock()
}

// Close ends a ReadBatch that is under way and releases the files. Standard
// input is not closed; where it knows no read deadline, the goroutine that
// reads it ends with the read that it is in.
func (s *Source) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil
	}
	s.closed = true
	close(s.done)
	for _, c := range s.open {
		c.Close()
	}
	s.open = nil
	return nil
}

// opened notes a file for Close. It reports false, with the file closed, if
// Close came first.
func (s *Source) opened(c io.Closer) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		c.Close()
		return false
	}
	s.open = append(s.open, c)
	return true
}

func (s *Source) finished(c io.Closer) {
	s.mu.Lock()
	s.open = slices.DeleteFunc(s.open, func(o io.Closer) bool { return o == c })
	s.mu.Unlock()
	c.Close()
}
