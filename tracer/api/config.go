package api

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"time"

	"github.com/wirespan/wirespan/tracer/assemble"
	"github.com/wirespan/wirespan/tracer/span"
	"github.com/wirespan/wirespan/tracer/store"
)

// Prefix is the path below which everything is.
const Prefix = "/api/v1/"

// Assembler puts traces together; assemble.Assembler is one.
type Assembler interface {
	Trace(ctx context.Context, id span.TraceID, around store.Window) (*assemble.Trace, error)
	Around(ctx context.Context, seeds []store.Span) (*assemble.Trace, error)
}

// Packets hands out what was recorded of a span.
type Packets interface {
	// WritePackets writes the packets of a span's exchange as pcapng. The span is
	// borrowed. ErrNoPackets says that there are none, before anything is written.
	WritePackets(ctx context.Context, s *store.Span, w io.Writer) error

	// Recording reports whether packets are recorded at all.
	Recording() bool
}

// ErrNoPackets says that of a span no packets are kept, or no longer.
var ErrNoPackets = errors.New("api: no packets of this span were recorded")

// Config is what an API stands on. Store, Assembler, Keys and Limits are required.
type Config struct {
	Store     store.Store
	Assembler Assembler
	Keys      *span.Keys // attributes whose types are known
	Limits    Limits

	Packets    Packets                    // nil: none are recorded
	MayPackets func(r *http.Request) bool // right to packets; nil: nobody has it
	Live       *Live                      // nil: no stream
	Version    string                     // of the program
	Log        *slog.Logger               // of what failed; nil: nowhere
	Now        func() time.Time           // nil: the clock of this host
}

// Limits bound what one request may cost. All are required.
type Limits struct {
	Timeout     time.Duration // of a request
	Rows        int           // of an answer at most
	DefaultRows int           // where a request names no limit
	Scan        int           // spans that one request looks at by itself, at most
	MapTraces   int           // that a service map is made from, at most
	Questions   int           // at the same time
}

// DefaultLimits is what serve uses.
func DefaultLimits() Limits {
	return Limits{Timeout: 30 * time.Second, Rows: 1000, DefaultRows: 20, Scan: 200_000, MapTraces: 1000, Questions: 16}
}

// Validate reports all faults.
func (c *Config) Validate() error {
	var errs []error
	need := func(ok bool, key, what string) {
		if !ok {
			errs = append(errs, fmt.Errorf("api: %s: %s", key, what))
		}
	}
	need(c.Store != nil, "store", "is missing")
	need(c.Assembler != nil, "assembler", "is missing")
	need(c.Keys != nil, "keys", "are missing")
	need(c.Limits.Timeout >= 100*time.Millisecond, "timeout", "must be at least 100ms")
	need(c.Limits.Rows > 0, "rows", "must be positive")
	need(c.Limits.DefaultRows > 0 && c.Limits.DefaultRows <= c.Limits.Rows, "default-rows", "must be positive, and at most rows")
	need(c.Limits.Scan >= c.Limits.Rows, "scan", "must be at least rows")
	need(c.Limits.MapTraces > 0, "map-traces", "must be positive")
	need(c.Limits.Questions > 0, "questions", "must be positive")
	return errors.Join(errs...)
}
