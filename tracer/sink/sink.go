package sink

import (
	"context"
	"fmt"

	"github.com/wirespan/wirespan/tracer/span"
)

// Sink takes finished spans. It must not keep them after returning.
// nil means the sink has taken responsibility for every span.
type Sink interface {
	WriteSpans(ctx context.Context, spans []span.Span) error
	Close(ctx context.Context) error // flush, then release
}

// Flusher is met by sinks that gather output. Flush says that the spans so far
// end with a whole trace and that no more are at hand: input that is still
// being written has gone quiet.
type Flusher interface{ Flush() error }

// PartialError reports spans the far side refused; they are not retried.
type PartialError struct {
	Rejected int
	Err      error
}

// Error says how many spans were refused and why.
func (e *PartialError) Error() string { return fmt.Sprintf("%d spans rejected: %v", e.Rejected, e.Err) }

// Unwrap returns the far side's words.
func (e *PartialError) Unwrap() error { return e.Err }
