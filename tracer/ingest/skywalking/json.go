package skywalking

import (
	"strconv"
	"strings"

	"github.com/wirespan/wirespan/tracer/ingest/batch"
	"github.com/wirespan/wirespan/tracer/ingest/jsontext"
)

// DecodeJSON adds the spans of a segment, or of a list of segments, to b: what
// /v3/segment and /v3/segments take. in may be nil.
func DecodeJSON(b *batch.Batch, text string, in *Instances) error {
	d := decoder{b: b, in: in}
	r := jsontext.New(text)
	if r.Kind() == '[' {
		r.Array(func() { d.jsonSegment(r) })
	} else {
		d.jsonSegment(r)
	}
	return r.End()
}

// jsonSegment reads a SegmentObject in protobuf's JSON.
func (d *decoder) jsonSegment(r *jsontext.Reader) {
	var s segment
	var spans *jsontext.Reader
	r.Object(func(key string) {
		switch key {
		case "traceId":
			s.trace = r.String()
		case "traceSegmentId":
			s.id = r.String()
		case "service":
			s.service = r.String()
		case "serviceInstance":
			s.instance = r.String()
		case "isSizeLimited":
			s.limited = r.Bool()
		case "spans":
			spans = r.Part()
		}
	})
	if spans == nil {
		return
	}
	res := d.resource(&s)
	spans.Array(func() {
		d.o.reset()
		d.jsonObject(spans, nil)
		d.add(&s, &res)
	})
	r.Join(spans)
}

// jsonObject reads a span. Members that it does not know go to other.
func (d *decoder) jsonObject(r *jsontext.Reader, other func(key string)) {
	o := &d.o
	r.Object(func(key string) {
		switch key {
		case "spanId":
			o.index = r.Int()
		case "parentSpanId":
			o.parent = r.Int()
		case "startTime":
			o.start = r.Int()
		case "endTime":
			o.end = r.Int()
		case "operationName", "endpointName":
			o.operation = r.String()
		case "peer":
			o.peer = r.String()
		case "spanType", "type":
			o.kind = enum(r, typeNames, typeLocal)
		case "spanLayer", "layer":
			o.layer = enum(r, layerNames, 0)
		case "componentId":
			o.component = r.Int()
		case "isError":
			o.failed = r.Bool()
		case "skipAnalysis":
			o.skip = r.Bool()
		case "tags":
			r.Array(func() { o.tags = d.jsonPair(o.tags, r, d.b.Limits().Attributes) })
		case "logs":
			r.Array(func() { d.jsonLog(r) })
		case "refs":
			r.Array(func() { d.jsonReference(r) })
		default:
			if other != nil {
				other(key)
			}
		}
	})
}

func (d *decoder) jsonPair(list []pair, r *jsontext.Reader, most int) []pair {
	var p pair
	r.Object(func(key string) {
		switch key {
		case "key":
			p.key = r.String()
		case "value":
			p.value = r.String()
		}
	})
	return d.put(list, p, most)
}

func (d *decoder) jsonLog(r *jsontext.Reader) {
	e := entry{from: len(d.o.data)}
	r.Object(func(key string) {
		switch key {
		case "time":
			e.time = r.Int()
		case "data":
			r.Array(func() { d.o.data = d.jsonPair(d.o.data, r, e.from+d.b.Limits().Attributes) })
		}
	})
	d.putLog(e)
}

func (d *decoder) jsonReference(r *jsontext.Reader) {
	var f reference
	r.Object(func(key string) {
		switch key {
		case "refType", "type":
			f.kind = enum(r, refNames, 0)
		case "traceId":
			f.trace = r.String()
		case "parentTraceSegmentId", "parentSegmentId":
			f.segment = r.String()
		case "parentSpanId":
			f.index = r.Int()
		case "parentService":
			f.service = r.String()
		case "parentServiceInstance":
			f.instance = r.String()
		case "parentEndpoint":
			f.endpoint = r.String()
		case "networkAddressUsedAtPeer":
			f.server = r.String()
		}
	})
	d.putReference(f)
}

// enum takes a number or a name; names are compared without case and '_', since the
// query API writes CROSS_PROCESS. One that is not known is other.
func enum(r *jsontext.Reader, names []string, other int64) int64 {
	s := r.Number
	if r.Kind() == '"' {
		s = r.String
	}
	text := s()
	if n, err := strconv.ParseInt(text, 10, 32); err == nil {
		return n
	}
	text = strings.ReplaceAll(text, "_", "")
	for i, name := range names {
		if strings.EqualFold(name, text) {
			return int64(i)
		}
	}
	return other
}
