package api

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/wirespan/wirespan/tracer/assemble"
	"github.com/wirespan/wirespan/tracer/span"
	"github.com/wirespan/wirespan/tracer/store"
)

// Traces is a page of traces.
type Traces struct {
	Traces []Summary `json:"traces" doc:"the latest matching span first"`
	page
}

// around is how far from a span the spans of its trace are looked for.
const around = time.Hour

// assemblies is how many traces one request puts together at a time.
const assemblies = 4

func (a *API) traces(ctx context.Context, r *request) (any, error) {
	q, cur, limit, err := r.page(a)
	if err != nil {
		return nil, err
	}
	s := traceSearch{api: a, q: q, began: cur, cur: cur, limit: limit, have: map[span.TraceID]bool{}, rows: []Summary{}}
	soft, stop := a.soften(ctx)
	defer stop()
	more := true
	for more && err == nil && len(s.rows) < limit {
		more, err = s.round(soft)
	}
	out := &Traces{Traces: s.rows, page: page{Complete: true, Limits: []string{}, Hints: hints(&q)}}
	if err := out.ended(ctx, err, len(s.rows)); err != nil {
		return nil, err
	}
	if s.scanned >= a.Limits.Scan {
		out.Complete, more = false, true
		out.Limits = append(out.Limits, fmt.Sprintf("%d matching spans were looked at", s.scanned))
	}
	out.end(&s.cur, more)
	return out, nil
}

// traceSearch gathers traces of which a span satisfies a question. A trace belongs
// to the page on which the latest of those spans is.
type traceSearch struct {
	api     *API
	q       store.Query
	began   cursor // where the page begins
	cur     cursor // where it is
	limit   int
	have    map[span.TraceID]bool // ids under which spans of traces are stored that were looked at
	shown   map[span.TraceID]bool // ids of assembled traces
	rows    []Summary
	taken   int // traces, of callers that want no rows
	scanned int
}

// candidate is a trace that a span was found of.
type candidate struct {
	id    span.TraceID
	start int64
	after cursor // behind its span
}

// round searches for as many traces as are missing, and puts them together.
// more is set if there may be others.
func (s *traceSearch) round(ctx context.Context) (more bool, err error) {
	at := s.cur
	more, list, err := s.candidates(ctx)
	if err != nil {
		return false, err
	}
	done, err := s.api.assembleAll(ctx, list)
	for i, t := range done {
		at = list[i].after
		if t != nil && s.fresh(t) && s.onPage(t) {
			s.taken++
			s.rows = append(s.rows, summaryOf(t, s.fits))
		}
	}
	if err != nil {
		s.cur = at // what was not put together is for the next page
		return false, err
	}
	return more, nil
}

// candidates searches for as many traces as are missing, and moves on behind them.
func (s *traceSearch) candidates(ctx context.Context) (more bool, list []candidate, err error) {
	cur := s.cur
	cur.ties = slices.Clone(cur.ties)
	more, err = s.api.walk(ctx, s.q, &cur, func(x *store.Span) bool {
		s.scanned++
		if !s.have[x.Trace] {
			s.have[x.Trace] = true
			after := cur
			after.ties = slices.Clone(cur.ties)
			list = append(list, candidate{x.Trace, x.Start, after})
		}
		return len(list) < s.limit-s.taken && s.scanned < s.api.Limits.Scan
	})
	if err != nil {
		return false, nil, err
	}
	s.cur = cur
	return more && s.scanned < s.api.Limits.Scan, list, nil
}

// fresh notes the ids of a trace; false if it was there by another of them.
func (s *traceSearch) fresh(t *assemble.Trace) bool {
	if s.shown == nil {
		s.shown = map[span.TraceID]bool{}
	}
	for i := range t.Nodes {
		s.have[t.Nodes[i].Span.Trace] = true
	}
	if s.shown[t.ID] {
		return false
	}
	s.shown[t.ID] = true
	return true
}

// onPage is false for traces of which the latest span that was asked for was on an
// earlier page.
func (s *traceSearch) onPage(t *assemble.Trace) bool {
	for i := range t.Nodes {
		x := t.Nodes[i].Span
		if s.began.seen(x.Start, markOf(x)) && s.fits(x) {
			return false
		}
	}
	return true
}

// fits is whether Search would find a span. Keys are not asked: they were narrowed
// from the expression.
func (s *traceSearch) fits(x *store.Span) bool { return store.Fits(&s.q, x) }

// assembleAll puts traces together, several at a time; nil stands for those that
// are gone by now. On an error it returns those before the one that failed.
func (a *API) assembleAll(ctx context.Context, list []candidate) ([]*assemble.Trace, error) {
	out, errs := make([]*assemble.Trace, len(list)), make([]error, len(list))
	var wg sync.WaitGroup
	next := make(chan int)
	for range min(assemblies, len(list)) {
		wg.Go(func() {
			for i := range next {
				out[i], errs[i] = a.Assembler.Trace(ctx, list[i].id, near(list[i].start))
				if errors.Is(errs[i], assemble.ErrNotFound) {
					out[i], errs[i] = nil, nil
				}
			}
		})
	}
	for i := range list {
		next <- i
	}
	close(next)
	wg.Wait()
	for i, err := range errs {
		if err != nil {
			return out[:i], err
		}
	}
	return out, nil
}

// near is the time in which spans are that belong to one.
func near(start int64) store.Window {
	return store.Window{From: max(0, start-int64(around)), To: start + int64(around)}
}
