package assemble

import (
	"errors"
	"fmt"
	"time"
)

// Config bounds the collection. All fields are required.
type Config struct {
	MaxSpans  int           // of a trace
	MaxRounds int           // of asking the store for what is connected
	Reach     time.Duration // a span that begins farther from those that are known belongs to another trace
	Clock     time.Duration // by how much clocks of agents may be apart
}

// Default is what serve uses.
func Default() Config {
	return Config{MaxSpans: 10_000, MaxRounds: 30, Reach: 10 * time.Minute, Clock: 10 * time.Second}
}

// Validate reports all faults.
func (c *Config) Validate() error {
	var errs []error
	need := func(ok bool, key, what string) {
		if !ok {
			errs = append(errs, fmt.Errorf("assemble: %s: %s", key, what))
		}
	}
	need(c.MaxSpans > 0, "max-spans", "must be positive")
	need(c.MaxRounds > 0, "max-rounds", "must be positive")
	need(c.Reach >= time.Second, "reach", "must be at least 1s")
	need(c.Clock >= 0, "clock", "must not be negative")
	return errors.Join(errs...)
}
