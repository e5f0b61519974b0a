package link

import "github.com/wirespan/wirespan/tracer/span"

// observedID is the id of a span of an exchange at a capture point. What was recorded
// elsewhere has the ids of whoever captured it, under the names that points have
// there, so that live run and recording agree, and recordings of several can be
// read together.
func (l *Linker) observedID(exchange uint64, p uint16, index uint64) span.SpanID {
	agent, name := l.cfg.Agent, ""
	if pts := l.points(); int(p) < len(pts) {
		if name = pts[p].Name; pts[p].Agent != "" {
			agent, name = pts[p].Agent, pts[p].Known
		}
	}
	return span.SpanIDOf(exchange, agent, name, index)
}
