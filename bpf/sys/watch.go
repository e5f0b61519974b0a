package sys

import (
	"context"
	"math"
	"time"
)

// Watch is a Source that says in the stream when another one has lost events, in
// front of all that may have come behind them.
type Watch struct {
	Source
	lost uint64
	now  func() time.Time
}

// NewWatch watches a source. now is the clock that the times of its events are
// of.
func NewWatch(src Source, now func() time.Time) *Watch { return &Watch{Source: src, now: now} }

// Read, see Source; dst has room for two events at least.
func (w *Watch) Read(ctx context.Context, dst []Event) (int, error) {
	n, err := w.Source.Read(ctx, dst[:len(dst)-1])
	st, e := w.Stats()
	if lost := st.Dropped + st.Bad + st.Garbled; e == nil && lost > w.lost {
		copy(dst[1:], dst[:n])
		dst[0] = Event{Type: Lost, Time: w.now().UnixNano(), Length: uint32(min(lost-w.lost, math.MaxUint32))}
		w.lost = lost
		return n + 1, err
	}
	return n, err
}
