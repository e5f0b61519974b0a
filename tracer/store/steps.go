package store

import (
	"math"
	"strconv"

	"github.com/wirespan/wirespan/tracer/span"
)

// Aligned returns the question with a step that is a multiple of RateStep, at least
// one, and a window that begins and ends with one RateStep: engines count by it.
func (q *RateQuery) Aligned() RateQuery {
	a := *q
	a.Step = max(RateStep, (q.Step+RateStep-1)/RateStep*RateStep)
	a.From = Floor(q.From, RateStep)
	if q.To != 0 {
		if a.To = Floor(q.To, RateStep); a.To < q.To {
			a.To += RateStep
		}
		if a.To == 0 {
			a.To = 1 // 0 would have no end
		}
	}
	return a
}

// Floor is the latest multiple of step that is not after t.
func Floor(t, step int64) int64 {
	n := t % step
	if n < 0 {
		n += step
	}
	if t < math.MinInt64+n {
		return math.MinInt64
	}
	return t - n
}

// Field yields the texts of a field: service, name, protocol, agent, kind, signal,
// or an attribute of the span or of its resource, each element of a list for
// itself. An empty text is none.
func (s *Span) Field(field string, yield func(string) bool) {
	one := func(t string) {
		if t != "" {
			yield(t)
		}
	}
	switch field {
	case "service", "service.name":
		one(s.Service)
	case "name":
		one(s.Name)
	case "agent", "wirespan.agent":
		one(s.Agent)
	case "instance", "service.instance.id":
		one(s.Instance)
	case "signal", "wirespan.signal":
		one(s.Signal.String())
	case "kind":
		if s.Kind != 0 && s.Kind <= span.Consumer {
			one(s.Kind.String())
		}
	case AttrFacts:
	case "protocol":
		one(s.Protocol())
	default:
		v, ok := s.Attr(field)
		if !ok {
			v, _ = s.ResourceAttr(field)
		}
		v.fieldTexts(yield)
	}
}

func (v Value) fieldTexts(yield func(string) bool) bool {
	switch v.Type {
	case String:
		return v.Str == "" || yield(v.Str)
	case Bool:
		return yield(strconv.FormatBool(v.Num != 0))
	case Int:
		return yield(strconv.FormatInt(v.Num, 10))
	case Double:
		return yield(strconv.FormatFloat(v.Float(), 'g', -1, 64))
	case Array:
		for i := range v.List {
			if !v.List[i].fieldTexts(yield) {
				return false
			}
		}
	}
	return true
}
