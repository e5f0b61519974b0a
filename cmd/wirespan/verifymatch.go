package main

import (
	"errors"
	"hash/maphash"
	"sync"
	"time"

	"github.com/wirespan/wirespan/capture"
	"github.com/wirespan/wirespan/capture/defrag"
	"github.com/wirespan/wirespan/capture/wire"
)

// Bounds of a comparison.
const (
	maxUnmatched   = 1 << 20 // packets that only one side showed yet
	maxConnections = 1 << 18
)

// Sides of a comparison.
const (
	sideOurs = iota
	sideTheirs
	numSides
)

var errUnmatched = errors.New("compare packets: one side is a million packets behind the other; choose fewer with a filter")

// matcher finds the packets that two captures of the same interfaces have in
// common: equal bytes on the same interface. Times are compared only at the
// edges of the window, for the two captures do not begin and end together.
type matcher struct {
	seed maphash.Seed
	from int64 // window of packet times, set once both capture
	to   int64

	mu          sync.Mutex
	unmatched   map[uint64]sightings
	connections map[connection]*connectionCounts
	crowded     uint64 // packets of connections beyond the bound
	seen        [numSides]sideCounts
	both        uint64
}

// sideCounts are what one side showed within the window.
type sideCounts struct{ packets, bytes uint64 }

// sightings are packets with the same bytes that one side showed more often.
type sightings struct {
	ahead int   // of ours; negative: of theirs
	last  int64 // time of the latest
	of    *connectionCounts
}

// connection is a five-tuple at an interface, lower endpoint first.
type connection struct {
	point          string
	a, b           wire.Addr
	aPort, bPort   uint16
	proto, version uint8
}

type connectionCounts struct {
	packets [numSides]uint64
	missing [numSides]uint64 // that only the other side showed
}

func newMatcher() *matcher {
	return &matcher{
		seed: maphash.MakeSeed(), unmatched: make(map[uint64]sightings),
		connections: make(map[connection]*connectionCounts),
	}
}

// feed is one capture that a matcher looks at.
type feed struct {
	m     *matcher
	side  int
	dec   *wire.Decoder
	frame wire.Frame
	hash  maphash.Hash
}

func (m *matcher) feed(side int) *feed {
	f := &feed{m: m, side: side, dec: wire.NewDecoder(defrag.Default())}
	f.hash.SetSeed(m.seed)
	return f
}

// batch takes packets; points are their capture points.
func (f *feed) batch(list []capture.Packet, points []capture.Point) error {
	m := f.m
	m.mu.Lock()
	defer m.mu.Unlock()
	for i := range list {
		p := &list[i]
		if !m.near(p.Time) {
			continue
		}
		point := points[p.Tap].Name
		conn := m.counts(f.connection(p, point))
		if m.inside(p.Time) {
			m.seen[f.side].packets++
			m.seen[f.side].bytes += uint64(p.WireLen)
			if conn != nil {
				conn.packets[f.side]++
			}
		}
		m.match(f.sum(p, point), f.side, p.Time, conn)
	}
	if len(m.unmatched) > maxUnmatched {
		return errUnmatched
	}
	return nil
}

// inside reports whether a time is in the window.
func (m *matcher) inside(at int64) bool { return at >= m.from && at <= m.to }

// near is inside, and the time by which two captures may differ about one packet.
// Others do not count: what one side captured before the other did has no
// counterpart, and would be missed when equal bytes come again (ARP, DHCP).
func (m *matcher) near(at int64) bool {
	const apart = int64(time.Millisecond)
	return at >= m.from-apart && (at <= m.to || at-apart <= m.to)
}

// match pairs a packet with one of the other side.
func (m *matcher) match(key uint64, side int, at int64, conn *connectionCounts) {
	s := m.unmatched[key]
	step := 1
	if side == sideTheirs {
		step = -1
	}
	if s.ahead*step < 0 && (m.inside(at) || m.inside(s.last)) {
		m.both++
	}
	s.ahead += step
	s.last, s.of = max(s.last, at), conn
	if s.ahead == 0 {
		delete(m.unmatched, key)
		return
	}
	m.unmatched[key] = s
}

// sum is a hash of the interface and of the frame as it was on the wire.
func (f *feed) sum(p *capture.Packet, point string) uint64 {
	f.hash.Reset()
	_, _ = f.hash.WriteString(point) // never fails
	if p.VLAN != 0 && p.Link == capture.LinkEthernet && len(p.Data) >= 12 {
		_, _ = f.hash.Write(p.Data[:12])
		_, _ = f.hash.Write([]byte{0x81, 0, byte(p.VLAN >> 8), byte(p.VLAN)})
		_, _ = f.hash.Write(p.Data[12:])
	} else {
		_, _ = f.hash.Write(p.Data)
	}
	return f.hash.Sum64()
}

// connection finds the five-tuple of a packet; the zero value if it has none.
func (f *feed) connection(p *capture.Packet, point string) connection {
	fr := &f.frame
	if f.dec.Decode(p, fr) != wire.OK {
		return connection{}
	}
	c := connection{point, fr.Src, fr.Dst, fr.SrcPort, fr.DstPort, fr.Proto, fr.Version}
	if string(c.a[:]) > string(c.b[:]) || c.a == c.b && c.aPort > c.bPort {
		c.a, c.b, c.aPort, c.bPort = c.b, c.a, c.bPort, c.aPort
	}
	return c
}

// counts finds the counters of a connection; nil if there are none.
func (m *matcher) counts(c connection) *connectionCounts {
	if c.proto == 0 {
		return nil
	}
	n := m.connections[c]
	if n == nil {
		if len(m.connections) == maxConnections {
			m.crowded++
			return nil
		}
		n = &connectionCounts{}
		m.connections[c] = n
	}
	return n
}

// comparison is the outcome.
type comparison struct {
	seen        [numSides]sideCounts
	both        uint64
	missing     [numSides]uint64 // packets that only the other side showed
	connections [numSides]uint64
	connBoth    uint64
	connMissing [numSides]uint64
	differ      map[connection]*connectionCounts // with missing packets
	crowded     uint64
}

// compare ends the comparison. Packets within edge nanoseconds of the ends of
// the window may have come when the other side did not capture yet, or no more.
func (m *matcher) compare(edge int64) *comparison {
	m.mu.Lock()
	defer m.mu.Unlock()
	r := &comparison{seen: m.seen, both: m.both, differ: make(map[connection]*connectionCounts), crowded: m.crowded}
	for _, s := range m.unmatched {
		if s.last < m.from+edge || s.last > m.to-edge {
			continue
		}
		side, n := sideTheirs, s.ahead // ours showed more: theirs lacks some
		if n < 0 {
			side, n = sideOurs, -n
		}
		r.missing[side] += uint64(n)
		if s.of != nil {
			s.of.missing[side] += uint64(n)
		}
	}
	for c, n := range m.connections {
		r.connection(c, n)
	}
	return r
}

func (r *comparison) connection(c connection, n *connectionCounts) {
	for side := range numSides {
		if n.packets[side] > 0 {
			r.connections[side]++
		}
		// One that shows at the edge only is none that is missing.
		if n.packets[side] == 0 && n.missing[side] > 0 {
			r.connMissing[side]++
		}
	}
	if n.packets[sideOurs] > 0 && n.packets[sideTheirs] > 0 {
		r.connBoth++
	}
	if n.missing[sideOurs]+n.missing[sideTheirs] > 0 {
		r.differ[c] = n
	}
}
