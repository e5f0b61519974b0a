package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/wirespan/wirespan/capture"
	"github.com/wirespan/wirespan/capture/afpacket"
	"github.com/wirespan/wirespan/mirror/listen"
	"github.com/wirespan/wirespan/mirror/merge"
)

// mirrored is what a mirror run has beside the rings.
type mirrored struct {
	listeners *listen.Source // nil without
	merged    *merge.Source  // nil where there are only rings, or only one input
	inner     *mirrorFilter  // filter of what comes through tunnels; nil: none
}

// openMirror opens everything that the flags name. Rings alone are read as live
// reads them, several workers with a ring each; other inputs are merged by time.
func openMirror(ctx context.Context, o *liveOptions, f *liveFilter) (*liveSource, error) {
	s := &liveSource{mirrored: &mirrored{}}
	var inputs []merge.Input
	closeAll := func() {
		for _, i := range inputs {
			_ = i.Source.Close()
		}
	}
	rings, err := openMirrorRings(ctx, o, f, s)
	if err != nil {
		return nil, err
	}
	if len(o.mirror.listen) == 0 {
		s.filterInner(o, f)
		return s, nil
	}
	for _, r := range rings {
		inputs = append(inputs, merge.Input{Name: ringInput, Source: r})
	}
	l, err := openListeners(o, s)
	if err != nil {
		closeAll()
		return nil, err
	}
	inputs = append(inputs, merge.Input{Name: "listeners", Source: l})
	s.filterInner(o, f)
	if len(inputs) == 1 {
		s.sources = []capture.Source{l}
		return s, nil
	}
	src, merged, err := merge.Open(merge.Config{Inputs: inputs, Hold: joinTime, Report: func(name string, err error) {
		o.say(fmt.Sprintf("%s: %v; the other inputs go on", name, err))
	}})
	if err != nil {
		closeAll()
		return nil, err
	}
	s.mirrored.merged, s.sources = merged, []capture.Source{src}
	if s.mirrored.inner != nil {
		s.mirrored.inner.merged = merged
	}
	return s, nil
}

// setFilter replaces the filters of the rings of a merged source. What comes
// through listeners is filtered inside of the tunnels.
func (m *mirrored) setFilter(progs programs) error {
	return m.merged.SetFilterFunc(progs, func(i merge.Input) bool { return i.Name == ringInput })
}

// ringInput is the name of the input that the rings are.
const ringInput = "interfaces"

// openMirrorRings opens the interfaces. With other inputs beside them there is
// one ring for each, which one goroutine reads.
func openMirrorRings(ctx context.Context, o *liveOptions, f *liveFilter, s *liveSource) ([]*afpacket.Source, error) {
	if len(o.ifaces) == 0 {
		o.workersAlone(s)
		return nil, nil
	}
	only := *o
	if len(o.mirror.listen) > 0 {
		only.workers = 1
	}
	live, err := openLive(ctx, &only, f.compile)
	if err != nil {
		return nil, err
	}
	m := s.mirrored
	*s = *live
	s.mirrored = m
	quiet, err := loudInterfaces(netnsPath(o.netns), s.names)
	if err != nil {
		s.notes = append(s.notes, err.Error())
	}
	s.notes = append(s.notes, quiet...)
	if len(o.mirror.listen) > 0 {
		o.workersAlone(s)
	}
	return live.rings, nil
}

// workersAlone settles the gathering of packets where one goroutine reads.
func (o *liveOptions) workersAlone(s *liveSource) {
	if s.gather == 0 {
		s.gather = maxGather / 4
	}
}

// openListeners opens the sockets of --listen.
func openListeners(o *liveOptions, s *liveSource) (*listen.Source, error) {
	specs, err := parseListen(o.mirror.listen)
	if err != nil {
		return nil, usage(fmt.Errorf("--listen: %w", err))
	}
	c := listen.Default()
	c.Listen, c.Netns, c.Snaplen = specs, netnsPath(o.netns), o.snaplen
	if o.buffer != "" {
		if c.Buffer, err = o.ringBytes(); err != nil {
			return nil, usage(err)
		}
	}
	if err := c.Validate(); err != nil {
		return nil, usage(err)
	}
	l, err := listen.Open(c)
	if err != nil {
		return nil, explainOpen(err)
	}
	s.mirrored.listeners = l
	for _, spec := range specs {
		s.names = append(s.names, spec.String())
	}
	for _, d := range l.Degraded() {
		s.notes = append(s.notes, fmt.Sprintf("%s on %s: %s", d.Option, d.Listener, d.Reason))
	}
	return l, nil
}

// parseListen reads --listen.
func parseListen(list []string) ([]listen.Spec, error) {
	var specs []listen.Spec
	var errs []error
	for _, s := range list {
		spec, err := listen.Parse(s)
		specs, errs = append(specs, spec), append(errs, err)
	}
	return specs, errors.Join(errs...)
}
