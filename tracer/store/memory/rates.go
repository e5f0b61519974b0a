package memory

import (
	"cmp"
	"context"
	"slices"

	"github.com/wirespan/wirespan/tracer/span"
	"github.com/wirespan/wirespan/tracer/store"
)

// row is what is counted for itself.
type row struct {
	time               int64
	service, operation string
	protocol           string
	signal             store.Signal
}

// Rates counts all spans of the window.
func (m *Store) Rates(ctx context.Context, q *store.RateQuery) ([]store.Rate, error) {
	a := q.Aligned()
	hits, err := m.fitting(ctx, &store.Query{Window: a.Window, Service: a.Service, Operation: a.Operation})
	if err != nil {
		return nil, err
	}
	rows := map[row]*store.Rate{}
	for _, s := range hits {
		if !store.Counted(s) {
			continue
		}
		k := row{time: store.Floor(s.Start, a.Step), service: s.Service, protocol: s.Protocol(), signal: s.Signal}
		if a.ByName {
			k.operation = s.Name
		}
		r := rows[k]
		if r == nil {
			r = &store.Rate{Time: k.time, Service: k.service, Operation: k.operation, Protocol: k.protocol, Signal: k.signal}
			rows[k] = r
		}
		count(r, s)
	}
	list := make([]store.Rate, 0, len(rows))
	for _, r := range rows {
		list = append(list, *r)
	}
	slices.SortFunc(list, func(x, y store.Rate) int {
		return cmp.Or(cmp.Compare(x.Time, y.Time), cmp.Compare(x.Service, y.Service), cmp.Compare(x.Operation, y.Operation),
			cmp.Compare(x.Protocol, y.Protocol), cmp.Compare(x.Signal, y.Signal))
	})
	return list, nil
}

func count(r *store.Rate, s *store.Span) {
	d := max(0, s.End-s.Start)
	r.Count++
	r.Duration += uint64(d)
	r.Buckets[store.Bucket(d)]++
	if s.Status == span.Error {
		r.Errors++
	}
}
