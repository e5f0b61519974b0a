package api

import (
	"context"
	"fmt"

	"github.com/wirespan/wirespan/tracer/store"
)

// Spans is a page of spans.
type Spans struct {
	Spans []Span `json:"spans" doc:"the latest start first"`
	page
}

// page is what the answers of searches have in common.
type page struct {
	Next     string   `json:"next,omitempty" doc:"cursor of the next page; absent on the last one"`
	Complete bool     `json:"complete" doc:"false if time or a limit ended the search before there was an answer in full; next goes on"`
	Limits   []string `json:"limits" doc:"what ended the search, or was left out"`
	Hints    []string `json:"hints,omitempty" doc:"attributes of the filter that no program is known to send, with what may have been meant"`
}

var pageParams = []param{
	{name: "limit", kind: "integer", doc: "rows of the answer at most"},
	{name: "cursor", kind: "string", doc: "next of the page before"},
}

func (a *API) spans(ctx context.Context, r *request) (any, error) {
	q, cur, limit, err := r.page(a)
	if err != nil {
		return nil, err
	}
	out := &Spans{Spans: []Span{}, page: page{Complete: true, Limits: []string{}, Hints: hints(&q)}}
	soft, stop := a.soften(ctx)
	defer stop()
	more, err := a.walk(soft, q, &cur, func(s *store.Span) bool {
		c := s.Clone()
		out.Spans = append(out.Spans, spanOf(&c))
		return len(out.Spans) < limit
	})
	if err := out.ended(ctx, err, len(out.Spans)); err != nil {
		return nil, err
	}
	out.end(&cur, more)
	return out, nil
}

// page reads what all searches take.
func (r *request) page(a *API) (q store.Query, cur cursor, limit int, err error) {
	q = r.question(a.Keys)
	limit = r.integer("limit", 1, a.Limits.Rows, a.Limits.DefaultRows)
	cur, ok := parseCursor(r.Get("cursor"))
	if !ok {
		r.fail("cursor", "is not one that an answer had as next")
	}
	if r.fault != nil {
		return q, cur, limit, r.fault
	}
	return q, cur, limit, nil
}

// walk yields spans behind the cursor, each once, and moves it on. more is set
// when yield ended it.
func (a *API) walk(ctx context.Context, q store.Query, cur *cursor, yield func(*store.Span) bool) (more bool, err error) {
	q.Window = cur.narrow(q.Window)
	if q.To != 0 && q.To <= q.From {
		return false, nil
	}
	err = a.Store.Search(ctx, &q, func(s *store.Span) bool {
		mark := markOf(s)
		if cur.seen(s.Start, mark) { // also a span that was written twice
			return true
		}
		cur.pass(s.Start, mark)
		more = !yield(s)
		return !more
	})
	return more, err
}

// ended says why a search ended before its end: by the deadline, if there is
// something to show for it.
func (p *page) ended(ctx context.Context, err error, rows int) error {
	switch {
	case err == nil:
		return nil
	case rows > 0 && isDeadline(ctx, err):
		p.Complete = false
		p.Limits = append(p.Limits, "the time of a request was up")
		return nil
	}
	return err
}

// end gives out the cursor.
func (p *page) end(cur *cursor, more bool) {
	if more || !p.Complete {
		p.Next = cur.String()
	}
	if p.Next != "" && cur.over > 0 {
		p.Limits = append(p.Limits, fmt.Sprintf("more than %d spans begin at %s; those of them that are not shown are left out", maxTies, stamp(cur.start)))
	}
}

func hints(q *store.Query) (list []string) {
	if q.Where == nil {
		return nil
	}
	for _, a := range q.Where.Absent() {
		if a.Near != "" {
			list = append(list, fmt.Sprintf("%s is an attribute of no known name; did you mean %s?", a.Name, a.Near))
		}
	}
	return list
}
