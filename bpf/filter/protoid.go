package filter

import (
	"encoding/binary"
	"errors"
	"net/netip"
	"strings"
)

// protoID is "proto" and "protochain".
func (g *generator) protoID(c *idCond) *formula {
	n := c.id.num
	if c.id.kind != tokNum {
		if c.id.kind != tokName {
			return g.fail(c.at, "%s is no protocol", c.id.text)
		}
		var ok bool
		if n, ok = g.protoName(c.id.text, c.q.proto); !ok {
			return g.fail(c.id.span, "unknown protocol %q", c.id.text)
		}
	}
	if c.q.kind == "protochain" {
		return g.protochain(c, n)
	}
	return g.proto(n, c.q)
}

// protoName looks up a protocol among those of the protocol below.
func (g *generator) protoName(word, below string) (uint32, bool) {
	switch below {
	case "", "ip", "ip6":
		n, ok := g.opt.Resolver.protocol(word)
		return uint32(n), ok
	case "link":
		if word == "loopback" {
			return etherLoopback, true
		}
		n, ok := linkProtocols[word]
		return n, ok
	case "iso":
		n, ok := map[string]uint32{"clnp": nlpidCLNP, "esis": nlpidESIS, "isis": nlpidISIS}[word]
		return n, ok
	}
	return 0, false
}

// maxChain is how many headers protochain follows. A program of the kernel has
// no loops, so each costs instructions.
const maxChain = 6

// protochain is true if a protocol is met behind any of the IPv6 extension
// headers and authentication headers that follow IP.
func (g *generator) protochain(c *idCond, proto uint32) *formula {
	if c.q.dir != "" {
		return g.fail(c.at, "%q does not go with protochain", c.q.dir)
	}
	switch c.q.proto {
	case "ip":
		return and(g.next(etherIP), g.chain(g.at(g.network(), 9, 1), g.transport4(), proto, maxChain, ipAH))
	case "ip6":
		first := g.at(g.network(), 6, 1)
		return and(g.next(etherIPv6), g.chain(first, g.transport6(), proto, maxChain,
			ipHopByHop, ipDestOpts, ipRouting, ipFragment, ipAH))
	case "":
		four, six := *c, *c
		four.q.proto, six.q.proto = "ip", "ip6"
		return or(g.protochain(&four, proto), g.protochain(&six, proto))
	}
	return g.fail(c.at, "%s protochain: %s has no chain of headers", c.q.proto, c.q.proto)
}

// chain is true if next is the protocol, or a header at a that can be gone
// over and leads to it.
func (g *generator) chain(next *value, a addr, proto uint32, left int, headers ...uint32) *formula {
	f := g.eq(next, proto)
	if left == 0 {
		return f
	}
	over := never()
	for _, h := range headers {
		if h != proto {
			over = or(over, g.eq(next, h))
		}
	}
	if over.isNever() {
		return f
	}
	// All count in units of 8 bytes without the first one, the authentication
	// header in units of 4 without the first two.
	size := g.alu(aluAdd, g.at(a, 1, 1), 1)
	if len(headers) == 1 {
		size = g.alu(aluLsh, g.alu(aluAdd, size, 1), 2)
	} else {
		ah := g.isZero(g.alu(aluXor, next, ipAH))
		size = g.p.alu(aluLsh, g.p.alu(aluAdd, size, ah), g.alu(aluXor, ah, 3))
	}
	at := addr{size, a.k}
	if a.v != nil {
		at.v = g.p.alu(aluAdd, a.v, size)
	}
	return or(f, and(over, g.chain(g.at(a, 0, 1), at, proto, left-1, headers...)))
}

// namedHost is a host, link-layer host or DECnet node by name.
func (g *generator) namedHost(c *idCond) *formula {
	if c.q.proto == "link" {
		mac, err := g.opt.Resolver.ether(c.id.text)
		if err != nil {
			return g.fail(c.id.span, "unknown Ethernet host %q: %v", c.id.text, err)
		}
		return g.mac(mac, c.q.dir)
	}
	if c.q.proto == "decnet" {
		return g.decnetName(c)
	}
	addrs, err := g.opt.Resolver.host(c.id.text)
	if err != nil {
		return g.fail(c.id.span, "unknown host %q: %v", c.id.text, err)
	}
	f, found := never(), false
	for _, a := range addrs {
		a = a.Unmap()
		one := *c
		switch {
		case a.Is4() && c.q.proto != "ip6":
			if !g.typed && c.q.proto == "" {
				one.q.proto = "ip"
			}
			f, found = or(f, g.host4(&one, num4(a), 1<<32-1)), true
		case a.Is6() && c.q.proto != "ip" && c.q.proto != "arp" && c.q.proto != "rarp":
			f, found = or(f, g.host6(&one, a, 128)), true
		}
	}
	if !found {
		return g.fail(c.id.span, "host %q has no address of this family", c.id.text)
	}
	return f
}

// num4 is an IPv4 address as a number.
func num4(a netip.Addr) uint32 {
	b := a.As4()
	return binary.BigEndian.Uint32(b[:])
}

// decnetName reads area.node, as the lexer takes 1.2 for an IPv4 address.
func (g *generator) decnetName(c *idCond) *formula {
	area, node, _ := strings.Cut(c.id.text, ".")
	a, err1 := number(area)
	n, err2 := number(node)
	if err1 != "" || err2 != "" || a > 63 || n > 1023 {
		return g.fail(c.id.span, "%s is no DECnet address (area.node)", c.id.text)
	}
	return g.decnet(c, a<<10|n)
}

// namedNet is a network of /etc/networks.
func (g *generator) namedNet(c *idCond) *formula {
	p, err := g.opt.Resolver.network(c.id.text)
	if err != nil {
		return g.fail(c.id.span, "unknown network %q: %v", c.id.text, err)
	}
	if !p.Addr().Is4() {
		return g.host6(c, p.Addr(), p.Bits())
	}
	return g.host4(c, num4(p.Addr()), uint32(0xffffffff<<(32-p.Bits())))
}

// gateway is true for packets through a host: to or from its Ethernet address,
// but not its IP addresses.
func (g *generator) gateway(c *idCond) *formula {
	if c.id.kind != tokName {
		return g.fail(c.at, "gateway requires the name of a host")
	}
	switch c.q.proto {
	case "", "ip", "arp", "rarp":
	default:
		return g.fail(c.at, "%s does not go with gateway", c.q.proto)
	}
	mac, err1 := g.opt.Resolver.ether(c.id.text)
	addrs, err2 := g.opt.Resolver.host(c.id.text)
	if err := errors.Join(err1, err2); err != nil {
		return g.fail(c.id.span, "unknown gateway %q: %v", c.id.text, err)
	}
	f := g.mac(mac, "or")
	known := false
	for _, a := range addrs {
		if a = a.Unmap(); a.Is4() {
			known = true
			f = and(f, not(g.host4(c, num4(a), 1<<32-1)))
		}
	}
	if !known && g.err == nil {
		return g.fail(c.id.span, "gateway %q has no IPv4 address", c.id.text)
	}
	return f
}
