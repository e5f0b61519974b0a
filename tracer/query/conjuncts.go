package query

import (
	"encoding/hex"
	"math"
	"slices"

	"github.com/wirespan/wirespan/tracer/span"
)

// Conjuncts is what every span has that satisfies an expression, as far as it can
// be said without looking at spans: what an engine may look up in an index. It is
// necessary, not sufficient: each span is still to be matched. Nil lists say
// nothing; empty lists that are not nil say that no span satisfies the expression.
type Conjuncts struct {
	Services   []string // service is one of them
	Operations []string // so is name
	Protocols  []string // and protocol
	Errors     bool     // status is ERROR
	Min, Max   int64    // duration in ns, both included
	From, To   int64    // start, From <= start < To, ns since 1970

	Traces  []span.TraceID
	Spans   []span.SpanID
	Parents []span.SpanID
	IDs     []string // request IDs, as they are or behind a name and "="

	Attrs []Equal
}

// Equal says that an attribute of one of the names has, itself or as an element of
// its list, one of the texts. None of them is a number, a truth or an address.
type Equal struct {
	Names  []string
	Values []string
}

func unbound() Conjuncts {
	return Conjuncts{Min: math.MinInt64, Max: math.MaxInt64, From: math.MinInt64, To: math.MaxInt64}
}

// Conjuncts says what every span has that satisfies the expression.
func (e *Expr) Conjuncts() Conjuncts {
	if e.root < 0 {
		return unbound()
	}
	return e.conjuncts(e.root)
}

func (e *Expr) conjuncts(i int) Conjuncts {
	switch n := &e.nodes[i]; n.op {
	case opAnd:
		return e.conjuncts(n.a).and(e.conjuncts(n.b))
	case opOr:
		return e.conjuncts(n.a).or(e.conjuncts(n.b))
	case opCompare:
		return n.comparison.conjuncts()
	default: // what a span must not have is in no index
		return unbound()
	}
}

func (a Conjuncts) and(b Conjuncts) Conjuncts {
	a.Services = both(a.Services, b.Services)
	a.Operations = both(a.Operations, b.Operations)
	a.Protocols = both(a.Protocols, b.Protocols)
	a.Errors = a.Errors || b.Errors
	a.Min, a.Max = max(a.Min, b.Min), min(a.Max, b.Max)
	a.From, a.To = max(a.From, b.From), min(a.To, b.To)
	a.Traces, a.Spans, a.Parents = both(a.Traces, b.Traces), both(a.Spans, b.Spans), both(a.Parents, b.Parents)
	if len(a.IDs) == 0 { // a span may have several
		a.IDs = b.IDs
	}
	a.Attrs = append(a.Attrs, b.Attrs...)
	return a
}

func (a Conjuncts) or(b Conjuncts) Conjuncts {
	a.Services = either(a.Services, b.Services)
	a.Operations = either(a.Operations, b.Operations)
	a.Protocols = either(a.Protocols, b.Protocols)
	a.Errors = a.Errors && b.Errors
	a.Min, a.Max = min(a.Min, b.Min), max(a.Max, b.Max)
	a.From, a.To = min(a.From, b.From), max(a.To, b.To)
	a.Traces, a.Spans, a.Parents = either(a.Traces, b.Traces), either(a.Spans, b.Spans), either(a.Parents, b.Parents)
	a.IDs = either(a.IDs, b.IDs)
	a.Attrs = nil
	return a
}

// both is what is in both lists, of which nil is everything.
func both[T comparable](a, b []T) []T {
	switch {
	case a == nil:
		return b
	case b == nil:
		return a
	}
	out := make([]T, 0, len(a))
	for _, v := range a {
		if slices.Contains(b, v) {
			out = append(out, v)
		}
	}
	return out
}

// either is what is in one of the lists, of which nil is everything.
func either[T comparable](a, b []T) []T {
	if a == nil || b == nil {
		return nil
	}
	out := slices.Clone(a)
	for _, v := range b {
		if !slices.Contains(out, v) {
			out = append(out, v)
		}
	}
	return out
}

func (c *comparison) conjuncts() Conjuncts {
	out := unbound()
	same := c.op == equal || c.op == in
	switch f := &c.field; {
	case f.kind == duration:
		out.Min, out.Max = c.bounds()
	case f.kind == start:
		out.From, out.To = c.bounds()
		if out.To != math.MaxInt64 {
			out.To++ // a window does not hold its end
		}
	case !same:
	case f.kind == isError:
		out.Errors = !slices.ContainsFunc(c.values, func(v value) bool { return !v.yes })
	case f.kind == status:
		out.Errors = !slices.ContainsFunc(c.values, func(v value) bool { return !v.failed })
	case f.kind == service:
		out.Services = c.texts()
	case f.kind == name:
		out.Operations = c.texts()
	case f.kind == protocol:
		out.Protocols = c.texts()
	case f.kind == anyID:
		out.IDs = c.texts()
	case f.kind == traceID:
		out.Traces = ids[span.TraceID](c)
	case f.kind == spanID:
		out.Spans = ids[span.SpanID](c)
	case f.kind == parentID:
		out.Parents = ids[span.SpanID](c)
	case (f.kind == attribute || f.kind == unknown) && !slices.ContainsFunc(f.names, keptApart):
		if t := c.texts(); t != nil {
			out.Attrs = []Equal{{f.names, t}}
		}
	}
	return out
}

// keptApart reports attributes that stores keep in fields, so that an engine that
// looks for them among attributes would miss spans.
func keptApart(name string) bool {
	switch name {
	case "service.name", "service.instance.id", "wirespan.agent", "wirespan.signal", "otel.scope.name", "otel.status_description":
		return true
	}
	return false
}

// bounds are those of the numbers that satisfy a comparison, both included.
func (c *comparison) bounds() (low, high int64) {
	low, high = math.MinInt64, math.MaxInt64
	switch c.op {
	case equal, in, less, lessEqual, greater, greaterEqual:
	default:
		return low, high
	}
	least, most := int64(math.MaxInt64), int64(math.MinInt64)
	for i := range c.values {
		v := &c.values[i]
		if !v.isInt || v.isClass {
			return low, high
		}
		least, most = min(least, v.whole), max(most, v.whole)
	}
	switch {
	case c.op == less && most > math.MinInt64:
		return low, most - 1
	case c.op == lessEqual:
		return low, most
	case c.op == greater && least < math.MaxInt64:
		return least + 1, high
	case c.op == greaterEqual:
		return least, high
	case c.op == equal || c.op == in:
		return least, most
	}
	return low, high
}

// texts are the values of a comparison if all of them are compared as text only.
func (c *comparison) texts() []string {
	out := make([]string, 0, len(c.values))
	for i := range c.values {
		v := &c.values[i]
		number := v.isNum || v.isInt || v.isClass || v.isBool
		if v.isPrefix || number && !c.field.textual() {
			return nil
		}
		out = append(out, v.text)
	}
	return out
}

// ids are the values of a comparison if all of them are whole ids.
func ids[T span.TraceID | span.SpanID](c *comparison) []T {
	out := make([]T, 0, len(c.values))
	for i := range c.values {
		b, err := hex.DecodeString(c.values[i].text)
		var id T
		if err != nil || len(b) != len(id) {
			return nil
		}
		out = append(out, T(b))
	}
	return out
}
