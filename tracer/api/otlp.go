package api

import (
	"encoding/base64"
	"encoding/hex"
	"strconv"

	"github.com/wirespan/wirespan/tracer/assemble"
	"github.com/wirespan/wirespan/tracer/otlp"
	"github.com/wirespan/wirespan/tracer/store"
)

// appendOTLP writes an assembled trace as OTLP JSON (opentelemetry-proto, TracesData):
// one trace id, the parents of the tree, corrected times, and the reason of every
// edge in wirespan.link.*. ids says how ids are written.
func appendOTLP(b []byte, t *assemble.Trace, ids idForm) []byte {
	type resource struct {
		head  string
		nodes []int
	}
	var list []resource
	index := map[string]int{}
	for i := range t.Nodes {
		head := string(appendResource(nil, t.Nodes[i].Span))
		at, ok := index[head]
		if !ok {
			at = len(list)
			index[head] = at
			list = append(list, resource{head: head})
		}
		list[at].nodes = append(list[at].nodes, i)
	}
	b = append(b, `{"resourceSpans":[`...)
	for i := range list {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, list[i].head...)
		for j, n := range list[i].nodes {
			if j > 0 {
				b = append(b, ',')
			}
			b = appendOTLPSpan(b, t, n, ids)
		}
		b = append(b, `]}]}`...)
	}
	return append(b, `]}`...)
}

// appendResource opens a ResourceSpans with one ScopeSpans.
func appendResource(b []byte, s *store.Span) []byte {
	b = append(b, `{"resource":{"attributes":[`...)
	sep := false
	for _, a := range [...]struct{ key, value string }{
		{"service.name", s.Service}, {"service.instance.id", s.Instance}, {"wirespan.agent", s.Agent},
	} {
		if a.value != "" {
			v := store.StringValue(a.value)
			b, sep = appendKeyValue(b, a.key, &v, sep), true
		}
	}
	b, _ = appendKeyValues(b, s.Resource, sep, nil)
	b = appendText(append(b, `]},"scopeSpans":[{"scope":{"name":`...), s.Scope)
	return append(b, `},"spans":[`...)
}

// ofEdge are the attributes that the tree says anew.
var ofEdge = map[string]bool{
	"wirespan.link.rule": true, "wirespan.link.confidence": true, "wirespan.link.evidence": true, "wirespan.clock.offset": true,
}

// idForm writes an id. OTLP's JSON has hex digits (OTLP specification, "JSON Protobuf
// Encoding"); protobuf's own mapping, which Tempo answers in, has base64.
type idForm func(b, id []byte) []byte

func hexID(b, id []byte) []byte { return hex.AppendEncode(b, id) }

func base64ID(b, id []byte) []byte { return base64.StdEncoding.AppendEncode(b, id) }

func appendOTLPSpan(b []byte, t *assemble.Trace, i int, ids idForm) []byte {
	n := &t.Nodes[i]
	s := n.Span
	b = ids(append(b, `{"traceId":"`...), t.ID[:])
	b = ids(append(b, `","spanId":"`...), s.ID[:])
	if n.Parent >= 0 {
		b = ids(append(b, `","parentSpanId":"`...), t.Nodes[n.Parent].Span.ID[:])
	} else if !s.Parent.IsZero() { // of a span that nobody knows (DESIGN.md 7)
		b = ids(append(b, `","parentSpanId":"`...), s.Parent[:])
	}
	b = append(b, '"')
	if s.State != "" {
		b = appendText(append(b, `,"traceState":`...), s.State)
	}
	b = appendText(append(b, `,"name":`...), s.Name)
	b = strconv.AppendInt(append(b, `,"kind":`...), int64(s.Kind), 10)
	b = strconv.AppendInt(append(b, `,"startTimeUnixNano":"`...), n.Start, 10)
	b = strconv.AppendInt(append(b, `","endTimeUnixNano":"`...), n.End, 10)
	b = append(b, `","attributes":[`...)
	var sep bool
	b, sep = appendKeyValues(b, s.Attrs, false, ofEdge)
	b = append(appendEdge(b, n, s, sep), ']')
	b = appendEvents(b, s.Events, n.Offset)
	b = appendLinks(b, s.Links, ids)
	return append(appendStatus(b, s), '}')
}

// appendStatus writes a status that says nothing as an object, too, as OpenTelemetry's
// own encoder and Jaeger do.
func appendStatus(b []byte, s *store.Span) []byte {
	if b = append(b, `,"status":{`...); s.Status != 0 || s.Message != "" {
		b = strconv.AppendInt(append(b, `"code":`...), int64(s.Status), 10)
	}
	if s.Message != "" {
		b = appendText(append(b, `,"message":`...), s.Message)
	}
	return append(b, '}')
}

func appendEdge(b []byte, n *assemble.Node, s *store.Span, sep bool) []byte {
	add := func(key string, v store.Value) {
		b, sep = appendKeyValue(b, key, &v, sep), true
	}
	if _, ok := s.Attr("wirespan.signal"); !ok && s.Signal != store.APP {
		add("wirespan.signal", store.StringValue(s.Signal.String()))
	}
	if n.Parent >= 0 && n.Rule != "" {
		add("wirespan.link.rule", store.StringValue(n.Rule))
		add("wirespan.link.confidence", store.DoubleValue(n.Confidence))
		if n.Evidence != "" {
			add("wirespan.link.evidence", store.StringValue(n.Evidence))
		}
	}
	return b
}

func appendEvents(b []byte, list []store.Event, offset int64) []byte {
	if len(list) == 0 {
		return b
	}
	b = append(b, `,"events":[`...)
	for i := range list {
		if i > 0 {
			b = append(b, ',')
		}
		b = strconv.AppendInt(append(b, `{"timeUnixNano":"`...), list[i].Time+offset, 10)
		b = appendText(append(b, `","name":`...), list[i].Name)
		b, _ = appendKeyValues(append(b, `,"attributes":[`...), list[i].Attrs, false, nil)
		b = append(b, `]}`...)
	}
	return append(b, ']')
}

func appendLinks(b []byte, list []store.Link, ids idForm) []byte {
	if len(list) == 0 {
		return b
	}
	b = append(b, `,"links":[`...)
	for i := range list {
		if i > 0 {
			b = append(b, ',')
		}
		b = ids(append(b, `{"traceId":"`...), list[i].Trace[:])
		b = ids(append(b, `","spanId":"`...), list[i].ID[:])
		b, _ = appendKeyValues(append(b, `","attributes":[`...), list[i].Attrs, false, nil)
		b = append(b, `]}`...)
	}
	return append(b, ']')
}

func appendKeyValues(b []byte, list []store.Attr, sep bool, without map[string]bool) ([]byte, bool) {
	for i := range list {
		if list[i].Key != store.AttrFacts && !without[list[i].Key] {
			b, sep = appendKeyValue(b, list[i].Key, &list[i].Value, sep), true
		}
	}
	return b, sep
}

func appendKeyValue(b []byte, key string, v *store.Value, sep bool) []byte {
	if sep {
		b = append(b, ',')
	}
	b = appendText(append(b, `{"key":`...), key)
	return append(appendAnyValue(append(b, `,"value":`...), v), '}')
}

// appendAnyValue writes an AnyValue: 64-bit numbers are strings, bytes base64.
func appendAnyValue(b []byte, v *store.Value) []byte {
	switch v.Type {
	case store.String:
		return append(appendText(append(b, `{"stringValue":`...), v.Str), '}')
	case store.Bool:
		return append(strconv.AppendBool(append(b, `{"boolValue":`...), v.Num != 0), '}')
	case store.Int:
		return append(strconv.AppendInt(append(b, `{"intValue":"`...), v.Num, 10), `"}`...)
	case store.Double:
		return append(otlp.AppendDouble(append(b, `{"doubleValue":`...), v.Float()), '}')
	case store.Bytes:
		b = append(b, `{"bytesValue":"`...)
		return append(base64.StdEncoding.AppendEncode(b, []byte(v.Str)), `"}`...)
	case store.Array:
		b = append(b, `{"arrayValue":{"values":[`...)
		for i := range v.List {
			if i > 0 {
				b = append(b, ',')
			}
			b = appendAnyValue(b, &v.List[i])
		}
		return append(b, `]}}`...)
	case store.Map:
		b, _ = appendKeyValues(append(b, `{"kvlistValue":{"values":[`...), v.Map, false, nil)
		return append(b, `]}}`...)
	default:
		return append(b, `{}`...)
	}
}
