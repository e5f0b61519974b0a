package spill

import (
	"errors"
	"time"

	"github.com/wirespan/wirespan/tracer/sink"
)

// Config says where and how much. All fields but Block and Final are required.
type Config struct {
	Dir      string
	Bytes    int64         // on disk, at most
	Segment  int64         // size of a file that is begun no more
	Patience time.Duration // a delivery may take so long before the disk is used
	Retry    sink.Retry    // pauses between attempts from disk; Total is not used: they go on
	// Block makes Send wait for room, for as long as the far side is not away for
	// longer than Final; else what finds no room is lost.
	Block bool
	// Final is how long the far side may be away in Drain before what is left stays
	// on disk.
	Final time.Duration
}

// Default is for live input; Dir is missing.
func Default() Config {
	return Config{
		Bytes: 1 << 30, Segment: 8 << 20, Patience: time.Second,
		Retry: sink.Retry{Initial: 500 * time.Millisecond, Max: 15 * time.Second},
		Final: 2 * time.Second,
	}
}

// MinBytes is the smallest bound of a buffer.
const MinBytes = 1 << 20

// Validate reports all faults.
func (c *Config) Validate() error {
	var errs []error
	need := func(ok bool, what string) {
		if !ok {
			errs = append(errs, errors.New("buffer."+what))
		}
	}
	need(c.Dir != "", "dir: is required")
	need(c.Bytes >= MinBytes, "bytes: must be at least 1 MiB")
	need(c.Segment > 0, "segment: must be positive")
	need(c.Patience > 0, "patience: must be positive")
	need(c.Retry.Initial > 0 && c.Retry.Max >= c.Retry.Initial, "retry: initial must be positive, and max not below it")
	return errors.Join(errs...)
}

// segmentBytes keeps segments a small part of the whole, so that room is made in
// small steps.
func (c *Config) segmentBytes() int64 { return max(64<<10, min(c.Segment, c.Bytes/8)) }
