package main

import (
	"encoding/binary"
	"net"
	"time"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"
)

// mode is how a director forwards, ipvsadm(8).
type mode string

const (
	nat    mode = "nat"    // -m, --masquerading
	direct mode = "direct" // -g, --gatewaying, direct routing
	tunnel mode = "tunnel" // -i, --ipip
)

// The network. The client is four hops away. The point in front is the port of
// the switch to the router that everything of the client comes through, the one
// behind is the servers' switch.
//
//	client 203.0.113.10 -> router -> [front] -> director, 192.0.2.100:80 -> [back] -> servers
//	                          ^---------------- answers of direct and tunnel ----------'
var (
	client   = net.IP{203, 0, 113, 10}
	virtual  = net.IP{192, 0, 2, 100}
	director = net.IP{198, 51, 100, 1}
	servers  = []net.IP{{198, 51, 100, 20}, {198, 51, 100, 21}}

	routerMAC     = net.HardwareAddr{2, 0, 0, 0, 1, 1}
	directorFront = net.HardwareAddr{2, 0, 0, 0, 2, 1}
	directorBack  = net.HardwareAddr{2, 0, 0, 0, 2, 2}
	serverMACs    = []net.HardwareAddr{{2, 0, 0, 0, 3, 20}, {2, 0, 0, 0, 3, 21}}
)

const (
	fromClient = 60 // the TTL of requests in front: 64, less four hops
	fromServer = 64 // that of answers behind
)

// mss is what the server says it takes: with IPIP, 20 bytes are the tunnel's.
func (m mode) mss() int {
	if m == tunnel {
		return 1440
	}
	return 1460
}

// seen gives a segment as both points show it. The director takes one off the
// TTL in every mode, of requests (decrement_ttl in __ip_vs_get_out_rt).
//
// With nat it writes the server's address and port over those of the service,
// and back in answers, which pass it, too, since it is the servers' router.
// With direct only MAC addresses change, and answers pass it by. With tunnel
// the request is put into another IP packet, which takes over TTL and DF
// (ip_vs_tunnel_xmit), and answers pass it by as well.
func (m mode) seen(c *connection, s segment) (front, back frame) {
	front.at, back.at = s.sent+clientToFront, s.sent+clientToFront+frontToBack
	if !s.up {
		front.at, back.at = s.sent+backToServer+frontToBack, s.sent+backToServer
		if m != nat {
			front.at -= 12 * time.Microsecond // no director on the way
		}
	}
	server, port := servers[c.server], uint16(8000)
	if m != nat {
		server, port = virtual, 80 // on a loopback of the server
	}
	switch {
	case s.up:
		front.layers = m.packet(routerMAC, directorFront, client, virtual, c.port, 80, fromClient, s)
		back.layers = m.packet(directorBack, serverMACs[c.server], client, server, c.port, port, fromClient-1, s)
		if m == tunnel {
			back.layers = encapsulate(back.layers, servers[c.server], s.id)
		}
	case m == nat:
		front.layers = m.packet(directorFront, routerMAC, virtual, client, 80, c.port, fromServer-1, s)
		back.layers = m.packet(serverMACs[c.server], directorBack, server, client, port, c.port, fromServer, s)
	default:
		front.layers = m.packet(serverMACs[c.server], routerMAC, virtual, client, 80, c.port, fromServer, s)
		back.layers = front.layers
	}
	return front, back
}

// encapsulate puts the IPv4 packet of a frame into another one to a server.
func encapsulate(l []gopacket.SerializableLayer, server net.IP, id uint16) []gopacket.SerializableLayer {
	outer := &layers.IPv4{Version: 4, TTL: l[1].(*layers.IPv4).TTL, Flags: layers.IPv4DontFragment, Id: id ^ 0x5a5a, Protocol: layers.IPProtocolIPv4, SrcIP: director, DstIP: server}
	return append([]gopacket.SerializableLayer{l[0], outer}, l[1:]...)
}

// packet is a segment between these addresses.
func (m mode) packet(fromMAC, toMAC net.HardwareAddr, from, to net.IP, sport, dport uint16, ttl uint8, s segment) []gopacket.SerializableLayer {
	ip := &layers.IPv4{Version: 4, TTL: ttl, Id: s.id, Flags: layers.IPv4DontFragment, Protocol: layers.IPProtocolTCP, SrcIP: from, DstIP: to}
	tcp := &layers.TCP{
		SrcPort: layers.TCPPort(sport), DstPort: layers.TCPPort(dport), Seq: s.seq, Ack: s.ack, Window: 502,
		SYN: s.syn, FIN: s.fin, ACK: s.ack != 0, PSH: s.payload != "", Options: m.options(s),
	}
	_ = tcp.SetNetworkLayerForChecksum(ip)
	return []gopacket.SerializableLayer{
		&layers.Ethernet{SrcMAC: fromMAC, DstMAC: toMAC, EthernetType: layers.EthernetTypeIPv4}, ip, tcp, gopacket.Payload(s.payload),
	}
}

// options are those that Linux sends, in its order.
func (m mode) options(s segment) []layers.TCPOption {
	stamps := binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(nil, s.stamp), s.echo)
	nop := layers.TCPOption{OptionType: layers.TCPOptionKindNop}
	times := layers.TCPOption{OptionType: layers.TCPOptionKindTimestamps, OptionLength: 10, OptionData: stamps}
	if !s.syn {
		return []layers.TCPOption{nop, nop, times}
	}
	mss := 1460
	if !s.up {
		mss = m.mss()
	}
	return []layers.TCPOption{
		{OptionType: layers.TCPOptionKindMSS, OptionLength: 4, OptionData: binary.BigEndian.AppendUint16(nil, uint16(mss))},
		{OptionType: layers.TCPOptionKindSACKPermitted, OptionLength: 2}, times, nop,
		{OptionType: layers.TCPOptionKindWindowScale, OptionLength: 3, OptionData: []byte{7}},
	}
}
