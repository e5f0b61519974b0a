package metric

import (
	"strings"

	commonpb "go.opentelemetry.io/proto/otlp/common/v1"
	metricspb "go.opentelemetry.io/proto/otlp/metrics/v1"
	resourcepb "go.opentelemetry.io/proto/otlp/resource/v1"
)

// Origin says who measured.
type Origin struct {
	Scope, Version string
	Resource       []Label // of metrics about wirespan itself; service.name among them
	Agent          []Label // of metrics about other services, after their service.name
	Start          int64   // of the process, nanoseconds since 1970
}

// Data makes one OTLP message (on the wire the same as
// ExportMetricsServiceRequest). Points with the label service.name go to a
// resource of that service, the others to that of the process. Counters and
// histograms are cumulative. now is nanoseconds since 1970.
func Data(o *Origin, families []Family, now int64) *metricspb.MetricsData {
	d := &dataBuilder{o: o, now: now, at: make(map[string]*metricspb.ScopeMetrics), out: &metricspb.MetricsData{}}
	for i := range families {
		d.add(&families[i])
	}
	return d.out
}

type dataBuilder struct {
	o   *Origin
	now int64
	at  map[string]*metricspb.ScopeMetrics // by service; the process is ""
	out *metricspb.MetricsData
}

// scope returns the metrics of one resource.
func (d *dataBuilder) scope(service string) *metricspb.ScopeMetrics {
	if s := d.at[service]; s != nil {
		return s
	}
	labels := d.o.Resource
	if service != "" {
		labels = append([]Label{{ServiceName, service}}, d.o.Agent...)
	}
	s := &metricspb.ScopeMetrics{Scope: &commonpb.InstrumentationScope{Name: d.o.Scope, Version: d.o.Version}}
	d.at[service] = s
	d.out.ResourceMetrics = append(d.out.ResourceMetrics, &metricspb.ResourceMetrics{
		Resource:     &resourcepb.Resource{Attributes: attributes(labels)},
		ScopeMetrics: []*metricspb.ScopeMetrics{s},
	})
	return s
}

// add distributes the points of a family over the resources.
func (d *dataBuilder) add(f *Family) {
	made := make(map[string]*metricspb.Metric)
	for i := range f.Points {
		p := &f.Points[i]
		service, labels := "", make([]Label, 0, len(p.Labels))
		for _, l := range p.Labels {
			switch {
			case l.Key == ServiceName:
				service = l.Value
			case l.Value != "": // absent
				labels = append(labels, l)
			}
		}
		m := made[service]
		if m == nil {
			m = newMetric(f)
			made[service] = m
			s := d.scope(service)
			s.Metrics = append(s.Metrics, m)
		}
		d.point(m, f.Kind, p, attributes(labels))
	}
}

func newMetric(f *Family) *metricspb.Metric {
	m := &metricspb.Metric{Name: f.Name, Unit: f.Unit, Description: f.Help}
	const cumulative = metricspb.AggregationTemporality_AGGREGATION_TEMPORALITY_CUMULATIVE
	switch f.Kind {
	case KindGauge:
		m.Data = &metricspb.Metric_Gauge{Gauge: &metricspb.Gauge{}}
	case KindHistogram:
		m.Data = &metricspb.Metric_Histogram{Histogram: &metricspb.Histogram{AggregationTemporality: cumulative}}
	default:
		m.Data = &metricspb.Metric_Sum{Sum: &metricspb.Sum{AggregationTemporality: cumulative, IsMonotonic: true}}
	}
	return m
}

// point adds one point to a metric.
func (d *dataBuilder) point(m *metricspb.Metric, k Kind, p *Point, attrs []*commonpb.KeyValue) {
	start := p.Start
	if start == 0 {
		start = d.o.Start
	}
	if k == KindHistogram {
		h := m.GetHistogram()
		h.DataPoints = append(h.DataPoints, histogramPoint(p.Hist, attrs, start, d.now))
		return
	}
	n := &metricspb.NumberDataPoint{Attributes: attrs, TimeUnixNano: uint64(d.now)}
	if k == KindGauge {
		n.Value = &metricspb.NumberDataPoint_AsDouble{AsDouble: p.Value}
		m.GetGauge().DataPoints = append(m.GetGauge().DataPoints, n)
		return
	}
	n.StartTimeUnixNano = uint64(start)
	n.Value = &metricspb.NumberDataPoint_AsDouble{AsDouble: p.Value}
	if whole := int64(p.Value); float64(whole) == p.Value {
		n.Value = &metricspb.NumberDataPoint_AsInt{AsInt: whole}
	}
	m.GetSum().DataPoints = append(m.GetSum().DataPoints, n)
}

func histogramPoint(h *Histogram, attrs []*commonpb.KeyValue, start, now int64) *metricspb.HistogramDataPoint {
	sum := h.Sum
	p := &metricspb.HistogramDataPoint{
		Attributes: attrs, StartTimeUnixNano: uint64(start), TimeUnixNano: uint64(now),
		Count: h.Count(), Sum: &sum, BucketCounts: h.Counts, ExplicitBounds: h.Bounds,
	}
	for i := range h.Exemplars {
		e := &h.Exemplars[i]
		p.Exemplars = append(p.Exemplars, &metricspb.Exemplar{
			TimeUnixNano: uint64(e.Time), TraceId: e.Trace[:], SpanId: e.Span[:],
			Value: &metricspb.Exemplar_AsDouble{AsDouble: e.Value},
		})
	}
	return p
}

func attributes(labels []Label) []*commonpb.KeyValue {
	list := make([]*commonpb.KeyValue, 0, len(labels))
	for _, l := range labels {
		v := &commonpb.AnyValue_StringValue{StringValue: strings.ToValidUTF8(l.Value, "\ufffd")}
		list = append(list, &commonpb.KeyValue{Key: l.Key, Value: &commonpb.AnyValue{Value: v}})
	}
	return list
}
