package filter

import (
	"encoding/binary"
	"net/netip"
)

// id makes the formula of an address, port, network or protocol.
func (g *generator) id(c *idCond) *formula {
	g.here = c.at
	switch c.q.kind {
	case "port", "portrange":
		return g.port(c)
	case "proto", "protochain":
		return g.protoID(c)
	case "gateway":
		return g.gateway(c)
	}
	switch c.id.kind {
	case tokAddr4, tokNum:
		return g.net4(c)
	case tokAddr6:
		return g.net6(c)
	case tokMAC:
		if c.q.proto != "link" || c.q.kind == "net" {
			return g.fail(c.at, "an Ethernet address goes with ether host, src and dst only")
		}
		return g.mac(parseMAC(c.id.text), c.q.dir)
	case tokARC:
		return g.fail(c.at, "ARCNET addresses are known on ARCNET only")
	}
	if c.q.kind == "net" {
		return g.namedNet(c)
	}
	return g.namedHost(c)
}

// net4 is an IPv4 address or network. "10" and "10.1" are networks: of as many
// bits as there are bytes.
func (g *generator) net4(c *idCond) *formula {
	var n, mask uint32
	if c.id.kind == tokNum {
		if c.q.proto == "link" || c.q.proto == "decnet" && c.q.kind == "net" {
			return g.fail(c.at, "%s is no link-layer address", c.id.text)
		}
		n, mask = c.id.num, 1<<32-1
		for c.q.kind == "net" && n != 0 && n&0xff000000 == 0 {
			n, mask = n<<8, mask<<8
		}
		return g.host4(c, n, mask)
	}
	if c.q.proto == "decnet" && c.bits < 0 && c.mask.kind == tokEnd {
		return g.decnetName(c)
	}
	n, size, ok := dotted(c.id.text)
	if !ok {
		return g.fail(c.id.span, "%s is no IPv4 address", c.id.text)
	}
	switch {
	case c.mask.kind == tokAddr4:
		m, bits, ok := dotted(c.mask.text)
		if !ok {
			return g.fail(c.mask.span, "%s is no network mask", c.mask.text)
		}
		_ = bits
		mask = m
	case c.bits > 32:
		return g.fail(c.at, "prefix length is more than 32")
	case c.bits >= 0:
		mask = uint32(0xffffffff << (32 - c.bits))
	default:
		return g.host4(c, n, uint32(0xffffffff<<(32-size)))
	}
	if c.q.kind != "net" {
		return g.fail(c.at, "a mask goes with net only")
	}
	if n&^mask != 0 {
		return g.fail(c.at, "%s has bits set outside of the network", c.id.text)
	}
	return g.host4(c, n, mask)
}

// host4 compares IPv4 addresses, of ARP and RARP too unless told otherwise.
func (g *generator) host4(c *idCond, n, mask uint32) *formula {
	over := func(proto uint32, src, dst uint32) *formula {
		return g.sides(c, src, dst, func(off uint32) *formula {
			return and(g.next(proto), g.masked(g.at(g.network(), off, 4), mask, n))
		})
	}
	switch c.q.proto {
	case "":
		f := over(etherIP, 12, 16)
		if g.labels == 0 {
			f = or(f, over(etherARP, 14, 24), over(etherRARP, 14, 24))
		}
		return f
	case "ip":
		return over(etherIP, 12, 16)
	case "arp":
		return over(etherARP, 14, 24)
	case "rarp":
		return over(etherRARP, 14, 24)
	case "decnet":
		return g.decnet(c, n)
	case "link":
		return g.fail(c.at, "an IP address does not go with the link layer")
	}
	return g.fail(c.at, "%s does not have IPv4 addresses", c.q.proto)
}

// sides joins what holds for source and destination as the direction says.
func (g *generator) sides(c *idCond, src, dst uint32, at func(off uint32) *formula) *formula {
	switch c.q.dir {
	case "src":
		return at(src)
	case "dst":
		return at(dst)
	case "and":
		return and(at(src), at(dst))
	case "", "or":
		return or(at(src), at(dst))
	}
	return g.fail(c.at, "%q goes with 802.11 addresses only", c.q.dir)
}

// net6 is an IPv6 address or network.
func (g *generator) net6(c *idCond) *formula {
	a, err := netip.ParseAddr(c.id.text)
	switch {
	case err != nil:
		return g.fail(c.id.span, "%s is no IPv6 address", c.id.text)
	case c.bits > 128:
		return g.fail(c.at, "prefix length is more than 128")
	case c.bits >= 0 && c.bits < 128 && c.q.kind != "net":
		return g.fail(c.at, "a mask goes with net only")
	}
	bits := 128
	if c.bits >= 0 {
		bits = c.bits
	}
	if netip.PrefixFrom(a, bits).Masked().Addr() != a {
		return g.fail(c.at, "%s has bits set outside of the network", c.id.text)
	}
	return g.host6(c, a, bits)
}

// host6 compares the first bits of IPv6 addresses.
func (g *generator) host6(c *idCond, a netip.Addr, bits int) *formula {
	if c.q.proto != "" && c.q.proto != "ip6" {
		return g.fail(c.at, "%s does not have IPv6 addresses", c.q.proto)
	}
	b := a.As16()
	return g.sides(c, 8, 24, func(off uint32) *formula {
		f := g.next(etherIPv6)
		for i := range uint32(4) {
			mask := uint32(uint64(0xffffffff) << max(0, min(32, 32*(int(i)+1)-bits)))
			f = and(f, g.masked(g.at(g.network(), off+4*i, 4), mask, binary.BigEndian.Uint32(b[4*i:])))
		}
		return f
	})
}

// decnet compares DECnet addresses (area.node), which stand in long and short
// headers, with or without padding.
func (g *generator) decnet(c *idCond, n uint32) *formula {
	if n > 0xffff {
		return g.fail(c.at, "%s is no DECnet address", c.id.text)
	}
	addr := n>>8 | n&0xff<<8
	header := func(size uint8, mask, flags, off uint32) *formula {
		return and(g.masked(g.at(g.network(), 2, size), mask, flags), g.eq(g.at(g.network(), off, 2), addr))
	}
	at := func(long, short uint32) *formula {
		return and(g.next(etherDECnet), or(
			header(1, 0x7, 0x02, 2+short), header(2, 0xff07, 0x8102, 3+short),
			header(1, 0x7, 0x06, 2+long), header(2, 0xff07, 0x8106, 3+long)))
	}
	switch c.q.dir {
	case "src":
		return at(15, 3)
	case "dst":
		return at(7, 1)
	case "and":
		return and(at(15, 3), at(7, 1))
	case "", "or":
		return or(at(15, 3), at(7, 1))
	}
	return g.fail(c.at, "%q goes with 802.11 addresses only", c.q.dir)
}

// dotted reads up to four bytes with dots between; size is in bits.
func dotted(s string) (n uint32, size int, ok bool) {
	for s != "" {
		part := s
		for i := range s {
			if s[i] == '.' {
				part = s[:i]
				break
			}
		}
		s = s[min(len(s), len(part)+1):]
		v, err := number(part)
		if err != "" || v > 255 {
			return 0, 0, false
		}
		n, size = n<<8|v, size+8
	}
	return n << (32 - size), size, size > 0 && size <= 32
}
