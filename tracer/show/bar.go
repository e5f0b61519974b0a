package show

import "github.com/wirespan/wirespan/tracer/span"

// phase is a part of an exchange, as a bar shows it.
type phase uint8

const (
	idle phase = iota
	connect
	send
	wait
	receive
	phases
)

var phaseStyles = [phases]style{plain, blue, cyan, yellow, green}

var phaseNames = [phases]string{"", "connect", "send", "wait", "receive"}

// edges are the times between the phases of a span: edges[p] to edges[p+1] is
// phase p+1. Time that no phase claims counts as wait.
type edges [phases]int64

func edgesOf(s *span.Span) (e edges) {
	e[0] = s.Start - num(s, span.KeyPhaseConnect) - num(s, span.KeyPhaseTLS)
	e[1] = s.Start
	e[2] = min(s.Start+num(s, span.KeyPhaseSend), s.End)
	e[4] = max(s.End, s.Start)
	e[3] = e[4]
	if r, ok := s.Attrs.Find(span.KeyPhaseReceive); ok {
		e[3] = max(e[2], e[4]-r.Num)
	}
	return e
}

// appendBar draws a span over the time from origin to end in n columns; each
// column shows the phase that takes most of it, and each span has at least one.
func (c Config) appendBar(dst []byte, s *span.Span, origin, end int64, n int) []byte {
	g := c.glyphs()
	dst = c.literal(dst, dim, g.frame)
	total := max(end-origin, 1)
	e := edgesOf(s)
	at := func(i int64) int64 { return origin + int64(float64(total)*float64(i)/float64(n)) }
	first := clampColumn(float64(e[0]-origin)/float64(total)*float64(n), n)
	now := idle
	for i := range n {
		from, to := at(int64(i)), at(int64(i+1))
		p := edgesWithin(&e, from, to)
		if p == idle && i == first {
			p = longest(&e)
		}
		if p != now {
			dst = c.off(dst, phaseStyles[now])
			dst = c.on(dst, phaseStyles[p])
			now = p
		}
		dst = append(dst, g.fills[p]...)
	}
	dst = c.off(dst, phaseStyles[now])
	return c.literal(dst, dim, g.frame)
}

func clampColumn(f float64, n int) int { return max(0, min(n-1, int(f))) }

// edgesWithin is the phase that takes most of a column, idle if the span takes
// less than half of it.
func edgesWithin(e *edges, from, to int64) phase {
	best, most, sum := idle, int64(0), int64(0)
	for p := connect; p < phases; p++ {
		part := min(e[p], to) - max(e[p-1], from)
		if part > 0 {
			sum += part
		}
		if part > most {
			best, most = p, part
		}
	}
	if sum*2 < to-from {
		return idle
	}
	return best
}

func longest(e *edges) phase {
	best := wait
	for p := connect; p < phases; p++ {
		if e[p]-e[p-1] > e[best]-e[best-1] {
			best = p
		}
	}
	return best
}
