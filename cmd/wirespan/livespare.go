package main

import (
	"context"
	"time"

	"github.com/wirespan/wirespan/tracer/metric"
)

// lookForRefusals is how often a run looks for what the kernel refused since:
// interfaces appear and come back at any time.
const lookForRefusals = time.Second

// tellRefusals says what the kernel refused after the start, each thing once.
func (r *liveRun) tellRefusals(ctx context.Context) {
	tick := time.NewTicker(lookForRefusals)
	defer tick.Stop()
	for told := 0; ; {
		later := r.src.later()
		for _, note := range later[min(told, len(later)):] {
			r.line.print("wirespan: " + note)
		}
		told = len(later)
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// later is what the kernel refused after the start; it only ever grows.
func (s *liveSource) later() []string {
	if len(s.rings) == 0 {
		return nil
	}
	list := s.rings[0].Degraded()
	var notes []string
	for _, d := range list[min(s.refused, len(list)):] {
		notes = append(notes, degradedText(d))
	}
	return notes
}

// uncaptured counts the interfaces that appeared and found no packet socket.
func (s *liveSource) uncaptured() uint64 {
	if len(s.rings) == 0 {
		return 0
	}
	_, missed := s.rings[0].Spares()
	return missed
}

// spareFamilies tell of the packet sockets that were opened in advance.
func (s *liveSource) spareFamilies() []metric.Family {
	if len(s.rings) == 0 {
		return nil
	}
	left, missed := s.rings[0].Spares()
	return []metric.Family{
		oneGauge("wirespan.capture.spare_sockets", "", "packet sockets left for interfaces that appear", float64(left)),
		oneCount("wirespan.capture.uncaptured_interfaces", "", "interfaces that appeared and found no packet socket", missed),
	}
}
