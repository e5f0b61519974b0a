package store

import (
	"context"
	"errors"

	"github.com/wirespan/wirespan/tracer/query"
	"github.com/wirespan/wirespan/tracer/span"
)

// Store keeps spans. Its methods may be called at the same time.
//
// A span that is written again, with the same id, agent and start, replaces the
// one before or stands beside it; readers merge those (Merge).
type Store interface {
	// Write takes spans, which are borrowed until it returns. nil means that the
	// store has them: they can be read at once, and are on disk within a second or
	// when Sync returns. ErrFull means that it took none of them.
	Write(ctx context.Context, spans []Span) error

	// Sync returns when all that was written before is on disk.
	Sync(ctx context.Context) error

	// Related returns the spans that have one of the keys and begin within the
	// window, in no order; those that merely have the same hash may be among them.
	// At most limit spans; more is set when there are further ones. The caller may
	// keep them.
	Related(ctx context.Context, keys []Key, w Window, limit int) (spans []Span, more bool, err error)

	// Search yields spans that satisfy the question, the latest first. A span is
	// borrowed until yield returns; false ends the search.
	Search(ctx context.Context, q *Query, yield func(*Span) bool) error

	// Values returns distinct values of a field (an attribute, or service, name,
	// protocol, agent) of spans within the window, sorted, at most limit: those that
	// a search for the field finds. Those of service, of protocol, and of name by
	// service are complete; of others a sample is looked at.
	Values(ctx context.Context, field, service string, w Window, limit int) ([]string, error)

	// Rates returns what was counted per step of time, in the order of time, service,
	// operation.
	Rates(ctx context.Context, q *RateQuery) ([]Rate, error)

	// Alias says that one trace id stands for another (reference/inference.md, 7.2).
	Alias(ctx context.Context, list []Alias) error

	// Aliases returns the aliases that name one of the ids, as either.
	Aliases(ctx context.Context, ids []span.TraceID) ([]Alias, error)

	// Stats returns what is kept, and what was lost.
	Stats(ctx context.Context) (Stats, error)

	// Close ends what is under way, syncs, and releases everything.
	Close(ctx context.Context) error
}

// ErrFull says that there is no room to write. What is kept can be read.
var ErrFull = errors.New("store: no room left")

// Window is a time: From <= start of a span < To, in nanoseconds since 1970. To 0
// has no end.
type Window struct{ From, To int64 }

// Holds reports whether a start lies in the window.
func (w Window) Holds(start int64) bool { return start >= w.From && (w.To == 0 || start < w.To) }

// Query is a question for Search. Fields that are zero select nothing.
type Query struct {
	Window
	Service     string
	Operation   string // name of a span
	Errors      bool   // status ERROR only
	MinDuration int64  // ns
	MaxDuration int64  // ns, 0: none
	Keys        []Key  // one of them
	Where       *query.Expr
	Limit       int // spans at most, 0: as many as there are
}

// RateQuery asks for rates.
type RateQuery struct {
	Window
	Step      int64  // ns, a multiple of RateStep
	Service   string // empty: all
	Operation string // empty: all
	ByName    bool   // one row per operation; else per service
}

// RateStep is the smallest step of time of Rates, in ns.
const RateStep = int64(10e9)

// Rate is what was counted in a step of time. Only spans of the server's side of an
// exchange, and those of queues, count (Counted), each exchange once per agent and
// capture point.
type Rate struct {
	Time      int64 // beginning of the step
	Service   string
	Operation string // empty unless asked for
	Protocol  string // Span.Protocol
	Signal    Signal
	Count     uint64
	Errors    uint64
	Duration  uint64 // sum, ns
	Buckets   [NumBuckets]uint32
}

// Alias is one of two ids of a trace that was taken for two.
type Alias struct {
	Old       span.TraceID
	Canonical span.TraceID
	Time      int64 // when it was found, ns since 1970
}

// Stats is what a store keeps.
type Stats struct {
	Spans   uint64 // kept
	Bytes   int64  // on disk
	Oldest  int64  // start of the oldest span, ns since 1970
	Written uint64 // since the start
	Refused uint64 // since the start, for want of room
	Expired uint64 // since the start, by age or size
	Full    string // why nothing is written, empty if it is
	Repairs []string
}
