package memory

import (
	"cmp"
	"context"
	"slices"

	"github.com/wirespan/wirespan/tracer/store"
)

// Related looks up the keys. Spans share their attributes with the store, and with
// others who asked: they may be kept, not written to.
func (m *Store) Related(ctx context.Context, keys []store.Key, w store.Window, limit int) (spans []store.Span, more bool, err error) {
	if err := ctx.Err(); err != nil {
		return nil, false, err
	}
	m.mu.RLock()
	defer m.mu.RUnlock()
	if m.closed {
		return nil, false, errClosed
	}
	for _, n := range m.numbers(keys) {
		s := m.spans[n-m.first].span
		if !w.Holds(s.Start) {
			continue
		}
		if limit > 0 && len(spans) == limit {
			return spans, true, nil
		}
		spans = append(spans, *s)
	}
	return spans, false, nil
}

// numbers are those of the spans that have one of the keys, in order.
func (m *Store) numbers(keys []store.Key) (list []uint64) {
	for _, k := range keys {
		list = append(list, m.index[k]...)
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// Search sorts what fits.
func (m *Store) Search(ctx context.Context, q *store.Query, yield func(*store.Span) bool) error {
	narrow := store.Narrow(*q)
	hits, err := m.fitting(ctx, &narrow)
	if err != nil {
		return err
	}
	slices.SortStableFunc(hits, func(a, b *store.Span) int { return -cmp.Compare(a.Start, b.Start) })
	if q.Limit > 0 && len(hits) > q.Limit {
		hits = hits[:q.Limit]
	}
	for _, s := range hits {
		if err := ctx.Err(); err != nil {
			return err
		}
		if !yield(s) {
			break
		}
	}
	return nil
}

func (m *Store) fitting(ctx context.Context, q *store.Query) (hits []*store.Span, err error) {
	all, err := m.view(q.Keys)
	if err != nil {
		return nil, err
	}
	for i, k := range all {
		if i%1024 == 0 && ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if store.Fits(q, k.span) {
			hits = append(hits, k.span)
		}
	}
	return hits, nil
}

// view returns the spans that have one of the keys, or all if there are none.
func (m *Store) view(keys []store.Key) ([]kept, error) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	if m.closed {
		return nil, errClosed
	}
	if len(keys) == 0 {
		return slices.Clone(m.spans), nil
	}
	var list []kept
	for _, n := range m.numbers(keys) {
		list = append(list, m.spans[n-m.first])
	}
	return list, nil
}

// Values looks at all spans.
func (m *Store) Values(ctx context.Context, field, service string, w store.Window, limit int) ([]string, error) {
	hits, err := m.fitting(ctx, &store.Query{Window: w, Service: service})
	if err != nil {
		return nil, err
	}
	seen := map[string]struct{}{}
	for _, s := range hits {
		s.Field(field, func(t string) bool {
			seen[t] = struct{}{}
			return true
		})
	}
	var list []string
	for t := range seen {
		list = append(list, t)
	}
	slices.Sort(list)
	if limit > 0 && len(list) > limit {
		list = list[:limit]
	}
	return list, nil
}
