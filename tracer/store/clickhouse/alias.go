package clickhouse

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/wirespan/wirespan/tracer/span"
	"github.com/wirespan/wirespan/tracer/store"
)

// Alias writes two rows for each alias, one under each of its ids. The table keeps
// the latest of equal ones.
func (s *Store) Alias(ctx context.Context, list []store.Alias) error {
	if len(list) == 0 {
		return ctx.Err()
	}
	deadline := time.Now().Add(s.cfg.RetryFor)
	for wait := 50 * time.Millisecond; ; wait = min(2*wait, 5*time.Second) {
		err := s.alias(ctx, list)
		if err == nil {
			return nil
		}
		if f := fateOf(err); f == full {
			return fmt.Errorf("%w: %w", store.ErrFull, err)
		} else if f == final || ctx.Err() != nil || time.Until(deadline) < wait {
			return fmt.Errorf("write aliases: %w", err)
		}
		select {
		case <-ctx.Done():
		case <-time.After(wait):
		}
	}
}

func (s *Store) alias(ctx context.Context, list []store.Alias) error {
	b, err := s.conn.PrepareBatch(s.w.context(ctx, len(list), rand.Uint64()), "INSERT INTO "+s.table("aliases")+" (id, old, canonical, found)")
	if err != nil {
		return err
	}
	defer b.Close()
	for i := range list {
		a := &list[i]
		for _, id := range [...]*span.TraceID{&a.Old, &a.Canonical} {
			if err := b.Append(string(id[:]), string(a.Old[:]), string(a.Canonical[:]), a.Time); err != nil {
				return err
			}
		}
	}
	return b.Send()
}

// Aliases looks the ids up.
func (s *Store) Aliases(ctx context.Context, ids []span.TraceID) (list []store.Alias, err error) {
	for len(ids) > 0 {
		some := ids[:min(len(ids), 1000)]
		ids = ids[len(some):]
		if list, err = s.aliases(ctx, list, some); err != nil {
			return nil, fmt.Errorf("read aliases: %w", err)
		}
	}
	return list, ctx.Err()
}

func (s *Store) aliases(ctx context.Context, list []store.Alias, ids []span.TraceID) ([]store.Alias, error) {
	rows, err := s.query(ctx, fmt.Sprintf("SELECT old, canonical, max(found) FROM %s WHERE id IN (%s) GROUP BY old, canonical", s.table("aliases"), traceList(ids)))
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	seen := map[[2]span.TraceID]struct{}{}
	for i := range list {
		seen[[2]span.TraceID{list[i].Old, list[i].Canonical}] = struct{}{}
	}
	for rows.Next() {
		var a store.Alias
		var old, canonical string
		if err := rows.Scan(&old, &canonical, &a.Time); err != nil {
			return nil, err
		}
		copy(a.Old[:], old)
		copy(a.Canonical[:], canonical)
		if _, ok := seen[[2]span.TraceID{a.Old, a.Canonical}]; !ok {
			list = append(list, a)
		}
	}
	return list, rows.Err()
}
