package batch

import (
	"strconv"
	"strings"
)

// Reason says why a span was refused.
type Reason uint8

// Reasons.
const (
	BadTraceID  Reason = iota // not 16 bytes, or zero
	BadSpanID                 // not 8 bytes, or zero
	BadParentID               // not 8 bytes
	BadTime                   // no start, or one that no clock shows
	TooMany                   // more than a request may have
	StoreFull                 // the store has no room
	StoreSlow                 // the store did not answer in time
	StoreFailed               // the store answered with another error
	NumReasons
)

var reasonNames = [NumReasons]string{
	"bad_trace_id", "bad_span_id", "bad_parent_id", "bad_time", "too_many", "store_full", "store_slow", "store_failed",
}

var reasonTexts = [NumReasons]string{
	"without a trace id of 16 bytes", "without a span id of 8 bytes", "with a parent id that has not 8 bytes",
	"without a start, or with one that is far ahead of the clock", "more than a request may have",
	"for which the store has no room", "that the store did not take in time", "that the store failed to take",
}

// String is the name under which it is counted.
func (r Reason) String() string {
	if r >= NumReasons {
		return "unknown"
	}
	return reasonNames[r]
}

// Refused counts refused spans by reason.
type Refused [NumReasons]int

// Sum is the number of spans.
func (r *Refused) Sum() (n int) {
	for _, c := range r {
		n += c
	}
	return n
}

// String says it in words for the sender, empty if there are none.
func (r *Refused) String() string {
	var b strings.Builder
	for i, c := range r {
		if c == 0 {
			continue
		}
		if b.Len() > 0 {
			b.WriteString(", ")
		}
		b.WriteString(strconv.Itoa(c) + " " + reasonTexts[i])
	}
	if b.Len() == 0 {
		return ""
	}
	return "spans refused: " + b.String()
}
