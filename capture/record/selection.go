package record

import (
	"fmt"
	"math"
	"net/netip"
	"slices"

	"github.com/wirespan/wirespan/capture/wire"
)

// Exchange is a request with its response whose packets are wanted.
type Exchange struct {
	Point          string // capture point, by name
	Client, Server netip.AddrPort
	Stream         bool  // TCP
	Start, End     int64 // first and last packet, nanoseconds since 1970
	Seq            uint32
	HasSeq         bool // Seq is the sequence number of the request's first byte
	Opened         bool // the first one of a connection whose handshake was seen
}

// Selection says which packets are wanted: those of exchanges, with what is
// needed to see them again, as the handshake, segments out of order and the
// fragments of a datagram. It remembers where a pass over packets is, so only
// one may be under way.
type Selection struct {
	flows  map[flowKey]*flow
	hashes map[uint32]struct{} // of flows, and of the hosts of fragments
	n      int
	until  int64 // the last packet may be so late
	from   int64 // and the first one so early, unless a handshake is wanted
}

// flowKey names a connection at a capture point, lower endpoint first.
type flowKey struct {
	a, b   netip.AddrPort
	point  string
	stream bool
}

// MaxExchanges bounds a Selection.
const MaxExchanges = 1 << 20

// NewSelection is one that wants nothing yet.
func NewSelection() *Selection {
	return &Selection{flows: make(map[flowKey]*flow), hashes: make(map[uint32]struct{}), from: math.MaxInt64}
}

// Add wants the packets of one more exchange. It fails beyond MaxExchanges.
func (s *Selection) Add(x Exchange) error {
	if s.n++; s.n > MaxExchanges {
		return fmt.Errorf("select packets: more than %d exchanges", MaxExchanges)
	}
	key := flowKey{point: x.Point, stream: x.Stream}.ordered(x.Client, x.Server)
	f := s.flows[key]
	if f == nil {
		f = &flow{}
		s.flows[key] = f
		s.hashes[key.hash()] = struct{}{}
		s.hashes[key.hosts()] = struct{}{}
	}
	request := seqPlace{seq: x.Seq, lower: x.Client == key.a, known: x.HasSeq}
	f.spans = append(f.spans, interval{x.Start, x.End, request})
	s.until = max(s.until, x.End+flowSlack)
	s.from = min(s.from, x.Start-flowSlack)
	if x.Opened && x.HasSeq {
		f.opened = append(f.opened, opening{x.Start, request})
		s.from = math.MinInt64
	}
	return nil
}

// Forget takes exchanges out that ended before a time: their packets are gone.
func (s *Selection) Forget(before int64) {
	s.n, s.from = 0, math.MaxInt64
	clear(s.hashes)
	for key, f := range s.flows {
		f.spans = slices.DeleteFunc(f.spans, func(v interval) bool { return v.to < before })
		f.opened = slices.DeleteFunc(f.opened, func(o opening) bool { return o.at < before })
		if len(f.spans) == 0 {
			delete(s.flows, key)
			continue
		}
		s.n += len(f.spans)
		for _, v := range f.spans {
			s.from = min(s.from, v.from-flowSlack)
		}
		if len(f.opened) > 0 {
			s.from = math.MinInt64
		}
		s.hashes[key.hash()], s.hashes[key.hosts()] = struct{}{}, struct{}{}
	}
}

// Len is the number of exchanges.
func (s *Selection) Len() int { return s.n }

// begin starts a pass over packets.
func (s *Selection) begin() {
	for _, f := range s.flows {
		f.settle()
	}
}

// wants reports whether a packet belongs to a chosen exchange.
func (s *Selection) wants(f *wire.Frame, point string) bool {
	k := flowKey{point: point, stream: f.Proto == wire.ProtoTCP}
	src := netip.AddrPortFrom(netip.AddrFrom16(f.Src), f.SrcPort)
	k = k.ordered(src, netip.AddrPortFrom(netip.AddrFrom16(f.Dst), f.DstPort))
	flow := s.flows[k]
	return flow != nil && flow.wants(f, src == k.a)
}

// ordered fills in the endpoints; IPv4 addresses are mapped into IPv6, as
// frames have them.
func (k flowKey) ordered(a, b netip.AddrPort) flowKey {
	a, b = mapped(a), mapped(b)
	if a.Compare(b) > 0 {
		a, b = b, a
	}
	k.a, k.b = a, b
	return k
}

func mapped(a netip.AddrPort) netip.AddrPort {
	return netip.AddrPortFrom(netip.AddrFrom16(a.Addr().As16()), a.Port())
}

// hash is that of the frames of the flow, at any point and in any tunnel.
func (k flowKey) hash() uint32 {
	f := wire.Frame{Src: k.a.Addr().As16(), Dst: k.b.Addr().As16(), SrcPort: k.a.Port(), DstPort: k.b.Port(), Proto: wire.ProtoUDP}
	if k.stream {
		f.Proto = wire.ProtoTCP
	}
	return hashFlow(&f)
}

// hosts is the hash of the fragments between the hosts of the flow.
func (k flowKey) hosts() uint32 {
	return hashHosts(&wire.Frame{Src: k.a.Addr().As16(), Dst: k.b.Addr().As16()})
}

// hashFlow is equal for both directions of a flow.
func hashFlow(f *wire.Frame) uint32 {
	g := wire.Frame{Src: f.Src, Dst: f.Dst, SrcPort: f.SrcPort, DstPort: f.DstPort, Proto: f.Proto}
	return g.Hash()
}

// hashHosts is equal for both directions between two hosts.
func hashHosts(f *wire.Frame) uint32 {
	g := wire.Frame{Src: f.Src, Dst: f.Dst}
	return g.Hash()
}
