package metric

import (
	"slices"

	"github.com/wirespan/wirespan/tracer/span"
)

// Kind is what the numbers of a Family mean.
type Kind uint8

// Kinds.
const (
	KindCounter   Kind = iota // cumulative, never falls
	KindGauge                 // a value now
	KindHistogram             // cumulative
)

// ServiceName is the label by which OTLP groups points into resources: the
// service that a point is about.
const ServiceName = "service.name"

// Family is one metric with all its points.
type Family struct {
	Name   string // OpenTelemetry's, with dots
	Unit   string // UCUM: s, By, 1, {packet}; may be empty
	Help   string
	Kind   Kind
	Points []Point // each set of labels once, all with the same keys in the same order
}

// Point is one value of a Family.
type Point struct {
	Labels []Label
	Value  float64    // counter, gauge
	Hist   *Histogram // histogram
	Start  int64      // since when it counts, nanoseconds since 1970; 0 is the start of the process
}

// Label is an attribute of a point.
type Label struct{ Key, Value string }

// Histogram is the value of a histogram's point. Counts are not cumulative
// over buckets; the last one has no upper bound.
type Histogram struct {
	Bounds    []float64 // upper bounds, inclusive; shared, not to be written to
	Counts    []uint64  // len(Bounds)+1
	Sum       float64
	Exemplars []Exemplar // at most one per bucket
}

// Count is the number of observations.
func (h *Histogram) Count() uint64 {
	n := uint64(0)
	for _, c := range h.Counts {
		n += c
	}
	return n
}

// Exemplar is one observation and the span it was made on.
type Exemplar struct {
	Value float64
	Time  int64 // nanoseconds since 1970
	Trace span.TraceID
	Span  span.SpanID
}

// Counter returns a Family of a cumulative count without points.
func Counter(name, unit, help string) Family {
	return Family{Name: name, Unit: unit, Help: help, Kind: KindCounter}
}

// Gauge returns a Family of a value now without points.
func Gauge(name, unit, help string) Family {
	return Family{Name: name, Unit: unit, Help: help, Kind: KindGauge}
}

// Add adds v to the point with these labels, given as key, value, key, value;
// the point is made if there is none.
func (f *Family) Add(v float64, labels ...string) {
	list := make([]Label, 0, len(labels)/2)
	for i := 0; i+1 < len(labels); i += 2 {
		list = append(list, Label{labels[i], labels[i+1]})
	}
	for i := range f.Points {
		if slices.Equal(f.Points[i].Labels, list) {
			f.Points[i].Value += v
			return
		}
	}
	f.Points = append(f.Points, Point{Labels: list, Value: v})
}
