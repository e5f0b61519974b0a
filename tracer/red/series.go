package red

import (
	"github.com/wirespan/wirespan/tracer/metric"
)

// other is the value of labels that found no room.
const other = "other"

// series is one histogram.
type series struct {
	schema    int
	service   *service
	labels    []metric.Label
	start     int64 // of its first exchange
	last      int64 // end of its latest exchange
	counts    [numBuckets]uint64
	sum       float64
	exemplars [numBuckets]metric.Exemplar // Time is 0 where there is none
}

// observe counts an exchange as w.
func (s *series) observe(e *entry, w uint64) {
	v := float64(max(0, e.end-e.start)) / 1e9
	b := bucketOf(v)
	s.counts[b] += w
	s.sum += v * float64(w)
	s.exemplars[b] = metric.Exemplar{Value: v, Time: e.end, Trace: e.trace, Span: e.id}
	s.last = max(s.last, e.end)
}

// point copies the series.
func (s *series) point() metric.Point {
	h := &metric.Histogram{Bounds: bounds[:], Counts: append([]uint64(nil), s.counts[:]...), Sum: s.sum}
	for _, x := range s.exemplars {
		if x.Time != 0 {
			h.Exemplars = append(h.Exemplars, x)
		}
	}
	return metric.Point{Labels: s.labels, Hist: h, Start: s.start}
}

// endpoint counts requests and errors of one span name.
type endpoint struct {
	service          *service
	labels           []metric.Label
	start, last      int64
	requests, failed uint64
}

// service bounds the endpoints of one service.name.
type service struct {
	name      string
	endpoints int
	series    int
}
