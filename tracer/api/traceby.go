package api

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"slices"

	"github.com/wirespan/wirespan/tracer/assemble"
	"github.com/wirespan/wirespan/tracer/query"
	"github.com/wirespan/wirespan/tracer/show"
	"github.com/wirespan/wirespan/tracer/span"
	"github.com/wirespan/wirespan/tracer/store"
)

var traceParams = []param{
	{name: "format", kind: "string", enum: []string{"json", "otlp", "tree"}, doc: "json: the tree with the reason of every edge (default); otlp: OTLP JSON with the assembled parents, corrected times and one trace id; tree: text for people"},
	{name: "from", kind: "time", doc: "spans of the id are looked for from here on"},
	{name: "to", kind: "time", doc: "spans of the id are looked for before this"},
	{name: "why", kind: "boolean", doc: "format tree: with rule, confidence, evidence and alternatives of every edge, and details of spans"},
	{name: "width", kind: "integer", doc: "format tree: columns, from 40 on; 0: nothing is shortened"},
	{name: "color", kind: "boolean", doc: "format tree: with ANSI colours"},
	{name: "ascii", kind: "boolean", doc: "format tree: nothing beyond ASCII"},
}

func (a *API) trace(ctx context.Context, r *request) (any, error) {
	w := r.window()
	look := show.Config{Width: r.integer("width", 0, 1000, 120), Verbose: r.flag("why"), Color: r.flag("color"), ASCII: r.flag("ascii")}
	if look.Width == 0 {
		look.Width, look.Whole = 120, true
	} else if look.Width < 40 {
		r.fail("width", "is 0, or from 40 to 1000")
	}
	if r.fault != nil {
		return nil, r.fault
	}
	t, err := a.find(ctx, r.http.PathValue("id"), w)
	if err != nil {
		return nil, err
	}
	switch r.Get("format") {
	case "otlp":
		return text{"application/json", append(appendOTLP(nil, t, hexID), '\n')}, nil
	case "tree":
		var b bytes.Buffer
		err := Draw(&b, t, a.Keys, look)
		return text{"text/plain; charset=utf-8", b.Bytes()}, err
	}
	return traceOf(t), nil
}

// find assembles the trace that an id names: of a trace, also one that was merged
// into another, of a span, or a request ID.
func (a *API) find(ctx context.Context, id string, w store.Window) (*assemble.Trace, error) {
	if tid, ok := traceID(id); ok {
		t, err := a.byTrace(ctx, tid, w)
		if err == nil || !errors.Is(err, assemble.ErrNotFound) {
			return t, err
		}
	}
	if sid, ok := spanID(id); ok {
		list, err := a.bySpan(ctx, sid, w)
		if err != nil {
			return nil, err
		}
		if len(list) > 0 {
			return a.Assembler.Around(ctx, list[:1])
		}
	}
	list, err := a.byRequestID(ctx, id, w)
	if err != nil {
		return nil, err
	}
	if len(list) == 0 {
		return nil, notFound("no span that is kept has %q as trace id, span id or request ID", clip(id))
	}
	return a.Assembler.Around(ctx, list[:1])
}

func (a *API) byTrace(ctx context.Context, id span.TraceID, w store.Window) (*assemble.Trace, error) {
	t, err := a.Assembler.Trace(ctx, id, w)
	if !errors.Is(err, assemble.ErrNotFound) {
		return t, err
	}
	list, err := a.Store.Aliases(ctx, []span.TraceID{id})
	if err != nil {
		return nil, err
	}
	for _, l := range list {
		for _, other := range [...]span.TraceID{l.Canonical, l.Old} {
			if other == id {
				continue
			}
			if t, err := a.Assembler.Trace(ctx, other, w); !errors.Is(err, assemble.ErrNotFound) {
				return t, err
			}
		}
	}
	return nil, assemble.ErrNotFound
}

// maxSame bounds the spans that are looked at for one id.
const maxSame = 1000

// bySpan returns the spans of an id, the latest first: different agents, or SDKs,
// may have used it.
func (a *API) bySpan(ctx context.Context, id span.SpanID, w store.Window) ([]store.Span, error) {
	list, _, err := a.Store.Related(ctx, []store.Key{store.SpanKey(id)}, w, maxSame)
	if err != nil {
		return nil, err
	}
	return latest(slices.DeleteFunc(list, func(s store.Span) bool { return s.ID != id })), nil
}

// byRequestID returns the spans that carry a request ID, the latest first.
func (a *API) byRequestID(ctx context.Context, id string, w store.Window) ([]store.Span, error) {
	e, err := query.ParseStored("id = "+query.Quote(id), a.Keys)
	if err != nil {
		return nil, notFound("no request ID is so long")
	}
	list, _, err := a.Store.Related(ctx, store.Narrow(store.Query{Where: e}).Keys, w, maxSame)
	if err != nil {
		return nil, err
	}
	return latest(slices.DeleteFunc(list, func(s store.Span) bool { return !store.Match(e, &s) })), nil
}

func latest(list []store.Span) []store.Span {
	list = store.Merge(list)
	slices.SortStableFunc(list, func(a, b store.Span) int { return -cmp.Compare(a.Start, b.Start) })
	return list
}

func clip(s string) string { return s[:min(len(s), 128)] }

// SpanAnswer is the answer for a span id.
type SpanAnswer struct {
	Spans []Span `json:"spans" doc:"the latest first; an id may have been used by several programs"`
}

var oneSpanParams = []param{
	{name: "trace", kind: "id", doc: "trace id that the span was sent with"},
	{name: "from", kind: "time", doc: "spans that begin at this time or later"},
	{name: "to", kind: "time", doc: "spans that begin before this time"},
}

func (a *API) span(ctx context.Context, r *request) (any, error) {
	list, err := a.chosen(ctx, r)
	if err != nil {
		return nil, err
	}
	out := &SpanAnswer{Spans: []Span{}}
	for i := range list {
		out.Spans = append(out.Spans, spanOf(&list[i]))
	}
	return out, nil
}

// chosen are the spans that a path and its parameters name; at least one.
func (a *API) chosen(ctx context.Context, r *request) ([]store.Span, error) {
	w := r.window()
	var of span.TraceID
	if s := r.Get("trace"); s != "" {
		var ok bool
		if of, ok = traceID(s); !ok {
			r.fail("trace", "is 32 hex digits, not %q", clip(s))
		}
	}
	if r.fault != nil {
		return nil, r.fault
	}
	id, ok := spanID(r.http.PathValue("id"))
	if !ok {
		return nil, notFound("a span id is 16 hex digits")
	}
	list, err := a.bySpan(ctx, id, w)
	if err != nil {
		return nil, err
	}
	if !of.IsZero() {
		list = slices.DeleteFunc(list, func(s store.Span) bool { return s.Trace != of })
	}
	if len(list) == 0 {
		return nil, notFound("no span of this id is kept")
	}
	return list, nil
}
