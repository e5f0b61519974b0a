package local

import (
	"context"
	"encoding/binary"
	"fmt"

	"github.com/cockroachdb/pebble/v2"

	"github.com/wirespan/wirespan/tracer/span"
	"github.com/wirespan/wirespan/tracer/store"
)

// Alias keeps each alias under both of its ids.
func (s *Store) Alias(ctx context.Context, list []store.Alias) error {
	if err := s.enter(ctx); err != nil {
		return err
	}
	defer s.leave()
	if why := s.full.Load(); why != nil {
		return fmt.Errorf("%w: %s", store.ErrFull, *why)
	}
	b := s.db.NewBatch()
	defer b.Close()
	for _, a := range list {
		at := binary.LittleEndian.AppendUint64(nil, uint64(a.Time))
		for _, k := range [...][]byte{aliasKey(a.Old, a.Canonical, 1), aliasKey(a.Canonical, a.Old, 0)} {
			if err := b.Set(k, at, nil); err != nil {
				return fmt.Errorf("write alias: %w", err)
			}
		}
	}
	if err := b.Commit(pebble.NoSync); err != nil {
		return fmt.Errorf("write alias: %w", err)
	}
	s.unsynced.Store(true)
	return nil
}

// Aliases returns those that name one of the ids.
func (s *Store) Aliases(ctx context.Context, ids []span.TraceID) ([]store.Alias, error) {
	if err := s.enter(ctx); err != nil {
		return nil, err
	}
	defer s.leave()
	var list []store.Alias
	type pair struct{ old, canonical span.TraceID }
	seen := map[pair]bool{}
	for _, id := range ids {
		lower, upper := within(append([]byte{keyAlias}, id[:]...))
		it, err := s.db.NewIter(&pebble.IterOptions{LowerBound: lower, UpperBound: upper})
		if err != nil {
			return nil, fmt.Errorf("read aliases: %w", err)
		}
		for ok := it.First(); ok; ok = it.Next() {
			a, err := readAlias(it.Key(), it.Value())
			if err != nil {
				s.note("%v", err)
				continue
			}
			if p := (pair{a.Old, a.Canonical}); !seen[p] {
				seen[p] = true
				list = append(list, a)
			}
		}
		if err := it.Close(); err != nil {
			return nil, fmt.Errorf("read aliases: %w", err)
		}
	}
	return list, nil
}

func readAlias(k, v []byte) (a store.Alias, err error) {
	if len(k) != aliasLen || len(v) != 8 {
		return a, fmt.Errorf("local: alias %x is damaged", k)
	}
	a.Old, a.Canonical = span.TraceID(k[1:]), span.TraceID(k[17:])
	if k[33] == 0 {
		a.Old, a.Canonical = a.Canonical, a.Old
	}
	a.Time = int64(binary.LittleEndian.Uint64(v))
	return a, nil
}

// dropAliases deletes those that were found before a time.
func (s *Store) dropAliases(ctx context.Context, before int64) error {
	b := s.db.NewBatch()
	defer b.Close()
	err := s.scan(ctx, []byte{keyAlias}, func(k, v []byte) error {
		if a, err := readAlias(k, v); err == nil && a.Time >= before {
			return nil
		}
		return b.Delete(k, nil)
	})
	if err == nil && b.Count() > 0 {
		err = b.Commit(pebble.NoSync)
	}
	if err != nil {
		return fmt.Errorf("drop aliases: %w", err)
	}
	return nil
}
