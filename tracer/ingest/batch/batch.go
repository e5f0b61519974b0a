package batch

import (
	"math"
	"strings"
	"unicode/utf8"

	"github.com/wirespan/wirespan/tracer/span"
	"github.com/wirespan/wirespan/tracer/store"
)

// Batch is the spans of a request. It is for one goroutine.
type Batch struct {
	Spans   []store.Span // those that were taken
	Refused Refused
	Dropped int // attributes, elements, events and links beyond a limit, or without a key or id
	Mended  int // texts that were not UTF-8, ends before their start

	limits Limits
	attrs  slab[store.Attr]
	values slab[store.Value]
	events slab[store.Event]
	links  slab[store.Link]
}

// New returns an empty Batch. The limits were validated.
func New(l Limits) *Batch { return &Batch{limits: l} }

// Reset takes back what was given out. latest is the latest start that a span may
// have, in ns since 1970; 0 for none.
func (b *Batch) Reset(latest int64) {
	clear(b.Spans)
	b.Spans = b.Spans[:0]
	if cap(b.Spans) > keepChunk/4 {
		b.Spans = nil
	}
	b.Refused, b.Dropped, b.Mended, b.limits.Latest = Refused{}, 0, 0, latest
	b.attrs.reset()
	b.values.reset()
	b.events.reset()
	b.links.reset()
}

// Limits are those of the Batch.
func (b *Batch) Limits() Limits { return b.limits }

// Received is the number of spans that came, taken and refused.
func (b *Batch) Received() int { return len(b.Spans) + b.Refused.Sum() }

// Refuse counts a span that is not taken.
func (b *Batch) Refuse(why Reason) { b.Refused[why]++ }

// Begin returns a span to be filled, or nil if the request has too many, which is
// counted. Keep or Cancel must follow before the next one.
func (b *Batch) Begin() *store.Span {
	if len(b.Spans) >= b.limits.Spans {
		b.Refuse(TooMany)
		return nil
	}
	b.Spans = append(b.Spans, store.Span{})
	return &b.Spans[len(b.Spans)-1]
}

// Cancel refuses the span that was begun.
func (b *Batch) Cancel(why Reason) {
	b.Spans[len(b.Spans)-1] = store.Span{}
	b.Spans = b.Spans[:len(b.Spans)-1]
	b.Refuse(why)
}

// Mark is how much there is at a time.
type Mark struct {
	spans, dropped, mended int
	refused                Refused
}

// Mark returns how much there is now.
func (b *Batch) Mark() Mark { return Mark{len(b.Spans), b.Dropped, b.Mended, b.Refused} }

// Back forgets what came since, when it turns out to be malformed.
func (b *Batch) Back(m Mark) {
	clear(b.Spans[m.spans:])
	b.Spans, b.Dropped, b.Mended, b.Refused = b.Spans[:m.spans], m.dropped, m.mended, m.refused
}

// Keep takes the span that was begun, unless it lacks an id or a start.
func (b *Batch) Keep() {
	s := &b.Spans[len(b.Spans)-1]
	switch {
	case s.Trace.IsZero():
		b.Cancel(BadTraceID)
	case s.ID.IsZero():
		b.Cancel(BadSpanID)
	case s.Start <= 0, b.limits.Latest != 0 && s.Start > b.limits.Latest:
		b.Cancel(BadTime)
	default:
		if s.End < s.Start {
			b.Mended++
			s.End = s.Start
		}
	}
}

// KeepIf takes the span that was begun if its ids could be read, and if Keep does.
func (b *Batch) KeepIf(trace, id, parent bool) {
	switch {
	case !trace:
		b.Cancel(BadTraceID)
	case !id:
		b.Cancel(BadSpanID)
	case !parent:
		b.Cancel(BadParentID)
	default:
		b.Keep()
	}
}

// Time makes nanoseconds since 1970 of what came unsigned; 0 if they are beyond 2262.
func Time(ns uint64) int64 {
	if ns > math.MaxInt64 {
		return 0
	}
	return int64(ns)
}

// Kind makes a span kind of an OTLP number, 0 of one that there is not.
func Kind(n uint64) span.Kind {
	if n > uint64(span.Consumer) {
		return 0
	}
	return span.Kind(n)
}

// Status makes a status of an OTLP number, span.Unset of one that there is not.
func Status(n uint64) span.Status {
	if n > uint64(span.Error) {
		return span.Unset
	}
	return span.Status(n)
}

// Text makes text of what came: U+FFFD stands for what is not UTF-8.
func (b *Batch) Text(s string) string {
	if utf8.ValidString(s) {
		return s
	}
	b.Mended++
	return strings.ToValidUTF8(s, "\uFFFD")
}
