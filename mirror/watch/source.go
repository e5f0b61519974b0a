package watch

import (
	"context"
	"errors"
	"io"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/net/bpf"

	"github.com/wirespan/wirespan/capture"
	"github.com/wirespan/wirespan/capture/pcapfile"
)

var (
	_ capture.Source   = (*Source)(nil)
	_ capture.Lender   = (*Source)(nil)
	_ capture.Namer    = (*Source)(nil)
	_ capture.Filterer = (*Source)(nil)
)

// Source reads the files of directories: a capture.Source, Lender, Namer and
// Filterer.
type Source struct {
	cfg    Config
	notify *notify
	filter atomic.Pointer[program]
	ended  chan struct{}
	ctx    context.Context // until Close: files are opened however little time a ReadBatch has
	cancel context.CancelFunc

	// The reader's.
	files  map[string]*file
	places map[string]uint64 // sweep in which a directory was last there
	sweep  uint64
	beyond uint64               // files and directories of this sweep for which there was no room
	said   map[string]time.Time // when was last said what goes on being wrong
	round  *round               // being read, nil between
	gather time.Time            // until when files that are whole wait for others; zero: none does
	names  []capture.Name
	taps   map[string]uint16
	points atomic.Pointer[[]capture.Point]

	mu       sync.Mutex
	src      *pcapfile.Source // of the round
	stopping bool
	closed   bool
	past     capture.Stats // of rounds that ended
	n        Counters
}

// program is a filter by link type.
type program struct {
	compile func(capture.LinkType) ([]bpf.RawInstruction, error)
}

// Counters tell about files.
type Counters struct {
	Read    uint64 // files read to their ends
	Again   uint64 // of these, files that had grown after they were read
	Damaged uint64 // files that end within a record, or are no captures
	Kept    uint64 // files that could not be moved or deleted
	Beyond  uint64 // files and directories beyond a bound at the last look, left alone
}

// Open begins to watch.
func Open(cfg Config) (*Source, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	s := &Source{
		cfg: cfg, notify: newNotify(), ended: make(chan struct{}),
		files: make(map[string]*file), places: make(map[string]uint64), taps: make(map[string]uint16),
		said: make(map[string]time.Time),
	}
	s.ctx, s.cancel = context.WithCancel(context.Background())
	s.points.Store(&[]capture.Point{})
	if cfg.Filter != nil {
		s.filter.Store(&program{cfg.Filter})
	}
	return s, nil
}

// ReadBatch, see capture.Source. It waits for files that are whole. After Close
// it returns io.EOF, after Stop when the files that are being read have ended.
func (s *Source) ReadBatch(ctx context.Context, dst []capture.Packet) (int, error) {
	if len(dst) == 0 {
		return 0, nil
	}
	for {
		if s.over() {
			return 0, io.EOF
		}
		if err := ctx.Err(); err != nil {
			return 0, err
		}
		if s.round == nil {
			if err := s.begin(ctx); err != nil {
				return 0, err
			}
			continue
		}
		n, err := s.round.read(ctx, dst)
		if n > 0 {
			return n, nil
		}
		switch {
		case err == nil:
		case ctx.Err() != nil:
			return 0, ctx.Err()
		case errors.Is(err, os.ErrClosed):
			return 0, io.EOF
		case errors.Is(err, io.EOF):
			s.finish()
		default:
			s.finish()
			return 0, err
		}
	}
}

// over tells whether nothing more is read.
func (s *Source) over() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.closed || s.stopping && s.round == nil
}

// begin waits for files and opens them. It may be left when ctx ends, and goes on
// at the next call.
func (s *Source) begin(ctx context.Context) error {
	if wait := time.Until(s.gather); wait > 0 && !s.sleep(ctx, wait, false) {
		return nil
	}
	s.notify.hear()
	all := s.scan(time.Now())
	s.notify.forget()
	switch {
	case len(all) == 0:
		s.gather = time.Time{}
		s.sleep(ctx, s.cfg.Poll, true)
		return nil
	case s.gather.IsZero() && s.cfg.Gather > 0:
		s.gather = time.Now().Add(s.cfg.Gather)
		return nil
	}
	s.gather = time.Time{}
	return s.open(all[:min(len(all), MaxTogether)])
}

// sleep waits, or until the kernel tells of a file if early is set. It reports
// false when ctx or the source has ended.
func (s *Source) sleep(ctx context.Context, d time.Duration, early bool) bool {
	const step = 20 * time.Millisecond
	for end := time.Now().Add(d); ; {
		left := time.Until(end)
		if left <= 0 {
			return true
		}
		if s.notify.hear(); early && s.notify.fresh {
			return true
		}
		t := time.NewTimer(min(left, step))
		select {
		case <-t.C:
		case <-ctx.Done():
			t.Stop()
			return false
		case <-s.ended:
			t.Stop()
			return false
		}
	}
}

// Stop begins no more files; ReadBatch yields the rest of those that it is in.
func (s *Source) Stop() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.stopping {
		s.stopping = true
		close(s.ended)
	}
	return nil
}

// Close ends the reading and unblocks ReadBatch. Files that were not read to
// their ends stay where they are.
func (s *Source) Close() error {
	_ = s.Stop()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil
	}
	s.closed = true
	s.cancel()
	s.notify.close()
	if s.src != nil {
		return s.src.Close()
	}
	return nil
}

// Lend, see capture.Lender.
func (s *Source) Lend() (release func()) {
	if s.round == nil {
		return func() {}
	}
	return s.round.src.Lend()
}

// TakeNames, see capture.Namer.
func (s *Source) TakeNames() []capture.Name {
	names := s.names
	s.names = nil
	if s.round != nil {
		names = append(names, s.round.src.TakeNames()...)
	}
	return names
}

// Points, see capture.Source.
func (s *Source) Points() []capture.Point { return *s.points.Load() }

// SetFilter replaces the filter, for files that are opened from now on; nil
// lifts it.
func (s *Source) SetFilter(instructions []bpf.RawInstruction) error {
	if instructions == nil {
		return s.SetFilterFunc(nil)
	}
	return s.SetFilterFunc(func(capture.LinkType) ([]bpf.RawInstruction, error) { return instructions, nil })
}

// SetFilterFunc replaces the filter by link type, for files that are opened from
// now on; nil lifts it.
func (s *Source) SetFilterFunc(compile func(capture.LinkType) ([]bpf.RawInstruction, error)) error {
	if compile == nil {
		s.filter.Store(nil)
		return nil
	}
	s.filter.Store(&program{compile})
	return nil
}

// Counters gives the counters so far. It may be called from any goroutine.
func (s *Source) Counters() Counters {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.n
}

// Stats, see capture.Source, over all files so far.
func (s *Source) Stats() (capture.Stats, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.src == nil {
		return s.past, nil
	}
	st, err := s.src.Stats()
	if err != nil {
		return s.past, err
	}
	st.Add(&s.past)
	return st, nil
}

func (s *Source) say(path, message string, err error) {
	if s.cfg.Log != nil {
		s.cfg.Log.Warn(message, "path", path, "error", err.Error())
	}
}

// Bounds of what is said of a fault that every look finds again.
const (
	sayEvery = time.Minute
	sayMost  = 64 // faults that are remembered
)

// sayAtTimes says the same of a path once a minute.
func (s *Source) sayAtTimes(path, message string, err error, now time.Time) {
	last, known := s.said[path]
	switch {
	case known && now.Sub(last) < sayEvery:
		return
	case !known && len(s.said) >= sayMost:
		clear(s.said)
	}
	s.said[path] = now
	s.say(path, message, err)
}
