package clickhouse

import (
	"context"
	"fmt"
	"slices"

	"github.com/wirespan/wirespan/tracer/span"
	"github.com/wirespan/wirespan/tracer/store"
)

// sample is how many of the latest spans are looked at for values of an attribute.
const sample = 200_000

// Values returns distinct values. Those of service, name and protocol are complete,
// those of other fields are of the latest 200,000 spans that have one.
func (s *Store) Values(ctx context.Context, field, service string, w store.Window, limit int) (list []string, err error) {
	switch field {
	case "service", "service.name":
		list, err = s.counted(ctx, "service", service, w)
	case "name":
		list, err = s.counted(ctx, "name", service, w)
	case "protocol":
		list, err = s.counted(ctx, "protocol", service, w)
	case "agent", "wirespan.agent":
		list, err = s.sampled(ctx, "agent", service, w)
	case "instance", "service.instance.id":
		list, err = s.sampled(ctx, "instance", service, w)
	case "signal", "wirespan.signal":
		list, err = s.numbers(ctx, "signal", service, w, func(n uint8) string { return store.Signal(n).String() })
	case "kind":
		list, err = s.numbers(ctx, "kind", service, w, func(n uint8) string {
			if n == 0 {
				return ""
			}
			return span.Kind(n).String()
		})
	case store.AttrFacts:
		return nil, ctx.Err()
	default:
		list, err = s.attribute(ctx, field, service, w)
	}
	if err != nil {
		return nil, fmt.Errorf("read values of %s: %w", field, err)
	}
	slices.Sort(list)
	list = slices.Compact(list)
	if len(list) > 0 && list[0] == "" {
		list = list[1:]
	}
	if limit > 0 && len(list) > limit {
		list = list[:limit]
	}
	return list, nil
}

// counted reads a column of rates for the steps that lie within the window, and of
// spans for what is left at its edges.
func (s *Store) counted(ctx context.Context, column, service string, w store.Window) ([]string, error) {
	inner := store.Window{From: store.Floor(w.From, store.RateStep), To: w.To}
	if inner.From < w.From {
		inner.From += store.RateStep
	}
	if w.To != 0 {
		inner.To = store.Floor(w.To, store.RateStep)
	}
	of := ofService(service)
	sql := fmt.Sprintf("SELECT DISTINCT toString(%s) AS v FROM (SELECT %s FROM %s WHERE %s%s", column, column, s.table("spans"), within("start", w), of)
	if w.To == 0 || inner.From < inner.To {
		edge := fmt.Sprintf("start < %d", inner.From)
		if w.To != 0 {
			edge += fmt.Sprintf(" OR start >= %d", inner.To)
		}
		sql += fmt.Sprintf(" AND (%s) UNION ALL SELECT %s FROM %s WHERE %s%s", edge, column, s.table("rates"), within("step", inner), of)
	}
	return s.texts(ctx, sql+")")
}

func ofService(service string) string {
	if service == "" {
		return ""
	}
	return " AND service = " + quote(service)
}

func (s *Store) sampled(ctx context.Context, column, service string, w store.Window) ([]string, error) {
	return s.texts(ctx, fmt.Sprintf("SELECT DISTINCT toString(%s) AS v FROM (SELECT %s FROM %s WHERE %s%s AND %s != '' ORDER BY start DESC LIMIT %d)",
		column, column, s.table("spans"), within("start", w), ofService(service), column, sample))
}

func (s *Store) numbers(ctx context.Context, column, service string, w store.Window, text func(uint8) string) (list []string, err error) {
	digits, err := s.texts(ctx, fmt.Sprintf("SELECT DISTINCT toString(%s) AS v FROM %s WHERE %s%s", column, s.table("spans"), within("start", w), ofService(service)))
	for _, d := range digits {
		var n uint8
		if _, err := fmt.Sscan(d, &n); err == nil {
			list = append(list, text(n))
		}
	}
	return list, err
}

func (s *Store) texts(ctx context.Context, sql string) (list []string, err error) {
	rows, err := s.query(ctx, sql)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var t string
		if err := rows.Scan(&t); err != nil {
			return nil, err
		}
		list = append(list, t)
	}
	return list, rows.Err()
}

// attribute reads the values that spans have, else their resources.
func (s *Store) attribute(ctx context.Context, key, service string, w store.Window) (list []string, err error) {
	d, k := &s.dialect, quote(key)
	has := fmt.Sprintf("has(%s, %s)", d.key, k)
	sql := fmt.Sprintf(`SELECT DISTINCT t, v FROM (SELECT
if(%s, %s[indexOf(%s, %s)], %s[indexOf(%s, %s)]) AS t, if(%s, %s, %s) AS v
FROM %s WHERE %s%s AND (%s OR has(%s, %s)) ORDER BY start DESC LIMIT %d)`,
		has, d.typ, d.key, k, d.resourceTyp, d.resourceKey, k, has, d.attr(key), d.resource(key),
		s.table("spans"), within("start", w), ofService(service), has, d.resourceKey, k, sample)
	rows, err := s.query(ctx, sql)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	seen := map[string]struct{}{}
	for rows.Next() {
		var t uint8
		var v string
		if err := rows.Scan(&t, &v); err != nil {
			return nil, err
		}
		one := store.Span{Attrs: []store.Attr{{Key: key, Value: parseValue(store.Type(t), v)}}}
		one.Field(key, func(text string) bool {
			seen[text] = struct{}{}
			return true
		})
	}
	for t := range seen {
		list = append(list, t)
	}
	return list, rows.Err()
}
