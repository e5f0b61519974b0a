package memory

import (
	"errors"
	"fmt"
)

// Config bounds a store. All fields are required.
type Config struct {
	MaxSpans int   // spans kept; the first written leave for others
	MaxBytes int64 // of spans kept, estimated
}

// Default is a million spans of at most 1 GiB.
func Default() Config { return Config{MaxSpans: 1 << 20, MaxBytes: 1 << 30} }

// Validate reports all faults.
func (c *Config) Validate() error {
	var errs []error
	if c.MaxSpans <= 0 {
		errs = append(errs, fmt.Errorf("memory: max-spans: must be positive"))
	}
	if c.MaxBytes <= 0 {
		errs = append(errs, fmt.Errorf("memory: max-bytes: must be positive"))
	}
	return errors.Join(errs...)
}
