package clickhouse

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/wirespan/wirespan/tracer/store"
)

// keysPerQuery keeps a question below max_query_size (256 KiB).
const keysPerQuery = 5000

// Related looks up the keys. What is returned is the caller's.
func (s *Store) Related(ctx context.Context, keys []store.Key, w store.Window, limit int) (spans []store.Span, more bool, err error) {
	part := make(map[store.Key]int, len(keys))
	var unique []store.Key
	for _, k := range keys {
		if _, ok := part[k]; !ok {
			part[k] = len(unique) / keysPerQuery
			unique = append(unique, k)
		}
	}
	var own []store.Key
	for n := 0; len(unique) > 0 && !more; n++ {
		some := unique[:min(len(unique), keysPerQuery)]
		unique = unique[len(some):]
		err = s.spans(ctx, s.relatedSQL(some, w), func(sp *store.Span, _ int) bool {
			own = store.AppendKeys(own[:0], sp)
			if firstPart(own, part) != n { // only the start is the same, or it was found before
				return true
			}
			if limit > 0 && len(spans) == limit {
				more = true
				return false
			}
			spans = append(spans, *sp)
			return true
		})
		if err != nil {
			return nil, false, fmt.Errorf("find related spans: %w", err)
		}
	}
	return spans, more, nil
}

func (s *Store) relatedSQL(keys []store.Key, w store.Window) string {
	return fmt.Sprintf("SELECT %s FROM %s WHERE %s AND start IN (%s)", s.dialect.columns, s.table("spans"), within("start", w), s.starts(keys, w))
}

// firstPart is the first part of a question in which one of the keys is, -1 if none is.
func firstPart(keys []store.Key, part map[store.Key]int) int {
	first := -1
	for _, k := range keys {
		if n, ok := part[k]; ok && (first < 0 || n < first) {
			first = n
		}
	}
	return first
}

// starts is the question for the starts of spans that have one of the keys. On a
// cluster each shard asks itself.
func (s *Store) starts(keys []store.Key, w store.Window) string {
	return fmt.Sprintf("SELECT start FROM %s WHERE (%s) AND %s", s.localTable("keys"), keyCondition(keys), within("start", w))
}

func keyCondition(keys []store.Key) string {
	var hashes [store.NumKeyKinds][]byte
	for _, k := range keys {
		if k.Kind < store.NumKeyKinds {
			hashes[k.Kind] = append(strconv.AppendUint(hashes[k.Kind], k.Hash, 10), ',')
		}
	}
	var parts []string
	for kind, h := range hashes {
		if len(h) > 0 {
			parts = append(parts, fmt.Sprintf("(key_kind = %d AND key_hash IN (%s))", kind, h[:len(h)-1]))
		}
	}
	if parts == nil {
		return "0"
	}
	return strings.Join(parts, " OR ")
}

// within is a window as a condition.
func within(column string, w store.Window) string {
	c := fmt.Sprintf("%s >= %d", column, w.From)
	if w.To != 0 {
		c += fmt.Sprintf(" AND %s < %d", column, w.To)
	}
	return c
}
