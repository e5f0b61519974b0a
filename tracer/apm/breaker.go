package apm

import (
	"fmt"
	"sync"
	"time"
)

// maxDoublings bounds how long a pause gets.
const maxDoublings = 4

// breaker leaves a source alone that fails again and again. Behind a pause one request
// tries; if it fails the next pause is twice as long.
type breaker struct {
	failures int           // after which it opens
	pause    time.Duration // the first one

	mu     sync.Mutex
	row    int // failures in a row
	rounds int // pauses in a row
	until  time.Time
	trying bool
	last   error
}

// allow reports whether a request may be made, or why not. done must follow if it may.
func (b *breaker) allow(now time.Time) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.row < b.failures {
		return nil
	}
	if wait := b.until.Sub(now); wait > 0 {
		return fmt.Errorf("not asked for another %v after %d failures in a row, the last: %w", wait.Round(time.Second), b.row, b.last)
	}
	if b.trying {
		return fmt.Errorf("not asked while another request tries whether it is back, after %d failures in a row, the last: %w", b.row, b.last)
	}
	b.trying = true
	return nil
}

// done tells how a request ended.
func (b *breaker) done(now time.Time, err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.trying = false
	if err == nil {
		b.row, b.rounds, b.last = 0, 0, nil
		return
	}
	b.last = err
	if b.row++; b.row >= b.failures {
		b.until = now.Add(b.pause << b.rounds)
		b.rounds = min(b.rounds+1, maxDoublings)
	}
}
