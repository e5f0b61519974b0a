package filter

import "github.com/wirespan/wirespan/capture"

// EtherTypes, https://www.iana.org/assignments/ieee-802-numbers.
const (
	etherMOPDL    = 0x6001
	etherMOPRC    = 0x6002
	etherDECnet   = 0x6003
	etherLAT      = 0x6004
	etherSCA      = 0x6007
	etherTEB      = 0x6558 // transparent Ethernet bridging
	etherIP       = 0x0800
	etherARP      = 0x0806
	etherRARP     = 0x8035
	etherATalk    = 0x809b
	etherAARP     = 0x80f3
	etherVLAN     = 0x8100
	etherIPX      = 0x8137
	etherIPv6     = 0x86dd
	etherMPLS     = 0x8847
	etherPPPoED   = 0x8863
	etherPPPoES   = 0x8864
	etherQinQ     = 0x88a8
	etherLoopback = 0x9000
	etherOldQinQ  = 0x9100

	maxLength = 1500 // a type field up to here is the length of an 802.3 frame
)

// 802.2 service access points; they stand beside EtherTypes.
const (
	sapIP      = 0x06
	sapSTP     = 0x42
	sapSNAP    = 0xaa
	sapIPX     = 0xe0
	sapNetBEUI = 0xf0
	sapISO     = 0xfe
)

// Protocols of Linux cooked headers that are no EtherTypes.
const (
	sllNovell = 0x0001
	sllLLC    = 0x0004
)

// Address families in loopback headers.
const (
	familyIPv4    = 2
	familyLinux6  = 10
	familyNetBSD6 = 24
	familyFree6   = 28
	familyDarwin6 = 30
)

// PPP protocols.
var pppTypes = map[uint32]uint32{
	etherIP: 0x0021, etherIPv6: 0x0057, etherDECnet: 0x0027, etherATalk: 0x0029,
	0x0600: 0x0025, sapISO: 0x0023, sapSTP: 0x0031, sapIPX: 0x002b,
}

const pppMPLS = 0x0281

// next is true if the link layer carries a protocol: an EtherType, or an
// 802.2 service access point if it is at most 1500.
func (g *generator) next(proto uint32) *formula {
	if g.labels > 0 {
		return g.nextMPLS(proto)
	}
	field := g.at(g.typ, 0, 2)
	switch g.link {
	case capture.LinkEthernet:
		return g.nextEthernet(proto)
	case capture.LinkIEEE80211, capture.LinkRadiotap:
		return and(g.dot11Data(), g.nextLLC(proto))
	case capture.LinkCHDLC:
		if proto == sapISO {
			proto = sapISO<<8 | sapISO
		}
	case capture.LinkSLL:
		return g.nextCooked(proto)
	case capture.LinkRaw, capture.LinkIPv4, capture.LinkIPv6:
		return g.nextRaw(proto)
	case capture.LinkNull, capture.LinkLoop:
		return g.nextLoopback(proto)
	case capture.LinkPPP, capture.LinkPPPSerial, capture.LinkPPPEther:
		if t, ok := pppTypes[proto]; ok {
			proto = t
		}
	}
	return g.eq(field, proto)
}

func (g *generator) nextEthernet(proto uint32) *formula {
	field := g.at(g.typ, 0, 2)
	length := not(g.gt(field, maxLength))
	saps := g.at(g.payload, 0, 2)
	switch proto {
	case sapISO, sapIP, sapNetBEUI:
		return and(length, g.eq(saps, proto<<8|proto))
	case sapIPX:
		framed := or(g.eq(g.at(g.payload, 0, 1), sapIPX), g.eq(saps, 0xffff), g.snap(0, etherIPX))
		return or(g.eq(field, etherIPX), and(length, framed))
	case etherATalk:
		return or(g.eq(field, proto), and(length, g.snap(0x080007, proto)))
	case etherAARP:
		return or(g.eq(field, proto), and(length, g.snap(0, proto)))
	}
	if proto <= maxLength {
		return and(length, g.eq(g.at(g.typ, 2, 1), proto))
	}
	return g.eq(field, proto)
}

// snap is true if an 802.2 SNAP header announces a protocol.
func (g *generator) snap(org, proto uint32) *formula {
	return g.bytes(g.payload, []byte{
		sapSNAP, sapSNAP, 0x03, byte(org >> 16), byte(org >> 8), byte(org), byte(proto >> 8), byte(proto),
	})
}

// nextLLC is for link layers where everything has an 802.2 header.
func (g *generator) nextLLC(proto uint32) *formula {
	switch proto {
	case sapIP, sapISO, sapNetBEUI:
		return g.eq(g.at(g.payload, 0, 2), proto<<8|proto)
	case etherATalk:
		return g.snap(0x080007, proto)
	}
	if proto <= maxLength {
		return g.eq(g.at(g.payload, 0, 1), proto)
	}
	return g.eq(g.at(g.payload, 6, 2), proto)
}

// nextCooked is for version 1 of the Linux cooked header.
func (g *generator) nextCooked(proto uint32) *formula {
	field := g.at(g.typ, 0, 2)
	llc := g.eq(field, sllLLC)
	switch proto {
	case sapISO, sapIP, sapNetBEUI:
		return and(llc, g.eq(g.at(g.payload, 0, 2), proto<<8|proto))
	case sapIPX:
		framed := and(llc, or(g.eq(g.at(g.payload, 0, 1), sapIPX), g.snap(0, etherIPX)))
		return or(g.eq(field, etherIPX), g.eq(field, sllNovell), framed)
	case etherATalk:
		return or(g.eq(field, proto), and(llc, g.snap(0x080007, proto)))
	case etherAARP:
		return or(g.eq(field, proto), and(llc, g.snap(0, proto)))
	}
	if proto <= maxLength {
		return and(llc, g.eq(g.at(g.payload, 0, 1), proto))
	}
	return g.eq(field, proto)
}

// nextRaw is for packets without a link-layer header.
func (g *generator) nextRaw(proto uint32) *formula {
	version := g.at(g.header, 0, 1)
	switch {
	case g.link == capture.LinkIPv4 && proto == etherIP, g.link == capture.LinkIPv6 && proto == etherIPv6:
		return always()
	case g.link != capture.LinkRaw:
	case proto == etherIP:
		return g.masked(version, 0xf0, 0x40)
	case proto == etherIPv6:
		return g.masked(version, 0xf0, 0x60)
	}
	return never()
}

// nextLoopback compares address families. That of IPv6 differs between
// systems, and those of NULL are in the byte order of whoever wrote the file.
func (g *generator) nextLoopback(proto uint32) *formula {
	families := []uint32{familyIPv4}
	switch {
	case proto == etherIPv6 && g.opt.Foreign:
		families = []uint32{familyNetBSD6, familyFree6, familyDarwin6, familyLinux6}
	case proto == etherIPv6:
		families = []uint32{familyLinux6}
	case proto != etherIP:
		return never()
	}
	f := never()
	field := g.at(g.header, 0, 4)
	for _, family := range families {
		if g.link == capture.LinkNull {
			f = or(f, g.eq(field, family<<24))
		}
	}
	for _, family := range families {
		if g.link == capture.LinkLoop || g.opt.Foreign {
			f = or(f, g.eq(field, family))
		}
	}
	return f
}

// nextMPLS looks behind the last label: at the version nibble, as nothing
// tells the protocol.
func (g *generator) nextMPLS(proto uint32) *formula {
	last := g.masked(g.at(g.network(), ^uint32(1), 1), 0x01, 0x01)
	version := g.at(g.network(), 0, 1)
	switch proto {
	case etherIP:
		return and(last, g.masked(version, 0xf0, 0x40))
	case etherIPv6:
		return and(last, g.masked(version, 0xf0, 0x60))
	}
	return g.fail(g.here, "behind mpls there is only IPv4 and IPv6")
}
