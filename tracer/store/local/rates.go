package local

import (
	"cmp"
	"context"
	"slices"

	"github.com/wirespan/wirespan/tracer/store"
	"github.com/wirespan/wirespan/tracer/store/local/index"
)

// Rates adds up what was counted when spans were written. A span that was written
// twice counts twice.
func (s *Store) Rates(ctx context.Context, q *store.RateQuery) ([]store.Rate, error) {
	a := q.Aligned()
	rows := index.Table{}
	err := s.counted(ctx, a.Window, func(r index.Row, c *index.Count) {
		if c.Count == 0 || a.Service != "" && a.Service != r.Service || a.Operation != "" && a.Operation != r.Name {
			return
		}
		r.Step = store.Floor(r.Step, a.Step)
		if !a.ByName {
			r.Name = ""
		}
		rows.Add(r, c)
	})
	if err != nil {
		return nil, err
	}
	list := make([]store.Rate, 0, len(rows))
	for r, c := range rows {
		list = append(list, store.Rate{
			Time: r.Step, Service: r.Service, Operation: r.Name, Protocol: r.Protocol, Signal: r.Signal,
			Count: c.Count, Errors: c.Errors, Duration: c.Duration, Buckets: c.Buckets,
		})
	}
	slices.SortFunc(list, func(x, y store.Rate) int {
		return cmp.Or(cmp.Compare(x.Time, y.Time), cmp.Compare(x.Service, y.Service), cmp.Compare(x.Operation, y.Operation),
			cmp.Compare(x.Protocol, y.Protocol), cmp.Compare(x.Signal, y.Signal))
	})
	return list, nil
}
