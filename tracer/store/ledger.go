package store

import (
	"context"
	"time"

	"github.com/wirespan/wirespan/tracer/span"
)

// Ledger is met by a Store that several servers share. By it they agree on which of
// them sends a trace on (tracer/relay). Its times are those of the store's own clock.
type Ledger interface {
	// OpenLedger has the store note what is written from now on, and returns its time.
	OpenLedger(ctx context.Context) (now Second, err error)

	// Beat writes what a server says of itself, and returns the last that each server
	// said within an hour, in the order of their ids. Who is said to be gone stays so.
	Beat(ctx context.Context, own *Beat) ([]Beat, error)

	// Quiet returns traces of which there was news, but none lately.
	Quiet(ctx context.Context, q *QuietQuery) (*QuietAnswer, error)

	// Latest returns the last news of traces, of those that had some since a time.
	Latest(ctx context.Context, ids []span.TraceID, since Second) ([]News, error)

	// Recall makes news of traces without spans of them. Latest of it is not looked at.
	Recall(ctx context.Context, list []News) error

	// Depart notes what has left.
	Depart(ctx context.Context, list []Departure) error

	// Departed returns what was noted of the ids, in no order.
	Departed(ctx context.Context, ids []span.TraceID) ([]Departure, error)
}

// LedgerTime is how long a ledger keeps what it is told, at least.
const LedgerTime = time.Hour

// Second is a time in seconds since 1970 by the clock of a store.
type Second uint32

// Back is the time so long before, rounded to before it.
func (s Second) Back(d time.Duration) Second {
	n := Second((d + time.Second - 1) / time.Second)
	return s - min(n, s)
}

// Beat is what a server says of itself.
type Beat struct {
	ID    uint64 // of this life of it
	Name  string // for people
	Count uint64 // of its beats
	View  uint64 // which servers it sees, 0: none yet
	Start Second // where the work of this view begins, as far as it knows
	Bound Second // it is done with what fell quiet until then
	Gone  bool   // it ended, and said so; or others found that it did
}

// News is that spans of a trace were written.
type News struct {
	Trace       span.TraceID
	First, Last int64  // starts of its spans, ns since 1970
	Latest      Second // when
	Hops        uint8  // how often it was recalled since
}

// Parts is the number of parts into which ids of traces are divided.
const Parts = 256

// PartOf is the part of a trace.
func PartOf(id span.TraceID) uint8 { return id[15] }

// QuietQuery asks for traces that fell quiet since a time, or that do not.
type QuietQuery struct {
	Since   Second        // their latest news is after it
	Quiet   time.Duration // and so long ago
	Longest time.Duration // or goes on for so long
	Parts   []uint8       // of these parts only
	Limit   int
}

// QuietAnswer has the news of each trace together, in the order of Latest.
type QuietAnswer struct {
	News  []News
	Until Second // all that fell quiet until then is there
	Now   Second
}

// Departure is that a trace left, or a part of it, or was left out.
type Departure struct {
	ID     span.TraceID // that leads to it; one Departure for each of its ids
	Under  span.TraceID // the id under which it left
	Seen   Second       // the latest news of ID that was known
	Kept   bool         // whether it left
	Server uint64
	Spans  []span.SpanID
}
