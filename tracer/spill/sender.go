package spill

import (
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/wirespan/wirespan/tracer/sink"
)

// Transport delivers parcels, and is closed at the end.
type Transport interface {
	sink.Sender
	io.Closer
}

// Stats are cumulative counts of spans, save Level.
type Stats struct {
	Level
	Buffered  uint64 // that went to disk
	Delivered uint64 // from disk
	Rejected  uint64 // from disk, by the far side
	Refused   uint64 // that found no room
	LastError error  // of the far side or the disk; nil since the far side last answered
}

// Sender is a Transport that goes to disk while the one behind it is slow or gone.
// It is for an Outbox with one sender.
type Sender struct {
	cfg    Config
	next   Transport
	buf    *Buffer
	life   context.Context // of deliveries
	cancel context.CancelFunc
	done   sync.WaitGroup

	mu      sync.Mutex
	changed *sync.Cond
	onDisk  bool      // new parcels go to disk
	pending *attempt  // of the oldest record, which is under way since before it was written
	away    time.Time // first failure since the last answer; zero: none
	ending  bool      // Drain was called
	stats   Stats
}

// attempt is a delivery under way.
type attempt struct {
	err  error
	lent bool          // see sink.Parcel
	done chan struct{} // closed when the others are known
}

// NewSender opens the buffer and goes on with what an earlier process left in it.
// next is the Sender's from now on, unless there is an error.
func NewSender(next Transport, cfg Config) (*Sender, error) {
	buf, err := Open(cfg)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(context.Background())
	s := &Sender{cfg: cfg, next: next, buf: buf, life: ctx, cancel: cancel, onDisk: buf.Level().Records > 0}
	s.changed = sync.NewCond(&s.mu)
	s.done.Go(func() { s.drain(ctx) })
	s.done.Go(func() { s.syncs(ctx) })
	return s, nil
}

// Send delivers the parcel, or writes it to disk. It returns an error for what the
// far side refused, and ErrFull for what found no room.
func (s *Sender) Send(ctx context.Context, p *sink.Parcel) error {
	s.mu.Lock()
	disk := s.onDisk
	s.mu.Unlock()
	if disk {
		return s.keep(ctx, p, nil)
	}
	a := s.try(*p)
	t := time.NewTimer(s.cfg.Patience)
	defer t.Stop()
	select {
	case <-a.done:
	case <-t.C:
	case <-ctx.Done():
	}
	select {
	case <-a.done:
		p.Lent = p.Lent || a.lent
		if again := passing(a.err); again == nil {
			s.answered()
			return a.err
		}
		return s.keep(ctx, p, a)
	default:
		p.Lent = true // the attempt goes on
		return s.keep(ctx, p, a)
	}
}

// try begins a delivery.
func (s *Sender) try(p sink.Parcel) *attempt {
	a := &attempt{done: make(chan struct{})}
	s.done.Go(func() {
		defer close(a.done)
		a.err = s.next.Send(s.life, &p)
		a.lent = p.Lent
	})
	return a
}

// passing returns an error that may pass, nil for others: the spans are refused, or
// accepted.
func passing(err error) error {
	var again *sink.RetryError
	var denied *sink.DeniedError
	if errors.As(err, &again) || errors.As(err, &denied) {
		return err
	}
	return nil
}

// keep writes a parcel to disk. a is its delivery under way, or that failed.
func (s *Sender) keep(ctx context.Context, p *sink.Parcel, a *attempt) error {
	defer context.AfterFunc(ctx, s.wake)()
	s.mu.Lock()
	defer s.mu.Unlock()
	for {
		err := s.buf.Append(p.Bytes, p.Spans)
		if err == nil {
			break
		}
		if !errors.Is(err, ErrFull) || s.buf.Level().Records == 0 {
			s.stats.LastError = err
			return &sink.RetryError{Err: err} // nothing but memory is left
		}
		if !s.cfg.Block || ctx.Err() != nil || s.isAway(time.Now()) {
			s.stats.Refused += uint64(p.Spans)
			s.stats.LastError = err
			return err
		}
		s.changed.Wait()
	}
	if a != nil && !s.onDisk {
		s.pending = a
	}
	s.onDisk = true
	s.stats.Buffered += uint64(p.Spans)
	s.changed.Broadcast()
	return nil
}

// isAway reports whether the far side has been away for too long to wait for.
func (s *Sender) isAway(now time.Time) bool {
	return !s.away.IsZero() && now.Sub(s.away) >= s.cfg.Final
}

func (s *Sender) wake() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.changed.Broadcast()
}

// answered notes that the far side is there.
func (s *Sender) answered() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.away, s.stats.LastError = time.Time{}, nil
}

// drain delivers what is on disk, until ctx ends.
func (s *Sender) drain(ctx context.Context) {
	pause := s.cfg.Retry.Initial
	var payload []byte
	for s.await(ctx) {
		var spans int
		var ok bool
		if payload, spans, ok = s.buf.Head(payload); !ok {
			s.emptied()
			continue
		}
		err, lent := s.deliver(ctx, payload, spans)
		if lent {
			payload = nil
		}
		if ctx.Err() != nil && err != nil {
			return
		}
		if passing(err) == nil {
			s.delivered(spans, err)
			pause = s.cfg.Retry.Initial
			continue
		}
		if !sink.Sleep(ctx, s.failed(err, pause)) {
			return
		}
		pause = min(2*pause, s.cfg.Retry.Max)
	}
}

// await waits until something is on disk.
func (s *Sender) await(ctx context.Context) bool {
	defer context.AfterFunc(ctx, s.wake)()
	s.mu.Lock()
	defer s.mu.Unlock()
	for !s.onDisk && ctx.Err() == nil {
		s.changed.Wait()
	}
	return ctx.Err() == nil
}

// emptied goes back to delivery without disk, unless something came meanwhile.
func (s *Sender) emptied() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.buf.Level().Records == 0 {
		s.onDisk, s.pending = false, nil
		s.changed.Broadcast()
	}
}

// deliver sends the oldest record, or waits for the attempt that is under way. lent
// says that the bytes may still be read when it has returned.
func (s *Sender) deliver(ctx context.Context, payload []byte, spans int) (err error, lent bool) {
	s.mu.Lock()
	a := s.pending
	s.pending = nil
	s.mu.Unlock()
	if a != nil {
		select {
		case <-a.done:
			return a.err, false
		case <-ctx.Done():
			return ctx.Err(), false
		}
	}
	p := sink.Parcel{Bytes: payload, Spans: spans}
	err = s.next.Send(ctx, &p)
	return err, p.Lent
}

// delivered takes a record off that the far side has answered.
func (s *Sender) delivered(spans int, err error) {
	rejected := 0
	var partial *sink.PartialError
	if errors.As(err, &partial) {
		rejected = min(max(partial.Rejected, 0), spans)
	} else if err != nil {
		rejected = spans
	}
	ackErr := s.buf.Ack(spans)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.away = time.Time{}
	s.stats.LastError = errors.Join(err, ackErr)
	s.stats.Rejected += uint64(rejected)
	s.stats.Delivered += uint64(spans - rejected)
	s.changed.Broadcast()
}

// failed notes a failure and says how long to wait.
func (s *Sender) failed(err error, pause time.Duration) time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	if s.away.IsZero() {
		s.away = now
	}
	s.stats.LastError = err
	s.changed.Broadcast()
	wait := pause/2 + rand.N(pause/2+1)
	var again *sink.RetryError
	if errors.As(err, &again) {
		wait = max(wait, min(again.After, maxPause))
	}
	if s.ending { // it is the end: either it answers soon, or it stays on disk
		wait = min(wait, max(s.cfg.Final/4, time.Millisecond))
	}
	return wait
}

// maxPause bounds what the far side may wish for.
const maxPause = 5 * time.Minute

// syncs makes what was written last, once a second.
func (s *Sender) syncs(ctx context.Context) {
	for sink.Sleep(ctx, time.Second) {
		if err := s.buf.Sync(); err != nil {
			s.mu.Lock()
			s.stats.LastError = err
			s.mu.Unlock()
		}
	}
}

// Drain returns when nothing is on disk any more, ctx has ended, or the far side has
// been away for Config.Final. Nothing may be sent meanwhile.
func (s *Sender) Drain(ctx context.Context) {
	defer context.AfterFunc(ctx, s.wake)()
	tick := time.AfterFunc(s.cfg.Final, s.wake)
	defer tick.Stop()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ending = true
	for s.onDisk && ctx.Err() == nil && !s.isAway(time.Now()) {
		s.changed.Wait()
	}
}

// Stats returns the counters.
func (s *Sender) Stats() Stats {
	s.mu.Lock()
	defer s.mu.Unlock()
	st := s.stats
	st.Level = s.buf.Level()
	return st
}

// Close ends deliveries and leaves what is on disk for the next process.
func (s *Sender) Close() error {
	s.cancel()
	s.done.Wait()
	return errors.Join(s.buf.Close(), s.next.Close())
}
