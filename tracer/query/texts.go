package query

import (
	"bytes"

	"github.com/wirespan/wirespan/tracer/span"
)

// requestIDs compares the request IDs of both directions, with their names
// ("x-request-id=7f3a") and without.
func (e *Expr) requestIDs(c *comparison, s *span.Span) (present, hit bool) {
	for _, k := range [...]span.Key{span.KeyRequestID, span.KeyRequestIDResponse} {
		at, ok := find(s, k)
		if !ok || at.Type != span.TypeStrings {
			continue
		}
		present = true
		for id := range at.Strings {
			if c.bytes(id) {
				return true, true
			}
			if i := bytes.IndexByte(id, '='); i >= 0 && c.bytes(id[i+1:]) {
				return true, true
			}
		}
	}
	return present, false
}

// anywhere compares every text of a span: names, attributes, resource.
func (e *Expr) anywhere(c *comparison, s *span.Span) bool {
	if c.op == exists || c.bytes(s.Name) || c.bytes(s.Service) || c.bytes(s.Instance) {
		return true
	}
	for _, list := range [...]span.Attrs{s.Attrs, s.Resource} {
		for len(list) > 0 {
			var at span.Attr
			at, list = list.Next()
			if at.Type != span.TypeInt && at.Type != span.TypeBool && at.Type != span.TypeFloat && at.Type != span.TypeInts && e.attr(c, at) {
				return true
			}
		}
	}
	return false
}
