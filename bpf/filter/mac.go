package filter

import (
	"strconv"
	"strings"

	"github.com/wirespan/wirespan/capture"
)

// parseMAC reads an Ethernet address in any of the forms of macWord.
func parseMAC(s string) [6]byte {
	var mac [6]byte
	parts := strings.FieldsFunc(s, func(r rune) bool { return r == ':' || r == '-' || r == '.' })
	if len(parts) != len(mac) { // groups of two bytes, or no separators
		s = strings.Join(parts, "")
		parts = parts[:0]
		for i := 0; i+2 <= len(s); i += 2 {
			parts = append(parts, s[i:i+2])
		}
	}
	for i := range min(len(parts), len(mac)) {
		v, _ := strconv.ParseUint(parts[i], 16, 8)
		mac[i] = byte(v)
	}
	return mac
}

// mac compares link-layer addresses.
func (g *generator) mac(addr [6]byte, dir string) *formula {
	switch g.link {
	case capture.LinkEthernet:
		return and(g.bridged(), g.etherMAC(addr, dir))
	case capture.LinkIEEE80211, capture.LinkRadiotap:
		return g.wlanMAC(addr, dir)
	}
	return g.fail(g.here, "%s has no Ethernet addresses", linkNames[g.link])
}

// bridged is true unless the Geneve header is followed by no Ethernet header:
// then link-layer payload and link-layer header are one place.
func (g *generator) bridged() *formula {
	if !g.geneve {
		return always()
	}
	return not(g.p.compare(jmpJEQ, g.sum(g.header), g.sum(g.payload)))
}

// sum is the value of an address.
func (g *generator) sum(a addr) *value {
	if a.v == nil {
		return g.p.num(a.k)
	}
	return g.alu(aluAdd, a.v, a.k)
}

func (g *generator) etherMAC(addr [6]byte, dir string) *formula {
	src, dst := g.header.plus(6), g.header
	switch dir {
	case "src":
		return g.bytes(src, addr[:])
	case "dst":
		return g.bytes(dst, addr[:])
	case "and":
		return and(g.bytes(src, addr[:]), g.bytes(dst, addr[:]))
	case "", "or":
		return or(g.bytes(src, addr[:]), g.bytes(dst, addr[:]))
	}
	return g.fail(g.here, "%q goes with 802.11 addresses only", dir)
}

// broadcast is true for frames or IPv4 packets to everyone.
func (g *generator) broadcast(c *wordCond) *formula {
	switch c.proto {
	case "", "link":
		if !g.is(capture.LinkEthernet, capture.LinkIEEE80211, capture.LinkRadiotap) {
			return g.fail(c.at, "%s has no broadcast address", linkNames[g.link])
		}
		return g.mac([6]byte{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}, "dst")
	case "ip":
		host := ^g.opt.Netmask
		dst := g.at(g.network(), 16, 4)
		return and(g.next(etherIP), or(g.masked(dst, host, 0), g.masked(dst, host, host)))
	}
	return g.fail(c.at, "%s has no broadcast address", c.proto)
}

// multicast is true for frames or packets to a group.
func (g *generator) multicast(c *wordCond) *formula {
	switch c.proto {
	case "", "link":
		switch g.link {
		case capture.LinkEthernet:
			return and(g.bridged(), g.set(g.at(g.header, 0, 1), 1))
		case capture.LinkIEEE80211, capture.LinkRadiotap:
			return g.wlanMulticast()
		}
		return g.fail(c.at, "%s has no multicast addresses", linkNames[g.link])
	case "ip":
		return and(g.next(etherIP), g.ge(g.at(g.network(), 16, 1), 224))
	case "ip6":
		return and(g.next(etherIPv6), g.eq(g.at(g.network(), 24, 1), 255))
	}
	return g.fail(c.at, "%s has no multicast addresses", c.proto)
}
