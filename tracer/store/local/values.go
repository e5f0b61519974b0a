package local

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/cockroachdb/pebble/v2"

	"github.com/wirespan/wirespan/tracer/store"
	"github.com/wirespan/wirespan/tracer/store/local/index"
)

// sampled is the number of spans that Values looks at for fields that are not
// counted.
const sampled = 50_000

// Values are taken from what is counted, for services, operations and protocols: of
// all steps of ten seconds that the window touches. Of other fields the latest spans
// are looked at.
func (s *Store) Values(ctx context.Context, field, service string, w store.Window, limit int) ([]string, error) {
	seen := map[string]struct{}{}
	var of func(*index.Row) string
	switch field {
	case "service", "service.name":
		of = func(r *index.Row) string { return r.Service }
	case "name":
		of = func(r *index.Row) string { return r.Name }
	case "protocol":
		of = func(r *index.Row) string { return r.Protocol }
	}
	var err error
	if of != nil {
		q := store.RateQuery{Window: w}
		err = s.counted(ctx, q.Aligned().Window, func(r index.Row, _ *index.Count) {
			if t := of(&r); t != "" && (service == "" || r.Service == service) {
				seen[t] = struct{}{}
			}
		})
	} else {
		err = s.Search(ctx, &store.Query{Window: w, Service: service, Limit: sampled}, func(sp *store.Span) bool {
			sp.Field(field, func(t string) bool {
				if _, ok := seen[t]; !ok {
					seen[string([]byte(t))] = struct{}{}
				}
				return true
			})
			return true
		})
	}
	if err != nil {
		return nil, err
	}
	list := slices.Sorted(maps.Keys(seen))
	if limit > 0 && len(list) > limit {
		list = list[:limit]
	}
	return list, nil
}

// counted yields what was counted in the steps of a window, in no order; a row may
// come several times.
func (s *Store) counted(ctx context.Context, w store.Window, yield func(r index.Row, c *index.Count)) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	views, err := s.views(w, true)
	if err != nil {
		return err
	}
	defer s.release(views)
	within := func(r index.Row, c *index.Count) {
		if w.Holds(r.Step) {
			yield(r, c)
		}
	}
	for _, v := range views {
		if err := ctx.Err(); err != nil {
			return err
		}
		for _, r := range v.recent {
			for row, c := range r.rates {
				within(row, c)
			}
		}
		for i := range v.tails {
			for row, c := range v.tails[i].rates {
				within(row, c)
			}
		}
		if err := s.countedRuns(v, w, within); err != nil {
			return err
		}
	}
	return nil
}

func (s *Store) countedRuns(v *view, w store.Window, yield func(r index.Row, c *index.Count)) error {
	for i := range v.runs {
		r := &v.runs[i]
		if r.max < w.From || w.To != 0 && r.min >= w.To {
			continue
		}
		lower, upper := within(key(keyRates, v.p.id, uint64(r.number)))
		it, err := s.db.NewIter(&pebble.IterOptions{LowerBound: lower, UpperBound: upper})
		if err != nil {
			return fmt.Errorf("read rates: %w", err)
		}
		for ok := it.First(); ok; ok = it.Next() {
			if err := index.ReadPart(it.Value(), yield); err != nil {
				s.note("rates of run %d of partition %d: %v", r.number, v.p.id, err)
			}
		}
		if err := it.Close(); err != nil {
			return fmt.Errorf("read rates: %w", err)
		}
	}
	return nil
}
