package wire

import (
	"encoding/binary"

	"github.com/wirespan/wirespan/capture"
	"github.com/wirespan/wirespan/capture/defrag"
	"github.com/wirespan/wirespan/capture/tunnel"
)

// Bounds of nesting. What exceeds one of them is TooDeep.
const (
	MaxTunnels    = 8  // tunnels around a packet
	MaxTags       = 8  // VLAN, VN-Tag, PBB and LLC headers in front of one network header
	MaxExtensions = 16 // IPv6 extension headers of one packet
)

// Decoder decodes packets. It holds the fragments that wait for their like, so
// each reading goroutine has its own, and one capture point always goes to the
// same one. The zero value decodes everything but fragments, which it refuses.
//
// A Frame's Payload may lie in a buffer of the Decoder (Frame.Fragments > 0):
// it is valid until the next Decode.
type Decoder struct {
	frags  defrag.Assembler
	counts [NumReasons]uint64
	msdus  uint64
	depth  int // tunnels entered in this packet
	fed    int // fragments that this packet gave to frags
	in     innermost
	mark   tunnel.Mark // of the outermost tunnel, if it is one that has it
	copied bool        // inside of a tunnel that a mirror may have cut the packet for
}

// NewDecoder returns a Decoder that keeps waiting fragments within the limits.
func NewDecoder(l defrag.Limits) *Decoder {
	return &Decoder{frags: *defrag.New(l)}
}

// Counters tells how many packets ended with each Reason. Fragments that
// waited in vain have moved from Fragment to FragmentLost, so that the sum is
// always the number of packets.
func (d *Decoder) Counters() [NumReasons]uint64 { return d.counts }

// Mark gives what the outermost tunnel of the packet that was last decoded into
// f says about the place where a mirror copied it; zero where it says nothing.
func (d *Decoder) Mark(f *Frame) tunnel.Mark {
	switch f.Tunnel.Kind {
	case ERSPAN2, ERSPAN3, Geneve:
		return d.mark
	}
	return tunnel.Mark{}
}

// SkippedMSDUs tells how many frames were not looked at because they followed
// another in one 802.11 aggregate: a packet gives at most one Frame.
func (d *Decoder) SkippedMSDUs() uint64 { return d.msdus }

// Flush gives up the fragments that still wait, and counts them: the input has
// ended.
func (d *Decoder) Flush() {
	d.frags.Flush()
	d.settle()
}

// Decode fills f from p, in place, and says whether it could. When the answer
// is OK, every field of f is set; when it is Fragment, Src and Dst are those of
// the fragment; else f holds nothing of use. The innermost TCP or UDP header
// counts, below all tunnels.
//
// f.Payload borrows p.Data, or for a datagram that came in fragments a buffer
// of the Decoder that the next Decode overwrites.
func (d *Decoder) Decode(p *capture.Packet, f *Frame) Reason {
	d.depth, d.fed, d.copied = 0, 0, false
	d.in.known, d.in.await = false, false
	f.Time, f.Tap, f.Dir, f.VLAN = p.Time, p.Tap, p.Dir, p.VLAN&vlanID
	f.Version, f.Fragments, f.Truncated = 0, 0, false
	f.Tunnel, f.TunnelKey, f.InnerKey = Tunnel{}, 0, 0
	cut := max(0, int(p.WireLen)-len(p.Data))
	var r Reason
	if p.Link == capture.LinkEthernet {
		r = d.ethernet(f, p.Data, cut)
	} else {
		r = d.link(p.Link, f, p.Data, cut)
	}
	d.counts[r]++
	if d.fed > 0 {
		d.settle()
	}
	return r
}

// settle moves fragments that were given up to their counter.
func (d *Decoder) settle() {
	n := d.frags.TakeLost()
	n = min(n, d.counts[Fragment])
	d.counts[Fragment] -= n
	d.counts[FragmentLost] += n
}

// trim cuts b, of which cut more bytes were on the wire, to the n bytes that a
// length field announces; what follows is padding. A length beyond what the
// wire had is damage: the wire's counts, and the frame is marked.
func (f *Frame) trim(b []byte, cut, n int) ([]byte, int) {
	switch {
	case n <= len(b):
		return b[:n], 0
	case n <= len(b)+cut:
		return b, n - len(b)
	}
	f.Truncated = true
	return b, cut
}

func be16(b []byte) uint16 { return binary.BigEndian.Uint16(b) }
func be32(b []byte) uint32 { return binary.BigEndian.Uint32(b) }
