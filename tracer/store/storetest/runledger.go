package storetest

import (
	"slices"
	"testing"
	"time"

	"github.com/wirespan/wirespan/tracer/span"
	"github.com/wirespan/wirespan/tracer/store"
)

// RunLedger runs the suite of store.Ledger. wrote is what a store is given: it has
// the spans once it returns.
func RunLedger(t *testing.T, l store.Ledger, wrote func([]store.Span)) {
	before := plain(900)
	before.Trace = traceID(900)
	if _, ok := l.(*Ledger); ok {
		wrote([]store.Span{before})
	}
	now, err := l.OpenLedger(t.Context())
	if err != nil || now < 1_700_000_000 {
		t.Fatalf("opened at %d, %v", now, err)
	}
	if _, err := l.OpenLedger(t.Context()); err != nil { // as the next server does
		t.Fatal(err)
	}
	t.Run("beats", func(t *testing.T) { testBeats(t, l) })
	t.Run("news", func(t *testing.T) { testNews(t, l, wrote, now) })
	t.Run("departures", func(t *testing.T) { testDepartures(t, l) })
}

func testBeats(t *testing.T, l store.Ledger) {
	a, b := store.Beat{ID: 1<<63 + 1, Name: "a", Count: 1, View: 1<<64 - 1, Start: 6, Bound: 7}, store.Beat{ID: 5, Name: "b", Count: 1}
	say := func(own store.Beat, want ...store.Beat) {
		t.Helper()
		got, err := l.Beat(t.Context(), &own)
		if err != nil || !slices.Equal(got, want) {
			t.Errorf("%+v, %v, want %+v", got, err, want)
		}
	}
	say(a, a)
	say(b, b, a)
	a.Count, a.View, a.Bound = 2, 3, 8
	say(a, b, a)
	b.Count, b.Gone = 2, true
	say(b, b, a)
	b.Count, b.Gone = 3, false // who is gone stays so
	gone := b
	gone.Gone = true
	say(b, gone, a)
}

// quiet asks until the answer has the traces, or a time has passed.
func quiet(t *testing.T, l store.Ledger, q store.QuietQuery, want int) *store.QuietAnswer {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(50 * time.Millisecond) {
		a, err := l.Quiet(t.Context(), &q)
		if err != nil {
			t.Fatal(err)
		}
		if len(a.News) >= want || time.Now().After(deadline) {
			return a
		}
	}
}

func every() (list []uint8) {
	for i := range store.Parts {
		list = append(list, uint8(i))
	}
	return list
}

func testNews(t *testing.T, l store.Ledger, wrote func([]store.Span), opened store.Second) {
	var spans []store.Span
	for n := range 6 {
		s := plain(n)
		s.Trace = traceID(uint64(500 + n/2))
		spans = append(spans, s)
	}
	wrote(spans)
	since := opened - 1
	a := quiet(t, l, store.QuietQuery{Since: since, Quiet: time.Hour, Longest: 2 * time.Hour, Parts: every(), Limit: 100}, 0)
	if len(a.News) != 0 || a.Now < opened || a.Until != a.Now.Back(time.Hour) {
		t.Errorf("too early: %+v", a)
	}
	a = quiet(t, l, store.QuietQuery{Since: since, Quiet: time.Second, Longest: time.Hour, Parts: every(), Limit: 100}, 3)
	if len(a.News) != 3 {
		t.Fatalf("%d traces fell quiet, want 3", len(a.News))
	}
	for _, n := range a.News {
		i := slices.IndexFunc(spans, func(s store.Span) bool { return s.Trace == n.Trace })
		if i < 0 || n.First != spans[i].Start || n.Last != spans[i+1].Start || n.Hops != 0 || n.Latest < opened || n.Latest > a.Now {
			t.Errorf("%+v at %d", n, a.Now)
		}
	}
	one := spans[2].Trace
	a = quiet(t, l, store.QuietQuery{Since: since, Quiet: time.Second, Longest: time.Hour, Parts: []uint8{store.PartOf(one)}, Limit: 100}, 1)
	if !slices.ContainsFunc(a.News, func(n store.News) bool { return n.Trace == one }) {
		t.Errorf("its part: %+v", a)
	}
	if a = quiet(t, l, store.QuietQuery{Since: since, Quiet: time.Second, Longest: time.Hour, Limit: 100}, 0); len(a.News) != 0 {
		t.Errorf("no part: %+v", a)
	}
	first := quiet(t, l, store.QuietQuery{Since: since, Quiet: time.Second, Longest: time.Hour, Parts: every(), Limit: 2}, 2)
	if len(first.News) != 2 || first.Until >= first.News[1].Latest {
		t.Errorf("the first two: %+v", first)
	}
	if err := l.Recall(t.Context(), []store.News{{Trace: one, First: 1, Last: 2, Hops: 3}, {Trace: traceID(700), First: 4, Last: 5, Hops: 1}}); err != nil {
		t.Fatal(err)
	}
	got, err := l.Latest(t.Context(), []span.TraceID{one, traceID(700), traceID(999)}, since)
	if err != nil || len(got) != 2 {
		t.Fatalf("%+v, %v", got, err)
	}
	slices.SortFunc(got, func(a, b store.News) int { return int(b.Hops) - int(a.Hops) })
	if got[0].Trace != one || got[0].Hops != 3 || got[0].First != 1 || got[0].Last != spans[3].Start || got[1].First != 4 || got[1].Last != 5 {
		t.Errorf("%+v", got)
	}
	if got, err := l.Latest(t.Context(), []span.TraceID{one}, got[0].Latest); err != nil || len(got) != 0 {
		t.Errorf("later than the latest: %+v, %v", got, err)
	}
	if a = quiet(t, l, store.QuietQuery{Since: since, Quiet: time.Hour, Longest: time.Second, Parts: every(), Limit: 100}, 4); len(a.News) < 4 {
		t.Errorf("what goes on for long: %+v", a)
	}
}

func testDepartures(t *testing.T, l store.Ledger) {
	d := store.Departure{ID: traceID(1), Under: traceID(2), Seen: 77, Kept: true, Server: 1<<64 - 2, Spans: []span.SpanID{spanID(1), spanID(2)}}
	e := store.Departure{ID: traceID(3), Under: traceID(3), Seen: 78, Server: 4}
	if err := l.Depart(t.Context(), []store.Departure{d, e}); err != nil {
		t.Fatal(err)
	}
	if err := l.Depart(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	d2 := d
	d2.Seen, d2.Spans = 80, []span.SpanID{spanID(9)}
	if err := l.Depart(t.Context(), []store.Departure{d2}); err != nil {
		t.Fatal(err)
	}
	got, err := l.Departed(t.Context(), []span.TraceID{traceID(1), traceID(3), traceID(4)})
	if err != nil {
		t.Fatal(err)
	}
	slices.SortFunc(got, func(a, b store.Departure) int { return int(a.Seen) - int(b.Seen) })
	r := &rig{T: t}
	r.equal("departures", got, []store.Departure{d, e, d2})
}
