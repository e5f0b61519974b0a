package clickhouse

import (
	"context"
	"fmt"
	"math"
	"strings"

	"github.com/wirespan/wirespan/tracer/query"
	"github.com/wirespan/wirespan/tracer/store"
)

// Pages of a search: the first is small, because most questions have a limit or are
// ended soon; later ones grow as long as they are not larger than pageBytes.
const (
	firstPage = 128
	lastPage  = 4096 // starts, which are literals in a question of at most 256 KiB
	pageBytes = 8 << 20
)

// Search reads page by page, backwards in time: first the starts of what fits by
// the columns that are looked up, which are narrow, then all of these spans. A page
// ends between two starts, so that the next begins below it.
func (s *Store) Search(ctx context.Context, q *store.Query, yield func(*store.Span) bool) error {
	n := store.Narrow(*q)
	where, err := s.where(&n)
	if err != nil {
		return err
	}
	size, left := firstPage, n.Limit
	for {
		page, err := s.page(ctx, &n, where, size)
		if err != nil {
			return fmt.Errorf("search spans: %w", err)
		}
		if page.starts == 0 {
			return nil
		}
		for i := range page.spans {
			if !yield(&page.spans[i]) {
				return nil
			}
			if left--; left == 0 {
				return nil
			}
		}
		if page.starts < size || page.first <= n.From {
			return nil
		}
		n.To = page.first
		if n.To == 0 {
			n.To = -1 // 0 would have no end; nothing of interest begins at -1
		}
		size = nextPage(size, page)
	}
}

func nextPage(size int, p *page) int {
	each := max(1, p.bytes/max(1, p.seen))
	return max(16, min(2*size, lastPage, pageBytes/each))
}

// page is what one step of a search found.
type page struct {
	spans  []store.Span
	starts int   // how many spans were found by columns
	first  int64 // the earliest of their starts
	seen   int   // spans that were read
	bytes  int
}

func (s *Store) page(ctx context.Context, q *store.Query, where string, size int) (*page, error) {
	p := &page{first: math.MaxInt64}
	starts, err := s.latest(ctx, where+" AND "+within("start", q.Window), size, p)
	if err != nil || p.starts == 0 {
		return p, err
	}
	w := store.Window{From: p.first, To: q.To}
	sql := fmt.Sprintf("SELECT %s FROM %s WHERE %s AND %s AND start IN (%s) ORDER BY start DESC, span",
		s.dialect.columns, s.table("spans"), where, within("start", w), starts)
	wanted := newKeySet(q.Keys)
	err = s.spans(ctx, sql, func(sp *store.Span, size int) bool {
		p.seen++
		p.bytes += size
		if wanted.has(sp) && store.Fits(q, sp) {
			p.spans = append(p.spans, *sp)
		}
		return true
	})
	return p, err
}

// latest finds the starts of the latest spans that fit, as a list of literals.
func (s *Store) latest(ctx context.Context, where string, size int, p *page) (string, error) {
	rows, err := s.query(ctx, fmt.Sprintf("SELECT start FROM %s WHERE %s ORDER BY start DESC LIMIT %d", s.table("spans"), where, size))
	if err != nil {
		return "", err
	}
	defer rows.Close()
	var list []byte
	for rows.Next() {
		var start int64
		if err := rows.Scan(&start); err != nil {
			return "", err
		}
		p.starts++
		if start != p.first {
			list = fmt.Appendf(list, "%d,", start)
		}
		p.first = start
	}
	return string(list[:max(0, len(list)-1)]), rows.Err()
}

// where is what a question says of columns, its window left aside. It may let spans
// through that do not fit.
func (s *Store) where(q *store.Query) (string, error) {
	all := []string{"1"}
	add := func(ok bool, format string, args ...any) {
		if ok {
			all = append(all, fmt.Sprintf(format, args...))
		}
	}
	add(q.Service != "", "service = %s", quote(q.Service))
	add(q.Operation != "", "name = %s", quote(q.Operation))
	add(q.Errors, "status = 2")
	add(q.MinDuration != 0, "duration >= %d", q.MinDuration)
	add(q.MaxDuration != 0, "duration <= %d", q.MaxDuration)
	if len(q.Keys) > keysPerQuery {
		return "", fmt.Errorf("search spans: more than %d keys", keysPerQuery)
	}
	add(len(q.Keys) > 0, "start IN (%s)", s.starts(q.Keys, q.Window))
	if q.Where != nil {
		c := q.Where.Conjuncts()
		add(c.Services != nil, "service IN %s", literals(c.Services))
		add(c.Operations != nil, "name IN %s", literals(c.Operations))
		add(c.Protocols != nil, "protocol IN %s", literals(c.Protocols))
		for i := range c.Attrs {
			all = append(all, s.equal(&c.Attrs[i]))
		}
	}
	return strings.Join(all, " AND "), nil
}

// literals is a list that may be empty, in which case nothing is in it.
func literals(values []string) string {
	if len(values) == 0 {
		return "('') AND 0"
	}
	var b strings.Builder
	for i, v := range values {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(quote(v))
	}
	return "(" + b.String() + ")"
}

// equal is that an attribute has, itself or in its list, one of some texts. A list
// is JSON, in which the text stands as appendString writes it.
func (s *Store) equal(e *query.Equal) string {
	if len(e.Values) == 0 {
		return "0"
	}
	var ways []string
	for _, n := range e.Names {
		for _, value := range []string{s.dialect.attr(n), s.dialect.resource(n)} {
			ways = append(ways, fmt.Sprintf("%s IN %s", value, literals(e.Values)))
			for _, v := range e.Values {
				ways = append(ways, fmt.Sprintf("(startsWith(%s, '[') AND position(%s, %s) > 0)", value, value, quote(string(appendString(nil, v)))))
			}
		}
	}
	return "(" + strings.Join(ways, " OR ") + ")"
}

// keySet is a list of keys of which a span must have one.
type keySet struct {
	want map[store.Key]struct{}
	own  []store.Key
}

func newKeySet(keys []store.Key) *keySet {
	k := &keySet{}
	if len(keys) > 0 {
		k.want = make(map[store.Key]struct{}, len(keys))
		for _, key := range keys {
			k.want[key] = struct{}{}
		}
	}
	return k
}

func (k *keySet) has(s *store.Span) bool {
	if k.want == nil {
		return true
	}
	k.own = store.AppendKeys(k.own[:0], s)
	for _, key := range k.own {
		if _, ok := k.want[key]; ok {
			return true
		}
	}
	return false
}
