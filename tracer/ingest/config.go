package ingest

import (
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/wirespan/wirespan/tracer/ingest/batch"
	"github.com/wirespan/wirespan/tracer/store"
)

// Config bounds what senders may cost. All fields but Ahead, Tap and Log are required.
type Config struct {
	MaxBody       int           // bytes of a request, packed and unpacked
	MaxConcurrent int           // requests that are read, decoded and written at once
	Wait          time.Duration // for a place, before a request is turned away
	WriteTimeout  time.Duration // that the store has for one request
	RetryAfter    time.Duration // least time that senders are told to wait; up to twice as long is said
	Ahead         time.Duration // by how much clocks of senders may be ahead of ours, 0: as much as they like
	Limits        batch.Limits  // of one request

	// Tap is shown the spans of every request that the store has taken, which it
	// borrows until it returns. It must not block. nil: nobody looks.
	Tap func([]store.Span)
	Log *slog.Logger // nil: nothing is said
}

// Default is what serve uses.
func Default() Config {
	return Config{
		MaxBody: 16 << 20, MaxConcurrent: 16, Wait: 2 * time.Second, WriteTimeout: 10 * time.Second,
		RetryAfter: 2 * time.Second, Ahead: 24 * time.Hour, Limits: batch.DefaultLimits(),
	}
}

// Validate reports all faults.
func (c *Config) Validate() error {
	var errs []error
	need := func(ok bool, key, what string) {
		if !ok {
			errs = append(errs, fmt.Errorf("ingest: %s: %s", key, what))
		}
	}
	need(c.MaxBody > 0, "max-body", "must be positive")
	need(c.MaxConcurrent > 0, "max-concurrent", "must be positive")
	need(c.Wait >= 0, "wait", "must not be negative")
	need(c.WriteTimeout > 0, "write-timeout", "must be positive")
	need(c.RetryAfter >= time.Millisecond, "retry-after", "must be at least 1ms")
	need(c.Ahead >= 0, "ahead", "must not be negative")
	if err := c.Limits.Validate(); err != nil {
		errs = append(errs, fmt.Errorf("ingest: %w", err))
	}
	return errors.Join(errs...)
}
