package otlp

import (
	"strings"

	commonpb "go.opentelemetry.io/proto/otlp/common/v1"
	resourcepb "go.opentelemetry.io/proto/otlp/resource/v1"
	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"

	"github.com/wirespan/wirespan/tracer/span"
)

// official builds with the generated types what an encoder should write.
func official(spans []span.Span, keys *span.Keys, c Config) *tracepb.TracesData {
	td := &tracepb.TracesData{}
	groups := map[[3]string]*tracepb.ScopeSpans{}
	for i := range spans {
		s := &spans[i]
		id := [3]string{string(s.Service), string(s.Instance), string(s.Resource)}
		g := groups[id]
		if g == nil {
			g = &tracepb.ScopeSpans{Scope: &commonpb.InstrumentationScope{Name: Scope, Version: c.Version}}
			groups[id] = g
			td.ResourceSpans = append(td.ResourceSpans, &tracepb.ResourceSpans{Resource: officialResource(s, keys, c), ScopeSpans: []*tracepb.ScopeSpans{g}})
		}
		g.Spans = append(g.Spans, officialSpan(s, keys))
	}
	return td
}

func officialResource(s *span.Span, keys *span.Keys, c Config) *resourcepb.Resource {
	r := &resourcepb.Resource{}
	add := func(k, v string) {
		if v != "" {
			r.Attributes = append(r.Attributes, keyValue(k, stringValue(v)))
		}
	}
	add("service.name", string(s.Service))
	add("service.instance.id", string(s.Instance))
	for at := range s.Resource.All {
		r.Attributes = append(r.Attributes, keyValue(keys.Name(at.Key), officialValue(at)))
	}
	for _, a := range c.Resource {
		add(a.Key, a.Value)
	}
	return r
}

func officialSpan(s *span.Span, keys *span.Keys) *tracepb.Span {
	p := &tracepb.Span{
		TraceId: s.Trace[:], SpanId: s.ID[:], Name: valid(string(s.Name)), Kind: tracepb.Span_SpanKind(s.Kind),
		StartTimeUnixNano: uint64(s.Start), EndTimeUnixNano: uint64(s.End),
	}
	if !s.Parent.IsZero() {
		p.ParentSpanId = s.Parent[:]
	}
	if s.Status != span.Unset {
		p.Status = &tracepb.Status{Code: tracepb.Status_StatusCode(s.Status)}
	}
	for at := range s.Attrs.All {
		if int(at.Key) >= keys.Len() {
			p.DroppedAttributesCount++
			continue
		}
		p.Attributes = append(p.Attributes, keyValue(keys.Name(at.Key), officialValue(at)))
	}
	for i := range s.Links {
		l := &s.Links[i]
		q := &tracepb.Span_Link{TraceId: l.Trace[:], SpanId: l.ID[:]}
		if l.Rule != "" {
			q.Attributes = append(q.Attributes, keyValue("wirespan.link.rule", stringValue(l.Rule)))
		}
		q.Attributes = append(q.Attributes, keyValue("wirespan.link.confidence", doubleValue(l.Confidence)))
		p.Links = append(p.Links, q)
	}
	return p
}

func officialValue(at span.Attr) *commonpb.AnyValue {
	switch at.Type {
	case span.TypeInt:
		return intValue(at.Num)
	case span.TypeBool:
		return &commonpb.AnyValue{Value: &commonpb.AnyValue_BoolValue{BoolValue: at.Num != 0}}
	case span.TypeFloat:
		return doubleValue(at.Float())
	case span.TypeBytes:
		return &commonpb.AnyValue{Value: &commonpb.AnyValue_BytesValue{BytesValue: at.Str}}
	case span.TypeStrings, span.TypeInts:
		list := &commonpb.ArrayValue{}
		if at.Type == span.TypeInts {
			for n := range at.Ints {
				list.Values = append(list.Values, intValue(n))
			}
		} else {
			for s := range at.Strings {
				list.Values = append(list.Values, stringValue(string(s)))
			}
		}
		return &commonpb.AnyValue{Value: &commonpb.AnyValue_ArrayValue{ArrayValue: list}}
	default:
		return stringValue(string(at.AppendText(nil)))
	}
}

func keyValue(k string, v *commonpb.AnyValue) *commonpb.KeyValue {
	return &commonpb.KeyValue{Key: k, Value: v}
}

func stringValue(s string) *commonpb.AnyValue {
	return &commonpb.AnyValue{Value: &commonpb.AnyValue_StringValue{StringValue: valid(s)}}
}

func intValue(n int64) *commonpb.AnyValue {
	return &commonpb.AnyValue{Value: &commonpb.AnyValue_IntValue{IntValue: n}}
}

func doubleValue(f float64) *commonpb.AnyValue {
	return &commonpb.AnyValue{Value: &commonpb.AnyValue_DoubleValue{DoubleValue: f}}
}

func valid(s string) string { return strings.ToValidUTF8(s, "\ufffd") }
