package wire

import (
	"github.com/wirespan/wirespan/capture"
	"github.com/wirespan/wirespan/capture/tunnel"
)

// Addr is an IPv6 address, or an IPv4 address mapped into IPv6 (::ffff:a.b.c.d).
type Addr [16]byte

// IP protocol numbers that end the decoding.
const (
	ProtoICMP   = 1
	ProtoTCP    = 6
	ProtoUDP    = 17
	ProtoICMPv6 = 58
)

// TCP flags, RFC 9293, section 3.1.
const (
	FIN = 1 << iota
	SYN
	RST
	PSH
	ACK
	URG
	ECE
	CWR
)

// Frame is one decoded packet, as a value that the caller owns. Payload is
// borrowed from the packet.
type Frame struct {
	Time    int64 // of the packet, nanoseconds since 1970; 0 if the capture has none
	Payload []byte

	// PayloadLen is the length that Payload had on the wire, from the IP and
	// transport headers. It is more than len(Payload) when snaplen cut the
	// packet. A length field that claims more than the wire had, by the capture
	// or an outer header, counts only as far as the wire goes; Truncated is set
	// then, too. Inside of a tunnel that mirrors use the IP header is believed:
	// mirrors cut copies, and nothing else tells. Link-layer padding is in neither.
	PayloadLen uint32

	Src, Dst         Addr
	SrcPort, DstPort uint16

	Proto   uint8 // ProtoTCP, ProtoUDP; ProtoICMP, ProtoICMPv6 of echo messages, whose ports are 0
	Version uint8 // 4 or 6
	TTL     uint8 // of the inner IP header

	// ID is the identification of the inner IPv4 header, 0 of IPv6; Sum the
	// checksum of TCP or UDP as it was on the wire, 0 of others. Neither
	// changes from hop to hop, so they tell a copy from a repetition.
	ID, Sum uint16

	// TCP only.
	Flags     uint8
	Seq, Ack  uint32
	Window    uint16 // unscaled
	WScale    uint8  // shift count of the window scale option, plus one; 0 if the option is absent
	MSS       uint16 // 0 if the option is absent
	TSVal     uint32 // timestamp option; valid iff HasTS
	TSEcr     uint32
	HasTS     bool
	Truncated bool  // Payload is shorter than on the wire, or than a length field claims
	Fragments uint8 // IP fragments that the datagram came in, 0 if whole

	Tap  uint16
	VLAN uint16 // innermost VLAN id outside of tunnels, 0 if none
	Dir  capture.Direction

	// Tunnel is the outermost tunnel that delivered the packet; Kind is
	// NoTunnel if there was none. TunnelKey identifies the whole stack of
	// tunnels (kinds and ids, not addresses) and is part of the flow key; 0
	// without tunnel. InnerKey is the same without the outermost, which a mirror
	// has put around what it shows.
	Tunnel    Tunnel
	TunnelKey uint32
	InnerKey  uint32
}

// TunnelKind names an encapsulation.
type TunnelKind = tunnel.Kind

// Tunnel kinds. MPLS, VLAN and PPPoE are link layers, not tunnels, except for
// the MPLS pseudo-wire.
const (
	NoTunnel   = tunnel.None
	IPIP       = tunnel.IPIP
	IPv4in6    = tunnel.IPv4in6
	IPv6in4    = tunnel.IPv6in4
	IPv6in6    = tunnel.IPv6in6
	GRE        = tunnel.GRE
	L2GRE      = tunnel.L2GRE
	NVGRE      = tunnel.NVGRE
	ERSPAN1    = tunnel.ERSPAN1
	ERSPAN2    = tunnel.ERSPAN2
	ERSPAN3    = tunnel.ERSPAN3
	VXLAN      = tunnel.VXLAN
	VXLANGPE   = tunnel.VXLANGPE
	NSH        = tunnel.NSH
	Geneve     = tunnel.Geneve
	GTPU       = tunnel.GTPU
	Teredo     = tunnel.Teredo
	AYIYA      = tunnel.AYIYA
	MPLSoUDP   = tunnel.MPLSoUDP
	PseudoWire = tunnel.PseudoWire
	L2TP       = tunnel.L2TP
	EtherIP    = tunnel.EtherIP
	CAPWAP     = tunnel.CAPWAP
	TZSP       = tunnel.TZSP
	NumTunnels = tunnel.NumKinds
)

// Tunnel says how an outer packet delivered the inner one.
type Tunnel struct {
	Kind     TunnelKind
	HasID    bool   // ID was on the wire
	VLAN     uint16 // of the inner packet: as ERSPAN says, else its innermost tag; 0 if none
	ID       uint32 // VNI, VSID, GRE key, ERSPAN session, TEID, MPLS label
	Src, Dst Addr   // outer IP addresses; zero for a pseudo-wire
}

// Reason says why a packet gave no Frame.
type Reason uint8

// Reasons. OK is the only one that fills a Frame completely.
const (
	OK           Reason = iota
	Fragment            // part of a datagram that is not complete yet
	NotIP               // ARP, LLDP, STP and other link-layer traffic
	NotTransport        // IP, but neither TCP nor UDP nor an ICMP echo (OSPF, SCTP, ...)
	UnknownLink         // link type that is not decoded
	UnknownNet          // protocol over the link layer that is not known
	Encrypted           // ESP and the like
	TooShort            // a header is longer than the captured bytes
	BadHeader           // a header contradicts itself
	BadLength           // a length field contradicts the packet
	TooDeep             // more nested headers than the bound
	FragmentLost        // fragment refused or expired: overlap, bound, time
	Control             // tunnel control message (GTP-C, keep-alives, OAM)
	NumReasons
)

var reasonNames = [NumReasons]string{
	"ok", "fragment", "not ip", "not tcp or udp", "link type unknown", "network protocol unknown",
	"encrypted", "too short", "bad header", "bad length", "nested too deep", "fragment lost", "tunnel control",
}

// String names the reason for the summary.
func (r Reason) String() string { return reasonNames[r] }

// Lost reports whether the reason means that something was lost, as against
// traffic that is none of our business.
func (r Reason) Lost() bool { return r >= TooShort && r != Control || r == UnknownLink }
