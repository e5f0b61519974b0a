package flows

import (
	"errors"
	"fmt"
	"time"
)

// Config bounds a Table. Every field but Seed is required.
type Config struct {
	MaxConns         int // connections in the table; beyond it the one that has been idle longest is evicted
	MaxBuffered      int // bytes of memory that wait behind a hole, per direction
	MaxBufferedTotal int // the same, for the whole Table

	SynTimeout     time.Duration // from the last SYN that nobody answered
	OpeningTimeout time.Duration // after the SYN-ACK, or without SYN before the first payload
	IdleTimeout    time.Duration // of an open TCP connection
	HalfTimeout    time.Duration // after the FIN of one side
	Linger         time.Duration // how long a closed connection absorbs late segments
	UDPTimeout     time.Duration
	HoleTimeout    time.Duration // how long a hole that nobody acknowledged may be filled

	ReorderTime     time.Duration // how long an acknowledged hole may be filled
	ReorderSegments int           // later segments that prove an acknowledged hole

	// Seed of the hash. It changes no result; a live capture may choose one
	// that an adversary cannot know.
	Seed uint64
}

// Default returns the bounds for one of 64 shards.
func Default() Config {
	return Config{
		MaxConns:         32 << 10,
		MaxBuffered:      512 << 10,
		MaxBufferedTotal: 2 << 20,
		SynTimeout:       10 * time.Second,
		OpeningTimeout:   30 * time.Second,
		IdleTimeout:      300 * time.Second,
		HalfTimeout:      60 * time.Second,
		Linger:           5 * time.Second,
		UDPTimeout:       60 * time.Second,
		HoleTimeout:      3 * time.Second,
		ReorderTime:      200 * time.Millisecond,
		ReorderSegments:  3,
	}
}

// Upper limits, from the width of the fields that hold the values.
const (
	maxConns   = 1 << 27
	maxTimeout = 24 * time.Hour * 365
)

// Validate reports all faults at once.
func (cfg *Config) Validate() error {
	var errs []error
	between := func(key string, v, lo, hi int) {
		if v < lo || v > hi {
			errs = append(errs, fmt.Errorf("flows.%s: %d is not between %d and %d", key, v, lo, hi))
		}
	}
	timeout := func(key string, d time.Duration) {
		if d <= 0 || d > maxTimeout {
			errs = append(errs, fmt.Errorf("flows.%s: %v is not above 0 and up to %v", key, d, maxTimeout))
		}
	}
	between("max_conns", cfg.MaxConns, 1, maxConns)
	between("max_buffered", cfg.MaxBuffered, blockSize, 1<<30)
	between("max_buffered_total", cfg.MaxBufferedTotal, blockSize, 1<<40)
	between("reorder_segments", cfg.ReorderSegments, 1, 1000)
	timeout("syn_timeout", cfg.SynTimeout)
	timeout("opening_timeout", cfg.OpeningTimeout)
	timeout("idle_timeout", cfg.IdleTimeout)
	timeout("half_timeout", cfg.HalfTimeout)
	timeout("linger", cfg.Linger)
	timeout("udp_timeout", cfg.UDPTimeout)
	timeout("hole_timeout", cfg.HoleTimeout)
	timeout("reorder_time", cfg.ReorderTime)
	return errors.Join(errs...)
}
