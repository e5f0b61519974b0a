package clickhouse

import (
	"context"
	"fmt"

	"github.com/wirespan/wirespan/tracer/store"
)

// Stats asks the server what it keeps, on a cluster all shards; Bytes are those of
// the server that answers, with its replica of the data. Expired counts what this
// process dropped, not what TTL did.
func (s *Store) Stats(ctx context.Context) (st store.Stats, err error) {
	st.Written, st.Refused, st.Expired = s.w.written.Load(), s.w.refused.Load(), s.expired.Load()
	if why := s.w.why.Load(); why != nil {
		st.Full = *why
	}
	if n := s.damaged.Load(); n > 0 {
		st.Repairs = append(st.Repairs, fmt.Sprintf("%d rows of spans were not as wirespan writes them", n))
	}
	if st.Bytes, err = s.bytes(ctx); err != nil {
		return st, fmt.Errorf("read sizes: %w", err)
	}
	if st.Spans, err = count(ctx, s.conn, "SELECT count() FROM "+s.table("spans")); err != nil {
		return st, fmt.Errorf("count spans: %w", err)
	}
	if st.Spans > 0 {
		st.Oldest, err = s.oldest(ctx)
	}
	return st, err
}

func (s *Store) bytes(ctx context.Context) (int64, error) {
	n, err := count(ctx, s.conn, "SELECT toUInt64(sum(bytes_on_disk)) FROM system.parts WHERE active AND database = "+quote(s.target.database))
	return int64(n), err
}

// oldest is the start of the first span. Partitions are days, so that only those of
// the first day are looked at, on a cluster of the first day of the server asked.
func (s *Store) oldest(ctx context.Context) (start int64, err error) {
	days, err := s.days(ctx)
	if err != nil {
		return 0, err
	}
	where := ""
	if len(days) > 0 && s.target.cluster == "" {
		where = fmt.Sprintf(" WHERE start < %d", (days[0].number+1)*day)
	}
	err = s.conn.QueryRow(ctx, "SELECT min(start) FROM "+s.table("spans")+where).Scan(&start)
	if err != nil {
		return 0, fmt.Errorf("read oldest span: %w", err)
	}
	return start, nil
}
