//go:build linux

package afpacket

import (
	"bytes"
	"os"
	"strconv"

	"github.com/wirespan/wirespan/capture"
)

// Stats, see capture.Source. Drops is what the kernel dropped because the ring
// was full; Received counts it, too. What interfaces and CPUs dropped is not
// known by ring: of sources opened together the first one tells it.
func (s *Source) Stats() (capture.Stats, error) {
	a := &s.published
	st := capture.Stats{
		Packets: a.packets.Load(), Bytes: a.bytes.Load(), WireBytes: a.wire.Load(),
		Filtered: a.filtered.Load(), Duplicates: a.duplicates.Load(), Faults: a.faults.Load(),
	}
	g := s.group
	g.mu.Lock()
	defer g.mu.Unlock()
	g.refresh()
	for _, t := range g.taps {
		c := t.count(g, s.id)
		st.Received += c.received
		st.Drops += c.drops
		st.Freezes += c.freezes
		if s.id == 0 {
			dropped, missed := t.interfaceDrops()
			st.IfDrops += dropped
			st.IfMissed += missed
		}
	}
	if s.id == 0 {
		if now := softnetDrops(); now > g.softnet {
			st.Softnet = now - g.softnet
		}
	}
	return st, nil
}

// Interfaces gives the counters by interface, over all sources opened together.
func (s *Source) Interfaces() ([]PointStats, error) {
	g := s.group
	g.mu.Lock()
	defer g.mu.Unlock()
	g.refresh()
	var out []PointStats
	for _, t := range g.taps {
		p := PointStats{Interface: t.name, Point: int(t.point), Present: t.rings != nil, Up: t.up}
		for id := range g.sources {
			c := t.count(g, id)
			p.Stats.Received += c.received
			p.Stats.Drops += c.drops
			p.Stats.Freezes += c.freezes
		}
		p.Stats.IfDrops, p.Stats.IfMissed = t.interfaceDrops()
		out = append(out, p)
	}
	return out, nil
}

// HardwareStamped tells how many packets carried the time of an adapter.
func (s *Source) HardwareStamped() uint64 { return s.published.hardware.Load() }

// refresh reads the counters of interfaces; without rtnetlink they stay.
func (g *group) refresh() {
	if g.route == nil {
		return
	}
	list, err := g.route.interfaces(false)
	if err != nil {
		return
	}
	for _, t := range g.taps {
		for _, i := range list {
			if t.rings != nil && i.Index == t.index {
				t.up, t.last = i.Up(), i.Counters
			}
		}
	}
}

// count sums the rings that one source has or had for a tap.
func (t *tap) count(g *group, source int) ringCounts {
	sum := t.past[source]
	for _, r := range t.all {
		if r.source != source {
			continue
		}
		c, err := r.count()
		if err != nil {
			g.refused(t.name)("statistics", "%v; packets that the kernel drops are not known", err)
		}
		sum.add(c)
	}
	return sum
}

// interfaceDrops are what interfaces of this name dropped while they were
// captured.
func (t *tap) interfaceDrops() (dropped, missed uint64) {
	return t.dropped + t.last.RxDropped - min(t.last.RxDropped, t.base.RxDropped),
		t.missed + t.last.RxMissed - min(t.last.RxMissed, t.base.RxMissed)
}

// softnetFile counts, by CPU, what was dropped between interfaces and
// protocols (net.core.netdev_max_backlog): the second column, hexadecimal. It
// is that of the whole host.
const softnetFile = "/proc/net/softnet_stat"

func softnetDrops() uint64 {
	b, err := os.ReadFile(softnetFile)
	if err != nil {
		return 0
	}
	return parseSoftnet(b)
}

func parseSoftnet(b []byte) uint64 {
	var sum uint64
	for line := range bytes.Lines(b) {
		f := bytes.Fields(line)
		if len(f) < 2 {
			continue
		}
		if n, err := strconv.ParseUint(string(f[1]), 16, 32); err == nil {
			sum += n
		}
	}
	return sum
}
