package ingest

import (
	"github.com/wirespan/wirespan/tracer/ingest/batch"
	"github.com/wirespan/wirespan/tracer/metric"
)

// Families are the counters as metrics, by format and reason.
func (r *Receiver) Families() []metric.Family {
	c := r.Counts()
	requests := metric.Counter("wirespan.ingest.requests", "{request}", "requests with spans that came")
	faults := metric.Counter("wirespan.ingest.requests.refused", "{request}", "requests refused as a whole, by reason")
	size := metric.Counter("wirespan.ingest.bytes", "By", "bytes of requests, unpacked")
	received := metric.Counter("wirespan.ingest.spans.received", "{span}", "spans of requests that were understood")
	kept := metric.Counter("wirespan.ingest.spans.kept", "{span}", "spans that the store has")
	refused := metric.Counter("wirespan.ingest.spans.refused", "{span}", "spans that were refused, by reason")
	dropped := metric.Counter("wirespan.ingest.dropped", "1", "attributes, elements, events and links of spans that were left out")
	mended := metric.Counter("wirespan.ingest.mended", "1", "texts that were not UTF-8, ends before their start")
	for f := range c {
		name := Format(f).String()
		requests.Add(float64(c[f].Requests), "format", name)
		size.Add(float64(c[f].Bytes), "format", name)
		received.Add(float64(c[f].Received), "format", name)
		kept.Add(float64(c[f].Kept), "format", name)
		dropped.Add(float64(c[f].Dropped), "format", name)
		mended.Add(float64(c[f].Mended), "format", name)
		for i, n := range c[f].Faults {
			faults.Add(float64(n), "format", name, "reason", Fault(i).String())
		}
		for i, n := range c[f].Refused {
			refused.Add(float64(n), "format", name, "reason", batch.Reason(i).String())
		}
	}
	return []metric.Family{requests, faults, size, received, kept, refused, dropped, mended}
}
