package jaeger

import (
	"encoding/base64"
	"encoding/hex"
	"strconv"

	"github.com/wirespan/wirespan/tracer/assemble"
	"github.com/wirespan/wirespan/tracer/span"
	"github.com/wirespan/wirespan/tracer/store"
)

// answer is the envelope of /api.
type answer struct {
	Data   any     `json:"data"`
	Total  int     `json:"total"`
	Limit  int     `json:"limit"`
	Offset int     `json:"offset"`
	Errors []fault `json:"errors"`
}

type fault struct {
	Code    int    `json:"code,omitempty"`
	Msg     string `json:"msg"`
	TraceID string `json:"traceID,omitempty"`
}

// trace, and what it is made of, are Jaeger's (jaeger/model/json/model.go).
type trace struct {
	TraceID   string             `json:"traceID"`
	Spans     []spanJSON         `json:"spans"`
	Processes map[string]process `json:"processes"`
	Warnings  []string           `json:"warnings"`
}

type spanJSON struct {
	TraceID    string      `json:"traceID"`
	SpanID     string      `json:"spanID"`
	Flags      uint32      `json:"flags"`
	Operation  string      `json:"operationName"`
	References []reference `json:"references"`
	Start      int64       `json:"startTime"` // us since 1970
	Duration   int64       `json:"duration"`  // us
	Tags       []tag       `json:"tags"`
	Logs       []log       `json:"logs"`
	ProcessID  string      `json:"processID"`
	Warnings   []string    `json:"warnings"`
}

type reference struct {
	Type    string `json:"refType"`
	TraceID string `json:"traceID"`
	SpanID  string `json:"spanID"`
}

type process struct {
	Service string `json:"serviceName"`
	Tags    []tag  `json:"tags"`
}

type tag struct {
	Key   string `json:"key"`
	Type  string `json:"type"`
	Value any    `json:"value"`
}

type log struct {
	Time   int64 `json:"timestamp"` // us since 1970
	Fields []tag `json:"fields"`
}

// traceOf writes an assembled trace.
func traceOf(t *assemble.Trace) trace {
	out := trace{TraceID: t.ID.String(), Spans: make([]spanJSON, len(t.Nodes)), Processes: map[string]process{}, Warnings: t.Limits}
	known := map[string]string{}
	for i := range t.Nodes {
		s := t.Nodes[i].Span
		p := processOf(s)
		key := keyOf(s)
		id, ok := known[key]
		if !ok {
			id = "p" + strconv.Itoa(len(known)+1)
			known[key] = id
			out.Processes[id] = p
		}
		out.Spans[i] = spanOf(t, i)
		out.Spans[i].ProcessID = id
	}
	return out
}

// keyOf tells resources apart.
func keyOf(s *store.Span) string {
	b := append([]byte(s.Service+"\x00"+s.Instance+"\x00"+s.Agent), 0)
	for i := range s.Resource {
		b = append(append(b, s.Resource[i].Key...), 0)
		b = append(appendText(b, &s.Resource[i].Value), 0)
	}
	return string(b)
}

func processOf(s *store.Span) process {
	p := process{Service: s.Service, Tags: []tag{}}
	for _, a := range [...]struct{ key, value string }{{"service.instance.id", s.Instance}, {"wirespan.agent", s.Agent}} {
		if a.value != "" {
			p.Tags = append(p.Tags, tag{a.key, "string", a.value})
		}
	}
	return process{p.Service, appendTags(p.Tags, s.Resource)}
}

func spanOf(t *assemble.Trace, i int) spanJSON {
	n := &t.Nodes[i]
	s := n.Span
	out := spanJSON{
		TraceID: t.ID.String(), SpanID: s.ID.String(), Flags: 1, Operation: s.Name, References: []reference{},
		Start: n.Start / 1000, Duration: (n.End - n.Start) / 1000, Tags: tagsOf(n), Logs: []log{},
	}
	if n.Parent >= 0 {
		out.References = append(out.References, reference{"CHILD_OF", out.TraceID, t.Nodes[n.Parent].Span.ID.String()})
	}
	for _, l := range s.Links {
		out.References = append(out.References, reference{"FOLLOWS_FROM", l.Trace.String(), l.ID.String()})
	}
	for _, e := range s.Events {
		fields := appendTags([]tag{}, e.Attrs)
		if e.Name != "" {
			fields = append([]tag{{"event", "string", e.Name}}, fields...)
		}
		out.Logs = append(out.Logs, log{(e.Time + n.Offset) / 1000, fields})
	}
	return out
}

// ofEdge are attributes that assembly says anew.
var ofEdge = map[string]bool{"wirespan.link.rule": true, "wirespan.link.confidence": true, "wirespan.link.evidence": true, "wirespan.clock.offset": true}

// tagsOf are the attributes, and what Jaeger has as tags of well-known names.
func tagsOf(n *assemble.Node) []tag {
	s := n.Span
	list := []tag{}
	if s.Kind != 0 {
		list = append(list, tag{"span.kind", "string", kindNames[s.Kind]})
	}
	switch s.Status {
	case span.Error:
		list = append(list, tag{"error", "bool", true}, tag{"otel.status_code", "string", "ERROR"})
	case store.Ok:
		list = append(list, tag{"otel.status_code", "string", "OK"})
	}
	if s.Message != "" {
		list = append(list, tag{"otel.status_description", "string", s.Message})
	}
	if s.Scope != "" {
		list = append(list, tag{"otel.scope.name", "string", s.Scope})
	}
	if s.Signal == store.APP { // others say so themselves
		list = append(list, tag{"wirespan.signal", "string", "APP"})
	}
	if n.Offset != 0 {
		list = append(list, tag{"wirespan.clock.offset", "int64", -n.Offset})
	}
	if n.Parent >= 0 && n.Rule != "" {
		list = append(list, tag{"wirespan.link.rule", "string", n.Rule}, tag{"wirespan.link.confidence", "float64", n.Confidence},
			tag{"wirespan.link.evidence", "string", n.Evidence})
	}
	for i := range s.Attrs {
		if !ofEdge[s.Attrs[i].Key] {
			list = appendTags(list, s.Attrs[i:i+1])
		}
	}
	return list
}

// kindNames are the values of the tag span.kind.
var kindNames = map[span.Kind]string{
	span.Internal: "internal", span.Server: "server", span.Client: "client", span.Producer: "producer", span.Consumer: "consumer",
}

func appendTags(list []tag, attrs []store.Attr) []tag {
	for i := range attrs {
		if k, v := attrs[i].Key, &attrs[i].Value; k != store.AttrFacts {
			list = append(list, tagOf(k, v))
		}
	}
	return list
}

func tagOf(key string, v *store.Value) tag {
	switch v.Type {
	case store.Bool:
		return tag{key, "bool", v.Num != 0}
	case store.Int:
		return tag{key, "int64", v.Num}
	case store.Double:
		if f := v.Float(); f-f == 0 { // finite: JSON has no others
			return tag{key, "float64", f}
		}
	case store.Bytes:
		return tag{key, "binary", base64.StdEncoding.EncodeToString([]byte(v.Str))}
	}
	return tag{key, "string", string(appendText(nil, v))}
}

// appendText writes a value as people read it; lists and maps as JSON does.
func appendText(b []byte, v *store.Value) []byte {
	switch v.Type {
	case store.String:
		return append(b, v.Str...)
	case store.Bool:
		return strconv.AppendBool(b, v.Num != 0)
	case store.Int:
		return strconv.AppendInt(b, v.Num, 10)
	case store.Double:
		return strconv.AppendFloat(b, v.Float(), 'g', -1, 64)
	case store.Bytes:
		return hex.AppendEncode(b, []byte(v.Str))
	case store.Array:
		b = append(b, '[')
		for i := range v.List {
			if i > 0 {
				b = append(b, ',')
			}
			b = appendInner(b, &v.List[i])
		}
		return append(b, ']')
	case store.Map:
		b = append(b, '{')
		for i := range v.Map {
			if i > 0 {
				b = append(b, ',')
			}
			b = append(strconv.AppendQuote(b, v.Map[i].Key), ':')
			b = appendInner(b, &v.Map[i].Value)
		}
		return append(b, '}')
	}
	return b
}

func appendInner(b []byte, v *store.Value) []byte {
	switch v.Type {
	case store.String, store.Bytes:
		return strconv.AppendQuote(b, string(appendText(nil, v)))
	case store.Empty:
		return append(b, "null"...)
	}
	return appendText(b, v)
}
