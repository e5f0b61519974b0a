package clickhouse

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
)

// day is the length of a partition in ns.
const day = int64(86400e9)

// partitioned are the tables whose rows leave with their day.
var partitioned = []string{"spans", "keys", "rates"}

// partition is a day of spans on one server.
type partition struct {
	number int64 // days since 1970
	bytes  int64
	spans  uint64
}

// setTTL brings the TTL of tables to that of the configuration.
func (s *schema) setTTL(ctx context.Context, conn driver.Conn) error {
	if s.flavour != enhanced {
		return nil
	}
	for table, column := range map[string]string{"spans": "start", "keys": "start", "rates": "step", "aliases": "found"} {
		var now string
		err := conn.QueryRow(ctx, fmt.Sprintf("SELECT create_table_query FROM system.tables WHERE database = %s AND name = %s",
			quote(s.target.database), quote(table+s.local()))).Scan(&now)
		if err != nil {
			return fmt.Errorf("read ttl of %s: %w", table, err)
		}
		has := strings.Contains(now, " TTL ")
		same := has && strings.Contains(now, fmt.Sprintf("toIntervalSecond(%d)", int64(s.retention/time.Second)))
		change := ""
		switch {
		case s.retention == 0 && has:
			change = "REMOVE TTL"
		case s.retention > 0 && !same:
			change = "MODIFY TTL " + s.ttl(column)
		default:
			continue
		}
		if err := s.once(ctx, s.fill(fmt.Sprintf("ALTER TABLE {db}.%s{local} {on} %s", table, change))); err != nil {
			return fmt.Errorf("set ttl of %s: %w", table, err)
		}
	}
	return nil
}

// sweeps drops what is too old or too much, from time to time. Several processes may
// do so at once: they choose the same days.
func (s *Store) sweeps() {
	defer s.wg.Done()
	t := time.NewTicker(s.cfg.Sweep)
	defer t.Stop()
	for {
		select {
		case <-s.stop:
			return
		case now := <-t.C:
			ctx, cancel := context.WithTimeout(context.Background(), s.cfg.Sweep+dialTimeout)
			if err := errors.Join(s.sweep(ctx, now), s.tidy(ctx)); err != nil {
				s.log.Warn("what is old stays for now", "error", err)
			}
			cancel()
		}
	}
}

// sweep drops days that ended before the retention (where there is TTL, it may have
// come first), and, on each server, the oldest days until the rest is no more than
// MaxBytes, for which the last day stays. A server refuses to drop a day that is
// larger than its max_partition_size_to_drop.
func (s *Store) sweep(ctx context.Context, now time.Time) error {
	if s.cfg.Retention == 0 && s.cfg.MaxBytes == 0 {
		return nil
	}
	return s.each(ctx, func(conn driver.Conn) error {
		days, err := daysOf(ctx, conn, s.target.database, s.schema.local())
		if err != nil {
			return err
		}
		for _, d := range s.surplus(days, now.UnixNano()) {
			if err := s.drop(ctx, conn, d); err != nil {
				return err
			}
		}
		return nil
	})
}

// surplus are the days that have to leave.
func (s *Store) surplus(days []partition, now int64) (out []partition) {
	var bytes int64
	for _, d := range days {
		bytes += d.bytes
	}
	for i, d := range days {
		old := s.cfg.Retention > 0 && (d.number+1)*day <= now-int64(s.cfg.Retention)
		much := s.cfg.MaxBytes > 0 && bytes > s.cfg.MaxBytes && i < len(days)-1
		if !old && !much {
			break
		}
		out = append(out, d)
		bytes -= d.bytes
	}
	return out
}

func (s *Store) drop(ctx context.Context, conn driver.Conn, d partition) error {
	on := ""
	if s.target.cluster != "" && !s.target.perHost {
		on = "ON CLUSTER " + name(s.target.cluster)
	}
	for _, t := range partitioned {
		if err := conn.Exec(ctx, fmt.Sprintf("ALTER TABLE %s %s DROP PARTITION %d", s.localTable(t), on, d.number)); err != nil {
			return fmt.Errorf("drop day %d of %s: %w", d.number, t, err)
		}
	}
	s.expired.Add(d.spans)
	s.log.Info("a day of spans was dropped", "day", time.Unix(0, d.number*day).UTC().Format(time.DateOnly), "spans", d.spans, "bytes", d.bytes)
	return nil
}

func (s *Store) days(ctx context.Context) ([]partition, error) {
	return daysOf(ctx, s.conn, s.target.database, s.schema.local())
}

// daysOf are the days of a server, the oldest first.
func daysOf(ctx context.Context, conn driver.Conn, database, local string) (list []partition, err error) {
	var tables []string
	for _, t := range partitioned {
		tables = append(tables, t+local)
	}
	rows, err := conn.Query(ctx, fmt.Sprintf(`SELECT partition, toUInt64(sum(bytes_on_disk)), toUInt64(sum(if(table = %s, rows, 0)))
FROM system.parts WHERE active AND database = %s AND table IN %s GROUP BY partition`, quote("spans"+local), quote(database), literals(tables)))
	if err != nil {
		return nil, fmt.Errorf("read days: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var number string
		var bytes uint64
		var p partition
		if err := rows.Scan(&number, &bytes, &p.spans); err != nil {
			return nil, fmt.Errorf("read days: %w", err)
		}
		if p.number, err = strconv.ParseInt(number, 10, 64); err != nil {
			return nil, fmt.Errorf("read days: partition %q: %w", number, err)
		}
		p.bytes = int64(bytes)
		list = append(list, p)
	}
	slices.SortFunc(list, func(a, b partition) int { return int(min(1, max(-1, a.number-b.number))) })
	return list, rows.Err()
}
