package skywalking

import (
	"errors"

	"github.com/wirespan/wirespan/tracer/ingest/batch"
	"github.com/wirespan/wirespan/tracer/ingest/jsontext"
)

// Query is the question for a trace in GraphQL (trace.graphqls of SkyWalking's query
// protocol, from version 8 on), with the variable $id.
const Query = `query queryTrace($id: ID!) { trace: queryTrace(traceId: $id) { spans {
traceId segmentId spanId parentSpanId serviceCode serviceInstanceName startTime endTime endpointName type peer component isError layer
refs { traceId parentSegmentId parentSpanId type } tags { key value } logs { time data { key value } } } } }`

// DecodeTrace adds the spans of the answer to Query to b. An answer of errors is an
// error; one without a trace has no spans.
func DecodeTrace(b *batch.Batch, text string) error {
	d := decoder{b: b}
	said := ""
	r := jsontext.New(text)
	r.Object(func(key string) {
		switch key {
		case "data":
			r.Object(func(string) {
				r.Object(func(key string) {
					if key == "spans" {
						r.Array(func() { d.querySpan(r) })
					}
				})
			})
		case "errors":
			r.Array(func() {
				r.Object(func(key string) {
					if key == "message" && said == "" {
						said = r.String()
					}
				})
				if said == "" {
					said = "no reason is given"
				}
			})
		}
	})
	if err := r.End(); err != nil {
		return err
	}
	if said != "" {
		return errors.New("answered: " + said)
	}
	return nil
}

// querySpan reads a span, which says itself to which segment it belongs.
func (d *decoder) querySpan(r *jsontext.Reader) {
	var s segment
	d.o.reset()
	d.jsonObject(r, func(key string) {
		switch key {
		case "traceId":
			s.trace = r.String()
		case "segmentId":
			s.id = r.String()
		case "serviceCode":
			s.service = r.String()
		case "serviceInstanceName":
			s.instance = r.String()
		case "component":
			d.o.library = r.String()
		}
	})
	res := d.resource(&s)
	d.add(&s, &res)
}
