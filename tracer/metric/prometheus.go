package metric

import (
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// Collector is a prometheus.Collector of the families that gather gives. It is
// unchecked: which families there are is known at the scrape.
type Collector struct{ gather func() []Family }

// NewCollector returns a Collector. gather may be called by several goroutines.
func NewCollector(gather func() []Family) *Collector { return &Collector{gather: gather} }

// Describe sends nothing, which makes the collector unchecked.
func (c *Collector) Describe(chan<- *prometheus.Desc) {}

// Collect sends every point of every family.
func (c *Collector) Collect(out chan<- prometheus.Metric) {
	for _, f := range c.gather() {
		if len(f.Points) == 0 {
			continue
		}
		desc := prometheus.NewDesc(PromName(&f), f.Help, promKeys(f.Points[0].Labels), nil)
		for i := range f.Points {
			m, err := promMetric(desc, &f, &f.Points[i])
			if err != nil {
				m = prometheus.NewInvalidMetric(desc, err)
			}
			out <- m
		}
	}
}

// promMetric makes one metric.
func promMetric(desc *prometheus.Desc, f *Family, p *Point) (prometheus.Metric, error) {
	values := make([]string, len(p.Labels))
	for i, l := range p.Labels {
		values[i] = strings.ToValidUTF8(l.Value, "\ufffd")
	}
	switch f.Kind {
	case KindGauge:
		return prometheus.NewConstMetric(desc, prometheus.GaugeValue, p.Value, values...)
	case KindHistogram:
		return promHistogram(desc, p.Hist, values)
	}
	return prometheus.NewConstMetric(desc, prometheus.CounterValue, p.Value, values...)
}

func promHistogram(desc *prometheus.Desc, h *Histogram, values []string) (prometheus.Metric, error) {
	buckets := make(map[float64]uint64, len(h.Bounds))
	n := uint64(0)
	for i, b := range h.Bounds {
		n += h.Counts[i]
		buckets[b] = n
	}
	m, err := prometheus.NewConstHistogram(desc, h.Count(), h.Sum, buckets, values...)
	if err != nil || len(h.Exemplars) == 0 {
		return m, err
	}
	list := make([]prometheus.Exemplar, len(h.Exemplars))
	for i, e := range h.Exemplars {
		list[i] = prometheus.Exemplar{
			Value: e.Value, Timestamp: time.Unix(0, e.Time),
			Labels: prometheus.Labels{"trace_id": e.Trace.String(), "span_id": e.Span.String()},
		}
	}
	return prometheus.NewMetricWithExemplars(m, list...)
}

// PromName is the name of a family for Prometheus: dots become underscores, the
// unit is written out behind it, counters end in _total (OpenTelemetry,
// "Prometheus and OpenMetrics Compatibility").
func PromName(f *Family) string {
	name := promWord(f.Name)
	switch f.Unit {
	case "s":
		name = withSuffix(name, "_seconds")
	case "By":
		name = withSuffix(name, "_bytes")
	case "1":
		name = withSuffix(name, "_ratio")
	}
	if f.Kind == KindCounter {
		name = withSuffix(name, "_total")
	}
	return name
}

func withSuffix(name, suffix string) string { return strings.TrimSuffix(name, suffix) + suffix }

func promKeys(labels []Label) []string {
	keys := make([]string, len(labels))
	for i, l := range labels {
		keys[i] = promWord(l.Key)
	}
	return keys
}

// promWord replaces what Prometheus names do not have.
func promWord(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '_' {
			return r
		}
		return '_'
	}, s)
}
