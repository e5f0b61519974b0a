package link

import (
	"testing"

	"github.com/wirespan/wirespan/l7"
	"github.com/wirespan/wirespan/tracer/span"
)

// A poll is a consumer's when its response brings messages: the finished record
// knows that, the opened one does not.
func TestKindOfResponse(t *testing.T) {
	s := newScene(t)
	list := s.records([]call{{name: "poll", from: cl, to: gw, at: 0, end: 20, class: l7.ClassMessaging}})
	list[1].rec.Kind = span.Consumer
	s.start()
	q := make([]Queue, 1)
	q[0].Push(batch(list))
	s.to(q, list[1].rec.Time+1)
	s.flush()
	if len(s.spans) != 1 || s.spans[0].Kind != span.Consumer {
		t.Errorf("%+v, want one span of a consumer", s.spans)
	}
}
