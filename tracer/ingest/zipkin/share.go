package zipkin

import (
	"encoding/binary"

	"github.com/wirespan/wirespan/tracer/span"
	"github.com/wirespan/wirespan/tracer/store"
)

// share gives a server's span an id of its own, below the client's span whose id it
// had. The id is a hash, so that a span that comes twice is one.
func (d *decoder) share(s *store.Span) {
	var h span.Hasher
	old := s.ID
	binary.BigEndian.PutUint64(s.ID[:], h.Start("zipkin").Bytes(s.Trace[:]).Bytes(old[:]).Str(s.Service).H64())
	s.Parent = old
	d.shared = append(d.shared, shared{s.Trace, old, s.ID, s.Service})
}

// adopt hangs children of shared spans below the one that is of their service.
func (d *decoder) adopt(spans []store.Span) {
	if len(d.shared) == 0 {
		return
	}
	type key struct {
		trace   span.TraceID
		parent  span.SpanID
		service string
	}
	own := make(map[key]span.SpanID, len(d.shared))
	for _, sh := range d.shared {
		own[key{sh.trace, sh.old, sh.service}] = sh.id
	}
	for i := range spans {
		s := &spans[i]
		if id, ok := own[key{s.Trace, s.Parent, s.Service}]; ok && id != s.ID {
			s.Parent = id
		}
	}
}
