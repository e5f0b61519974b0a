package otlp

import (
	"bytes"
	"reflect"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	commonpb "go.opentelemetry.io/proto/otlp/common/v1"
	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"

	"github.com/wirespan/wirespan/tracer/ingest/batch"
	"github.com/wirespan/wirespan/tracer/span"
	"github.com/wirespan/wirespan/tracer/store"
)

// wide are limits that nothing in a test reaches.
func wide() batch.Limits {
	const n = 1 << 30
	return batch.Limits{Spans: n, Attributes: n, Elements: n, Events: n, Links: n, Depth: n}
}

// oracle makes of the generated types what Decode should make of the same bytes.
func oracle(td *tracepb.TracesData) (spans []store.Span, refused batch.Refused) {
	for _, rs := range td.ResourceSpans {
		var resource []store.Attr
		service, instance, agent := batch.Unknown, "", ""
		for _, at := range attrsOf(rs.GetResource().GetAttributes()) {
			switch text := at.Value.Str; {
			case at.Value.Type == store.String && text != "" && at.Key == "service.name":
				service = text
			case at.Value.Type == store.String && text != "" && at.Key == "service.instance.id":
				instance = text
			case at.Value.Type == store.String && text != "" && at.Key == "wirespan.agent":
				agent = text
			default:
				resource = append(resource, at)
			}
		}
		for _, ss := range rs.ScopeSpans {
			for _, p := range ss.Spans {
				s, why, ok := spanOf(p, ss.GetScope())
				if !ok {
					refused[why]++
					continue
				}
				s.Service, s.Instance, s.Agent, s.Resource = service, instance, agent, resource
				spans = append(spans, s)
			}
		}
	}
	return spans, refused
}

func spanOf(p *tracepb.Span, in *commonpb.InstrumentationScope) (s store.Span, why batch.Reason, ok bool) {
	switch {
	case len(p.TraceId) != 16 && len(p.TraceId) != 0:
		return s, batch.BadTraceID, false
	case len(p.SpanId) != 8 && len(p.SpanId) != 0:
		return s, batch.BadSpanID, false
	case len(p.ParentSpanId) != 8 && len(p.ParentSpanId) != 0:
		return s, batch.BadParentID, false
	case bytes.Count(p.TraceId, []byte{0}) == len(p.TraceId):
		return s, batch.BadTraceID, false
	case bytes.Count(p.SpanId, []byte{0}) == len(p.SpanId):
		return s, batch.BadSpanID, false
	case p.StartTimeUnixNano == 0 || p.StartTimeUnixNano>>63 != 0:
		return s, batch.BadTime, false
	}
	copy(s.Trace[:], p.TraceId)
	copy(s.ID[:], p.SpanId)
	copy(s.Parent[:], p.ParentSpanId)
	s.Start, s.End = int64(p.StartTimeUnixNano), max(int64(p.StartTimeUnixNano), int64(p.EndTimeUnixNano))
	if p.Kind >= 0 && p.Kind <= 5 {
		s.Kind = span.Kind(p.Kind)
	}
	if c := p.GetStatus().GetCode(); c >= 0 && c <= 2 {
		s.Status = span.Status(c)
	}
	s.Name, s.State, s.Message, s.Scope = p.Name, p.TraceState, p.GetStatus().GetMessage(), in.GetName()
	list := attrsOf(p.Attributes)
	for _, n := range []struct {
		key   string
		count uint32
	}{{"otel.dropped_attributes_count", p.DroppedAttributesCount}, {"otel.dropped_events_count", p.DroppedEventsCount}, {"otel.dropped_links_count", p.DroppedLinksCount}} {
		if n.count != 0 {
			list = put(list, n.key, store.IntValue(int64(n.count)), true)
		}
	}
	more := attrsOf(in.GetAttributes())
	if v := in.GetVersion(); v != "" && s.Scope != "github.com/wirespan/wirespan" {
		more = put(more, "otel.scope.version", store.StringValue(v), true)
	}
	for _, at := range more {
		list = put(list, at.Key, at.Value, false)
	}
	s.Attrs = list
	for _, at := range list {
		if at.Key == "wirespan.signal" {
			s.Signal = store.SignalOf(at.Value.Str)
		}
	}
	for _, e := range p.Events {
		s.Events = append(s.Events, store.Event{Time: max(0, int64(e.TimeUnixNano)), Name: e.Name, Attrs: attrsOf(e.Attributes)})
	}
	for _, l := range p.Links {
		k := store.Link{Attrs: attrsOf(l.Attributes)}
		if copy(k.Trace[:], l.TraceId); len(l.TraceId) != 16 || k.Trace.IsZero() {
			continue
		}
		if copy(k.ID[:], l.SpanId); len(l.SpanId) != 8 || k.ID.IsZero() {
			continue
		}
		s.Links = append(s.Links, k)
	}
	return s, 0, true
}

// put adds an attribute, or replaces it.
func put(list []store.Attr, key string, v store.Value, replace bool) []store.Attr {
	for i := range list {
		if list[i].Key == key {
			if replace {
				list[i].Value = v
			}
			return list
		}
	}
	return append(list, store.Attr{Key: key, Value: v})
}

func attrsOf(kv []*commonpb.KeyValue) (list []store.Attr) {
	for _, p := range kv {
		if p.Key != "" {
			list = put(list, p.Key, valueOf(p.Value), true)
		}
	}
	return list
}

func valueOf(v *commonpb.AnyValue) store.Value {
	switch v := v.GetValue().(type) {
	case *commonpb.AnyValue_StringValue:
		return store.StringValue(v.StringValue)
	case *commonpb.AnyValue_BoolValue:
		return store.BoolValue(v.BoolValue)
	case *commonpb.AnyValue_IntValue:
		return store.IntValue(v.IntValue)
	case *commonpb.AnyValue_DoubleValue:
		return store.DoubleValue(v.DoubleValue)
	case *commonpb.AnyValue_BytesValue:
		return store.BytesValue(string(v.BytesValue))
	case *commonpb.AnyValue_ArrayValue:
		list := store.Value{Type: store.Array}
		for _, e := range v.ArrayValue.GetValues() {
			list.List = append(list.List, valueOf(e))
		}
		return list
	case *commonpb.AnyValue_KvlistValue:
		return store.Value{Type: store.Map, Map: attrsOf(v.KvlistValue.GetValues())}
	}
	return store.Value{}
}

// compare decodes and demands what the official types say.
func compare(t *testing.T, message []byte) {
	t.Helper()
	b := batch.New(wide())
	b.Reset(0)
	err := Decode(b, string(message))
	td := &tracepb.TracesData{}
	if proto.Unmarshal(message, td) != nil {
		return // text that is not UTF-8, fields that we pass over
	}
	if err != nil {
		t.Fatalf("%x: %v", message, err)
	}
	want, refused := oracle(td)
	if !reflect.DeepEqual(want, slices.Clip(b.Spans)) && len(want)+len(b.Spans) > 0 { // quicker than a Diff
		t.Fatalf("%x: (-official +ours)\n%s", message, cmp.Diff(want, b.Spans, cmpopts.EquateEmpty()))
	}
	if refused != b.Refused {
		t.Fatalf("%x: refused %v, officially %v", message, b.Refused, refused)
	}
}
