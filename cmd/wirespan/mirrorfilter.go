package main

import (
	"sync/atomic"

	"golang.org/x/net/bpf"

	"github.com/wirespan/wirespan/capture"
	"github.com/wirespan/wirespan/capture/wire"
	"github.com/wirespan/wirespan/mirror/merge"
)

// mirrorFilter is the filter of packets that come through the tunnels of a
// mirror: of those that a kernel has not filtered, the innermost frame. It may be
// replaced while it is used.
type mirrorFilter struct {
	all    bool          // packets of rings, too
	rings  bool          // there are some
	merged *merge.Source // nil: one input
	now    atomic.Pointer[readFilter]
}

// match is an innerFilter.
func (m *mirrorFilter) match(dec *wire.Decoder, p *capture.Packet) (bool, error) {
	f := m.now.Load()
	if f == nil || !m.all && m.ofRing(p.Tap) {
		return true, nil
	}
	pass, err := f.match(dec, p)
	return pass || err != nil, nil // what no program can be made for is not the user's mistake
}

// ofRing reports whether a packet came from an interface: the first input, if
// there are any.
func (m *mirrorFilter) ofRing(tap uint16) bool {
	if m.merged != nil {
		return m.rings && m.merged.Origin(tap) == 0
	}
	return m.rings
}

// set replaces the filter by that of a liveFilter.
func (m *mirrorFilter) set(f *liveFilter) {
	if f.expr.Empty() {
		m.now.Store(nil)
		return
	}
	m.now.Store(&readFilter{
		expr: f.expr, resolver: f.resolver, programs: make(map[capture.LinkType][]bpf.RawInstruction),
	})
}

// newMirrorFilter makes the filter of what no kernel has filtered; nil where there
// is no such input.
func newMirrorFilter(o *liveOptions, f *liveFilter, m *mirrored) *mirrorFilter {
	if f.program != nil || !o.mirror.others() && !o.mirror.inner {
		return nil
	}
	in := &mirrorFilter{all: o.mirror.inner, rings: m.rings, merged: m.merged}
	in.set(f)
	return in
}
