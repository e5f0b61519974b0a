package main

import (
	"context"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wirespan/wirespan/capture"
	clocks "github.com/wirespan/wirespan/mirror/clock"
	"github.com/wirespan/wirespan/mirror/listen"
	"github.com/wirespan/wirespan/mirror/stream"
	"github.com/wirespan/wirespan/mirror/watch"
)

// TestInputCounts tells every counter that inputs have, and none that is zero;
// of a listener also that nothing came.
func TestInputCounts(t *testing.T) {
	var b strings.Builder
	printListeners(&b, []listen.Listener{{Name: "vxlan:4789", Packets: 10, Foreign: 2, Drops: 3}, {Name: "erspan"}})
	printStreams(&b, stream.Counters{Begun: 5, Broken: 1, Refused: 2, Unreached: 3, Crowded: 4})
	printFiles(&b, watch.Counters{Read: 9, Again: 1, Damaged: 2, Kept: 3, Beyond: 4})
	printStreams(&b, stream.Counters{})
	printFiles(&b, watch.Counters{})
	(*mirrored)(nil).print(&b)
	(&mirrored{}).print(&b)
	want := `listener     vxlan:4789: 10 packets, 2 that are no tunnel of this kind left out, 3 dropped by kernel
listener     erspan: 0 packets
streams      5 begun, 1 broken, 2 refused, 3 attempts to connect failed, 4 interfaces shared a capture point
files        9 read, 1 read again, for they had grown, 2 damaged, 3 could not be put away, 4 left alone, for there were too many
`
	if d := cmp.Diff(want, b.String()); d != "" {
		t.Error(d)
	}
	if (*mirrored)(nil).families() != nil {
		t.Error("metrics of nothing")
	}
	f := listenerFamily([]listen.Listener{{Name: "vxlan:4789", Packets: 10, Foreign: 2, Drops: 3}})
	if n := len(f.Points); n != 3 {
		t.Errorf("%d points of a listener", n)
	}
}

// TestStampCounts tells whose time packets have where that of mirrors was asked
// for, and that they have none.
func TestStampCounts(t *testing.T) {
	var b strings.Builder
	c := &placeCounts{}
	c.print(&b, nil, &pipelineConfig{})
	c.print(&b, nil, &pipelineConfig{stamps: true})
	other := placeCounts{}
	other.addStamps(clocks.Counters{Sources: 1, Stamped: 5, Steps: 1})
	c.add(&other)
	c.addStamps(clocks.Counters{Sources: 1, Stamped: 7, Plain: 2})
	c.print(&b, nil, &pipelineConfig{stamps: true})
	want := `note         --mirror-clock erspan: no packet came with a time stamp of ERSPAN type III; all have the time of their arrival
mirror time  12 packets have the time of their mirror (2 clocks), 1 steps of these clocks, 2 packets of more than 4096 clocks have that of their arrival
`
	if d := cmp.Diff(want, b.String()); d != "" {
		t.Error(d)
	}
}

// TestLiveCounts holds that no counter of the kernel is lost between several
// rings and the summary.
func TestLiveCounts(t *testing.T) {
	ring := counting{capture.Stats{Packets: 5, Drops: 1, IfDrops: 2, IfMissed: 3, Softnet: 4, Freezes: 1, Duplicates: 6}}
	src := &liveSource{sources: []capture.Source{ring, counting{capture.Stats{Packets: 5, Drops: 1, Freezes: 1}}}}
	st := src.stats()
	if want := (capture.Stats{Packets: 10, Drops: 2, IfDrops: 2, IfMissed: 3, Softnet: 4, Freezes: 2, Duplicates: 6}); st != want {
		t.Errorf("got  %+v\nwant %+v", st, want)
	}
	var b strings.Builder
	src.printCounts(&b, &st)
	s := &summary{}
	s.source = st
	s.printCapture(&b)
	s.printLosses(&b)
	want := `12 packets received by filter
2 packets dropped by kernel
  memory for packets was full 2 times
  4 more of this host, of any interface, were dropped by its CPUs (softnet)
input        6 shown by another interface, too (--once)
losses       2 packets dropped by the kernel, 2 packets dropped by the interface, 3 packets missed by the interface (no room on the card)
`
	if d := cmp.Diff(want, b.String()); d != "" {
		t.Error(d)
	}
}

// counting is a source that has only counters.
type counting struct{ is capture.Stats }

func (c counting) ReadBatch(context.Context, []capture.Packet) (int, error) { return 0, io.EOF }
func (c counting) Stats() (capture.Stats, error)                            { return c.is, nil }
func (c counting) Points() []capture.Point                                  { return nil }
func (c counting) Close() error                                             { return nil }
