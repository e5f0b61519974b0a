package main

import (
	"slices"
	"strconv"

	"github.com/wirespan/wirespan/tracer/metric"
	"github.com/wirespan/wirespan/tracer/otlp"
	"github.com/wirespan/wirespan/tracer/red"
	"github.com/wirespan/wirespan/tracer/sink"
)

// queueFamilies tell how full the queues between goroutines are.
func (b *board) queueFamilies() []metric.Family {
	b.mu.Lock()
	defer b.mu.Unlock()
	length := metric.Gauge("wirespan.queue.length", "", "jobs or batches that wait between two goroutines")
	bound := metric.Gauge("wirespan.queue.bound", "", "how many may wait")
	for _, q := range b.queues {
		length.Add(float64(q.length()), "queue", q.name)
		bound.Add(float64(q.bound), "queue", q.name)
	}
	return []metric.Family{length, bound}
}

// outboxFamilies are the counters of queues to receivers.
type outboxFamilies struct{ results, retries, parcels, size metric.Family }

func newOutboxFamilies(name, unit string) *outboxFamilies {
	return &outboxFamilies{
		metric.Counter(name, unit, "by receiver and what became of them"),
		metric.Counter(name+".retries", "", "attempts after the first"),
		metric.Gauge(name+".queue.length", "", "messages that wait for their delivery"),
		metric.Gauge(name+".queue.size", "By", "bytes that wait for their delivery"),
	}
}

func (f *outboxFamilies) add(to string, s *sink.Stats) {
	f.results.Add(float64(s.Sent), "exporter", to, "result", "sent")
	f.results.Add(float64(s.Rejected), "exporter", to, "result", "rejected")
	f.results.Add(float64(s.Dropped), "exporter", to, "result", "dropped")
	f.retries.Add(float64(s.Retries), "exporter", to)
	f.parcels.Add(float64(s.Parcels), "exporter", to)
	f.size.Add(float64(s.Bytes), "exporter", to)
}

func (f *outboxFamilies) list() []metric.Family {
	return []metric.Family{f.results, f.retries, f.parcels, f.size}
}

// exportFamilies tell how spans leave.
func exportFamilies(outs *outputs, o *options, unwritten uint64) []metric.Family {
	f := newOutboxFamilies("wirespan.exporter.spans", "{span}")
	for i, st := range outs.exportStats() {
		f.add(outs.exporterName(o, i), &st)
	}
	return append(f.list(), oneCount("wirespan.output.lost_spans", "{span}", "spans that a slow or failing file did not take", unwritten))
}

// exporterName is a receiver's address, without what may be secret, or the store.
func (outs *outputs) exporterName(o *options, i int) string {
	if i == len(outs.exporters) {
		return outs.keep.name
	}
	targets := slices.Clone(o.otlp)
	if len(targets) == 0 && o.env.target != "" {
		targets = append(targets, o.env.target)
	}
	if o.toServer.url != "" {
		targets = append(targets, o.toServer.url)
	}
	if i < len(targets) {
		if ep, err := otlp.ParseEndpoint(targets[i]); err == nil {
			return ep.String()
		}
	}
	return strconv.Itoa(i)
}

// pushFamilies tell how metrics leave.
func (t *telemetry) pushFamilies() []metric.Family {
	f := newOutboxFamilies("wirespan.metrics.points", "{point}")
	for i, p := range t.pushers {
		st := p.Stats()
		f.add(t.pushNames[i], &st)
	}
	return f.list()
}

// redStats tell how well the bounds of service metrics hold.
func redStats(s red.Stats) []metric.Family {
	return []metric.Family{
		oneCount("wirespan.red.exchanges", "{exchange}", "exchanges counted in service metrics, as they were seen", s.Exchanges),
		oneCount("wirespan.red.other_exchanges", "{exchange}", "of these, those under \"other\" because of the bound on series", s.Other),
		oneCount("wirespan.red.forgotten_series", "", "idle series that made room", s.Forgotten),
		oneGauge("wirespan.red.series", "", "series of service metrics", float64(s.Series)),
	}
}

// budgetFamilies tell what may be used and what sampling leaves out.
func (t *telemetry) budgetFamilies(s *summary) []metric.Family {
	rate := 1.0
	if t.sampler != nil {
		rate = rateOf(t.sampler.level())
	}
	list := []metric.Family{
		oneGauge("wirespan.sampling.rate", "1", "share of connections that are analysed", rate),
		oneCount("wirespan.sampling.left_out_packets", "{packet}", "packets of connections outside the sample", s.sampled),
		oneCount("wirespan.sampling.cut_connections", "{connection}", "connections that were ended because the rate fell", s.cut),
	}
	list = append(list, t.shedding.families()...)
	if t.limits.memory > 0 {
		list = append(list, oneGauge("wirespan.budget.memory", "By", "memory that may be used", float64(t.limits.memory)))
	}
	if t.limits.cpu > 0 {
		list = append(list, oneGauge("wirespan.budget.cpu_cores", "", "cores that may be used", t.limits.cpu))
	}
	return list
}
