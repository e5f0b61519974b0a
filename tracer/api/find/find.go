// Package find is what the APIs of others (jaeger, tempo) have in common: searches for
// whole traces, which know neither pages nor cursors, ids as they write them, and faults.
package find

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/wirespan/wirespan/tracer/assemble"
	"github.com/wirespan/wirespan/tracer/span"
	"github.com/wirespan/wirespan/tracer/store"
)

// Around is how far from a span the spans of its trace are looked for.
const Around = time.Hour

// Bounds of one search.
const (
	maxLooked    = 200_000 // matching spans that are looked at
	MaxSpans     = 100_000 // of the traces of an answer together, which are in memory
	maxAssembled = 20      // traces that are put together for one that is kept
)

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

// Question is what a search asks for.
type Question struct {
	store.Query // Limit is not looked at

	// Keep are conditions that only an assembled trace can satisfy: a span of it that
	// satisfies all of them, and Query, makes it one that was asked for.
	Keep []func(t *assemble.Trace, node int) bool

	Traces int // at most
}

// Answer is what was found.
type Answer struct {
	List   []Found // the latest match first
	Looked int     // spans that satisfied Query
	Cut    string  // why there may be more beside the number that was asked for; empty if there is none
}

// Traces returns the traces of the latest spans that satisfy a question.
func Traces(ctx context.Context, st Store, asm Assembler, ask *Question) (out Answer, err error) {
	q, limit := store.Narrow(ask.Query), ask.Traces
	ids := map[span.TraceID]bool{}
	var order []span.TraceID
	starts := map[span.TraceID]int64{}
	spans, assembled := 0, 0
	for more := true; more && len(out.List) < limit; {
		order, more = order[:0], false
		err := st.Search(ctx, &q, func(s *store.Span) bool {
			out.Looked++
			if !ids[s.Trace] {
				ids[s.Trace] = true
				starts[s.Trace] = s.Start
				order = append(order, s.Trace)
			}
			more = len(order) == limit && out.Looked < maxLooked
			q.To = s.Start + 1 // where the next search begins
			return len(order) < limit && out.Looked < maxLooked
		})
		if err != nil {
			return out, err
		}
		if out.Looked >= maxLooked {
			out.Cut = fmt.Sprintf("the search ended after %d matching spans", maxLooked)
		}
		for _, id := range order {
			if assembled++; assembled > maxAssembled*limit {
				out.Cut = fmt.Sprintf("the search ended after %d traces", maxAssembled*limit)
				return out, nil
			}
			f, err := one(ctx, asm, ask, id, starts[id])
			if err != nil {
				return out, err
			}
			if f.Matched == nil || slices.ContainsFunc(out.List, func(o Found) bool { return o.Trace.ID == f.Trace.ID }) {
				continue
			}
			if spans += len(f.Trace.Nodes); spans > MaxSpans && len(out.List) > 0 {
				out.Cut = fmt.Sprintf("an answer has %d spans at most", MaxSpans)
				return out, nil
			}
			for i := range f.Trace.Nodes {
				ids[f.Trace.Nodes[i].Span.Trace] = true
			}
			if out.List = append(out.List, f); len(out.List) == limit {
				break
			}
		}
	}
	return out, nil
}

func one(ctx context.Context, asm Assembler, ask *Question, id span.TraceID, start int64) (Found, error) {
	t, err := asm.Trace(ctx, id, store.Window{From: max(0, start-int64(Around)), To: start + int64(Around)})
	if errors.Is(err, assemble.ErrNotFound) {
		return Found{}, nil // it has expired since
	}
	if err != nil {
		return Found{}, err
	}
	f := Found{Trace: t}
	all := ask.Query
	all.Window = store.Window{}
	for i := range t.Nodes {
		if store.Fits(&all, t.Nodes[i].Span) && ask.keeps(t, i) {
			f.Matched = append(f.Matched, i)
		}
	}
	return f, nil
}

func (q *Question) keeps(t *assemble.Trace, node int) bool {
	for _, k := range q.Keep {
		if !k(t, node) {
			return false
		}
	}
	return true
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
