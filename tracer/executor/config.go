package executor

import (
	"errors"
	"fmt"
	"time"
)

// Config bounds a Tracker. All fields but Listens are required.
type Config struct {
	MaxConns int           // connections
	MaxExecs int           // threads and goroutines
	Settle   time.Duration // a message to which nothing was added for so long is told again
	Fresh    time.Duration // how long an event loop is taken to go on with what it read last
	Patience time.Duration // how long a request that nothing is done for may still be what a loop goes on with, and one that was lost may be open

	// Listens reports whether a program of this host listens at an address and
	// port, for connections that are older than the Tracker; may be nil.
	Listens func(local Endpoint) bool
}

// Default is a Config.
func Default() Config {
	return Config{MaxConns: 64 << 10, MaxExecs: 64 << 10, Settle: 50 * time.Millisecond, Fresh: 50 * time.Millisecond, Patience: 2 * time.Second}
}

// Validate reports all faults.
func (c *Config) Validate() error {
	var errs []error
	need := func(ok bool, what string) {
		if !ok {
			errs = append(errs, fmt.Errorf("executor: %s", what))
		}
	}
	need(c.MaxConns > 0, "connections must be positive")
	need(c.MaxExecs > 0, "executors must be positive")
	need(c.Settle > 0 && c.Fresh > 0 && c.Patience > 0, "times must be positive")
	return errors.Join(errs...)
}

// Stats counts what a Tracker did.
type Stats struct {
	Events     uint64 // taken
	Messages   uint64
	Calls      uint64 // requests that were sent; each has a label or is among Unlabelled
	Labels     [4]uint64
	Retracted  uint64 // weak labels that a better one replaced
	Unlabeled  uint64 // calls that got none
	Shared     uint64 // calls that were sent while one for another request waited on the same connection
	Unplaced   uint64 // messages of which no event had a sure place
	Disordered uint64 // events of bytes before those that their message began with
	Evicted    uint64 // connections that were forgotten for want of room
	Forgotten  uint64 // executors that were
	Losses     uint64 // times that events were lost (sys.Lost)
}

// Add adds the counters of another Tracker.
func (s *Stats) Add(o Stats) {
	for i, n := range o.Labels {
		s.Labels[i] += n
	}
	s.Events, s.Messages, s.Calls = s.Events+o.Events, s.Messages+o.Messages, s.Calls+o.Calls
	s.Retracted, s.Unlabeled, s.Shared = s.Retracted+o.Retracted, s.Unlabeled+o.Unlabeled, s.Shared+o.Shared
	s.Unplaced, s.Disordered = s.Unplaced+o.Unplaced, s.Disordered+o.Disordered
	s.Evicted, s.Forgotten, s.Losses = s.Evicted+o.Evicted, s.Forgotten+o.Forgotten, s.Losses+o.Losses
}
