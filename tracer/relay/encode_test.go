package relay

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	common "go.opentelemetry.io/proto/otlp/common/v1"
	resource "go.opentelemetry.io/proto/otlp/resource/v1"
	trace "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/testing/protocmp"

	"github.com/wirespan/wirespan/tracer/span"
	"github.com/wirespan/wirespan/tracer/store"
)

func text(k, v string) *common.KeyValue {
	return &common.KeyValue{Key: k, Value: &common.AnyValue{Value: &common.AnyValue_StringValue{StringValue: v}}}
}

// TestAppend compares with the official types.
func TestAppend(t *testing.T) {
	spans := []store.Span{
		{
			Trace: span.TraceID{1}, ID: span.SpanID{2}, Parent: span.SpanID{3}, Start: 5, End: 6, Kind: span.Client, Status: span.Error,
			Service: "a", Instance: "i", Agent: "g", Name: "bad \xff text", Message: "m", State: "k=v", Scope: "s",
			Attrs: []store.Attr{
				{Key: "string", Value: store.StringValue("")},
				{Key: "int", Value: store.IntValue(0)},
				{Key: "negative", Value: store.IntValue(-1)},
				{Key: "bool", Value: store.BoolValue(true)},
				{Key: "double", Value: store.DoubleValue(1.5)},
				{Key: "bytes", Value: store.BytesValue("\xff")},
				{Key: "list", Value: store.Value{Type: store.Array, List: []store.Value{store.StringValue("x"), store.IntValue(2)}}},
				{Key: "map", Value: store.Value{Type: store.Map, Map: []store.Attr{{Key: "k", Value: store.BoolValue(false)}}}},
				{Key: "empty"},
			},
			Resource: []store.Attr{{Key: "r", Value: store.StringValue("v")}},
			Events:   []store.Event{{Time: 7, Name: "e", Attrs: []store.Attr{{Key: "k", Value: store.StringValue("v")}}}},
			Links:    []store.Link{{Trace: span.TraceID{8}, ID: span.SpanID{9}, Attrs: []store.Attr{{Key: "k", Value: store.StringValue("v")}}}},
		},
		{Trace: span.TraceID{1}, ID: span.SpanID{4}, Service: "b"},
		{Trace: span.TraceID{1}, ID: span.SpanID{5}, Service: "a", Instance: "i", Agent: "g", Scope: "s", Resource: []store.Attr{{Key: "r", Value: store.StringValue("v")}}},
	}
	id := func(n byte, size int) []byte { b := make([]byte, size); b[0] = n; return b }
	av := func(v any) *common.AnyValue {
		switch v := v.(type) {
		case int:
			return &common.AnyValue{Value: &common.AnyValue_IntValue{IntValue: int64(v)}}
		case bool:
			return &common.AnyValue{Value: &common.AnyValue_BoolValue{BoolValue: v}}
		case float64:
			return &common.AnyValue{Value: &common.AnyValue_DoubleValue{DoubleValue: v}}
		case []byte:
			return &common.AnyValue{Value: &common.AnyValue_BytesValue{BytesValue: v}}
		}
		return text("", v.(string)).Value
	}
	want := &trace.TracesData{ResourceSpans: []*trace.ResourceSpans{
		{
			Resource: &resource.Resource{Attributes: []*common.KeyValue{text("service.name", "a"), text("service.instance.id", "i"), text("wirespan.agent", "g"), text("r", "v")}},
			ScopeSpans: []*trace.ScopeSpans{{Scope: &common.InstrumentationScope{Name: "s"}, Spans: []*trace.Span{
				{
					TraceId: id(1, 16), SpanId: id(2, 8), ParentSpanId: id(3, 8), StartTimeUnixNano: 5, EndTimeUnixNano: 6, Kind: 3,
					Name: "bad \uFFFD text", TraceState: "k=v", Status: &trace.Status{Code: 2, Message: "m"},
					Attributes: []*common.KeyValue{
						text("string", ""),
						{Key: "int", Value: av(0)},
						{Key: "negative", Value: av(-1)},
						{Key: "bool", Value: av(true)},
						{Key: "double", Value: av(1.5)},
						{Key: "bytes", Value: av([]byte("\xff"))},
						{Key: "list", Value: &common.AnyValue{Value: &common.AnyValue_ArrayValue{ArrayValue: &common.ArrayValue{Values: []*common.AnyValue{av("x"), av(2)}}}}},
						{Key: "map", Value: &common.AnyValue{Value: &common.AnyValue_KvlistValue{KvlistValue: &common.KeyValueList{Values: []*common.KeyValue{{Key: "k", Value: av(false)}}}}}},
						{Key: "empty", Value: &common.AnyValue{}},
					},
					Events: []*trace.Span_Event{{TimeUnixNano: 7, Name: "e", Attributes: []*common.KeyValue{text("k", "v")}}},
					Links:  []*trace.Span_Link{{TraceId: id(8, 16), SpanId: id(9, 8), Attributes: []*common.KeyValue{text("k", "v")}}},
				},
				{TraceId: id(1, 16), SpanId: id(5, 8)},
			}}},
		},
		{
			Resource:   &resource.Resource{Attributes: []*common.KeyValue{text("service.name", "b")}},
			ScopeSpans: []*trace.ScopeSpans{{Spans: []*trace.Span{{TraceId: id(1, 16), SpanId: id(4, 8)}}}},
		},
	}}
	var got trace.TracesData
	if err := proto.Unmarshal(Append(nil, spans), &got); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(want, &got, protocmp.Transform()); d != "" {
		t.Error(d)
	}
}
