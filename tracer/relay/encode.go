package relay

import (
	"math"
	"strings"

	"google.golang.org/protobuf/encoding/protowire"

	"github.com/wirespan/wirespan/tracer/store"
)

// Append adds an ExportTraceServiceRequest (opentelemetry/proto/collector/trace/v1)
// of the spans to b, grouped by resource and scope in order of first appearance.
func Append(b []byte, spans []store.Span) []byte {
	type place struct{ service, instance, agent, scope string }
	groups := map[place]int{}
	var order [][]int
	for i := range spans {
		s := &spans[i]
		k := place{s.Service, s.Instance, s.Agent, s.Scope}
		n, ok := groups[k]
		if !ok || !sameAttrs(spans[order[n][0]].Resource, s.Resource) {
			n = len(order)
			groups[k] = n
			order = append(order, nil)
		}
		order[n] = append(order[n], i)
	}
	for _, list := range order {
		b = appendMessage(b, 1, func(b []byte) []byte { return appendResourceSpans(b, spans, list) })
	}
	return b
}

// sameAttrs reports whether two lists say the same in the same order; lists within
// are taken for different ones.
func sameAttrs(a, b []store.Attr) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		v, w := &a[i].Value, &b[i].Value
		if a[i].Key != b[i].Key || v.Type != w.Type || v.Num != w.Num || v.Str != w.Str || len(v.List)+len(v.Map)+len(w.List)+len(w.Map) > 0 {
			return false
		}
	}
	return true
}

// appendMessage adds a message under a field number.
func appendMessage(b []byte, field protowire.Number, body func([]byte) []byte) []byte {
	b = protowire.AppendTag(b, field, protowire.BytesType)
	at := len(b)
	b = body(b)
	n := len(b) - at
	var head [10]byte
	h := protowire.AppendVarint(head[:0], uint64(n))
	b = append(b, h...)
	copy(b[at+len(h):], b[at:at+n])
	copy(b[at:], h)
	return b
}

func appendText(b []byte, field protowire.Number, s string) []byte {
	if s == "" {
		return b
	}
	return protowire.AppendString(protowire.AppendTag(b, field, protowire.BytesType), valid(s))
}

// valid is a text as protobuf demands it.
func valid(s string) string { return strings.ToValidUTF8(s, "\uFFFD") }

func appendBytes(b []byte, field protowire.Number, v []byte) []byte {
	return protowire.AppendBytes(protowire.AppendTag(b, field, protowire.BytesType), v)
}

func appendFixed(b []byte, field protowire.Number, v int64) []byte {
	return protowire.AppendFixed64(protowire.AppendTag(b, field, protowire.Fixed64Type), uint64(v))
}

func appendNumber(b []byte, field protowire.Number, v uint64) []byte {
	if v == 0 {
		return b
	}
	return protowire.AppendVarint(protowire.AppendTag(b, field, protowire.VarintType), v)
}

func appendResourceSpans(b []byte, spans []store.Span, list []int) []byte {
	first := &spans[list[0]]
	b = appendMessage(b, 1, func(b []byte) []byte {
		for _, a := range [...]store.Attr{
			{Key: "service.name", Value: store.StringValue(first.Service)},
			{Key: "service.instance.id", Value: store.StringValue(first.Instance)},
			{Key: "wirespan.agent", Value: store.StringValue(first.Agent)},
		} {
			if a.Value.Str != "" {
				b = appendAttr(b, 1, &a)
			}
		}
		return appendAttrs(b, 1, first.Resource)
	})
	return appendMessage(b, 2, func(b []byte) []byte {
		if first.Scope != "" {
			b = appendMessage(b, 1, func(b []byte) []byte { return appendText(b, 1, first.Scope) })
		}
		for _, i := range list {
			b = appendMessage(b, 2, func(b []byte) []byte { return appendSpan(b, &spans[i]) })
		}
		return b
	})
}

func appendSpan(b []byte, s *store.Span) []byte {
	b = appendBytes(b, 1, s.Trace[:])
	b = appendBytes(b, 2, s.ID[:])
	b = appendText(b, 3, s.State)
	if !s.Parent.IsZero() {
		b = appendBytes(b, 4, s.Parent[:])
	}
	b = appendText(b, 5, s.Name)
	b = appendNumber(b, 6, uint64(s.Kind))
	b = appendFixed(b, 7, s.Start)
	b = appendFixed(b, 8, s.End)
	b = appendAttrs(b, 9, s.Attrs)
	for i := range s.Events {
		e := &s.Events[i]
		b = appendMessage(b, 11, func(b []byte) []byte {
			return appendAttrs(appendText(appendFixed(b, 1, e.Time), 2, e.Name), 3, e.Attrs)
		})
	}
	for i := range s.Links {
		l := &s.Links[i]
		b = appendMessage(b, 13, func(b []byte) []byte {
			return appendAttrs(appendBytes(appendBytes(b, 1, l.Trace[:]), 2, l.ID[:]), 4, l.Attrs)
		})
	}
	if s.Status == 0 && s.Message == "" {
		return b
	}
	return appendMessage(b, 15, func(b []byte) []byte { return appendNumber(appendText(b, 2, s.Message), 3, uint64(s.Status)) })
}

func appendAttrs(b []byte, field protowire.Number, list []store.Attr) []byte {
	for i := range list {
		b = appendAttr(b, field, &list[i])
	}
	return b
}

func appendAttr(b []byte, field protowire.Number, a *store.Attr) []byte {
	return appendMessage(b, field, func(b []byte) []byte {
		return appendMessage(appendText(b, 1, a.Key), 2, func(b []byte) []byte { return appendValue(b, &a.Value) })
	})
}

// appendValue adds an AnyValue (opentelemetry/proto/common/v1). Zero values are
// written, so that their type is not lost.
func appendValue(b []byte, v *store.Value) []byte {
	switch v.Type {
	case store.String:
		return protowire.AppendString(protowire.AppendTag(b, 1, protowire.BytesType), valid(v.Str))
	case store.Bool:
		return protowire.AppendVarint(protowire.AppendTag(b, 2, protowire.VarintType), uint64(v.Num&1))
	case store.Int:
		return protowire.AppendVarint(protowire.AppendTag(b, 3, protowire.VarintType), uint64(v.Num))
	case store.Double:
		return protowire.AppendFixed64(protowire.AppendTag(b, 4, protowire.Fixed64Type), math.Float64bits(v.Float()))
	case store.Array:
		return appendMessage(b, 5, func(b []byte) []byte {
			for i := range v.List {
				b = appendMessage(b, 1, func(b []byte) []byte { return appendValue(b, &v.List[i]) })
			}
			return b
		})
	case store.Map:
		return appendMessage(b, 6, func(b []byte) []byte { return appendAttrs(b, 1, v.Map) })
	case store.Bytes:
		return protowire.AppendString(protowire.AppendTag(b, 7, protowire.BytesType), v.Str)
	}
	return b
}
