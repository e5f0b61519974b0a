package sink

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Parcel is a batch of encoded spans. Whoever holds it owns Bytes.
type Parcel struct {
	Bytes []byte
	Spans int
	// Lent is set by a Sender whose transport may go on reading Bytes after
	// Send has returned. Such bytes are left to the garbage collector.
	Lent bool
}

// Sender delivers parcels. Send borrows the parcel until it returns, obeys
// ctx, and may be called by several goroutines. It returns nil, a PartialError
// (some spans were refused), a RetryError, or anything else for a refusal that
// trying again will not change.
type Sender interface {
	Send(ctx context.Context, p *Parcel) error
}

// RetryError is a failure that may pass.
type RetryError struct {
	After time.Duration // do not try earlier; 0 if the far side did not say
	Err   error
}

// Error is the text of the cause.
func (e *RetryError) Error() string { return e.Err.Error() }

// Unwrap returns the cause.
func (e *RetryError) Unwrap() error { return e.Err }

// DeniedError is a refusal of whoever sends, not of what was sent: a wrong token or
// path. Sending the same again helps once somebody has corrected that.
type DeniedError struct{ Err error }

// Error is the text of the cause.
func (e *DeniedError) Error() string { return e.Err.Error() }

// Unwrap returns the cause.
func (e *DeniedError) Unwrap() error { return e.Err }

// Reasons for spans that an Outbox did not take; they are counted as dropped.
var (
	ErrFull   = errors.New("queue is full")
	ErrClosed = errors.New("queue is closed")
	ErrGone   = errors.New("far side is gone")
)

// Stats are cumulative counts of spans, save where said otherwise.
type Stats struct {
	Sent        uint64 // delivered and accepted
	Rejected    uint64 // refused by the far side
	Dropped     uint64 // lost here: no room, out of time, or closed
	Retries     uint64 // attempts after the first, in parcels
	Parcels     int    // kept now, in parcels
	Bytes       int    // kept now
	LastError   error  // what the last failed attempt said; nil if none failed
	LastErrorAt time.Time
}

// Lost returns an error that says how many spans did not arrive, or nil.
func (s Stats) Lost() error {
	if s.Rejected+s.Dropped == 0 {
		return nil
	}
	if s.LastError == nil {
		return fmt.Errorf("%d spans lost, %d refused", s.Dropped, s.Rejected)
	}
	return fmt.Errorf("%d spans lost, %d refused: %w", s.Dropped, s.Rejected, s.LastError)
}
