package relay

import (
	"errors"
	"fmt"
	"time"
)

// Mode says what becomes of NET and SYS spans of an exchange that an SDK tells of.
type Mode uint8

// Modes.
const (
	Join     Mode = iota // they leave as INTERNAL, in the tree
	Skip                 // they do not leave
	Separate             // they leave as a trace of their own
)

var modeNames = [...]string{"join", "skip", "separate"}

// String is the mode's name on the command line.
func (m Mode) String() string { return modeNames[m] }

// ParseMode reads a Mode.
func ParseMode(s string) (Mode, error) {
	for i, n := range modeNames {
		if n == s {
			return Mode(i), nil
		}
	}
	return 0, fmt.Errorf("with-apm %q: want join, skip or separate", s)
}

// Shaping says how traces are written.
type Shaping struct {
	WithAPM      Mode
	Instrumented map[string]bool // services that have an SDK, whether its spans come here or not
	Tempo        bool            // add db.system, by which Tempo's service graphs know databases
}

// Sampling says which traces leave. Those that it does not name leave at Rate.
type Sampling struct {
	Errors bool          // those with a span of status ERROR
	Slow   time.Duration // those that take as long or longer; 0: none
	Rate   float64       // of the others, 0 to 1, chosen by trace id
}

// Config says when traces leave and what is kept meanwhile. All numbers are
// required.
type Config struct {
	Quiet   time.Duration // a trace leaves when nothing came of it for so long
	Longest time.Duration // and at the latest so long after its first span
	Late    time.Duration // what comes so long after it left is sent behind
	Pending int           // traces that wait; beyond, the oldest leaves at once
	Done    int           // traces that are remembered for Late
	Batch   int           // spans per request at most, but for a larger trace

	Shaping
	Sampling
}

// Default sends everything, 5 s after the last span.
func Default() Config {
	return Config{
		Quiet: 5 * time.Second, Longest: time.Minute, Late: 2 * time.Minute,
		Pending: 100_000, Done: 100_000, Batch: 2_000, Sampling: Sampling{Rate: 1},
	}
}

// Validate reports all faults.
func (c *Config) Validate() error {
	var errs []error
	need := func(ok bool, key, what string) {
		if !ok {
			errs = append(errs, fmt.Errorf("relay: %s: %s", key, what))
		}
	}
	need(c.Quiet > 0 && c.Quiet <= c.Longest, "quiet", "must be positive and not above longest")
	need(c.Late >= 0, "late", "must not be negative")
	need(c.Pending > 0 && c.Done > 0 && c.Batch > 0, "pending, done, batch", "must be positive")
	need(c.Rate >= 0 && c.Rate <= 1, "rate", "must be 0 to 1")
	need(c.Slow >= 0, "slow", "must not be negative")
	return errors.Join(errs...)
}
