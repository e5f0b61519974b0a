package sink

import (
	"context"
	"sync"
	"time"
)

// Bounds of the buffers kept for reuse.
const (
	maxFree    = 8
	maxFreeCap = 8 << 20
)

// Outbox keeps parcels until a Sender has delivered them. Its methods may be
// called by several goroutines.
type Outbox struct {
	cfg    QueueConfig
	sender Sender
	cancel context.CancelFunc // ends deliveries under way
	done   sync.WaitGroup     // the sending goroutines

	mu      sync.Mutex
	changed *sync.Cond
	wait    []Parcel // ring of cfg.Parcels, grown as needed
	head, n int      // first waiting, number waiting
	kept    int      // waiting and on their way
	bytes   int      // of them
	free    [][]byte
	outage  time.Time // first failure since the last answer, zero if none
	closing bool
	gone    bool // nothing is sent any more
	stats   Stats
}

// NewOutbox starts cfg.Senders goroutines; they end in Close.
func NewOutbox(s Sender, cfg QueueConfig) (*Outbox, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(context.Background())
	o := &Outbox{cfg: cfg, sender: s, cancel: cancel}
	o.changed = sync.NewCond(&o.mu)
	for range cfg.Senders {
		o.done.Go(func() { o.run(ctx) })
	}
	return o, nil
}

// Buffer returns an empty buffer for the next parcel, used before if possible.
func (o *Outbox) Buffer() []byte {
	o.mu.Lock()
	defer o.mu.Unlock()
	if i := len(o.free) - 1; i >= 0 {
		b := o.free[i]
		o.free = o.free[:i]
		return b
	}
	return nil
}

// Offer takes the parcel if there is room now. Whatever it returns, the bytes
// are the Outbox's.
func (o *Outbox) Offer(p Parcel) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	err := o.closed()
	if err == nil && !o.fits(p) {
		err = ErrFull
	}
	return o.take(p, err)
}

// Put takes the parcel as soon as there is room; it gives up when ctx ends,
// the Outbox closes, or the far side is gone.
func (o *Outbox) Put(ctx context.Context, p Parcel) error {
	stop := context.AfterFunc(ctx, o.wake)
	defer stop()
	o.mu.Lock()
	defer o.mu.Unlock()
	for {
		err := o.closed()
		if err == nil && !o.fits(p) {
			err = ctx.Err()
			if err == nil {
				o.changed.Wait()
				continue
			}
		}
		return o.take(p, err)
	}
}

// Stats returns the counters.
func (o *Outbox) Stats() Stats {
	o.mu.Lock()
	defer o.mu.Unlock()
	s := o.stats
	s.Parcels, s.Bytes = o.kept, o.bytes
	return s
}

// Close delivers what is kept, until ctx ends or the far side turns out to be
// gone, and returns when every goroutine has ended. The error says what was
// lost since the Outbox was made.
func (o *Outbox) Close(ctx context.Context) error {
	o.mu.Lock()
	o.closing = true
	o.changed.Broadcast()
	o.mu.Unlock()
	stop := context.AfterFunc(ctx, o.abandon)
	defer stop()
	o.done.Wait()
	o.cancel()
	return o.Stats().Lost()
}

// abandon ends every delivery and gives up what waits.
func (o *Outbox) abandon() {
	o.cancel()
	o.mu.Lock()
	defer o.mu.Unlock()
	o.leave()
}

func (o *Outbox) wake() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.changed.Broadcast()
}

// closed says why nothing is taken any more.
func (o *Outbox) closed() error {
	switch {
	case o.gone:
		return ErrGone
	case o.closing:
		return ErrClosed
	}
	return nil
}

func (o *Outbox) fits(p Parcel) bool {
	return o.kept == 0 || o.kept < o.cfg.Parcels && o.bytes+len(p.Bytes) <= o.cfg.Bytes
}

// take queues the parcel, or counts it as dropped for the reason given.
func (o *Outbox) take(p Parcel, err error) error {
	if err != nil {
		o.stats.Dropped += uint64(p.Spans)
		o.keepBuffer(p)
		return err
	}
	if o.n == len(o.wait) {
		ring := make([]Parcel, min(max(2*o.n, 8), o.cfg.Parcels))
		for i := range o.n {
			ring[i] = o.wait[(o.head+i)%len(o.wait)]
		}
		o.wait, o.head = ring, 0
	}
	o.wait[(o.head+o.n)%len(o.wait)] = p
	o.n++
	o.kept++
	o.bytes += len(p.Bytes)
	o.changed.Broadcast()
	return nil
}

// pop takes the first waiting parcel out of the ring.
func (o *Outbox) pop() Parcel {
	p := o.wait[o.head]
	o.wait[o.head] = Parcel{}
	o.head = (o.head + 1) % len(o.wait)
	o.n--
	return p
}

// leave gives up the far side for good.
func (o *Outbox) leave() {
	o.gone = true
	for o.n > 0 {
		p := o.pop()
		o.stats.Dropped += uint64(p.Spans)
		o.release(p)
	}
	o.changed.Broadcast()
}

// release ends the stay of a parcel that was taken.
func (o *Outbox) release(p Parcel) {
	o.kept--
	o.bytes -= len(p.Bytes)
	o.keepBuffer(p)
	o.changed.Broadcast()
}

func (o *Outbox) keepBuffer(p Parcel) {
	if !p.Lent && len(o.free) < maxFree && cap(p.Bytes) <= maxFreeCap {
		o.free = append(o.free, p.Bytes[:0])
	}
}
