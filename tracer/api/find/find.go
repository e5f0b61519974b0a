// Package find is what the APIs of others (jaeger, tempo) have in common: searches for
// whole traces, which know neither pages nor cursors, ids as they write them, and faults.
package find

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/wirespan/wirespan/tracer/assemble"
	"github.com/wirespan/wirespan/tracer/span"
	"github.com/wirespan/wirespan/tracer/store"
)

// Around is how far from a span the spans of its trace are looked for.
const Around = time.Hour

// maxLooked bounds the spans that one search looks at.
const maxLooked = 200_000

// Assembler puts traces together: assemble.Assembler.
type Assembler interface {
	Trace(ctx context.Context, id span.TraceID, around store.Window) (*assemble.Trace, error)
}

// Store is what is searched: store.Store.
type Store interface {
	Search(ctx context.Context, q *store.Query, yield func(*store.Span) bool) error
	Values(ctx context.Context, field, service string, w store.Window, limit int) ([]string, error)
}

// Found is a trace and its spans that satisfy the question.
type Found struct {
	Trace   *assemble.Trace
	Matched []int // nodes
}

// Traces returns the traces of the latest spans that satisfy a question, at most
// limit, the latest match first. looked is how many spans did.
func Traces(ctx context.Context, st Store, asm Assembler, q store.Query, limit int) (list []Found, looked int, err error) {
	q = store.Narrow(q)
	ids := map[span.TraceID]bool{}
	var order []span.TraceID
	starts := map[span.TraceID]int64{}
	for more := true; more && len(list) < limit; {
		order, more = order[:0], false
		err := st.Search(ctx, &q, func(s *store.Span) bool {
			looked++
			if !ids[s.Trace] {
				ids[s.Trace] = true
				starts[s.Trace] = s.Start
				order = append(order, s.Trace)
			}
			more = len(order) == limit && looked < maxLooked
			q.To = s.Start + 1 // where the next search begins
			return len(order) < limit && looked < maxLooked
		})
		if err != nil {
			return list, looked, err
		}
		for _, id := range order {
			f, err := one(ctx, asm, &q, id, starts[id])
			if err != nil {
				return list, looked, err
			}
			if f.Trace == nil || slices.ContainsFunc(list, func(o Found) bool { return o.Trace.ID == f.Trace.ID }) {
				continue
			}
			for i := range f.Trace.Nodes {
				ids[f.Trace.Nodes[i].Span.Trace] = true
			}
			if list = append(list, f); len(list) == limit {
				break
			}
		}
	}
	return list, looked, nil
}

func one(ctx context.Context, asm Assembler, q *store.Query, id span.TraceID, start int64) (Found, error) {
	t, err := asm.Trace(ctx, id, store.Window{From: max(0, start-int64(Around)), To: start + int64(Around)})
	if errors.Is(err, assemble.ErrNotFound) {
		return Found{}, nil // it has expired since
	}
	if err != nil {
		return Found{}, err
	}
	f := Found{Trace: t}
	all := *q
	all.Window = store.Window{}
	for i := range t.Nodes {
		if store.Fits(&all, t.Nodes[i].Span) {
			f.Matched = append(f.Matched, i)
		}
	}
	return f, nil
}

// ParseID reads a trace id of up to 32 hex digits; leading zeros may be missing.
func ParseID(s string) (id span.TraceID, ok bool) {
	if len(s) == 0 || len(s) > 32 {
		return id, false
	}
	at := 31
	for i := len(s) - 1; i >= 0; i-- {
		var v byte
		switch c := s[i]; {
		case '0' <= c && c <= '9':
			v = c - '0'
		case 'a' <= c && c <= 'f':
			v = c - 'a' + 10
		case 'A' <= c && c <= 'F':
			v = c - 'A' + 10
		default:
			return id, false
		}
		if at%2 == 0 {
			v <<= 4
		}
		id[at/2] |= v
		at--
	}
	return id, !id.IsZero()
}
