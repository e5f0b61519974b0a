package clickhouse

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
	"github.com/wirespan/wirespan/tracer/span"
	"github.com/wirespan/wirespan/tracer/store"
)

var _ store.Ledger = (*Store)(nil)

// ledgerPart is the length of a partition of the tables of the ledger.
const ledgerPart = 1200

// ledgerTables leave with their partition, whatever the retention.
var ledgerTables = []string{"news", "departures", "servers"}

// OpenLedger makes the view that fills news, on one server or on each.
func (s *Store) OpenLedger(ctx context.Context) (store.Second, error) {
	err := s.each(ctx, func(conn driver.Conn) error {
		c := *s.schema
		c.exec = func(ctx context.Context, statement string) error { return conn.Exec(ctx, statement) }
		return c.apply(ctx, "sql/news.sql")
	})
	if err != nil {
		return 0, fmt.Errorf("open ledger: %w", err)
	}
	return s.second(ctx)
}

// second is the server's time.
func (s *Store) second(ctx context.Context) (store.Second, error) {
	n, err := count(ctx, s.conn, "SELECT toUInt64(toUInt32(now()))")
	if broken(ctx, err) {
		n, err = count(ctx, s.conn, "SELECT toUInt64(toUInt32(now()))")
	}
	if err != nil {
		return 0, fmt.Errorf("read the server's time: %w", err)
	}
	return store.Second(n), nil
}

// insert writes rows into a table of the ledger. It is tried once: who calls calls again.
func (s *Store) insert(ctx context.Context, table, columns string, n int, row func(i int) []any) error {
	if n == 0 {
		return ctx.Err()
	}
	b, err := s.conn.PrepareBatch(s.w.context(ctx, n, rand.Uint64()), "INSERT INTO "+s.table(table)+" ("+columns+")")
	if err != nil {
		return err
	}
	defer b.Close()
	for i := range n {
		if err := b.Append(row(i)...); err != nil {
			return err
		}
	}
	return b.Send()
}

// Beat adds a row, and reads the latest of each server.
func (s *Store) Beat(ctx context.Context, own *store.Beat) (list []store.Beat, err error) {
	now, err := s.second(ctx)
	if err != nil {
		return nil, err
	}
	err = s.insert(ctx, "servers", "at, id, name, beat, view, start, bound, gone", 1, func(int) []any {
		return []any{uint32(now), own.ID, own.Name, own.Count, own.View, uint32(own.Start), uint32(own.Bound), flag(own.Gone)}
	})
	if err != nil {
		return nil, fmt.Errorf("write beat: %w", err)
	}
	rows, err := s.query(ctx, fmt.Sprintf(`SELECT id, max(beat), argMax(name, beat), argMax(view, beat), argMax(start, beat), argMax(bound, beat), max(gone)
FROM %s WHERE at > %d GROUP BY id ORDER BY id`, s.table("servers"), now.Back(store.LedgerTime)))
	if err != nil {
		return nil, fmt.Errorf("read beats: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var b store.Beat
		var start, bound uint32
		var gone uint8
		if err := rows.Scan(&b.ID, &b.Count, &b.Name, &b.View, &start, &bound, &gone); err != nil {
			return nil, fmt.Errorf("read beats: %w", err)
		}
		b.Start, b.Bound, b.Gone = store.Second(start), store.Second(bound), gone != 0
		list = append(list, b)
	}
	return list, rows.Err()
}

func flag(yes bool) uint8 {
	if yes {
		return 1
	}
	return 0
}

// Quiet groups the rows of the last minutes, which lie together.
func (s *Store) Quiet(ctx context.Context, q *store.QuietQuery) (*store.QuietAnswer, error) {
	now, err := s.second(ctx)
	if err != nil {
		return nil, err
	}
	a := &store.QuietAnswer{Now: now, Until: now.Back(q.Quiet)}
	if len(q.Parts) == 0 {
		return a, nil
	}
	long := now.Back(q.Longest)
	parts := ""
	if len(q.Parts) < store.Parts {
		parts = "AND reinterpretAsUInt8(substring(trace, 16, 1)) IN (" + numbers(q.Parts) + ")"
	}
	a.News, err = s.news(ctx, fmt.Sprintf(`at > %d %s GROUP BY trace HAVING latest > %d AND (latest <= %d OR earliest <= %d) ORDER BY latest, trace LIMIT %d`,
		min(q.Since, long-min(long, 1)), parts, q.Since, a.Until, long, q.Limit))
	if err != nil {
		return nil, err
	}
	if n := len(a.News); n == q.Limit { // there may be more of the same second
		a.Until = min(a.Until, a.News[n-1].Latest.Back(time.Second))
	}
	return a, nil
}

func numbers(list []uint8) string {
	var b strings.Builder
	for i, n := range list {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(strconv.Itoa(int(n)))
	}
	return b.String()
}

// Latest asks for the news of some traces.
func (s *Store) Latest(ctx context.Context, ids []span.TraceID, since store.Second) ([]store.News, error) {
	if len(ids) == 0 {
		return nil, ctx.Err()
	}
	return s.news(ctx, fmt.Sprintf("at > %d AND trace IN (%s) GROUP BY trace", since, traceList(ids)))
}

func (s *Store) news(ctx context.Context, where string) (list []store.News, err error) {
	rows, err := s.query(ctx, "SELECT trace, min(first), max(last), max(at) AS latest, max(hops), min(at) AS earliest FROM "+s.table("news")+" WHERE "+where)
	if err != nil {
		return nil, fmt.Errorf("read news: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var n store.News
		var id string
		var latest, earliest uint32
		if err := rows.Scan(&id, &n.First, &n.Last, &latest, &n.Hops, &earliest); err != nil {
			return nil, fmt.Errorf("read news: %w", err)
		}
		copy(n.Trace[:], id)
		n.Latest = store.Second(latest)
		list = append(list, n)
	}
	return list, rows.Err()
}

// Recall adds rows as the view would.
func (s *Store) Recall(ctx context.Context, list []store.News) error {
	now, err := s.second(ctx)
	if err != nil {
		return err
	}
	err = s.insert(ctx, "news", "at, trace, first, last, hops", len(list), func(i int) []any {
		n := &list[i]
		return []any{uint32(now), string(n.Trace[:]), n.First, n.Last, n.Hops}
	})
	if err != nil {
		return fmt.Errorf("write news: %w", err)
	}
	return nil
}

// Depart adds a row per id.
func (s *Store) Depart(ctx context.Context, list []store.Departure) error {
	now, err := s.second(ctx)
	if err != nil {
		return err
	}
	err = s.insert(ctx, "departures", "at, id, under, seen, kept, server, spans", len(list), func(i int) []any {
		d := &list[i]
		ids := make([]string, len(d.Spans))
		for j := range ids {
			ids[j] = string(d.Spans[j][:])
		}
		return []any{uint32(now), string(d.ID[:]), string(d.Under[:]), uint32(d.Seen), flag(d.Kept), d.Server, ids}
	})
	if err != nil {
		return fmt.Errorf("write departures: %w", err)
	}
	return nil
}

// Departed looks ids up.
func (s *Store) Departed(ctx context.Context, ids []span.TraceID) (list []store.Departure, err error) {
	for len(ids) > 0 && err == nil {
		some := ids[:min(len(ids), keysPerQuery/2)]
		ids = ids[len(some):]
		list, err = s.departed(ctx, list, some)
	}
	if err != nil {
		return nil, fmt.Errorf("read departures: %w", err)
	}
	return list, ctx.Err()
}

func (s *Store) departed(ctx context.Context, list []store.Departure, ids []span.TraceID) ([]store.Departure, error) {
	rows, err := s.query(ctx, fmt.Sprintf("SELECT id, under, seen, kept, server, spans FROM %s WHERE id IN (%s)", s.table("departures"), traceList(ids)))
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var d store.Departure
		var id, under string
		var seen uint32
		var kept uint8
		var spans []string
		if err := rows.Scan(&id, &under, &seen, &kept, &d.Server, &spans); err != nil {
			return nil, err
		}
		copy(d.ID[:], id)
		copy(d.Under[:], under)
		d.Seen, d.Kept = store.Second(seen), kept != 0
		d.Spans = make([]span.SpanID, len(spans))
		for i := range spans {
			copy(d.Spans[i][:], spans[i])
		}
		list = append(list, d)
	}
	return list, rows.Err()
}

// traceList is a list of literals.
func traceList(ids []span.TraceID) string {
	var in strings.Builder
	for i := range ids {
		if i > 0 {
			in.WriteByte(',')
		}
		in.WriteString("toFixedString(unhex('" + ids[i].String() + "'), 16)")
	}
	return in.String()
}

// tidy drops what a ledger no longer keeps. Several processes may do so at once.
func (s *Store) tidy(ctx context.Context) error {
	now, err := s.second(ctx)
	if err != nil {
		return err
	}
	on := ""
	if s.target.cluster != "" && !s.target.perHost {
		on = "ON CLUSTER " + name(s.target.cluster)
	}
	return s.each(ctx, func(conn driver.Conn) error {
		for _, t := range ledgerTables {
			old, err := oldParts(ctx, conn, s.target.database, t+s.schema.local(), now.Back(store.LedgerTime))
			if err != nil {
				return err
			}
			for _, n := range old {
				if err := conn.Exec(ctx, fmt.Sprintf("ALTER TABLE %s %s DROP PARTITION %d", s.localTable(t), on, n)); err != nil {
					return fmt.Errorf("drop part %d of %s: %w", n, t, err)
				}
			}
		}
		return nil
	})
}

// oldParts are the partitions of a table of the ledger that end before a time.
func oldParts(ctx context.Context, conn driver.Conn, database, table string, before store.Second) (list []int64, err error) {
	rows, err := conn.Query(ctx, fmt.Sprintf("SELECT DISTINCT partition FROM system.parts WHERE active AND database = %s AND table = %s", quote(database), quote(table)))
	if err != nil {
		return nil, fmt.Errorf("read parts of %s: %w", table, err)
	}
	defer rows.Close()
	for rows.Next() {
		var text string
		if err := rows.Scan(&text); err != nil {
			return nil, fmt.Errorf("read parts of %s: %w", table, err)
		}
		n, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			return nil, fmt.Errorf("read parts of %s: partition %q: %w", table, text, err)
		}
		if (n+1)*ledgerPart <= int64(before) {
			list = append(list, n)
		}
	}
	return list, rows.Err()
}
