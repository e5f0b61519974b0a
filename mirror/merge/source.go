package merge

import (
	"context"
	"errors"
	"io"
	"math"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/wirespan/wirespan/capture"
)

var (
	_ capture.Source = (*Source)(nil)
	_ capture.Lender = (*Lending)(nil)
	_ capture.Namer  = (*Source)(nil)
)

// Source is the merged source. When all inputs lend, Open gives a Lending.
type Source struct {
	cfg    Config
	inputs []*input
	wake   chan struct{}
	cancel context.CancelFunc
	wg     sync.WaitGroup
	stop   atomic.Int64 // when Stop was called, in ns; 0 before
	closed atomic.Bool

	// The reader's.
	batch   []*memory // that the last ReadBatch borrows
	points  atomic.Pointer[[]capture.Point]
	origins []int // input that showed a point first
	numbers map[string]uint16
	names   []capture.Name
	timer   *time.Timer
	late    atomic.Uint64
	held    atomic.Uint64
	last    int64
}

// Lending is a Source that lends.
type Lending struct{ *Source }

// Open starts reading all inputs; they belong to the merged source, which closes
// them.
func Open(c Config) (capture.Source, *Source, error) {
	if err := c.Validate(); err != nil {
		return nil, nil, err
	}
	if c.Batches == 0 {
		c.Batches = 4
	}
	ctx, cancel := context.WithCancel(context.Background())
	m := &Source{cfg: c, wake: make(chan struct{}, 1), cancel: cancel, numbers: make(map[string]uint16), timer: time.NewTimer(time.Hour)}
	m.points.Store(&[]capture.Point{})
	lends := true
	for _, i := range c.Inputs {
		in := newInput(i, c.Batches)
		lends = lends && in.lender != nil
		m.inputs = append(m.inputs, in)
		m.wg.Go(func() { in.run(ctx, m.wake, c.Report) })
	}
	if lends {
		return &Lending{m}, m, nil
	}
	return m, m, nil
}

// ReadBatch meets capture.Source.
func (m *Source) ReadBatch(ctx context.Context, dst []capture.Packet) (int, error) {
	m.reclaim()
	for {
		if err := ctx.Err(); err != nil {
			return 0, err
		}
		n, wait, ended := m.fill(dst)
		if n > 0 || len(dst) == 0 {
			return n, nil
		}
		if ended || m.closed.Load() {
			return 0, m.end()
		}
		if wait > 0 {
			m.held.Add(1)
		}
		m.timer.Reset(m.patience(wait))
		select {
		case <-m.wake:
		case <-m.timer.C:
		case <-ctx.Done():
		}
	}
}

// patience is how long to sleep when nothing can be handed on.
func (m *Source) patience(wait time.Duration) time.Duration {
	switch {
	case wait > 0:
		return wait
	case m.stop.Load() != 0:
		return time.Millisecond
	}
	return time.Second
}

// end is what ReadBatch says when all inputs have ended: their errors, or
// io.EOF.
func (m *Source) end() error {
	var errs []error
	for _, in := range m.inputs {
		if in.ended && in.err != nil {
			errs = append(errs, in.err)
		}
	}
	if len(errs) == len(m.inputs) {
		return errors.Join(errs...)
	}
	return io.EOF
}

// fill takes packets in the order of time. When it takes none because others
// may be earlier, wait says for how long.
func (m *Source) fill(dst []capture.Packet) (n int, wait time.Duration, ended bool) {
	for n < len(dst) {
		in, limit, hold, all := m.earliest()
		if in == nil {
			return n, hold, all
		}
		n += m.take(in, dst[n:], limit)
	}
	return n, 0, false
}

// earliest chooses the input with the earliest packet, and tells up to which
// time it may be read.
func (m *Source) earliest() (first *input, limit int64, hold time.Duration, ended bool) {
	limit = math.MaxInt64
	silent, ended := false, true
	for _, in := range m.inputs {
		if !in.head(m) {
			silent = silent || !in.ended
			ended = ended && in.ended
			continue
		}
		ended = false
		t := in.cur.pkts[in.cur.from].Time
		switch {
		case first == nil:
			first = in
		case t < first.cur.pkts[first.cur.from].Time:
			first, limit = in, first.cur.pkts[first.cur.from].Time
		default:
			limit = min(limit, t)
		}
	}
	if first == nil {
		return nil, 0, 0, ended || m.settled()
	}
	if silent && m.cfg.Hold > 0 && m.stop.Load() == 0 {
		if left := m.cfg.Hold - time.Since(first.cur.arrived); left > 0 {
			return nil, 0, left, false
		}
	}
	return first, limit, 0, false
}

// take hands packets of one input on, up to a time.
func (m *Source) take(in *input, dst []capture.Packet, limit int64) int {
	b, n := in.cur, 0
	m.borrow(b.memory)
	for ; b.from < b.n && n < len(dst) && (n == 0 || b.pkts[b.from].Time <= limit); b.from++ {
		p := &dst[n]
		*p = b.pkts[b.from]
		if p.Tap = in.tap(p.Tap); p.Time < m.last {
			m.late.Add(1)
		} else {
			m.last = p.Time
		}
		n++
	}
	if b.from == b.n {
		in.done()
	}
	return n
}

func (in *input) tap(t uint16) uint16 {
	if int(t) < len(in.taps) {
		return in.taps[t]
	}
	return t
}

// borrow notes that the batch has packets of b.
func (m *Source) borrow(b *memory) {
	for _, have := range m.batch {
		if have == b {
			return
		}
	}
	b.refs.Add(1)
	m.batch = append(m.batch, b)
}

// reclaim gives back what the last batch borrowed.
func (m *Source) reclaim() {
	for _, b := range m.batch {
		b.drop()
	}
	m.batch = m.batch[:0]
}

// Lend meets capture.Lender.
func (m *Lending) Lend() func() {
	lent := slices.Clone(m.batch)
	m.batch = m.batch[:0]
	return func() {
		for _, b := range lent {
			b.drop()
		}
		lent = nil
	}
}

// stopQuiet is how long an input that cannot be stopped must be silent at the
// end.
const stopQuiet = 100 * time.Millisecond

// settled reports whether inputs that were to stop have been silent for long
// enough.
func (m *Source) settled() bool {
	at := m.stop.Load()
	return at != 0 && time.Since(time.Unix(0, at)) > stopQuiet && m.allPlain()
}

// allPlain reports whether all inputs that are still open are of those that
// cannot be told to stop.
func (m *Source) allPlain() bool {
	for _, in := range m.inputs {
		if _, ok := in.Source.(stopper); ok && !in.ended {
			return false
		}
	}
	return true
}

// A stopper takes no more packets; what it has can still be read.
type stopper interface{ Stop() error }

// Stop takes no more packets; ReadBatch yields what the inputs have, then
// io.EOF.
func (m *Source) Stop() error {
	if !m.stop.CompareAndSwap(0, time.Now().UnixNano()) {
		return nil
	}
	var errs []error
	for _, in := range m.inputs {
		if s, ok := in.Source.(stopper); ok {
			errs = append(errs, s.Stop())
		}
	}
	signal(m.wake)
	return errors.Join(errs...)
}

// Close meets capture.Source. Memory that is lent stays valid until its
// release.
func (m *Source) Close() error {
	if m.closed.Swap(true) {
		return nil
	}
	m.cancel()
	var errs []error
	for _, in := range m.inputs {
		errs = append(errs, in.Source.Close())
	}
	m.wg.Wait()
	signal(m.wake)
	return errors.Join(errs...)
}
