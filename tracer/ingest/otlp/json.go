package otlp

import (
	"encoding/base64"
	"encoding/hex"
	"math"

	"github.com/wirespan/wirespan/tracer/ingest/batch"
	"github.com/wirespan/wirespan/tracer/ingest/jsontext"
	"github.com/wirespan/wirespan/tracer/store"
)

// DecodeJSON adds the spans of a message in JSON to b (OTLP specification,
// "JSON Protobuf Encoding"). Ids are hex digits there; those of other programs that
// write base64, as plain protobuf would, are understood too, since no id has the
// length of both. Names of enums are taken beside their numbers.
func DecodeJSON(b *batch.Batch, message string) error {
	d := jsonDecoder{decoder{b: b}}
	r := jsontext.New(message)
	r.Object(func(key string) {
		if key == "resourceSpans" {
			r.Array(func() { d.resourceSpans(r) })
		}
	})
	return r.End()
}

// jsonDecoder is a decoder of the other form.
type jsonDecoder struct{ decoder }

// parts finds values of an object that must be read in another order than they stand.
func parts(r *jsontext.Reader, first, then string) (one, two *jsontext.Reader) {
	r.Object(func(key string) {
		switch key {
		case first:
			one = r.Part()
		case then:
			two = r.Part()
		}
	})
	return one, two
}

func (d *jsonDecoder) resourceSpans(r *jsontext.Reader) {
	resource, spans := parts(r, "resource", "scopeSpans")
	a := d.b.Attrs()
	if resource != nil {
		resource.Object(func(key string) {
			if key == "attributes" {
				d.attrs(&a, resource, d.b.Limits().Depth)
			}
		})
		r.Join(resource)
	}
	d.resource = a.Resource()
	if spans != nil {
		spans.Array(func() { d.scopeSpans(spans) })
		r.Join(spans)
	}
}

func (d *jsonDecoder) scopeSpans(r *jsontext.Reader) {
	scopeOf, spans := parts(r, "scope", "spans")
	d.scope = scope{}
	a := d.b.Attrs()
	version := ""
	if scopeOf != nil {
		scopeOf.Object(func(key string) {
			switch key {
			case "name":
				d.scope.name = scopeOf.String()
			case "version":
				version = scopeOf.String()
			case "attributes":
				d.attrs(&a, scopeOf, d.b.Limits().Depth)
			}
		})
		r.Join(scopeOf)
	}
	d.endScope(&a, version)
	if spans != nil {
		spans.Array(func() { d.span(spans) })
		r.Join(spans)
	}
}

func (d *jsonDecoder) span(r *jsontext.Reader) {
	s := d.begin()
	if s == nil {
		return
	}
	a, events, links := d.b.Attrs(), d.b.Events(), d.b.Links()
	var n dropped
	okTrace, okSpan, okParent := true, true, true
	r.Object(func(key string) {
		switch key {
		case "traceId":
			okTrace = readID(s.Trace[:], r.String())
		case "spanId":
			okSpan = readID(s.ID[:], r.String())
		case "traceState":
			s.State = r.String()
		case "parentSpanId":
			okParent = readID(s.Parent[:], r.String())
		case "name":
			s.Name = r.String()
		case "kind":
			s.Kind = batch.Kind(enum(r, kinds))
		case "startTimeUnixNano":
			s.Start = batch.Time(r.Uint())
		case "endTimeUnixNano":
			s.End = batch.Time(r.Uint())
		case "attributes":
			d.attrs(&a, r, d.b.Limits().Depth)
		case "droppedAttributesCount":
			n.attrs = r.Uint()
		case "events":
			r.Array(func() { d.event(&events, r) })
		case "droppedEventsCount":
			n.events = r.Uint()
		case "links":
			r.Array(func() { d.link(&links, r) })
		case "droppedLinksCount":
			n.links = r.Uint()
		case "status":
			r.Object(func(key string) {
				switch key {
				case "message":
					s.Message = r.String()
				case "code":
					s.Status = batch.Status(enum(r, codes))
				}
			})
		}
	})
	n.add(&a)
	d.end(s, &a)
	s.Events, s.Links = events.List(), links.List()
	d.b.KeepIf(okTrace, okSpan, okParent)
}

func (d *jsonDecoder) event(list *batch.Events, r *jsontext.Reader) {
	var e store.Event
	a := d.b.Attrs()
	r.Object(func(key string) {
		switch key {
		case "timeUnixNano":
			e.Time = batch.Time(r.Uint())
		case "name":
			e.Name = r.String()
		case "attributes":
			d.attrs(&a, r, d.b.Limits().Depth)
		}
	})
	e.Attrs = a.List()
	list.Add(e)
}

func (d *jsonDecoder) link(list *batch.Links, r *jsontext.Reader) {
	var l store.Link
	ok1, ok2 := true, true
	a := d.b.Attrs()
	r.Object(func(key string) {
		switch key {
		case "traceId":
			ok1 = readID(l.Trace[:], r.String())
		case "spanId":
			ok2 = readID(l.ID[:], r.String())
		case "attributes":
			d.attrs(&a, r, d.b.Limits().Depth)
		}
	})
	l.Attrs = a.List()
	if !ok1 || !ok2 {
		l = store.Link{} // dropped and counted
	}
	list.Add(l)
}

// attrs reads a list of KeyValue.
func (d *jsonDecoder) attrs(a *batch.Attrs, r *jsontext.Reader, depth int) {
	r.Array(func() {
		var key string
		var v store.Value
		r.Object(func(k string) {
			switch k {
			case "key":
				key = r.String()
			case "value":
				v = d.value(r, depth)
			}
		})
		a.Add(key, v)
	})
}

// value reads an AnyValue.
func (d *jsonDecoder) value(r *jsontext.Reader, depth int) (v store.Value) {
	r.Object(func(key string) {
		if r.Null() {
			return
		}
		switch key {
		case "stringValue":
			v = store.StringValue(r.String())
		case "boolValue":
			v = store.BoolValue(r.Bool())
		case "intValue":
			v = store.IntValue(r.Int())
		case "doubleValue":
			v = store.DoubleValue(r.Float())
		case "bytesValue":
			v = store.BytesValue(readBase64(r))
		case "arrayValue", "kvlistValue":
			if depth == 0 {
				d.b.Dropped++
				return
			}
			v = d.list(r, key == "kvlistValue", depth-1)
		}
	})
	return v
}

// list reads an ArrayValue or a KeyValueList.
func (d *jsonDecoder) list(r *jsontext.Reader, isMap bool, depth int) store.Value {
	list, a := d.b.Values(), d.b.Attrs()
	r.Object(func(key string) {
		switch {
		case key != "values":
		case isMap:
			d.attrs(&a, r, depth)
		default:
			r.Array(func() { list.Add(d.value(r, depth)) })
		}
	})
	if isMap {
		return store.Value{Type: store.Map, Map: a.List()}
	}
	return store.Value{Type: store.Array, List: list.List()}
}

// readID reads an id of len(id) bytes and reports whether s is one, or empty.
func readID(id []byte, s string) bool {
	clear(id)
	switch len(s) {
	case 0:
		return true
	case hex.EncodedLen(len(id)):
		_, err := hex.Decode(id, []byte(s))
		return err == nil
	case base64.StdEncoding.EncodedLen(len(id)):
		b, err := base64.StdEncoding.DecodeString(s)
		return err == nil && copy(id, b) == len(id) && len(b) == len(id)
	}
	return false
}

// readBase64 reads bytes in either alphabet, padded or not, as protobuf's JSON does.
func readBase64(r *jsontext.Reader) string {
	s := r.String()
	for len(s) > 0 && s[len(s)-1] == '=' {
		s = s[:len(s)-1]
	}
	b, err := base64.RawStdEncoding.DecodeString(s)
	if err != nil {
		b, err = base64.RawURLEncoding.DecodeString(s)
	}
	if err != nil {
		r.Fail("bytes that are not base64")
	}
	return string(b)
}

// kinds and codes are the enums by name (Span.SpanKind, Status.StatusCode).
var (
	kinds = [...]string{"SPAN_KIND_UNSPECIFIED", "SPAN_KIND_INTERNAL", "SPAN_KIND_SERVER", "SPAN_KIND_CLIENT", "SPAN_KIND_PRODUCER", "SPAN_KIND_CONSUMER"}
	codes = [...]string{"STATUS_CODE_UNSET", "STATUS_CODE_OK", "STATUS_CODE_ERROR"}
)

// enum takes a number or a name, of which one that is not known is as good as none.
func enum[T [3]string | [6]string](r *jsontext.Reader, names T) uint64 {
	if r.Kind() != '"' {
		return uint64(uint32(min(r.Int(), math.MaxInt32)))
	}
	name := r.String()
	for i := range len(names) {
		if names[i] == name {
			return uint64(i)
		}
	}
	return 0
}

// DecodeAnswer adds the spans of what query APIs answer in OTLP's JSON to b: a message,
// or one in "trace" (Tempo) or "result" (Jaeger), or several of them one behind the
// other, as Jaeger's gateway streams them.
func DecodeAnswer(b *batch.Batch, text string) error {
	d := jsonDecoder{decoder{b: b}}
	r := jsontext.New(text)
	for {
		d.answer(r)
		if !r.More() {
			return r.End()
		}
	}
}

func (d *jsonDecoder) answer(r *jsontext.Reader) {
	r.Object(func(key string) {
		switch key {
		case "resourceSpans", "batches":
			r.Array(func() { d.resourceSpans(r) })
		case "trace", "result":
			d.answer(r)
		}
	})
}
