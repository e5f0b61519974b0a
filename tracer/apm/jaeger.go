package apm

import (
	"encoding/base64"
	"encoding/hex"
	"errors"
	"math"
	"strings"

	"github.com/wirespan/wirespan/tracer/ingest/batch"
	"github.com/wirespan/wirespan/tracer/ingest/jsontext"
	"github.com/wirespan/wirespan/tracer/span"
	"github.com/wirespan/wirespan/tracer/store"
)

// jaegerDecoder reads the JSON of Jaeger's UI (internal/uimodel: Trace, Span, Process).
type jaegerDecoder struct {
	b         *batch.Batch
	processes map[string]process
}

// process is who made spans. Older versions of Jaeger tell the scope with it.
type process struct {
	batch.Resource
	scope string
}

// decodeJaeger adds the spans of an answer of /api/traces/{id} to b. Tags by which
// Jaeger tells what OTLP has fields for (span.kind, otel.status_code, ...) are that.
func decodeJaeger(b *batch.Batch, text string) error {
	d := jaegerDecoder{b: b}
	said := ""
	r := jsontext.New(text)
	r.Object(func(key string) {
		switch key {
		case "data":
			r.Array(func() { d.trace(r) })
		case "errors":
			r.Array(func() {
				r.Object(func(key string) {
					if key == "msg" {
						said = r.String()
					}
				})
			})
		}
	})
	if err := r.End(); err != nil {
		return err
	}
	if said != "" && b.Received() == 0 {
		return errors.New("answered: " + said)
	}
	return nil
}

// trace reads processes first, wherever they stand.
func (d *jaegerDecoder) trace(r *jsontext.Reader) {
	var spans, processes *jsontext.Reader
	r.Object(func(key string) {
		switch key {
		case "spans":
			spans = r.Part()
		case "processes":
			processes = r.Part()
		}
	})
	d.processes = make(map[string]process)
	if processes != nil {
		processes.Object(func(id string) {
			p := d.process(processes)
			if len(d.processes) < d.b.Limits().Attributes {
				d.processes[id] = p
			}
		})
		r.Join(processes)
	}
	if spans != nil {
		spans.Array(func() { d.span(spans) })
		r.Join(spans)
	}
}

func (d *jaegerDecoder) process(r *jsontext.Reader) (p process) {
	service := ""
	a := d.b.Attrs()
	r.Object(func(key string) {
		switch key {
		case "serviceName":
			service = r.String()
		case "tags":
			r.Array(func() {
				key, v := d.tag(r)
				if isScope(key) {
					p.scope = v.Str
					return
				}
				a.Add(key, v)
			})
		}
	})
	p.Resource = a.Resource()
	if service != "" {
		p.Service = service
	}
	return p
}

// isScope reports tags that name the scope.
func isScope(key string) bool { return key == "otel.scope.name" || key == "otel.library.name" }

func (d *jaegerDecoder) span(r *jsontext.Reader) {
	s := d.b.Begin()
	if s == nil {
		return
	}
	made := process{Resource: batch.Resource{Service: batch.Unknown}}
	a, events := d.b.Attrs(), d.b.Events()
	var duration int64
	var refs []jaegerRef
	okTrace, okSpan := true, true
	r.Object(func(key string) {
		switch key {
		case "traceID":
			okTrace = padded(s.Trace[:], r.String())
		case "spanID":
			okSpan = padded(s.ID[:], r.String())
		case "operationName":
			s.Name = r.String()
		case "startTime":
			s.Start = micros(r)
		case "duration":
			duration = micros(r)
		case "processID":
			if p, ok := d.processes[r.String()]; ok {
				made = p
			}
		case "references":
			r.Array(func() { refs = d.reference(refs, r) })
		case "tags":
			r.Array(func() {
				key, v := d.tag(r)
				spanTag(s, &a, key, v)
			})
		case "logs":
			r.Array(func() { events.Add(d.log(r)) })
		}
	})
	made.Of(s)
	if s.Scope == "" {
		s.Scope = made.scope
	}
	if s.Start <= math.MaxInt64-duration {
		s.End = s.Start + duration
	}
	if s.Kind == 0 {
		s.Kind = span.Internal
	}
	s.Attrs, s.Events = a.List(), events.List()
	d.refer(s, refs)
	d.b.KeepIf(okTrace, okSpan, true)
}

// jaegerRef is a reference to another span.
type jaegerRef struct {
	child bool // CHILD_OF, else FOLLOWS_FROM
	trace span.TraceID
	id    span.SpanID
}

func (d *jaegerDecoder) reference(list []jaegerRef, r *jsontext.Reader) []jaegerRef {
	var f jaegerRef
	r.Object(func(key string) {
		switch key {
		case "refType":
			f.child = r.String() == "CHILD_OF"
		case "traceID":
			padded(f.trace[:], r.String())
		case "spanID":
			padded(f.id[:], r.String())
		}
	})
	if len(list) > d.b.Limits().Links {
		d.b.Dropped++
		return list
	}
	return append(list, f)
}

// refer makes the first CHILD_OF into the same trace the parent, else the first
// FOLLOWS_FROM, as Jaeger's own model does; others are links.
func (d *jaegerDecoder) refer(s *store.Span, refs []jaegerRef) {
	parent := -1
	for i, f := range refs {
		if f.trace == s.Trace && !f.id.IsZero() && (parent < 0 || f.child && !refs[parent].child) {
			parent = i
		}
	}
	links := d.b.Links()
	for i, f := range refs {
		if i == parent {
			s.Parent = f.id
		} else {
			links.Add(store.Link{Trace: f.trace, ID: f.id})
		}
	}
	s.Links = links.List()
}

// spanTag adds a tag, or sets the field that it stands for.
func spanTag(s *store.Span, a *batch.Attrs, key string, v store.Value) {
	switch key {
	case "span.kind":
		for k := span.Internal; k <= span.Consumer; k++ {
			if strings.EqualFold(k.String(), v.Str) {
				s.Kind = k
			}
		}
	case "error":
		if (v.Type == store.Bool && v.Num != 0 || v.Str == "true") && s.Status == span.Unset {
			s.Status = span.Error
		}
	case "otel.status_code":
		switch v.Str {
		case "OK":
			s.Status = store.Ok
		case "ERROR":
			s.Status = span.Error
		}
	case "otel.status_description":
		s.Message = v.Str
	case "w3c.tracestate":
		s.State = v.Str
	case "internal.span.format": // of Jaeger's way in
	default:
		if isScope(key) {
			s.Scope = v.Str
			return
		}
		a.Add(key, v)
	}
}

// log reads a Log; its event is the name.
func (d *jaegerDecoder) log(r *jsontext.Reader) store.Event {
	e := store.Event{Name: "log"}
	a := d.b.Attrs()
	r.Object(func(key string) {
		switch key {
		case "timestamp":
			e.Time = micros(r)
		case "fields":
			r.Array(func() {
				key, v := d.tag(r)
				if key == "event" && v.Type == store.String && v.Str != "" {
					e.Name = v.Str
					return
				}
				a.Add(key, v)
			})
		}
	})
	e.Attrs = a.List()
	return e
}

// tag reads a KeyValue. The type says what the value is, since large numbers may be
// strings.
func (d *jaegerDecoder) tag(r *jsontext.Reader) (key string, v store.Value) {
	kind := ""
	var value *jsontext.Reader
	r.Object(func(k string) {
		switch k {
		case "key":
			key = r.String()
		case "type":
			kind = r.String()
		case "value":
			value = r.Part()
		}
	})
	if value == nil {
		return key, v
	}
	switch first := value.Kind(); {
	case kind == "bool" && first != '"', first == 't', first == 'f':
		v = store.BoolValue(value.Bool())
	case kind == "bool":
		v = store.BoolValue(value.String() == "true")
	case kind == "int64":
		v = store.IntValue(value.Int())
	case kind == "float64", first == '0':
		v = store.DoubleValue(value.Float())
	case kind == "binary":
		text := value.String()
		if b, err := base64.StdEncoding.DecodeString(text); err == nil {
			v = store.BytesValue(string(b))
		} else {
			v = store.StringValue(text)
		}
	case first == '"', first == 'n':
		v = store.StringValue(value.String())
	default:
		v = store.StringValue(value.Raw())
	}
	r.Join(value)
	return key, v
}

// micros takes microseconds as nanoseconds, 0 if no clock shows them.
func micros(r *jsontext.Reader) int64 {
	if n := r.Int(); n > 0 && n < math.MaxInt64/1000 {
		return n * 1000
	}
	return 0
}

// padded reads hex digits, padded on the left, and reports whether s is an id.
func padded(id []byte, s string) bool {
	clear(id)
	n := 2 * len(id)
	if len(s) > n {
		return false
	}
	_, err := hex.Decode(id, []byte(strings.Repeat("0", n-len(s))+s))
	return err == nil
}
