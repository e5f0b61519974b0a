package main

import (
	"context"

	"github.com/wirespan/wirespan/capture"
	"github.com/wirespan/wirespan/tracer/link"
	"github.com/wirespan/wirespan/tracer/sink"
	"github.com/wirespan/wirespan/tracer/span"
	"github.com/wirespan/wirespan/tracer/tag/identity"
)

// agentMark says on the resource of every span who captured it, where the input
// was recorded by several.
type agentMark struct {
	sink.Sink
	key    span.Key
	self   string // agent of points that were not recorded
	points func() []capture.Point

	agents map[string]string // by the name of the point
	known  int               // points that are in it
	res    span.Attrs        // of the spans of one call
}

// markAgents puts an agentMark in front of every form. points are asked for when
// spans come.
func markAgents(forms []link.Form, keys *span.Keys, self string, points func() []capture.Point) {
	key, ok := keys.Lookup(identity.Agent)
	if !ok {
		return // not reached: newKeys has it
	}
	for i := range forms {
		forms[i].Sink = &agentMark{Sink: forms[i].Sink, key: key, self: self, points: points, agents: make(map[string]string)}
	}
}

// WriteSpans meets sink.Sink. The list of spans is the linker's, which does not
// look at it again; what they point to is copied, not changed.
func (m *agentMark) WriteSpans(ctx context.Context, spans []span.Span) error {
	for pts := m.points(); m.known < len(pts); m.known++ {
		if p := &pts[m.known]; p.Agent != "" {
			m.agents[p.Name] = p.Agent
		}
	}
	m.res = m.res[:0]
	for i := range spans {
		s := &spans[i]
		agent := m.self
		if at, ok := s.Attrs.Find(span.KeyCapturePoint); ok {
			if a, recorded := m.agents[string(at.Str)]; recorded {
				agent = a
			}
		}
		from := len(m.res)
		m.res = append(m.res, s.Resource...)
		m.res = span.AppendString(m.res, m.key, []byte(agent))
		s.Resource = m.res[from:len(m.res):len(m.res)]
	}
	return m.Sink.WriteSpans(ctx, spans)
}

// Flush meets sink.Flusher.
func (m *agentMark) Flush() error {
	if f, ok := m.Sink.(sink.Flusher); ok {
		return f.Flush()
	}
	return nil
}
