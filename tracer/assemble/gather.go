package assemble

import (
	"context"
	"encoding/binary"
	"fmt"
	"slices"
	"strings"

	"github.com/wirespan/wirespan/l7/ids"
	"github.com/wirespan/wirespan/tracer/facts"
	"github.com/wirespan/wirespan/tracer/span"
	"github.com/wirespan/wirespan/tracer/store"
)

// strongBits is the entropy from which a request ID connects spans by itself
// (DESIGN.md, section 7); what weaker ones connect, an agent has connected.
const strongBits = 48

// maxAlike bounds the spans of one round that merely begin with the same bytes.
const maxAlike = 256

// spanKey tells spans apart.
type spanKey struct {
	id     span.SpanID
	start  int64
	agent  string
	signal store.Signal
}

func keyOf(s *store.Span) spanKey { return spanKey{s.ID, s.Start, s.Agent, s.Signal} }

// gather collects what is connected, round by round.
type gather struct {
	a      *Assembler
	spans  []store.Span
	have   map[spanKey]int   // the first of spans that has it
	twins  map[spanKey][]int // others, which say something else: store.Merge chooses
	seeds  map[spanKey]bool  // what was asked for
	asked  map[store.Key]bool
	sought map[span.TraceID]bool // of the Foreign
	sdk    map[sdkKey][]int      // spans of SDKs
	window store.Window          // of all that was collected
	limits []string
}

func newGather(a *Assembler) *gather {
	return &gather{a: a, have: map[spanKey]int{}, twins: map[spanKey][]int{}, seeds: map[spanKey]bool{}, asked: map[store.Key]bool{}, sought: map[span.TraceID]bool{}, sdk: map[sdkKey][]int{}}
}

// add takes a span that was asked for.
func (g *gather) add(s store.Span) {
	g.take(s)
	g.seeds[keyOf(&s)] = true
}

func (g *gather) take(s store.Span) {
	k := keyOf(&s)
	first, known := g.have[k]
	same := func(i int) bool { return store.Same(&g.spans[i], &s) }
	switch {
	case known && (same(first) || slices.ContainsFunc(g.twins[k], same)), s.Signal == store.APP && g.hasSDK(&s):
		return
	case known:
		g.twins[k] = append(g.twins[k], len(g.spans))
	default:
		g.have[k] = len(g.spans)
	}
	if len(g.spans) == 0 {
		g.window = store.Window{From: s.Start, To: s.Start}
	}
	g.window.From, g.window.To = min(g.window.From, s.Start), max(g.window.To, s.End)
	g.spans = append(g.spans, s)
}

func (g *gather) limit(format string, args ...any) {
	g.limits = append(g.limits, fmt.Sprintf(format, args...))
}

// connect asks for what belongs to what is there, until nothing is new.
func (g *gather) connect(ctx context.Context) error {
	if err := g.connectFrom(ctx, 0); err != nil {
		return err
	}
	return g.calls(ctx)
}

// connectFrom does so for the spans from from on.
func (g *gather) connectFrom(ctx context.Context, from int) error {
	for round := 0; from < len(g.spans); round++ {
		if round == g.a.cfg.MaxRounds {
			g.limit("not all is connected after %d rounds", round)
			return nil
		}
		sure, alike := g.questions(from)
		fresh := from
		from = len(g.spans)
		if err := g.ask(ctx, sure, int64(g.a.cfg.Reach), g.a.cfg.MaxSpans); err != nil {
			return err
		}
		if err := g.ask(ctx, alike, int64(g.a.cfg.Clock), maxAlike); err != nil {
			return err
		}
		g.askForeign(ctx, fresh, from)
		if len(g.spans) >= g.a.cfg.MaxSpans {
			g.limit("only %d spans were collected", g.a.cfg.MaxSpans)
			return nil
		}
	}
	return nil
}

// ask takes the spans that have one of the keys, near to those that are there.
func (g *gather) ask(ctx context.Context, keys []store.Key, reach int64, limit int) error {
	if len(keys) == 0 {
		return nil
	}
	w := store.Window{From: g.window.From - reach, To: g.window.To + reach}
	spans, more, err := g.a.src.Related(ctx, keys, w, limit)
	if err != nil {
		return fmt.Errorf("collect what is connected: %w", err)
	}
	if more {
		g.limit("more than %d spans are connected by one step", limit)
	}
	for i := range spans {
		if len(g.spans) == g.a.cfg.MaxSpans {
			break
		}
		g.take(spans[i])
	}
	return nil
}

// maxForeign bounds the trace ids that a Foreign is asked for on behalf of one trace.
const maxForeign = 16

// askForeign asks for the ids of traces that somebody else began, as the spans from
// from on, up to to, name them. The store has been asked for those ids.
func (g *gather) askForeign(ctx context.Context, from, to int) {
	if g.a.foreign == nil {
		return
	}
	for i := from; i < to; i++ {
		for _, id := range wireTraces(&g.spans[i]) {
			if g.sought[id] {
				continue
			}
			if len(g.sought) == maxForeign {
				g.limit("the APMs were asked for %d trace ids only", maxForeign)
				return
			}
			g.sought[id] = true
			spans, notes := g.a.foreign.Spans(ctx, id, g.spans)
			g.limits = append(g.limits, notes...)
			for k := range spans {
				if len(g.spans) == g.a.cfg.MaxSpans {
					g.limit("only %d spans were collected", g.a.cfg.MaxSpans)
					return
				}
				g.take(spans[k])
			}
		}
	}
}

// sdkKey tells spans of SDKs apart whoever keeps them, perhaps with rounder times.
type sdkKey struct {
	trace span.TraceID
	id    span.SpanID
	kind  span.Kind
}

// hasSDK reports whether a span of an SDK is there already: a store and an APM may
// both have it, and so may who asks. What has a service says more than what has none,
// and takes its place.
func (g *gather) hasSDK(s *store.Span) bool {
	k := sdkKey{s.Trace, s.ID, s.Kind}
	for _, i := range g.sdk[k] {
		o := &g.spans[i]
		if o.Service == "" && s.Service != "" {
			if g.seeds[keyOf(o)] {
				g.seeds[keyOf(s)] = true
			}
			*o = *s
			return true
		}
		if o.Service == s.Service || s.Service == "" {
			return true
		}
	}
	g.sdk[k] = append(g.sdk[k], len(g.spans))
	return false
}

// wireTraces are the ids of traces that a span has from whoever made the request.
func wireTraces(s *store.Span) (list []span.TraceID) {
	if inContext(s) {
		list = append(list, s.Trace)
	}
	if f, ok := factsOf(s); ok && f.HasContext && f.Trace != s.Trace {
		list = append(list, f.Trace)
	}
	return list
}

// questions are the keys that find what is connected with the spans from from on:
// those that say so, and those of requests that begin alike.
func (g *gather) questions(from int) (sure, alike []store.Key) {
	add := func(list []store.Key, k store.Key) []store.Key {
		if g.asked[k] {
			return list
		}
		g.asked[k] = true
		return append(list, k)
	}
	for i := from; i < len(g.spans); i++ {
		s := &g.spans[i]
		sure = add(sure, store.TraceKey(s.Trace))
		sure = add(sure, store.ParentKey(s.ID))
		sure = add(sure, store.CallerKey(s.ID))
		if !s.Parent.IsZero() {
			sure = add(sure, store.SpanKey(s.Parent))
		}
		for _, k := range store.AppendKeys(nil, s) {
			switch k.Kind {
			case store.ByExchange, store.ByTrace:
				sure = add(sure, k)
			case store.ByTrail:
				alike = add(alike, k)
			}
		}
		for _, k := range strongIDs(s) {
			sure = add(sure, k)
		}
		if f, ok := factsOf(s); ok && f.HasContext && f.Parent != [8]byte{} {
			sure = add(sure, store.SpanKey(f.Parent))
		}
	}
	return sure, alike
}

// strongIDs are the request IDs of a span that nobody else made by chance, and what
// its messages are known by in a queue.
func strongIDs(s *store.Span) (list []store.Key) {
	for _, key := range [...]string{"wirespan.request_id", "wirespan.request_id.response"} {
		v, _ := s.Attr(key)
		for t := range v.Texts {
			if _, id, ok := strings.Cut(t, "="); ok && ids.Entropy([]byte(id)) >= strongBits {
				list = append(list, store.IDKey(id))
			}
		}
	}
	if f, ok := factsOf(s); ok {
		for m := f.Messages; len(m) >= messageID; m = m[messageID:] {
			list = append(list, store.Key{Kind: store.ByID, Hash: binary.LittleEndian.Uint64(m)})
		}
	}
	if s.Signal == store.APP {
		list = appendHeaderIDs(list, s)
	}
	return list
}

// appendHeaderIDs appends those that an SDK was told to keep (semantic conventions,
// http.request.header.<key>).
func appendHeaderIDs(list []store.Key, s *store.Span) []store.Key {
	for i := range s.Attrs {
		key := s.Attrs[i].Key
		name, ok := strings.CutPrefix(key, "http.request.header.")
		if !ok {
			name, ok = strings.CutPrefix(key, "http.response.header.")
		}
		if !ok || !store.IsRequestID(name) {
			continue
		}
		for id := range s.Attrs[i].Value.Texts {
			if ids.Entropy([]byte(id)) >= strongBits {
				list = append(list, store.IDKey(id))
			}
		}
	}
	return list
}

// messageID is the encoded size of an id in facts.Messages.
const messageID = 18

// factsOf are the facts that an agent sent with a span.
func factsOf(s *store.Span) (facts.Facts, bool) {
	v, ok := s.Attr(store.AttrFacts)
	if !ok {
		return facts.Facts{}, false
	}
	f, err := facts.Parse([]byte(v.Str))
	return f, err == nil
}
