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

// Values are taken from what is counted, for services, operations and protocols; of
// the steps of ten seconds that the window cuts, spans decide. Of other fields the
// latest spans are looked at.
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
		err = s.countedValues(ctx, field, service, w, of, seen)
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

// countedValues adds the values of rows to seen.
func (s *Store) countedValues(ctx context.Context, field, service string, w store.Window, of func(*index.Row) string, seen map[string]struct{}) error {
	q := store.RateQuery{Window: w}
	cut := map[string]struct{}{} // values of steps that the window cuts
	err := s.counted(ctx, q.Aligned().Window, func(r index.Row, _ *index.Count) {
		t := of(&r)
		switch {
		case t == "" || service != "" && r.Service != service:
		case r.Step >= w.From && (w.To == 0 || r.Step+store.RateStep <= w.To):
			seen[t] = struct{}{}
		default:
			cut[t] = struct{}{}
		}
	})
	maps.DeleteFunc(cut, func(t string, _ struct{}) bool {
		_, known := seen[t]
		return known
	})
	for _, e := range cutEdges(w) {
		if err != nil || len(cut) == 0 {
			break
		}
		err = s.settleCut(ctx, field, service, e, cut, seen)
	}
	return err
}

// cutEdges are the parts of a window that are no whole steps.
func cutEdges(w store.Window) (list []store.Window) {
	first := store.Floor(w.From, store.RateStep)
	if first < w.From {
		e := store.Window{From: w.From, To: first + store.RateStep}
		if w.To != 0 {
			e.To = min(e.To, w.To)
		}
		list = append(list, e)
	}
	if last := store.Floor(w.To, store.RateStep); w.To != 0 && last < w.To && (last > first || first == w.From) {
		list = append(list, store.Window{From: max(last, w.From), To: w.To})
	}
	return list
}

// settleCut moves the values that spans of an edge have from cut to seen, and ends as
// soon as there is none left.
func (s *Store) settleCut(ctx context.Context, field, service string, edge store.Window, cut, seen map[string]struct{}) error {
	q := store.Query{Window: edge, Service: service}
	if len(cut) == 1 { // filters are cheaper than spans
		for t := range cut {
			switch field {
			case "service", "service.name":
				q.Service = t
			case "name":
				q.Operation = t
			}
		}
	}
	return s.Search(ctx, &q, func(sp *store.Span) bool {
		sp.Field(field, func(t string) bool {
			if _, open := cut[t]; open {
				t = string([]byte(t))
				delete(cut, t)
				seen[t] = struct{}{}
			}
			return true
		})
		return len(cut) > 0
	})
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
