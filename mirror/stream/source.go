package stream

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/net/bpf"

	"github.com/wirespan/wirespan/capture"
	"github.com/wirespan/wirespan/capture/netns"
)

var (
	_ capture.Source   = (*Source)(nil)
	_ capture.Lender   = (*Source)(nil)
	_ capture.Namer    = (*Source)(nil)
	_ capture.Filterer = (*Source)(nil)
)

// Source reads all streams: a capture.Source, Lender, Namer and Filterer.
type Source struct {
	cfg     Config
	ctx     context.Context // until Close or Stop
	cancel  context.CancelFunc
	running sync.WaitGroup
	idle    chan struct{} // closed when nothing more can come
	full    chan *parcel
	filter  atomic.Pointer[program]
	points  atomic.Pointer[[]capture.Point]

	// The reader's.
	queue  queue
	batch  []func() // what the last batch borrows
	names  []capture.Name
	closed chan struct{}

	mu        sync.Mutex
	ended     bool
	listeners []net.Listener
	open      map[io.Closer]struct{}
	conns     []*conn
	taps      map[string]uint16
	claimed   map[string]bool
	said      map[string]time.Time
	past      capture.Stats // of streams that ended
	n         counts
}

// program is a filter by link type.
type program struct {
	compile func(capture.LinkType) ([]bpf.RawInstruction, error)
}

// Open listens and begins to connect. It fails when an address to listen on
// cannot be had; a server that cannot be reached is tried again for ever.
func Open(cfg Config) (*Source, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	s := &Source{
		cfg: cfg, idle: make(chan struct{}), closed: make(chan struct{}),
		full: make(chan *parcel, 2*(cfg.MaxConnections+len(cfg.Connect)+1)),
		open: make(map[io.Closer]struct{}), taps: make(map[string]uint16),
		claimed: make(map[string]bool), said: make(map[string]time.Time),
	}
	s.points.Store(&[]capture.Point{})
	s.ctx, s.cancel = context.WithCancel(context.Background())
	if cfg.Filter != nil {
		s.filter.Store(&program{cfg.Filter})
	}
	if err := netns.Do(cfg.Netns, s.listen); err != nil {
		_ = s.Close()
		return nil, err
	}
	for i, l := range s.listeners {
		s.running.Add(1)
		go s.accept(l, cfg.Listen[i].TLS)
	}
	for _, a := range cfg.Connect {
		s.running.Add(1)
		go s.fetch(a)
	}
	if cfg.Stdin != nil {
		s.running.Add(1)
		go func() {
			defer s.running.Done()
			s.run(stdin, cfg.Stdin)
		}()
	}
	go func() {
		s.running.Wait()
		close(s.idle)
	}()
	return s, nil
}

func (s *Source) listen() error {
	for _, a := range s.cfg.Listen {
		l, err := net.Listen("tcp", a.dial())
		if err != nil {
			return fmt.Errorf("listen for streams on %s: %w", a, err)
		}
		s.listeners = append(s.listeners, l)
	}
	return nil
}

// Addrs gives the addresses that are listened on, in the order of
// Config.Listen.
func (s *Source) Addrs() []net.Addr {
	var all []net.Addr
	for _, l := range s.listeners {
		all = append(all, l.Addr())
	}
	return all
}

// ReadBatch, see capture.Source: the earliest packets of those that have
// arrived. It ends with io.EOF after Close, after what Stop left, and when the
// only stream was standard input.
func (s *Source) ReadBatch(ctx context.Context, dst []capture.Packet) (int, error) {
	s.reclaim()
	if len(dst) == 0 {
		return 0, nil
	}
	for {
		select {
		case <-s.closed:
			return 0, io.EOF
		default:
		}
		if err := ctx.Err(); err != nil {
			return 0, err
		}
		s.gather()
		if n := s.fill(dst); n > 0 {
			return n, nil
		}
		select {
		case p := <-s.full:
			s.queue.add(p)
		case <-s.idle:
			if len(s.full) == 0 {
				return 0, io.EOF
			}
		case <-ctx.Done():
		case <-s.closed:
		}
	}
}

// gather takes what has come.
func (s *Source) gather() {
	for {
		select {
		case p := <-s.full:
			s.queue.add(p)
		default:
			return
		}
	}
}

// fill merges by time what is there.
func (s *Source) fill(dst []capture.Packet) int {
	n := 0
	for n < len(dst) {
		p, limit := s.queue.earliest()
		if p == nil {
			break
		}
		n += p.take(dst[n:], limit)
		if p.at < p.n {
			continue
		}
		s.batch = append(s.batch, p.release)
		s.names = append(s.names, p.names...)
		s.queue.remove(p)
		p.release, p.shared = nil, nil
		p.conn.free <- p // there is a place for each
	}
	for _, c := range s.queue.conns {
		if p := c.line[0]; p.at > 0 && n > 0 {
			s.share(p)
		}
	}
	return n
}

// share makes the batch hold what a parcel that is not read to its end
// borrows, too.
func (s *Source) share(p *parcel) {
	if p.shared == nil {
		p.shared = &shared{release: p.release}
		p.shared.refs.Store(1)
		p.release = p.shared.drop
	}
	p.shared.refs.Add(1)
	s.batch = append(s.batch, p.shared.drop)
}

func (s *Source) reclaim() {
	for _, give := range s.batch {
		give()
	}
	s.batch = s.batch[:0]
}

// Lend, see capture.Lender.
func (s *Source) Lend() (release func()) {
	batch := s.batch
	s.batch = nil
	return func() {
		for _, give := range batch {
			give()
		}
	}
}

// TakeNames, see capture.Namer: the names that pcapng streams told.
func (s *Source) TakeNames() []capture.Name {
	names := s.names
	s.names = nil
	return names
}

// Points, see capture.Source.
func (s *Source) Points() []capture.Point { return *s.points.Load() }

// SetFilter replaces the filter; nil lifts it. It has to suit the link types of
// all streams; else use SetFilterFunc.
func (s *Source) SetFilter(instructions []bpf.RawInstruction) error {
	if instructions == nil {
		return s.SetFilterFunc(nil)
	}
	return s.SetFilterFunc(func(capture.LinkType) ([]bpf.RawInstruction, error) { return instructions, nil })
}

// SetFilterFunc replaces the filter by link type; nil lifts it. Each stream
// changes with its next packets. A link type that compile refuses breaks the
// stream that has it.
func (s *Source) SetFilterFunc(compile func(capture.LinkType) ([]bpf.RawInstruction, error)) error {
	if compile == nil {
		s.filter.Store(nil)
		return nil
	}
	s.filter.Store(&program{compile})
	return nil
}

// Stop accepts and reads no more; ReadBatch yields what has come, then io.EOF.
func (s *Source) Stop() error {
	s.cancel()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ended = true
	var errs []error
	for _, l := range s.listeners {
		if err := l.Close(); err != nil && !errors.Is(err, net.ErrClosed) {
			errs = append(errs, err)
		}
	}
	for c := range s.open {
		c.Close()
	}
	for _, c := range s.conns {
		_ = c.src.Close()
	}
	return errors.Join(errs...)
}

// Close ends all streams and unblocks ReadBatch. What the last ReadBatch handed
// out stays valid until the next, and what is lent until its release.
func (s *Source) Close() error {
	err := s.Stop()
	s.mu.Lock()
	select {
	case <-s.closed:
	default:
		close(s.closed)
	}
	s.mu.Unlock()
	if s.cfg.Stdin == nil {
		s.running.Wait()
	}
	return err
}

// opened notes a connection for Stop. It reports false, with the connection
// closed, if Stop came first.
func (s *Source) opened(c io.Closer) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ended {
		c.Close()
		return false
	}
	s.open[c] = struct{}{}
	return true
}

func (s *Source) finished(c io.Closer) {
	c.Close()
	s.mu.Lock()
	delete(s.open, c)
	s.mu.Unlock()
}

// sleep waits, and reports false when the source has ended.
func (s *Source) sleep(d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-s.ctx.Done():
		return false
	}
}

// enter and leave keep the list of streams for Stats and Stop.
func (s *Source) enter(c *conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.conns = append(s.conns, c)
	if s.ended {
		_ = c.src.Close()
	}
}

func (s *Source) leave(c *conn) {
	_ = c.src.Close()
	st, _ := c.src.Stats()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.past.Add(&st)
	s.conns = slices.DeleteFunc(s.conns, func(o *conn) bool { return o == c })
}
