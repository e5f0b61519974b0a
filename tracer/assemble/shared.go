package assemble

import (
	"github.com/wirespan/wirespan/tracer/span"
	"github.com/wirespan/wirespan/tracer/store"
)

// attrShared marks the span of a server that had the id of its client's span, and was
// given one of its own below it (tracer/ingest/zipkin, whose Shared it is).
const attrShared = "zipkin.shared"

// side is a service's half of an id that client and server share.
type side struct {
	trace   span.TraceID
	id      span.SpanID
	service string
}

// shared finds the spans of servers by the id that they shared with their clients.
func (f *forest) shared() map[side]int {
	var list map[side]int
	for i := range f.spans {
		s := &f.spans[i]
		if s.Signal != store.APP {
			continue
		}
		if _, ok := s.Attr(attrShared); !ok {
			continue
		}
		if list == nil {
			list = map[side]int{}
		}
		list[side{s.Trace, s.Parent, s.Service}] = i
	}
	return list
}
