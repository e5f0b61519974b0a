package main

import (
	"github.com/wirespan/wirespan/capture"
	"github.com/wirespan/wirespan/tracer/metric"
)

// feeds are what a telemetry asks of the source. All may be called by any
// goroutine while the pipeline runs.
type feeds struct {
	source func() capture.Stats
	points func() []pointCounts   // nil without interfaces
	spares func() []metric.Family // of packet sockets; nil without
	system func() []metric.Family // of the eBPF module; may be nil
	inputs func() []metric.Family // of mirrors; may be nil
	lost   func() uint64          // spans that files did not take; may be nil
	about  func(*runStatus)       // adds what only the run knows; may be nil
}

// pointCounts are the counters of one interface.
type pointCounts struct {
	name  string
	stats capture.Stats
}

// statsOf asks one source.
func statsOf(src capture.Source) func() capture.Stats {
	return func() capture.Stats {
		st, _ := src.Stats() // what is known, if not all is
		return st
	}
}

// feeds tells a telemetry of a live capture.
func (r *liveRun) feeds() feeds {
	f := feeds{source: r.src.stats, lost: r.parts.outs.unwritten, about: r.about}
	if len(r.src.rings) > 0 {
		f.points, f.spares = r.src.pointCounts, r.src.spareFamilies
	}
	f.system, f.inputs = r.system.families, r.src.mirrored.families
	return f
}

// pointCounts asks the kernel what it dropped, by interface.
func (s *liveSource) pointCounts() []pointCounts {
	list, err := s.rings[0].Interfaces()
	if err != nil {
		return nil
	}
	counts := make([]pointCounts, len(list))
	for i := range list {
		counts[i] = pointCounts{list[i].Interface, list[i].Stats}
	}
	return counts
}
