package wire

import (
	"github.com/wirespan/wirespan/capture"
	"github.com/wirespan/wirespan/capture/tunnel"
)

// innermost is where the last tunnel of a packet led.
type innermost struct {
	data  []byte
	cut   int // bytes of it that were on the wire but not captured
	link  capture.LinkType
	known bool // a tunnel was entered, and data is what it carries
	await bool // a tunnel was entered that carries no frame; the next IP header is it
}

// Innermost gives the frame inside of all tunnels of the packet that was last
// decoded, its link type, and its length on the wire: an Ethernet or 802.11
// frame, or an IP packet. Without a tunnel it is the packet itself; of a
// datagram that came in fragments, the last one. The bytes are those of the
// packet, or for a tunnel's packet that came in fragments a buffer of the
// Decoder that the next Decode overwrites.
func (d *Decoder) Innermost(p *capture.Packet) (data []byte, link capture.LinkType, size int) {
	if !d.in.known {
		return p.Data, p.Link, int(p.WireLen)
	}
	return d.in.data, d.in.link, len(d.in.data) + d.in.cut
}

// note remembers what a tunnel carries.
func (d *Decoder) note(next tunnel.Next, b []byte, cut int) {
	switch next {
	case tunnel.Ethernet:
		d.in = innermost{data: b, cut: cut, link: capture.LinkEthernet, known: true}
	case tunnel.Dot11:
		d.in = innermost{data: b, cut: cut, link: capture.LinkIEEE80211, known: true}
	default:
		d.in.await = true
	}
}

// noteIP remembers an IP packet whose tunnel had other headers before it.
func (d *Decoder) noteIP(b []byte, cut int) {
	d.in = innermost{data: b, cut: cut, link: capture.LinkRaw, known: true}
}
