package filter

import "github.com/wirespan/wirespan/capture"

// IP protocol numbers, IANA.
const (
	ipHopByHop  = 0
	ipICMP      = 1
	ipIGMP      = 2
	ipTCP       = 6
	ipIGRP      = 9
	ipUDP       = 17
	ipRouting   = 43
	ipFragment  = 44
	ipESP       = 50
	ipAH        = 51
	ipICMPv6    = 58
	ipNoNext    = 59
	ipDestOpts  = 60
	ipPIM       = 103
	ipVRRP      = 112 // and CARP
	ipSCTP      = 132
	maxIPHeader = 255
)

// Network layer protocol identifiers and IS-IS packet types, ISO/IEC TR 9577
// and ISO/IEC 10589.
const (
	nlpidCLNP = 0x81
	nlpidESIS = 0x82
	nlpidISIS = 0x83

	isisL1Hello, isisL2Hello, isisPTPHello = 15, 16, 17
	isisL1LSP, isisL2LSP                   = 18, 20
	isisL1CSNP, isisL2CSNP                 = 24, 25
	isisL1PSNP, isisL2PSNP                 = 26, 27
)

// linkProtocols are protocols that the link layer names.
var linkProtocols = map[string]uint32{
	"ip": etherIP, "ip6": etherIPv6, "arp": etherARP, "rarp": etherRARP, "atalk": etherATalk, "aarp": etherAARP,
	"decnet": etherDECnet, "sca": etherSCA, "lat": etherLAT, "mopdl": etherMOPDL, "moprc": etherMOPRC,
	"iso": sapISO, "stp": sapSTP, "ipx": sapIPX, "netbeui": sapNetBEUI,
}

// ipProtocols are protocols that IP names, with the versions of IP under which
// the word is looked for.
var ipProtocols = map[string]struct {
	num  uint32
	over string // "", ip, ip6
}{
	"sctp": {ipSCTP, ""}, "tcp": {ipTCP, ""}, "udp": {ipUDP, ""}, "pim": {ipPIM, ""}, "ah": {ipAH, ""}, "esp": {ipESP, ""},
	"icmp": {ipICMP, "ip"}, "igmp": {ipIGMP, "ip"}, "igrp": {ipIGRP, "ip"}, "vrrp": {ipVRRP, "ip"}, "carp": {ipVRRP, "ip"},
	"icmp6": {ipICMPv6, "ip6"},
}

// isisTypes are the packets that a word of IS-IS stands for.
var isisTypes = map[string][]uint32{
	"l1":   {isisL1PSNP, isisL1CSNP, isisL1LSP, isisL1Hello, isisPTPHello},
	"l2":   {isisL2PSNP, isisL2CSNP, isisL2LSP, isisL2Hello, isisPTPHello},
	"iih":  {isisPTPHello, isisL1Hello, isisL2Hello},
	"lsp":  {isisL1LSP, isisL2LSP},
	"snp":  {isisL2PSNP, isisL1PSNP, isisL1CSNP, isisL2CSNP},
	"csnp": {isisL1CSNP, isisL2CSNP},
	"psnp": {isisL1PSNP, isisL2PSNP},
}

// protocol is true for packets of a protocol.
func (g *generator) protocol(name string, at span) *formula {
	g.here = at
	if proto, ok := linkProtocols[name]; ok {
		return g.next(proto)
	}
	if p, ok := ipProtocols[name]; ok {
		return g.ipProto(p.num, p.over)
	}
	if types, ok := isisTypes[name]; ok {
		f := never()
		for _, t := range types {
			f = or(f, g.isisType(t))
		}
		return f
	}
	switch name {
	case "clnp":
		return g.isoProto(nlpidCLNP)
	case "esis":
		return g.isoProto(nlpidESIS)
	case "isis":
		return g.isoProto(nlpidISIS)
	case "link":
		return g.fail(at, "a link layer's name alone is no condition")
	}
	return g.fail(at, "%q is no condition", name)
}

// ipProto is true if IPv4 (over is ip), IPv6 (ip6) or either carries a
// protocol; IPv6 also directly behind a fragment header.
func (g *generator) ipProto(proto uint32, over string) *formula {
	switch over {
	case "ip":
		return and(g.next(etherIP), g.eq(g.at(g.network(), 9, 1), proto))
	case "ip6":
		next := g.at(g.network(), 6, 1)
		fragment := and(g.eq(next, ipFragment), g.eq(g.at(g.network(), 40, 1), proto))
		return and(g.next(etherIPv6), or(g.eq(next, proto), fragment))
	}
	return or(g.ipProto(proto, "ip"), g.ipProto(proto, "ip6"))
}

// isoProto is true if an OSI network layer protocol follows.
func (g *generator) isoProto(nlpid uint32) *formula {
	if g.link == capture.LinkCHDLC {
		return and(g.next(sapISO), g.eq(g.at(g.payload, g.llcNet+1, 1), nlpid))
	}
	return and(g.next(sapISO), g.eq(g.at(g.payload, g.llcNet, 1), nlpid))
}

func (g *generator) isisType(t uint32) *formula {
	return and(g.isoProto(nlpidISIS), g.eq(g.at(g.payload, g.llcNet+4, 1), t))
}

// proto is "proto N" below a protocol.
func (g *generator) proto(n uint32, q qualifier) *formula {
	if q.dir != "" {
		return g.fail(g.here, "%q does not go with proto", q.dir)
	}
	switch q.proto {
	case "link":
		return g.next(n)
	case "", "ip", "ip6":
		return g.ipProto(n, q.proto)
	case "iso":
		return g.isoProto(n)
	case "isis":
		return g.isisType(n)
	}
	return g.fail(g.here, "%s proto: %s does not tell a further protocol", q.proto, q.proto)
}
