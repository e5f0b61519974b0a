package filter

import (
	"fmt"

	"github.com/wirespan/wirespan/capture"
)

// addr is an offset in the packet: v + k, where v may be nil.
type addr struct {
	v *value
	k uint32
}

func (a addr) plus(k uint32) addr { return addr{a.v, a.k + k} }

// layers says where the headers are at this point of the expression: "vlan",
// "mpls", "pppoes" and "geneve" move them for all that follows.
type layers struct {
	link    capture.LinkType // innermost link layer
	header  addr             // its header
	typ     addr             // the field that tells the next protocol
	typed   bool             // there is such a field
	payload addr             // what follows the link-layer header
	net     uint32           // network header, from payload; behind SNAP where 802.2 is the rule
	llcNet  uint32           // the same behind an 802.2 header without SNAP
	labels  int              // MPLS labels passed
	tags    int              // VLAN tags passed
	geneve  bool             // below a Geneve header
}

// network is the address of the network header.
func (l *layers) network() addr { return l.payload.plus(l.net) }

// linkNames are the link types that can be filtered, as tcpdump -y calls them.
var linkNames = map[capture.LinkType]string{
	capture.LinkNull: "NULL", capture.LinkEthernet: "EN10MB", capture.LinkPPP: "PPP", capture.LinkRaw: "RAW",
	capture.LinkPPPSerial: "PPP_SERIAL", capture.LinkPPPEther: "PPP_ETHER", capture.LinkCHDLC: "C_HDLC",
	capture.LinkIEEE80211: "IEEE802_11", capture.LinkLoop: "LOOP", capture.LinkSLL: "LINUX_SLL",
	capture.LinkRadiotap: "IEEE802_11_RADIO", capture.LinkIPv4: "IPV4", capture.LinkIPv6: "IPV6",
	capture.LinkSLL2: "LINUX_SLL2",
}

// LinkName gives the name that tcpdump -y has for a link type, or its number.
func LinkName(t capture.LinkType) string {
	if name, ok := linkNames[canonicalLink(t)]; ok {
		return name
	}
	return fmt.Sprintf("%d", t)
}

// Links lists the link types that expressions can be compiled for.
func Links() []capture.LinkType {
	return []capture.LinkType{
		capture.LinkNull, capture.LinkEthernet, capture.LinkPPP, capture.LinkPPPSerial, capture.LinkPPPEther,
		capture.LinkRaw, capture.LinkCHDLC, capture.LinkIEEE80211, capture.LinkLoop, capture.LinkSLL,
		capture.LinkRadiotap, capture.LinkIPv4, capture.LinkIPv6, capture.LinkSLL2,
	}
}

// canonicalLink makes one of link types that differ in number only.
func canonicalLink(t capture.LinkType) capture.LinkType {
	if t == capture.LinkRawBSD || t == capture.LinkRawOpen {
		return capture.LinkRaw
	}
	return t
}

// outermost gives the layers at the begin of the expression.
func (g *generator) outermost(t capture.LinkType) (layers, error) {
	l := layers{link: canonicalLink(t), typed: true}
	switch l.link {
	case capture.LinkEthernet:
		l.typ.k, l.payload.k, l.llcNet = 12, 14, 3
	case capture.LinkNull, capture.LinkLoop:
		l.payload.k = 4
	case capture.LinkPPP, capture.LinkPPPSerial, capture.LinkCHDLC:
		l.typ.k, l.payload.k = 2, 4
	case capture.LinkPPPEther:
		l.typ.k, l.payload.k = 6, 8
	case capture.LinkRaw, capture.LinkIPv4, capture.LinkIPv6:
		l.typed = false
	case capture.LinkSLL:
		l.typ.k, l.payload.k = 14, 16
	case capture.LinkSLL2:
		l.payload.k = 20
	case capture.LinkIEEE80211:
		l.net, l.llcNet = 8, 3
		l.payload = g.dot11Payload(addr{})
	case capture.LinkRadiotap:
		l.net, l.llcNet = 8, 3
		l.header = addr{v: g.radiotapLen()}
		l.payload = g.radiotapPayload(g.dot11Payload(l.header))
	default:
		return l, fmt.Errorf("link type %d cannot be filtered", t)
	}
	return l, nil
}

// dot11Payload is where the LLC header of an 802.11 data frame begins: behind
// 24 bytes, and two more if the subtype says that there is a QoS field (IEEE
// 802.11, 9.3.2.1). Of other frames nobody asks.
func (g *generator) dot11Payload(header addr) addr {
	const qosSubtype = 0x80
	size := g.alu(aluAnd, g.alu(aluRsh, g.at(header, 0, 1), 6), qosSubtype>>6)
	if header.v != nil {
		size = g.p.alu(aluAdd, header.v, size)
	}
	return addr{size, header.k + 24}
}

// radiotapPayload rounds the address up to four if the radiotap header says
// that the 802.11 header of data frames is padded (flags field, bit 0x20).
func (g *generator) radiotapPayload(a addr) addr {
	const (
		tsft, flags, more = 0x01000000, 0x02000000, 0x00000080 // present bits, as they come in network order
		padded            = 0x20
	)
	present := g.p.load(4, nil, 4)
	known := g.isZero(g.alu(aluXor, g.alu(aluAnd, present, flags|more), flags))
	field := g.p.load(1, g.alu(aluAnd, g.alu(aluRsh, present, 21), tsft>>21), 8)
	three := g.alu(aluMul, g.p.alu(aluAnd, g.alu(aluRsh, field, 5), known), padded>>5*3)
	sum := g.p.alu(aluAdd, g.alu(aluAdd, a.v, a.k), three)
	return addr{v: g.p.alu(aluAnd, sum, g.alu(aluXor, three, 1<<32-1))}
}

// radiotapLen is the length of the radiotap header, in little-endian order.
func (g *generator) radiotapLen() *value {
	return g.p.alu(aluOr, g.p.alu(aluLsh, g.p.load(1, nil, 3), g.p.num(8)), g.p.load(1, nil, 2))
}

// isZero is 1 if v, which is less than 1<<31, is 0, else 0.
func (g *generator) isZero(v *value) *value {
	return g.alu(aluRsh, g.alu(aluSub, v, 1), 31)
}
