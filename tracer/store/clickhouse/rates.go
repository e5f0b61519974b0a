package clickhouse

import (
	"context"
	"fmt"

	"github.com/wirespan/wirespan/tracer/store"
)

// Rates adds up what the server counted when spans were written. A span that was
// written twice counts twice, but for an INSERT that came again with its token.
func (s *Store) Rates(ctx context.Context, q *store.RateQuery) ([]store.Rate, error) {
	a := q.Aligned()
	rows, err := s.query(ctx, s.rateSQL(&a))
	if err != nil {
		return nil, fmt.Errorf("read rates: %w", err)
	}
	defer rows.Close()
	var list []store.Rate
	for rows.Next() {
		var r store.Rate
		var signal, bucket uint8
		var count, failed, duration uint64
		if err := rows.Scan(&r.Time, &r.Service, &r.Operation, &r.Protocol, &signal, &bucket, &count, &failed, &duration); err != nil {
			return nil, fmt.Errorf("read rates: %w", err)
		}
		r.Signal = store.Signal(signal)
		last := len(list) - 1
		if last < 0 || !sameRate(&list[last], &r) {
			list = append(list, r)
			last++
		}
		t := &list[last]
		t.Count += count
		t.Errors += failed
		t.Duration += duration
		t.Buckets[min(int(bucket), store.NumBuckets-1)] += uint32(count)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("read rates: %w", err)
	}
	return list, nil
}

func sameRate(a, b *store.Rate) bool {
	return a.Time == b.Time && a.Service == b.Service && a.Operation == b.Operation && a.Protocol == b.Protocol && a.Signal == b.Signal
}

func (s *Store) rateSQL(q *store.RateQuery) string {
	operation := "''"
	if q.ByName {
		operation = "name"
	}
	where := "counted = 1 AND " + within("step", q.Window)
	if q.Service != "" {
		where += " AND service = " + quote(q.Service)
	}
	if q.Operation != "" {
		where += " AND name = " + quote(q.Operation)
	}
	return fmt.Sprintf(`SELECT at, service, operation, protocol, signal, bucket, sum(count), sum(errors), sum(total) FROM (
SELECT intDiv(step, %d) * %d AS at, service, %s AS operation, protocol, signal, bucket, count, errors, total FROM %s WHERE %s)
GROUP BY at, service, operation, protocol, signal, bucket ORDER BY at, service, operation, protocol, signal, bucket`,
		q.Step, q.Step, operation, s.table("rates"), where)
}
