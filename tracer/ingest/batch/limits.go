package batch

import (
	"errors"
	"fmt"
)

// Limits bound what one request may cost. All are required; zero times have no bound.
type Limits struct {
	Spans      int   // of a request
	Attributes int   // of a span, an event, a link, a resource, or a map among values
	Elements   int   // of a list among values
	Events     int   // of a span
	Links      int   // of a span
	Depth      int   // of lists and maps in values
	Latest     int64 // start of a span, ns since 1970; set for each request
}

// DefaultLimits are eight times what an SDK sends with its own limits.
func DefaultLimits() Limits {
	return Limits{Spans: 100_000, Attributes: 1024, Elements: 4096, Events: 1024, Links: 1024, Depth: 16}
}

// Validate reports all faults.
func (l *Limits) Validate() error {
	var errs []error
	need := func(n int, key string) {
		if n <= 0 {
			errs = append(errs, fmt.Errorf("%s: must be positive", key))
		}
	}
	need(l.Spans, "max-spans")
	need(l.Attributes, "max-attributes")
	need(l.Elements, "max-elements")
	need(l.Events, "max-events")
	need(l.Links, "max-links")
	need(l.Depth, "max-depth")
	return errors.Join(errs...)
}
