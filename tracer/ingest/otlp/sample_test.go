package otlp

import (
	"math"
	"math/rand/v2"
	"strings"

	commonpb "go.opentelemetry.io/proto/otlp/common/v1"
	resourcepb "go.opentelemetry.io/proto/otlp/resource/v1"
	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"
)

// messages makes messages with everything that may be in one.
type messages struct{ *rand.Rand }

func (m messages) text() string {
	words := []string{"", "a", "GET /cart/{id}", "service.name", "wirespan.signal", "NET", "service.instance.id", "é\U0001F600", strings.Repeat("long ", 40), "\x00\"\\\n"}
	return words[m.IntN(len(words))]
}

func (m messages) id(n int) []byte {
	switch m.IntN(20) {
	case 0:
		return nil
	case 1:
		return make([]byte, n)
	case 2:
		n += m.IntN(3) - 1
	}
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(m.Uint32())
	}
	return b
}

func (m messages) value(depth int) *commonpb.AnyValue {
	switch m.IntN(9) {
	case 0:
		return nil
	case 1:
		return &commonpb.AnyValue{}
	case 2:
		return &commonpb.AnyValue{Value: &commonpb.AnyValue_BoolValue{BoolValue: m.IntN(2) == 0}}
	case 3:
		return &commonpb.AnyValue{Value: &commonpb.AnyValue_IntValue{IntValue: int64(m.Uint64())}}
	case 4:
		f := []float64{0, -1.5, math.Inf(1), math.MaxFloat64, 1e-9}[m.IntN(5)]
		return &commonpb.AnyValue{Value: &commonpb.AnyValue_DoubleValue{DoubleValue: f}}
	case 5:
		return &commonpb.AnyValue{Value: &commonpb.AnyValue_BytesValue{BytesValue: m.id(9)}}
	case 6:
		list := &commonpb.ArrayValue{}
		for range m.IntN(4) * min(1, depth) {
			v := m.value(depth - 1)
			if v == nil {
				v = &commonpb.AnyValue{}
			}
			list.Values = append(list.Values, v)
		}
		return &commonpb.AnyValue{Value: &commonpb.AnyValue_ArrayValue{ArrayValue: list}}
	case 7:
		return &commonpb.AnyValue{Value: &commonpb.AnyValue_KvlistValue{KvlistValue: &commonpb.KeyValueList{Values: m.attrs(4*min(1, depth), depth-1)}}}
	}
	return &commonpb.AnyValue{Value: &commonpb.AnyValue_StringValue{StringValue: m.text()}}
}

func (m messages) attrs(n, depth int) (list []*commonpb.KeyValue) {
	for range m.IntN(n + 1) {
		list = append(list, &commonpb.KeyValue{Key: m.text(), Value: m.value(depth)})
	}
	return list
}

func (m messages) count() uint32 { return uint32(max(0, m.IntN(6)-4)) * m.Uint32() }

func (m messages) span() *tracepb.Span {
	start := uint64(1_700_000_000e9) + m.Uint64N(1e12)
	if m.IntN(20) == 0 {
		start = m.Uint64()
	}
	p := &tracepb.Span{
		TraceId: m.id(16), SpanId: m.id(8), ParentSpanId: m.id(8), TraceState: m.text(), Name: m.text(), Flags: m.Uint32(),
		Kind: tracepb.Span_SpanKind(m.IntN(8) - 1), StartTimeUnixNano: start, EndTimeUnixNano: start + m.Uint64N(1e9) - 1e6, Attributes: m.attrs(12, 3),
		DroppedAttributesCount: m.count(), DroppedEventsCount: m.count(), DroppedLinksCount: m.count(),
	}
	for range m.IntN(3) {
		p.Events = append(p.Events, &tracepb.Span_Event{TimeUnixNano: start, Name: m.text(), Attributes: m.attrs(3, 1), DroppedAttributesCount: m.count()})
		p.Links = append(p.Links, &tracepb.Span_Link{TraceId: m.id(16), SpanId: m.id(8), TraceState: m.text(), Attributes: m.attrs(3, 1), Flags: m.Uint32()})
	}
	if m.IntN(2) == 0 {
		p.Status = &tracepb.Status{Code: tracepb.Status_StatusCode(m.IntN(5) - 1), Message: m.text()}
	}
	return p
}

func (m messages) message() *tracepb.TracesData {
	td := &tracepb.TracesData{}
	for range m.IntN(3) {
		rs := &tracepb.ResourceSpans{SchemaUrl: m.text()}
		if m.IntN(5) > 0 {
			rs.Resource = &resourcepb.Resource{Attributes: m.attrs(6, 2), DroppedAttributesCount: m.count()}
		}
		for range m.IntN(3) {
			ss := &tracepb.ScopeSpans{SchemaUrl: m.text()}
			if m.IntN(5) > 0 {
				ss.Scope = &commonpb.InstrumentationScope{Name: m.text(), Version: m.text(), Attributes: m.attrs(3, 1)}
			}
			for range m.IntN(5) {
				ss.Spans = append(ss.Spans, m.span())
			}
			rs.ScopeSpans = append(rs.ScopeSpans, ss)
		}
		td.ResourceSpans = append(td.ResourceSpans, rs)
	}
	return td
}
