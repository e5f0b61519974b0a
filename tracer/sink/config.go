package sink

import (
	"errors"
	"fmt"
	"time"
)

// QueueConfig bounds an Outbox.
type QueueConfig struct {
	Parcels int   // parcels kept at most, the ones on their way included
	Bytes   int   // bytes of them at most; a larger parcel is taken when nothing else is kept
	Senders int   // deliveries at the same time
	Block   bool  // writers wait for room (files being read) instead of losing spans (live)
	Retry   Retry // of each parcel
}

// Retry says how often a delivery is tried again. Waiting times double from
// Initial to Max, each shortened by up to half at random, so that many agents
// do not return in step.
type Retry struct {
	Initial time.Duration
	Max     time.Duration
	Total   time.Duration // from the first attempt of a parcel; also the longest Retry-After obeyed
}

// DefaultQueue is for live input: nothing upstream ever waits.
func DefaultQueue() QueueConfig {
	return QueueConfig{
		Parcels: 4096,
		Bytes:   64 << 20,
		Senders: 2,
		Retry:   Retry{Initial: 500 * time.Millisecond, Max: 30 * time.Second, Total: 5 * time.Minute},
	}
}

// OfflineQueue is for files: the reader waits for the far side, and when that
// has been away for Retry.Total everything still to come is lost at once.
func OfflineQueue() QueueConfig {
	c := DefaultQueue()
	c.Block = true
	c.Retry.Max = 5 * time.Second
	c.Retry.Total = 30 * time.Second
	return c
}

// Validate reports every value out of range.
func (c QueueConfig) Validate() error {
	var errs []error
	positive := func(key string, ok bool) {
		if !ok {
			errs = append(errs, fmt.Errorf("queue.%s: must be positive", key))
		}
	}
	positive("parcels", c.Parcels > 0)
	positive("bytes", c.Bytes > 0)
	positive("senders", c.Senders > 0)
	positive("retry.initial", c.Retry.Initial > 0)
	positive("retry.total", c.Retry.Total > 0)
	if c.Retry.Max < c.Retry.Initial {
		errs = append(errs, errors.New("queue.retry.max: must not be below queue.retry.initial"))
	}
	return errors.Join(errs...)
}
