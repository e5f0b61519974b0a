package api

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/wirespan/wirespan/tracer/store"
)

// ServiceMap says which services call which.
//
// Edges are read off assembled traces: the latest ones of each of twelve equal parts
// of the time, so that a busy minute does not stand for an hour. The rate of an edge
// is what was counted in the part of the time that those traces cover, brought to
// the whole; where all traces of the time were read it is exact. Numbers of services
// are counted by the store, of all spans.
type ServiceMap struct {
	From     string    `json:"from_ns" doc:"ns since 1970, as a string of digits"`
	To       string    `json:"to_ns" doc:"ns since 1970, as a string of digits"`
	Services []MapNode `json:"services" doc:"sorted by name"`
	Edges    []MapEdge `json:"edges" doc:"sorted by caller and callee"`
	Sample   Sample    `json:"sample" doc:"what the edges were read off"`
	Limits   []string  `json:"limits"`
}

// MapNode is a service, or what a service asks that has no spans of its own.
type MapNode struct {
	Service   string  `json:"service"`
	Kind      string  `json:"kind" enum:"service,database,queue,peer" doc:"service: has spans of its own; the others are known by those who ask them"`
	System    string  `json:"system,omitempty" doc:"of databases and queues: db.system.name, messaging.system"`
	PerSecond float64 `json:"per_second" doc:"requests that it served, counted by the store; of those without spans of their own, the sum of the edges"`
	Errors    float64 `json:"error_ratio" doc:"0 to 1"`
	P50       int64   `json:"p50_ns"`
	P95       int64   `json:"p95_ns"`
	Counted   string  `json:"counted" enum:"store,edges" doc:"where the numbers are from"`

	durations []int64 // of the edges
}

// MapEdge is calls of one service by another.
type MapEdge struct {
	Caller    string  `json:"caller" doc:"empty: from outside of what is traced"`
	Callee    string  `json:"callee"`
	Protocol  string  `json:"protocol,omitempty" doc:"of most of the calls"`
	Calls     int     `json:"calls" doc:"in the sample"`
	Errors    int     `json:"errors" doc:"in the sample"`
	PerSecond float64 `json:"per_second" doc:"estimated from the sample"`
	P50       int64   `json:"p50_ns" doc:"of the calls in the sample, as the callee took them"`
	P95       int64   `json:"p95_ns"`
	Trace     string  `json:"trace_id" doc:"an example, the slowest of the sample"`
}

// Sample is what edges were read off.
type Sample struct {
	Traces   int     `json:"traces"`
	Spans    int     `json:"spans"`
	Parts    int     `json:"parts" doc:"equal parts of the time, of each of which the latest traces were read"`
	Covered  float64 `json:"covered" doc:"share of the time that the traces cover; 1: all were read"`
	Complete bool    `json:"complete" doc:"whether all traces of the time were read"`
	How      string  `json:"how"`
}

var mapParams = []param{
	{name: "from", kind: "time", doc: "default: an hour before to"},
	{name: "to", kind: "time", doc: "default: now"},
	{name: "service", kind: "string", doc: "edges of this service only"},
	{name: "traces", kind: "integer", doc: "traces to read at most; default 240"},
}

const (
	mapParts      = 12
	defaultTraces = 240
)

func (a *API) serviceMap(ctx context.Context, r *request) (any, error) {
	w := r.recent()
	n := r.integer("traces", 1, a.Limits.MapTraces, min(defaultTraces, a.Limits.MapTraces))
	if r.fault != nil {
		return nil, r.fault
	}
	g := mapper{api: a, edges: map[edgeKey]*edgeSum{}, nodes: map[string]*MapNode{}}
	soft, stop := a.soften(ctx)
	defer stop()
	out := &ServiceMap{From: digits(w.From), To: digits(w.To), Limits: []string{}}
	if err := g.read(soft, w, r.Get("service"), n); err != nil {
		if !isDeadline(ctx, err) || g.traces == 0 {
			return nil, err
		}
		out.Limits = append(out.Limits, "the time of a request was up: parts of the time were not read")
	}
	if err := g.count(ctx, w); err != nil {
		return nil, err
	}
	g.fill(out, w, r.Get("service"))
	return out, nil
}

// read takes the traces of all parts of the window.
func (g *mapper) read(ctx context.Context, w store.Window, service string, traces int) error {
	length := (w.To - w.From) / mapParts
	for i := range int64(mapParts) {
		part := store.Window{From: w.From + i*length, To: w.From + (i+1)*length}
		if i == mapParts-1 {
			part.To = w.To
		}
		if err := g.part(ctx, part, service, max(1, traces/mapParts)); err != nil {
			return err
		}
	}
	return nil
}

// part takes the latest traces that begin in a part of the time, and brings what
// they count to the whole of the part.
func (g *mapper) part(ctx context.Context, w store.Window, service string, traces int) error {
	q := store.Query{Window: w, Service: service}
	s := traceSearch{api: g.api, q: q, began: first(), cur: first(), limit: traces, have: g.have()}
	oldest, more := w.To, true
	for more && s.taken < traces {
		var list []candidate
		var err error
		more, list, err = s.candidates(ctx)
		if err != nil {
			return err
		}
		done, err := g.api.assembleAll(ctx, list)
		for i, t := range done {
			oldest = min(oldest, list[i].start)
			if t != nil && s.fresh(t) {
				s.taken++
				g.add(t)
			}
		}
		if err != nil {
			return err
		}
	}
	covered := w.To - w.From
	if more {
		g.cut = true
		covered = max(w.To-oldest, 1)
	}
	g.covered += covered
	g.settle(float64(w.To-w.From) / float64(covered))
	return nil
}

// count adds what the store counted of services.
func (g *mapper) count(ctx context.Context, w store.Window) error {
	step := (w.To - w.From) / defaultPart
	step = max(step-step%store.RateStep, store.RateStep)
	list, err := g.api.Store.Rates(ctx, &store.RateQuery{Window: w, Step: step})
	if err != nil {
		return fmt.Errorf("count requests: %w", err)
	}
	sums := map[string]*[store.NumSignals]store.Rate{}
	for i := range list {
		x := &list[i]
		if sums[x.Service] == nil {
			sums[x.Service] = new([store.NumSignals]store.Rate)
		}
		addRate(&sums[x.Service][x.Signal], x)
	}
	seconds := float64(w.To-w.From) / 1e9
	for name, n := range g.nodes {
		if by := sums[name]; by != nil && n.Kind == "service" {
			n.counted(by, seconds)
		}
	}
	return nil
}

// counted takes the numbers of the signal that counted most: SDKs and packets tell
// of the same requests.
func (n *MapNode) counted(by *[store.NumSignals]store.Rate, seconds float64) {
	most := &by[0]
	for i := range by {
		if by[i].Count > most.Count {
			most = &by[i]
		}
	}
	if most.Count == 0 {
		return
	}
	n.PerSecond, n.Errors = float64(most.Count)/seconds, float64(most.Errors)/float64(most.Count)
	n.P50, n.P95, n.Counted = most.Quantile(0.5), most.Quantile(0.95), "store"
}

func addRate(sum, x *store.Rate) {
	sum.Count += x.Count
	sum.Errors += x.Errors
	sum.Duration += x.Duration
	for i, n := range x.Buckets {
		sum.Buckets[i] += n
	}
}

// fill writes the answer.
func (g *mapper) fill(out *ServiceMap, w store.Window, service string) {
	seconds := float64(w.To-w.From) / 1e9
	out.Services, out.Edges = []MapNode{}, []MapEdge{}
	shown := map[string]bool{}
	for k, e := range g.edges {
		if service != "" && k.caller != service && k.callee != service {
			continue
		}
		shown[k.caller], shown[k.callee] = true, true
		slices.Sort(e.durations)
		edge := MapEdge{
			Caller: k.caller, Callee: k.callee, Protocol: e.protocol(), Calls: e.calls, Errors: e.errors, PerSecond: e.estimate / seconds,
			P50: at(e.durations, 0.5), P95: at(e.durations, 0.95), Trace: e.slowest.String(),
		}
		out.Edges = append(out.Edges, edge)
		if n := g.nodes[k.callee]; n.Counted == "edges" {
			n.add(&edge, e)
		}
	}
	for name, n := range g.nodes {
		if service == "" || shown[name] || name == service {
			out.Services = append(out.Services, *n)
		}
	}
	slices.SortFunc(out.Services, func(a, b MapNode) int { return cmp.Compare(a.Service, b.Service) })
	slices.SortFunc(out.Edges, func(a, b MapEdge) int {
		return cmp.Or(cmp.Compare(a.Caller, b.Caller), cmp.Compare(a.Callee, b.Callee))
	})
	covered := min(float64(g.covered)/float64(w.To-w.From), 1)
	out.Sample = Sample{
		Traces: g.traces, Spans: g.spans, Parts: mapParts, Covered: covered, Complete: !g.cut && covered == 1,
		How: "edges are of the latest traces of each of the equal parts of the time, assembled; rates are brought from what they cover to the whole; services are counted by the store",
	}
	if g.lost > 0 {
		out.Limits = append(out.Limits, fmt.Sprintf("%d calls between further pairs of services are left out", g.lost))
	}
}

// add sums edges up into a node that has no count of its own.
func (n *MapNode) add(e *MapEdge, sum *edgeSum) {
	errors := n.Errors*n.PerSecond + e.PerSecond*float64(e.Errors)/float64(max(e.Calls, 1))
	n.PerSecond += e.PerSecond
	if n.PerSecond > 0 {
		n.Errors = errors / n.PerSecond
	}
	n.durations = append(n.durations, sum.durations...)
	slices.Sort(n.durations)
	n.P50, n.P95 = at(n.durations, 0.5), at(n.durations, 0.95)
}

// at is a quantile of sorted durations, by nearest rank.
func at(list []int64, q float64) int64 {
	if len(list) == 0 {
		return 0
	}
	return list[min(int(q*float64(len(list))), len(list)-1)]
}
