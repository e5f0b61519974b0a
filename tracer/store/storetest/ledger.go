package storetest

import (
	"bytes"
	"cmp"
	"context"
	"slices"
	"sync"
	"time"

	"github.com/wirespan/wirespan/tracer/span"
	"github.com/wirespan/wirespan/tracer/store"
)

// Ledger is a store.Ledger in memory, for tests of those who use one. Its clock is
// time.Now. Its methods may be called at the same time.
type Ledger struct {
	mu         sync.Mutex
	open       bool
	beats      map[uint64]store.Beat
	news       []noted
	departures []store.Departure
	away       error
}

type noted struct {
	at store.Second
	store.News
}

var _ store.Ledger = (*Ledger)(nil)

// NewLedger returns an empty one.
func NewLedger() *Ledger { return &Ledger{beats: map[uint64]store.Beat{}} }

// Away lets every question and answer fail until it is called with nil.
func (l *Ledger) Away(err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.away = err
}

// Wrote notes spans, as a store would that takes them.
func (l *Ledger) Wrote(spans []store.Span) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.open {
		return
	}
	for i := range spans {
		s := &spans[i]
		l.news = append(l.news, noted{clock(), store.News{Trace: s.Trace, First: s.Start, Last: s.Start}})
	}
}

func clock() store.Second { return store.Second(time.Now().Unix()) }

// OpenLedger meets store.Ledger.
func (l *Ledger) OpenLedger(context.Context) (store.Second, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.open = true
	return clock(), l.away
}

// Beat meets store.Ledger.
func (l *Ledger) Beat(_ context.Context, own *store.Beat) (list []store.Beat, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.away != nil {
		return nil, l.away
	}
	b := *own
	b.Gone = b.Gone || l.beats[b.ID].Gone
	l.beats[b.ID] = b
	for _, b := range l.beats {
		list = append(list, b)
	}
	slices.SortFunc(list, func(a, b store.Beat) int { return cmp.Compare(a.ID, b.ID) })
	return list, nil
}

// Quiet meets store.Ledger.
func (l *Ledger) Quiet(_ context.Context, q *store.QuietQuery) (*store.QuietAnswer, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.away != nil {
		return nil, l.away
	}
	a := &store.QuietAnswer{Now: clock(), Until: clock().Back(q.Quiet)}
	long := a.Now.Back(q.Longest)
	for _, g := range l.groups(min(q.Since, long-1), func(id span.TraceID) bool { return slices.Contains(q.Parts, store.PartOf(id)) }) {
		if g.Latest > q.Since && (g.Latest <= a.Until || g.at <= long) {
			a.News = append(a.News, g.News)
		}
	}
	slices.SortFunc(a.News, func(x, y store.News) int {
		return cmp.Or(cmp.Compare(x.Latest, y.Latest), bytes.Compare(x.Trace[:], y.Trace[:]))
	})
	if len(a.News) >= q.Limit {
		a.News = a.News[:q.Limit]
		a.Until = min(a.Until, a.News[q.Limit-1].Latest.Back(time.Second))
	}
	return a, nil
}

// groups are the news of each trace since a time; at is the first of it.
func (l *Ledger) groups(since store.Second, wanted func(span.TraceID) bool) (list []noted) {
	at := map[span.TraceID]int{}
	for _, n := range l.news {
		if n.at <= since || !wanted(n.Trace) {
			continue
		}
		i, ok := at[n.Trace]
		if !ok {
			i = len(list)
			at[n.Trace] = i
			list = append(list, n)
		}
		g := &list[i]
		g.First, g.Last, g.Hops = min(g.First, n.First), max(g.Last, n.Last), max(g.Hops, n.Hops)
		g.Latest = max(g.Latest, n.at)
	}
	return list
}

// Latest meets store.Ledger.
func (l *Ledger) Latest(_ context.Context, ids []span.TraceID, since store.Second) (list []store.News, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, g := range l.groups(since, func(id span.TraceID) bool { return slices.Contains(ids, id) }) {
		list = append(list, g.News)
	}
	return list, l.away
}

// Recall meets store.Ledger.
func (l *Ledger) Recall(_ context.Context, list []store.News) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.away != nil {
		return l.away
	}
	for _, n := range list {
		n.Latest = 0
		l.news = append(l.news, noted{clock(), n})
	}
	return nil
}

// Depart meets store.Ledger.
func (l *Ledger) Depart(_ context.Context, list []store.Departure) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.away != nil {
		return l.away
	}
	l.departures = append(l.departures, list...)
	return nil
}

// Departed meets store.Ledger.
func (l *Ledger) Departed(_ context.Context, ids []span.TraceID) (list []store.Departure, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, d := range l.departures {
		if slices.Contains(ids, d.ID) {
			list = append(list, d)
		}
	}
	return list, l.away
}
