package sys

import (
	"context"
	"testing"
	"time"
)

// leaky loses events while it is read.
type leaky struct {
	Source
	left  []Event
	drops []uint64 // by call
	stats Stats
}

func (l *leaky) Read(_ context.Context, dst []Event) (int, error) {
	n := copy(dst, l.left[:1])
	l.left, l.stats.Dropped, l.drops = l.left[1:], l.stats.Dropped+l.drops[0], l.drops[1:]
	return n, nil
}

func (l *leaky) Stats() (Stats, error) { return l.stats, nil }

// What was lost is told before what was read with it, once.
func TestWatch(t *testing.T) {
	w := NewWatch(&leaky{left: examples(), drops: []uint64{0, 7, 0}}, func() time.Time { return time.Unix(0, 99) })
	var got []Event
	dst := make([]Event, 4)
	for range examples() {
		n, err := w.Read(t.Context(), dst)
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, dst[:n]...)
	}
	want := examples()
	if len(got) != len(want)+1 || got[0] != want[0] || got[1] != (Event{Type: Lost, Time: 99, Length: 7}) || got[2] != want[1] || got[3] != want[2] {
		t.Errorf("%+v", got)
	}
}
