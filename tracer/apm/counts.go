package apm

import (
	"sync/atomic"

	"github.com/wirespan/wirespan/tracer/metric"
)

// Counts is what was asked of one source, since the start.
type Counts struct {
	Source   string
	Asked    uint64 // traces that were looked for: the sum of Cached, Found, Missing, Failed and Skipped
	Cached   uint64 // answered from the cache, or together with another
	Found    uint64
	Missing  uint64 // that it does not have
	Failed   uint64
	Skipped  uint64 // not asked because it failed before or was busy, or not waited for
	Requests uint64 // over HTTP
	Bytes    uint64 // of answers
	Spans    uint64 // that came
	Refused  uint64 // of them, without ids or times, or too many
}

// tally is Counts that many count in.
type tally struct {
	asked, cached, found, missing, failed, skipped, requests, bytes, spans, refused atomic.Uint64
}

func (t *tally) read(name string) Counts {
	return Counts{
		Source: name, Asked: t.asked.Load(), Cached: t.cached.Load(), Found: t.found.Load(), Missing: t.missing.Load(), Failed: t.failed.Load(),
		Skipped: t.skipped.Load(), Requests: t.requests.Load(), Bytes: t.bytes.Load(), Spans: t.spans.Load(), Refused: t.refused.Load(),
	}
}

// Counts reads the counters of all sources, in the order of the configuration.
func (c *Client) Counts() []Counts {
	list := make([]Counts, len(c.sources))
	for i, s := range c.sources {
		list[i] = s.tally.read(s.name)
	}
	return list
}

// Families are the counters as metrics.
func (c *Client) Families() []metric.Family {
	asked := metric.Counter("wirespan.apm.traces", "{trace}", "traces that APMs were asked for, by what came of it")
	requests := metric.Counter("wirespan.apm.requests", "{request}", "requests to APMs")
	size := metric.Counter("wirespan.apm.bytes", "By", "bytes of answers of APMs")
	spans := metric.Counter("wirespan.apm.spans", "{span}", "spans that came from APMs")
	refused := metric.Counter("wirespan.apm.spans.refused", "{span}", "spans of APMs without ids or times, or too many")
	for _, n := range c.Counts() {
		for _, r := range []struct {
			result string
			n      uint64
		}{{"cached", n.Cached}, {"found", n.Found}, {"missing", n.Missing}, {"failed", n.Failed}, {"skipped", n.Skipped}} {
			asked.Add(float64(r.n), "source", n.Source, "result", r.result)
		}
		requests.Add(float64(n.Requests), "source", n.Source)
		size.Add(float64(n.Bytes), "source", n.Source)
		spans.Add(float64(n.Spans), "source", n.Source)
		refused.Add(float64(n.Refused), "source", n.Source)
	}
	return []metric.Family{asked, requests, size, spans, refused}
}
