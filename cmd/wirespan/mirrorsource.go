package main

import (
	"context"
	"fmt"

	"github.com/wirespan/wirespan/capture"
	"github.com/wirespan/wirespan/capture/afpacket"
	"github.com/wirespan/wirespan/mirror/listen"
	"github.com/wirespan/wirespan/mirror/merge"
	"github.com/wirespan/wirespan/mirror/stream"
	"github.com/wirespan/wirespan/mirror/watch"
)

// mirrored is what a mirror run has beside the rings.
type mirrored struct {
	listeners *listen.Source // nil without, as the others
	streams   *stream.Source
	watched   *watch.Source
	merged    *merge.Source // nil where there are only rings, or only one input
	inner     *mirrorFilter // of what no kernel has filtered
	rings     bool
}

// openMirror opens everything that the flags name. Rings alone are read as live
// reads them, several workers with a ring each; other inputs are merged by time.
func openMirror(ctx context.Context, o *liveOptions, f *liveFilter) (*liveSource, error) {
	s := &liveSource{mirrored: &mirrored{}}
	inputs, err := openInputs(ctx, o, f, s)
	if err == nil {
		err = s.merge(o, inputs)
	}
	if err != nil {
		for _, i := range inputs {
			_ = i.Source.Close()
		}
		return nil, err
	}
	s.mirrored.inner = newMirrorFilter(o, f, s.mirrored)
	return s, nil
}

// openInputs opens what the flags name. With an error come those that are open.
func openInputs(ctx context.Context, o *liveOptions, f *liveFilter, s *liveSource) (list []merge.Input, err error) {
	m := o.mirror
	if len(o.ifaces) > 0 {
		rings, err := openMirrorRings(ctx, o, f, s)
		if err != nil {
			return list, err
		}
		for _, r := range rings {
			list = append(list, merge.Input{Name: ringInput, Source: r})
		}
	}
	if tunnels, _ := m.splitListen(); len(tunnels) > 0 {
		l, err := openListeners(o, s, tunnels)
		if err != nil {
			return list, err
		}
		list = append(list, merge.Input{Name: "listeners", Source: l})
	}
	if m.hasStreams() {
		src, err := openStreams(o, s)
		if err != nil {
			return list, err
		}
		list = append(list, merge.Input{Name: "streams", Source: src})
	}
	if len(m.watch) > 0 {
		src, err := openWatch(o, s)
		if err != nil {
			return list, err
		}
		list = append(list, merge.Input{Name: "directories", Source: src})
	}
	return list, nil
}

// merge makes one source of several inputs, unless all are rings of a fan-out.
func (s *liveSource) merge(o *liveOptions, inputs []merge.Input) error {
	if s.gather == 0 {
		s.gather = maxGather / 4
	}
	if len(s.rings) == len(inputs) {
		return nil
	}
	if len(inputs) == 1 {
		s.sources = []capture.Source{inputs[0].Source}
		return nil
	}
	hold := min(max(joinTime, s.late+s.hold), merge.MaxHold) // rings show packets late, listeners at once
	src, merged, err := merge.Open(merge.Config{Inputs: inputs, Hold: hold, Report: func(name string, err error) {
		o.say(fmt.Sprintf("%s: %v; the other inputs go on", name, err))
	}})
	if err == nil {
		s.mirrored.merged, s.sources = merged, []capture.Source{src}
	}
	return err
}

// setFilter replaces the filters of the rings. What comes through other inputs is
// filtered behind decoding.
func (m *mirrored) setFilter(s *liveSource, progs programs) error {
	switch {
	case m.merged != nil:
		return m.merged.SetFilterFunc(progs, func(i merge.Input) bool { return i.Name == ringInput })
	case !m.rings:
		return nil
	}
	return s.setRingFilter(progs)
}

// ringInput is the name of the input that the rings are.
const ringInput = "interfaces"

// openMirrorRings opens the interfaces. With other inputs beside them there is
// one ring for each, which one goroutine reads.
func openMirrorRings(ctx context.Context, o *liveOptions, f *liveFilter, s *liveSource) ([]*afpacket.Source, error) {
	only := *o
	if o.mirror.others() {
		only.workers = 1
	}
	live, err := openLive(ctx, &only, f.compile)
	if err != nil {
		return nil, err
	}
	m := s.mirrored
	*s = *live
	s.mirrored, m.rings = m, true
	quiet, err := loudInterfaces(netnsPath(o.netns), s.names)
	if err != nil {
		quiet = append(quiet, err.Error())
	}
	s.notes = append(s.notes, quiet...)
	return live.rings, nil
}

// openListeners opens the sockets of --listen.
func openListeners(o *liveOptions, s *liveSource, specs []listen.Spec) (*listen.Source, error) {
	c := listen.Default()
	c.Listen, c.Netns, c.Snaplen = specs, netnsPath(o.netns), o.snaplen
	if o.buffer != "" {
		var err error
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
