package assemble

import (
	"cmp"
	"slices"

	"github.com/wirespan/wirespan/tracer/span"
	"github.com/wirespan/wirespan/tracer/store"
)

// graft hangs the spans of SDKs into the tree of exchanges: above an exchange the
// span that its context names, below it the span that has the same parent at the
// other side. What a service asked of others then hangs below what its SDK was
// doing.
func (f *forest) graft() {
	f.shift = map[string]int64{}
	f.own()
	callees := f.hangExchanges()
	entries := f.hangEntries(callees)
	f.alignSDKs()
	below := f.belowSDKs()
	f.hangCalls(entries, below)
	f.hangLoose(entries, below)
	f.hangAlone()
}

// own takes the parents that SDKs name among themselves. An id that client and server
// share means the server's span to those of its service.
func (f *forest) own() {
	shared := f.shared()
	for i := range f.spans {
		s := &f.spans[i]
		if s.Signal != store.APP || s.Parent.IsZero() {
			continue
		}
		if p, ok := shared[side{s.Trace, s.Parent, s.Service}]; ok && p != i {
			f.edges[i] = edge{parent: p, rule: "context", confidence: 1, evidence: "the SDK names it as the parent, by the id that it shares with its caller"}
			continue
		}
		if p := f.span(s.Parent, s, false); p >= 0 && p != i {
			f.edges[i] = edge{parent: p, rule: "context", confidence: 1, evidence: "the SDK names it as the parent"}
		}
	}
}

// callee is the id of a span that contexts on the wire name as the sender.
type callee struct {
	trace span.TraceID
	id    span.SpanID
}

// hangExchanges hangs exchanges below the spans that sent them. A proxy that sends a
// context on unchanged has its own place already. It returns the exchanges by the
// sender they name.
func (f *forest) hangExchanges() map[callee][]int {
	list := map[callee][]int{}
	for g := range f.groups {
		id, trace, ok := f.caller(g)
		if !ok {
			continue
		}
		list[callee{trace, id}] = append(list[callee{trace, id}], g)
		app := f.span(id, &store.Span{Trace: trace}, false)
		if app < 0 || f.sentOn(g, id) {
			continue
		}
		f.rehang(f.groups[g].head(), edge{parent: app, rule: "context", confidence: 1, evidence: "the context on the wire names it"})
	}
	return list
}

// sentOn reports whether the exchange above one carries the same context.
func (f *forest) sentOn(g int, id span.SpanID) bool {
	p := f.groups[g].edge.parent
	if p < 0 || f.of[p] < 0 {
		return false
	}
	up, _, ok := f.caller(f.of[p])
	return ok && up == id
}

// rehang gives a span another parent and keeps the one before as an alternative.
func (f *forest) rehang(i int, e edge) {
	if was := f.edges[i]; was.parent >= 0 && was.parent != e.parent {
		f.other(i, possible{was.parent, was.rule, was.confidence})
	}
	f.edges[i] = e
}

// hangEntries hangs the spans in which services took requests below the exchanges
// that brought them, and returns them by exchange.
func (f *forest) hangEntries(callees map[callee][]int) map[int][]int {
	for k, list := range callees {
		callees[k] = f.leaves(list)
	}
	byID := f.exchangesByID()
	entries := map[int][]int{}
	for i := range f.spans {
		s := &f.spans[i]
		if s.Signal != store.APP || !f.isEntry(i) {
			continue
		}
		g, e := f.exchangeAbove(i, callees, byID)
		if g < 0 {
			continue
		}
		f.rehang(i, e)
		f.of[i] = g
		entries[g] = append(entries[g], i)
	}
	return entries
}

// leaves leaves out the exchanges above others of a list: what is nearest to the
// servers stays.
func (f *forest) leaves(list []int) []int {
	above := map[int]bool{}
	for _, g := range list {
		for range f.groups {
			p := f.groups[g].edge.parent
			if p < 0 || f.of[p] < 0 || above[f.of[p]] {
				break
			}
			g = f.of[p]
			above[g] = true
		}
	}
	return slices.DeleteFunc(slices.Clone(list), func(g int) bool { return above[g] })
}

// exchangesByID lists exchanges by the request IDs that they carry.
func (f *forest) exchangesByID() map[store.Key][]int {
	list := map[store.Key][]int{}
	for g := range f.groups {
		for _, i := range f.groups[g].chain {
			for _, k := range strongIDs(&f.spans[i]) {
				if l := list[k]; len(l) == 0 || l[len(l)-1] != g {
					list[k] = append(l, g)
				}
			}
		}
	}
	return list
}

// isEntry reports whether a span is where a service took a request: of the server's
// kind, or of another service than its parent.
func (f *forest) isEntry(i int) bool {
	s := &f.spans[i]
	if s.Kind == span.Server || s.Kind == span.Consumer {
		return true
	}
	p := f.edges[i].parent
	return p >= 0 && f.spans[p].Service != s.Service && s.Kind != span.Client && s.Kind != span.Producer
}

// exchangeAbove finds the exchange that brought a request to an SDK: its context
// names the same parent, or it carries the same request ID. -1: none.
func (f *forest) exchangeAbove(i int, callees map[callee][]int, byID map[store.Key][]int) (int, edge) {
	s := &f.spans[i]
	if !s.Parent.IsZero() {
		if g := f.nearest(callees[callee{s.Trace, s.Parent}], i); g >= 0 {
			return g, edge{parent: f.groups[g].tail(), rule: "context", confidence: 1, evidence: "the context on the wire names the same parent"}
		}
		return -1, noEdge
	}
	var alike []int
	for _, k := range strongIDs(s) {
		for _, g := range byID[k] {
			if f.holds(f.groups[g].tail(), i) {
				alike = append(alike, g)
			}
		}
	}
	if g := f.nearest(f.leaves(alike), i); g >= 0 {
		return g, edge{parent: f.groups[g].tail(), rule: "header_id", confidence: 0.99, evidence: "the SDK has the same request ID"}
	}
	return -1, noEdge
}

// nearest is the exchange of a list that fits the time of a span best, as of a call
// that was tried again.
func (f *forest) nearest(list []int, i int) int {
	best, fit := -1, int64(0)
	start, end := f.start(i), f.end(i)
	for _, g := range list {
		t := f.groups[g].tail()
		off := max(0, f.start(t)-start) + max(0, end-f.end(t))
		if best < 0 || off < fit {
			best, fit = g, off
		}
	}
	return best
}

// slack is by how much times may be wrong although clocks agree, ns.
const slack = int64(1e6)

// holds reports whether span i lies within span p, as far as times can tell.
func (f *forest) holds(p, i int) bool { return f.within(p, i, slack) }

// within is holds for clocks that may be apart by so much.
func (f *forest) within(p, i int, apart int64) bool {
	return f.start(p)-apart <= f.start(i) && f.end(i) <= f.end(p)+apart
}

// appClock names the clock of an SDK's times.
func appClock(s *store.Span) string { return s.Service + "\x00" + s.Instance }

// alignSDKs finds the least that the clocks of SDKs must be set by so that what was
// sent comes before what arrived: a request's span holds the exchange, the exchange
// the span of who served it. If that can be had, it is the middle of what can be.
func (f *forest) alignSDKs() {
	type room struct{ lo, hi int64 }
	rooms := map[string]room{}
	narrow := func(s *store.Span, lo, hi int64) {
		k := appClock(s)
		r, ok := rooms[k]
		if !ok {
			r = room{-1 << 62, 1 << 62}
		}
		rooms[k] = room{max(r.lo, lo), min(r.hi, hi)}
	}
	for i := range f.spans {
		p := f.edges[i].parent
		if p < 0 {
			continue
		}
		s, up := &f.spans[i], &f.spans[p]
		switch {
		case s.Signal == store.APP && up.Signal != store.APP && f.answered(p):
			narrow(s, f.start(p)-s.Start, f.end(p)-s.End)
		case s.Signal != store.APP && up.Signal == store.APP && f.answered(i):
			narrow(up, f.end(i)-up.End, f.start(i)-up.Start)
		}
	}
	for k, r := range rooms {
		if r.lo > r.hi || r.lo <= 0 && r.hi >= 0 {
			continue // no shift would do, or none is needed
		}
		f.shift[k] = r.lo + (r.hi-r.lo)/2
	}
	f.time()
}

// answered reports whether a span of an exchange ends with its response.
func (f *forest) answered(i int) bool { return f.spans[i].Text("wirespan.response") == "" }

// belowSDKs lists spans of SDKs by their parent.
func (f *forest) belowSDKs() map[int][]int {
	below := make(map[int][]int, len(f.spans))
	for i := range f.spans {
		if p := f.edges[i].parent; f.spans[i].Signal == store.APP && p >= 0 {
			below[p] = append(below[p], i)
		}
	}
	return below
}

// hangCalls hangs what a service asked of others below the span of its SDK that did
// so: the one that tells of the same call, else the innermost that was under way.
// Who was asked on behalf of which request is known already.
func (f *forest) hangCalls(entries, below map[int][]int) {
	for g := range f.groups {
		head := f.groups[g].head()
		e := f.edges[head]
		if e.parent < 0 || f.spans[e.parent].Signal == store.APP {
			continue
		}
		entry := f.entryFor(entries[f.of[e.parent]], head)
		if entry < 0 {
			continue
		}
		p, why := f.callIn(entry, head, below)
		f.rehangWithin(head, p, e, why)
	}
}

// hangLoose hangs calls whose agent was not sure for which request they were made
// below the span of an SDK that tells of the same call, if there is exactly one in
// the requests that it may have been.
func (f *forest) hangLoose(entries, below map[int][]int) {
	for g := range f.groups {
		head := f.groups[g].head()
		if f.edges[head].parent >= 0 {
			continue
		}
		found := -1
		for _, o := range f.others[head] {
			if f.of[o.span] < 0 || f.spans[o.span].Signal == store.APP {
				continue
			}
			for _, entry := range entries[f.of[o.span]] {
				i := f.sameCall(f.local(entry, below), head)
				if i >= 0 && found >= 0 && i != found {
					found = len(f.spans) // several
				} else if i >= 0 && found < len(f.spans) {
					found = i
				}
			}
		}
		if found >= 0 && found < len(f.spans) {
			f.edges[head] = edge{parent: found, rule: "inferred", confidence: 0.95, evidence: "of the requests it may have been made for, one SDK tells of the same call"}
		}
	}
}

// hangAlone hangs an exchange that nobody knows a parent of below the one call of an
// SDK that it can be, if that call can be no other exchange: first by times as they
// are, then by times that may be a little apart.
func (f *forest) hangAlone() {
	taken := make([]bool, len(f.spans))
	for g := range f.groups {
		if p := f.edges[f.groups[g].head()].parent; p >= 0 {
			taken[p] = true
		}
	}
	for _, apart := range [...]int64{0, slack} {
		calls, groups := map[int][]int{}, map[int][]int{} // what each can be
		for g := range f.groups {
			head := f.groups[g].head()
			if f.edges[head].parent >= 0 {
				continue
			}
			for i := range f.spans {
				if isCall(&f.spans[i]) && !taken[i] && f.within(i, head, apart) && toServer(&f.spans[i], &f.spans[head]) {
					calls[g], groups[i] = append(calls[g], i), append(groups[i], g)
				}
			}
		}
		for g, list := range calls {
			if i := list[0]; len(list) == 1 && len(groups[i]) == 1 {
				taken[i] = true
				f.edges[f.groups[g].head()] = edge{parent: i, rule: "inferred", confidence: 0.95, evidence: "the only call of these times, with that address or port, that an SDK tells of and packets show"}
			}
		}
	}
}

// entryFor is the span of an SDK that took the request on behalf of which a call was
// made, -1 if there is none.
func (f *forest) entryFor(list []int, head int) int {
	best := -1
	for _, i := range list {
		if best < 0 || !f.holds(best, head) && f.holds(i, head) {
			best = i
		}
	}
	return best
}

// callIn looks through the spans of one service below an entry.
func (f *forest) callIn(entry, head int, below map[int][]int) (int, string) {
	if i := f.sameCall(f.local(entry, below), head); i >= 0 {
		return i, "its SDK tells of the same call"
	}
	at := entry
	for {
		next := -1
		for _, i := range below[at] {
			if appClock(&f.spans[i]) == appClock(&f.spans[entry]) && f.spans[i].Kind != span.Client && f.spans[i].Kind != span.Producer && f.holds(i, head) {
				if next >= 0 {
					return at, "its SDK was in that span, or one of several below"
				}
				next = i
			}
		}
		if next < 0 {
			return at, "its SDK was in that span"
		}
		at = next
	}
}

// local are the spans of one service below one that took a request, itself included.
func (f *forest) local(entry int, below map[int][]int) []int {
	list := []int{entry}
	for n := 0; n < len(list); n++ {
		for _, i := range below[list[n]] {
			if appClock(&f.spans[i]) == appClock(&f.spans[entry]) {
				list = append(list, i)
			}
		}
	}
	return list
}

// sameCall is the client's span that tells of the same call; of several the
// tightest around it.
func (f *forest) sameCall(local []int, head int) int {
	var list []int
	for _, i := range local {
		s := &f.spans[i]
		if (s.Kind == span.Client || s.Kind == span.Producer) && f.holds(i, head) && agrees(s, &f.spans[head]) {
			list = append(list, i)
		}
	}
	if len(list) == 0 {
		return -1
	}
	return slices.MinFunc(list, func(a, b int) int {
		return cmp.Or(cmp.Compare(f.end(a)-f.start(a), f.end(b)-f.start(b)), cmp.Compare(a, b))
	})
}

func (f *forest) rehangWithin(head, p int, e edge, why string) {
	was := e.parent
	e.parent = p
	if e.evidence != "" {
		e.evidence += "; "
	}
	e.evidence += why
	e.confidence = min(e.confidence, 0.95)
	f.edges[head] = e
	f.other(head, possible{was, e.rule, e.confidence})
}
