package red

import (
	"slices"
	"strings"

	"github.com/wirespan/wirespan/tracer/metric"
)

// Families returns what has been counted, in a fixed order. The labels are
// shared and must not be written to.
func (s *Sink) Families() []metric.Family {
	s.mu.Lock()
	defer s.mu.Unlock()
	requests := metric.Counter("wirespan.requests", "{request}", "requests of services by span name, each exchange once, scaled up by the sampling rate")
	failed := metric.Counter("wirespan.request.errors", "{request}", "requests of services that ended in an error")
	for _, p := range s.tables.endpoints {
		requests.Points = append(requests.Points, metric.Point{Labels: p.labels, Value: float64(p.requests), Start: p.start})
		failed.Points = append(failed.Points, metric.Point{Labels: p.labels, Value: float64(p.failed), Start: p.start})
	}
	var durations [numSchemas]metric.Family
	for i := range durations {
		durations[i] = metric.Family{Name: schemas[i].name, Unit: "s", Help: schemas[i].help, Kind: metric.KindHistogram}
	}
	for _, x := range s.tables.series {
		f := &durations[x.schema]
		f.Points = append(f.Points, x.point())
	}
	list := append([]metric.Family{requests, failed}, durations[:]...)
	for i := range list {
		slices.SortFunc(list[i].Points, byLabels)
	}
	return slices.DeleteFunc(list, func(f metric.Family) bool { return len(f.Points) == 0 })
}

// byLabels orders points, so that two scrapes can be compared.
func byLabels(a, b metric.Point) int {
	return slices.CompareFunc(a.Labels, b.Labels, func(x, y metric.Label) int { return strings.Compare(x.Value, y.Value) })
}
