package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"golang.org/x/net/bpf"

	"github.com/wirespan/wirespan/bpf/filter"
	"github.com/wirespan/wirespan/capture"
	"github.com/wirespan/wirespan/capture/afpacket"
	"github.com/wirespan/wirespan/capture/gopcap"
)

// joinTime is how long packets of one input are held at least until those of
// others with earlier times have come (DESIGN.md, section 5).
const joinTime = 10 * time.Millisecond

// onceTime is within how long one packet crosses the interfaces of a host.
const onceTime = time.Millisecond

// liveSource is what a live run captures with: one source per worker.
type liveSource struct {
	sources []capture.Source
	rings   []*afpacket.Source // the same, of the afpacket engine
	names   []string           // interfaces
	opens   bool               // packet sockets are opened later on
	gather  time.Duration      // how long packets may gather in the rings
	room    int                // bytes of a ring that they may take meanwhile
	late    time.Duration      // how long after its time a packet may come out of a ring
	hold    time.Duration      // how long it then waits for those of other rings
	notes   []string           // for the operator: what the host refused
	refused int                // how much of it the rings told at the start

	mirrored *mirrored // nil unless the command is mirror
}

// programs compiles the filter for a link type, as afpacket.Config asks.
type programs func(capture.LinkType) ([]bpf.RawInstruction, error)

// openLive starts the capture.
func openLive(ctx context.Context, o *liveOptions, progs programs) (*liveSource, error) {
	spec, err := parseIfaces(o.ifaces)
	if err != nil {
		return nil, usage(err)
	}
	if o.engine == "gopcap" {
		return openPortable(o, &spec, progs)
	}
	c, err := ringConfig(o, &spec, progs)
	if err != nil {
		return nil, err
	}
	if err := c.Validate(); err != nil {
		return nil, usage(err)
	}
	rings, report, err := openRings(ctx, o, c)
	if err != nil {
		return nil, explainOpen(err)
	}
	s := &liveSource{rings: rings, names: c.Interfaces, opens: o.keepNetRaw}
	s.gather, s.room, s.late, s.hold = gatherTime(&c), gatherRoom(&c), c.Late(), c.Reorder+c.Reorder/4
	for _, r := range rings {
		s.sources = append(s.sources, r)
	}
	if report.Reason != "" && o.workers > 1 {
		s.notes = append(s.notes, fmt.Sprintf("one ring for %d workers: %s", o.workers, report.Reason))
	}
	for _, d := range rings[0].Degraded() {
		s.notes = append(s.notes, degradedText(d))
		s.refused++
	}
	return s, nil
}

func degradedText(d afpacket.Degraded) string {
	if d.Interface != "" {
		return fmt.Sprintf("%s on %s: %s", d.Option, d.Interface, d.Reason)
	}
	return fmt.Sprintf("%s: %s", d.Option, d.Reason)
}

// openRings opens one ring, or one per worker. Workers whose packets carry
// times of different clocks, or whose packets are counted together, share one
// ring.
func openRings(ctx context.Context, o *liveOptions, c afpacket.Config) ([]*afpacket.Source, afpacket.Report, error) {
	if o.workers > 1 && o.count == 0 && c.Clock == afpacket.Host {
		return afpacket.OpenFanout(ctx, c, o.workers)
	}
	s, err := afpacket.Open(ctx, c)
	return []*afpacket.Source{s}, afpacket.Report{Rings: 1}, err
}

// ringConfig turns the flags into a Config.
func ringConfig(o *liveOptions, spec *ifaceSpec, progs programs) (afpacket.Config, error) {
	c := afpacket.Default()
	c.Netns, c.Wait, c.Promiscuous, c.Snaplen = netnsPath(o.netns), o.wait, o.promisc, o.snaplen
	c.Retire, c.Filter, c.Interfaces = o.retire, progs, spec.names
	c.PointName = spec.point
	c.Spare = o.spares()
	c.Version = map[string]afpacket.Version{"auto": afpacket.VersionAuto, "v2": afpacket.V2, "v3": afpacket.V3}[o.ring]
	c.Clock = map[string]afpacket.Clock{"host": afpacket.Host, "adapter": afpacket.Adapter, "adapter_unsynced": afpacket.AdapterUnsynced}[o.stamps]
	c.Direction = map[string]capture.Direction{"in": capture.DirIn, "out": capture.DirOut, "inout": capture.DirUnknown}[o.direction]
	if o.once {
		c.Duplicates = onceTime
	}
	if len(c.Interfaces) == 0 {
		names, err := usefulIfaces(c.Netns)
		if err != nil {
			return c, explainOpen(err)
		}
		c.Interfaces, c.Follow = names, afpacket.Wanted
	}
	c.Reorder = reorderTime(o, spec, &c)
	return c, sizeRings(o, &c)
}

// reorderTime is how long packets of an interface wait for those of the others.
// A request may come in through one and its calls leave through another, whose
// blocks the kernel hands over at other times: what comes first is needed first,
// to know what it causes. Times of adapters are compared where all are one point
// only (or, of a mirror, where rules may join them).
func reorderTime(o *liveOptions, spec *ifaceSpec, c *afpacket.Config) time.Duration {
	several := len(c.Interfaces) > 1 || c.Follow != nil
	if spec.joined || several && (o.mirror != nil || c.Clock == afpacket.Host) {
		return min(max(joinTime, c.Late()), afpacket.MaxReorder)
	}
	return 0
}

// sizeRings divides the memory among the rings. Half as much again is there for
// interfaces that appear.
func sizeRings(o *liveOptions, c *afpacket.Config) error {
	total, err1 := o.ringBytes()
	block, err2 := sizeOf("--block-size", o.blockSize)
	if err := errors.Join(err1, err2); err != nil {
		return usage(err)
	}
	rings := max(1, len(c.Interfaces)) * max(1, o.workers)
	each := max(total/rings, min(total, 1<<20))
	c.BlockSize, c.Blocks = block, o.blocks
	if c.Blocks == 0 {
		for c.BlockSize > afpacket.MinBlockSize && each/c.BlockSize < 8 && o.blockSize == defaultBlock {
			c.BlockSize /= 2 // a few large blocks lose more when the reader is late
		}
		c.Blocks = max(each/max(1, c.BlockSize), afpacket.MinBlocks)
	}
	c.MaxMemory = rings * c.Blocks * c.BlockSize
	if c.Follow != nil {
		c.MaxMemory += max(c.MaxMemory/2, 8<<20)
	}
	return nil
}

// maxGather is little beside the latency that is promised (docs/live.md).
const maxGather = 35 * time.Millisecond

// gatherRoom is how much of a ring may fill while it is left alone, beside what
// waits there for other rings.
func gatherRoom(c *afpacket.Config) int {
	room := c.Blocks * c.BlockSize / 2
	if c.Reorder > 0 {
		room /= 2
	}
	return room
}

// gatherTime is how long a ring may be left alone whose traffic is not known
// yet: a link of 1 Gbit/s must not fill more than half of it.
func gatherTime(c *afpacket.Config) time.Duration {
	const rate = 120 << 20 // bytes per second, with the ring's own headers
	return min(time.Duration(gatherRoom(c))*time.Second/rate, maxGather)
}

// explainOpen says what to do about a capture that could not be started.
func explainOpen(err error) error {
	if errors.Is(err, fs.ErrPermission) {
		err = explainPermission(err)
	}
	var mistake *filter.SyntaxError
	if errors.As(err, &mistake) {
		return usage(err)
	}
	return &statusError{exitPartial, err}
}

// lag is how far behind the wall the clock of a reader stays while it is silent,
// so that it does not pass what the ring is yet to show: what others have until
// then would be linked before. A reader that is alone needs none, since it takes
// all in order.
func (s *liveSource) lag() time.Duration {
	if len(s.sources) < 2 {
		return 0
	}
	return s.late + s.hold
}

// behind is how old packets are at most when they are looked at.
func (s *liveSource) behind() time.Duration { return s.gather + max(s.hold, s.lag()) }

// close ends the capture.
func (s *liveSource) close() {
	for _, src := range s.sources {
		_ = src.Close()
	}
}

// A source that can be told to take no more packets, so that what it holds can
// be read to its end.
type stopper interface{ Stop() error }

// A source whose filter can be replaced, for all sources opened together.
type refilterer interface {
	SetFilterFunc(compile func(capture.LinkType) ([]bpf.RawInstruction, error)) error
}

// refuse is what ends source i.
func (s *liveSource) refuse(i int) func() {
	if st, ok := s.sources[i].(stopper); ok {
		return func() { _ = st.Stop() } // a source that fails to stop ends by silence
	}
	return nil
}

// stats sums up the counters of all sources.
func (s *liveSource) stats() capture.Stats {
	var sum capture.Stats
	for _, src := range s.sources {
		if st, err := src.Stats(); err == nil {
			sum.Add(&st)
		}
	}
	return sum
}

// counters is stats, as a recording asks for them.
func (s *liveSource) counters() (capture.Stats, error) { return s.stats(), nil }

// setFilter replaces the filter of a running capture.
func (s *liveSource) setFilter(progs programs) error {
	if s.mirrored != nil {
		return s.mirrored.setFilter(s, progs)
	}
	return s.setRingFilter(progs)
}

// setRingFilter is setFilter where all sources are rings.
func (s *liveSource) setRingFilter(progs programs) error {
	f, ok := s.sources[0].(refilterer)
	if !ok {
		return errors.New("set filter: this engine keeps the one it began with")
	}
	if err := f.SetFilterFunc(progs); err != nil {
		return fmt.Errorf("set filter: %w", err)
	}
	return nil
}

// openPortable starts the capture with the portable back end. It has no ring to
// set up, and one reader.
func openPortable(o *liveOptions, spec *ifaceSpec, progs programs) (*liveSource, error) {
	for flag, set := range map[string]bool{
		"netns": o.netns != "", "direction": o.direction != "inout", "ring": o.ring != "auto", "timestamp-source": o.stamps != "host",
		"wait-interface": o.wait, "once": o.once, "blocks": o.blocks != 0, "buffer-size": o.buffer != "",
	} {
		if set {
			return nil, usage(fmt.Errorf("--%s: --engine gopcap cannot do that", flag))
		}
	}
	c := gopcap.Default()
	c.Interfaces, c.Snaplen, c.Promiscuous, c.Filter, c.PointName = spec.names, o.snaplen, o.promisc, progs, spec.point
	if len(c.Interfaces) == 0 {
		names, err := usefulIfaces("")
		if err != nil {
			return nil, explainOpen(err)
		}
		c.Interfaces = names
	}
	if err := c.Validate(); err != nil {
		return nil, usage(err)
	}
	src, err := gopcap.Open(c)
	if err != nil {
		return nil, explainOpen(err)
	}
	return &liveSource{sources: []capture.Source{src}, names: c.Interfaces}, nil
}
