package store

import (
	"bytes"
	"cmp"
	"slices"
)

// Merge sorts spans by start and id, and keeps one of those that were written more
// than once: an agent sends a span again when it does not know whether it arrived.
// The one that ends latest stays, of equal ones the one that says most.
func Merge(spans []Span) []Span {
	slices.SortStableFunc(spans, func(a, b Span) int {
		return cmp.Or(cmp.Compare(a.Start, b.Start), bytes.Compare(a.ID[:], b.ID[:]), cmp.Compare(a.Agent, b.Agent),
			cmp.Compare(a.Service, b.Service), -cmp.Compare(a.End, b.End), -cmp.Compare(len(a.Attrs), len(b.Attrs)))
	})
	return slices.CompactFunc(spans, func(a, b Span) bool {
		return a.ID == b.ID && a.Start == b.Start && a.Agent == b.Agent && a.Service == b.Service && a.Signal == b.Signal
	})
}
