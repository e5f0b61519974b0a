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
	slices.SortStableFunc(spans, func(a, b Span) int { return compareSpans(&a, &b) })
	return slices.CompactFunc(spans, func(a, b Span) bool {
		return a.ID == b.ID && a.Start == b.Start && a.Agent == b.Agent && a.Service == b.Service && a.Signal == b.Signal
	})
}

// Same reports whether two spans say the same, whatever their events and links do.
func Same(a, b *Span) bool { return compareSpans(a, b) == 0 }

func compareSpans(a, b *Span) int {
	d := cmp.Or(cmp.Compare(a.Start, b.Start), bytes.Compare(a.ID[:], b.ID[:]), cmp.Compare(a.Agent, b.Agent),
		cmp.Compare(a.Service, b.Service), cmp.Compare(a.Signal, b.Signal), -cmp.Compare(a.End, b.End), -cmp.Compare(len(a.Attrs), len(b.Attrs)))
	if d != 0 {
		return d
	}
	return compareRest(a, b)
}

// compareRest orders spans by what else there is to tell them apart, so that the same
// one stays in whatever order they came.
func compareRest(a, b *Span) int {
	return cmp.Or(bytes.Compare(a.Trace[:], b.Trace[:]), bytes.Compare(a.Parent[:], b.Parent[:]), cmp.Compare(a.Kind, b.Kind),
		cmp.Compare(a.Status, b.Status), cmp.Compare(a.Name, b.Name), cmp.Compare(a.Message, b.Message), cmp.Compare(a.Instance, b.Instance),
		cmp.Compare(len(a.Events), len(b.Events)), cmp.Compare(len(a.Links), len(b.Links)),
		slices.CompareFunc(a.Attrs, b.Attrs, compareAttrs), slices.CompareFunc(a.Resource, b.Resource, compareAttrs))
}

func compareAttrs(a, b Attr) int {
	return cmp.Or(cmp.Compare(a.Key, b.Key), compareValues(a.Value, b.Value))
}

func compareValues(a, b Value) int {
	return cmp.Or(cmp.Compare(a.Type, b.Type), cmp.Compare(a.Num, b.Num), cmp.Compare(a.Str, b.Str),
		slices.CompareFunc(a.List, b.List, compareValues), slices.CompareFunc(a.Map, b.Map, compareAttrs))
}
