package main

import (
	"fmt"
	"strings"
	"sync/atomic"

	"github.com/wirespan/wirespan/tracer/join"
	"github.com/wirespan/wirespan/tracer/link"
	"github.com/wirespan/wirespan/tracer/metric"
)

// shedding is what is given up before connections are: first bodies, then
// inference (DESIGN.md, section 8). Both are of use only beside spans that are
// whole, and come back last. A nil shedding gives up nothing.
type shedding struct {
	steps []shedStep
	now   atomic.Int32 // how many are given up
}

// shedStep is one thing that can be given up and taken up again.
type shedStep struct {
	name string        // in metrics
	said string        // behind "without"
	what string        // of the summary
	keep func(bool)    // switches it
	left func() uint64 // how much was left out
}

// shed puts the switches into the rooms. Bodies can be given up only where they
// are captured. It comes before the pipeline.
func (p *parts) shed() *shedding {
	s := &shedding{}
	if p.cfg.rooms.engine.Options.Bodies > 0 {
		b := &join.Bodies{}
		p.cfg.rooms.join.Bodies = b
		s.steps = append(s.steps, shedStep{name: "bodies", said: "bodies", what: "bodies", keep: b.Keep, left: b.LeftOut})
	}
	i := &link.Inference{}
	p.cfg.link.Inference = i
	s.steps = append(s.steps, shedStep{name: "inference", said: "inferred parents", what: "searches for parents by inference", keep: i.Infer, left: i.LeftOut})
	return s
}

// given is what a run gives up under pressure.
func (t *telemetry) given() *shedding {
	if t == nil {
		return nil
	}
	return t.shedding
}

// count is how many steps come before the first connection is left out.
func (s *shedding) count() int {
	if s == nil {
		return 0
	}
	return len(s.steps)
}

// set gives up the first n.
func (s *shedding) set(n int) {
	if s == nil {
		return
	}
	for i, st := range s.steps {
		st.keep(i >= n)
	}
	s.now.Store(int32(n))
}

// given is how many are given up.
func (s *shedding) given() int {
	if s == nil {
		return 0
	}
	return int(s.now.Load())
}

// describe says what the first n are, and which connections are analysed.
func (s *shedding) describe(n int, sampling uint8) string {
	text := "analysing all connections"
	if sampling > 0 {
		text = fmt.Sprintf("analysing 1 of %d connections", 1<<sampling)
	}
	if without := s.names(n); without != "" {
		text += ", without " + without
	}
	return text
}

// names lists the first n, for people.
func (s *shedding) names(n int) string {
	var list []string
	for i := range min(n, s.count()) {
		list = append(list, s.steps[i].said)
	}
	return strings.Join(list, " and ")
}

// losses adds what was given up.
func (s *shedding) losses(l *list) {
	for i := range s.count() {
		l.add(s.steps[i].left(), s.steps[i].what+" left out (--cpu, --memory)")
	}
}

// families tell what is given up now, and how much was since the start.
func (s *shedding) families() []metric.Family {
	if s.count() == 0 {
		return nil
	}
	now := metric.Gauge("wirespan.budget.given_up", "", "1 while it is given up to stay within the budget")
	left := metric.Counter("wirespan.budget.left_out", "", "bodies, and exchanges without inference, that were left out to stay within the budget")
	for i, st := range s.steps {
		var off float64
		if i < s.given() {
			off = 1
		}
		now.Add(off, "kind", st.name)
		left.Add(float64(st.left()), "kind", st.name)
	}
	return []metric.Family{now, left}
}
