package store

import (
	"math"
	"strings"

	"github.com/wirespan/wirespan/tracer/query"
)

// Match reports whether a span satisfies an expression; nil is satisfied by every
// span. Attributes are looked for on the span, then on its resource; what the
// fields of Span hold is found by the name of its attribute, too. It allocates
// nothing, and may be called by several goroutines at once.
func Match(e *query.Expr, s *Span) bool { return e == nil || e.MatchView(view{s}) }

// Fits reports whether a span is an answer to a question, keys aside: MinDuration
// and MaxDuration are included.
func Fits(q *Query, s *Span) bool {
	d := s.End - s.Start
	return q.Holds(s.Start) &&
		(q.Service == "" || q.Service == s.Service) &&
		(q.Operation == "" || q.Operation == s.Name) &&
		(!q.Errors || s.failed()) &&
		(q.MinDuration == 0 || d >= q.MinDuration) &&
		(q.MaxDuration == 0 || d <= q.MaxDuration) &&
		Match(q.Where, s)
}

// Narrow returns the question with what its expression says of fields that engines
// look up: the answer is the same, and found sooner. What the question asks for
// itself stays.
func Narrow(q Query) Query {
	if q.Where == nil {
		return q
	}
	c := q.Where.Conjuncts()
	q.From = max(q.From, c.From)
	if c.To != math.MaxInt64 && (q.To == 0 || c.To < q.To) {
		q.To = max(c.To, 1) // 0 would have no end; before 1970 nothing begins
	}
	if q.Service == "" && len(c.Services) == 1 {
		q.Service = c.Services[0]
	}
	if q.Operation == "" && len(c.Operations) == 1 {
		q.Operation = c.Operations[0]
	}
	q.Errors = q.Errors || c.Errors
	q.MinDuration = max(q.MinDuration, c.Min)
	if c.Max > 0 && c.Max != math.MaxInt64 && (q.MaxDuration == 0 || c.Max < q.MaxDuration) {
		q.MaxDuration = c.Max
	}
	if len(q.Keys) == 0 {
		q.Keys = keysOf(&c)
	}
	return q
}

// keysOf are the keys of which every span that satisfies an expression has one;
// nil if nothing is known.
func keysOf(c *query.Conjuncts) (list []Key) {
	switch {
	case len(c.Spans) > 0:
		for _, id := range c.Spans {
			list = append(list, SpanKey(id))
		}
	case len(c.Parents) > 0:
		for _, id := range c.Parents {
			list = append(list, ParentKey(id))
		}
	case len(c.Traces) > 0:
		for _, id := range c.Traces {
			list = append(list, TraceKey(id))
		}
	case len(c.IDs) > 0:
		for _, id := range c.IDs {
			list = append(list, IDKey(id))
			if _, v, ok := strings.Cut(id, "="); ok {
				list = append(list, IDKey(v))
			}
		}
	}
	return list
}
