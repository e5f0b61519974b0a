package red

import (
	"errors"
	"fmt"
	"time"

	"github.com/wirespan/wirespan/tracer/span"
)

// Config bounds a Sink. All fields but Weight are required.
type Config struct {
	Keys      *span.Keys
	Services  int           // distinct service.name
	Endpoints int           // span names per service
	Series    int           // histograms in all, without those of "other"; one is about 1 KiB
	Idle      time.Duration // a series without exchange for so long makes room when there is none

	// Weight tells how many exchanges one that began at start stands for:
	// more than one when connections were sampled. nil is always one.
	Weight func(start int64) uint64
}

// Default lacks Keys.
func Default() Config {
	return Config{Services: 200, Endpoints: 100, Series: 2000, Idle: 15 * time.Minute}
}

// Validate reports all faults.
func (c *Config) Validate() error {
	var errs []error
	positive := func(key string, ok bool) {
		if !ok {
			errs = append(errs, fmt.Errorf("red: %s: must be positive", key))
		}
	}
	positive("services", c.Services > 0)
	positive("endpoints", c.Endpoints > 0)
	positive("series", c.Series > 0)
	positive("idle", c.Idle > 0)
	if c.Keys == nil {
		errs = append(errs, errors.New("red: keys: are required"))
	}
	return errors.Join(errs...)
}

// Stats counts what a Sink did.
type Stats struct {
	Exchanges uint64 // counted, each once, without weight
	Spans     uint64 // written to the Sink
	Other     uint64 // exchanges counted under "other" for want of room
	Forgotten uint64 // series that made room for others
	Series    int    // histograms now
	Services  int    // now
}
