package sink

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"
)

// run delivers parcels until the Outbox closes and nothing waits.
func (o *Outbox) run(ctx context.Context) {
	for {
		p, ok := o.next()
		if !ok {
			return
		}
		o.deliver(ctx, p)
	}
}

func (o *Outbox) next() (Parcel, bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for o.n == 0 {
		if o.closing {
			return Parcel{}, false
		}
		o.changed.Wait()
	}
	return o.pop(), true
}

// deliver tries until the parcel is accepted, refused or out of time.
func (o *Outbox) deliver(ctx context.Context, p Parcel) {
	start, pause := time.Now(), o.cfg.Retry.Initial
	for {
		err := o.sender.Send(ctx, &p)
		var again *RetryError
		if !errors.As(err, &again) {
			o.answered(p, err)
			return
		}
		wait, ok := o.failed(p, again, start, pause)
		if !ok {
			return
		}
		if !Sleep(ctx, wait) {
			o.lose(p)
			return
		}
		pause = min(2*pause, o.cfg.Retry.Max)
	}
}

// answered counts what the far side said.
func (o *Outbox) answered(p Parcel, err error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.outage = time.Time{}
	rejected := 0
	var partial *PartialError
	if errors.As(err, &partial) {
		rejected = min(max(partial.Rejected, 0), p.Spans)
	} else if err != nil {
		rejected = p.Spans
	}
	if err != nil {
		o.blame(err)
	}
	o.stats.Rejected += uint64(rejected)
	o.stats.Sent += uint64(p.Spans - rejected)
	o.release(p)
}

// failed decides on an attempt that may be repeated: how long to wait for the
// next one, or not at all, the parcel then being released.
func (o *Outbox) failed(p Parcel, err *RetryError, start time.Time, pause time.Duration) (time.Duration, bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.blame(err)
	now := time.Now()
	if o.outage.IsZero() {
		o.outage = now
	}
	total := o.cfg.Retry.Total
	if (o.cfg.Block || o.closing) && now.Sub(o.outage) >= total {
		o.leave()
	}
	left := total - now.Sub(start)
	if o.gone || left <= 0 {
		o.stats.Dropped += uint64(p.Spans)
		o.release(p)
		return 0, false
	}
	o.stats.Retries++
	wait := pause/2 + rand.N(pause/2+1)
	return min(max(wait, err.After), left), true
}

// lose gives up a parcel because the Outbox has to end.
func (o *Outbox) lose(p Parcel) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.stats.Dropped += uint64(p.Spans)
	o.release(p)
}

func (o *Outbox) blame(err error) {
	o.stats.LastError, o.stats.LastErrorAt = err, time.Now()
}

// Sleep reports whether the time passed before ctx ended.
func Sleep(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}
