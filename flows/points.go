package flows

import "github.com/wirespan/wirespan/capture/wire"

// maxPoints bounds the capture points that are counted apart; what comes
// beyond is counted with the last one.
const maxPoints = 1024

// PointStats tell how much of its TCP connections one capture point saw. What
// the receiver has acknowledged was on the wire: if the point never saw it,
// the copy was lost on its way here, as a mirror port loses packets that is
// asked for more than it can send.
type PointStats struct {
	Conns    uint64 // TCP connections with payload that have ended
	OneSided uint64 // of these, seen in one direction only: they tell nothing of losses

	// Of connections that were seen in both directions:
	Segments uint64 // with payload
	Bytes    uint64 // payload of these on the wire
	Holes    uint64 // runs of bytes that the receiver acknowledged and that were never seen, each of one lost segment or more
	Unseen   uint64 // bytes of these
}

// Add sums up.
func (p *PointStats) Add(o *PointStats) {
	p.Conns += o.Conns
	p.OneSided += o.OneSided
	p.Segments += o.Segments
	p.Bytes += o.Bytes
	p.Holes += o.Holes
	p.Unseen += o.Unseen
}

// Loss is the share of TCP payload that the point did not see, 0 to 1.
func (p *PointStats) Loss() float64 {
	if p.Unseen == 0 {
		return 0
	}
	return float64(p.Unseen) / float64(p.Unseen+p.Bytes)
}

// Points returns the counters by capture point. They are the Table's: copy what
// must outlive the next call.
func (t *Table) Points() []PointStats { return t.points }

// knowPoint makes room for the counters of a capture point.
func (t *Table) knowPoint(point uint16) {
	for n := min(int(point)+1, maxPoints); len(t.points) < n; {
		t.points = append(t.points, PointStats{})
	}
}

// at returns the counters of a connection's capture point.
func (t *Table) at(c *Conn) *PointStats {
	return &t.points[min(int(c.Point), maxPoints-1)]
}

// unseen counts those of the next n bytes of a side, which are given up, that
// the receiver has. Before the first byte that was seen it says nothing: the
// capture began while they were on their way.
func (t *Table) unseen(c *Conn, s side, n uint32) {
	st := &c.state
	if !st.has(s, sideAcked) || !after(st.acked[s], st.next[s]) || st.offset[s] == 0 && !st.has(s, sideSyn) {
		return
	}
	p := t.at(c)
	p.Holes++
	p.Unseen += uint64(min(n, st.acked[s]-st.next[s]))
}

// leaves counts a connection that ends.
func (t *Table) leaves(c *Conn) {
	if c.Proto != wire.ProtoTCP || c.TCP.Dir[0].Bytes+c.TCP.Dir[1].Bytes == 0 {
		return
	}
	p := t.at(c)
	p.Conns++
	if c.state.side[0]&c.state.side[1]&sideSeen == 0 {
		p.OneSided++
	}
}
