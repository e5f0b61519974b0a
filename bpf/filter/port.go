package filter

import (
	"slices"
	"strconv"
)

// port is "port" and "portrange".
func (g *generator) port(c *idCond) *formula {
	protos := []uint32{ipSCTP, ipTCP, ipUDP} // in the order of evaluation
	switch c.q.proto {
	case "":
	case "tcp":
		protos = []uint32{ipTCP}
	case "udp":
		protos = []uint32{ipUDP}
	case "sctp":
		protos = []uint32{ipSCTP}
	default:
		return g.fail(c.at, "%s does not have ports", c.q.proto)
	}
	var low, high uint32
	switch c.id.kind {
	case tokNum:
		low, high = c.id.num, c.id.num
		if low > 65535 {
			return g.fail(c.id.span, "port %d is more than 65535", low)
		}
	case tokName:
		var ok bool
		if low, high, protos, ok = g.portNames(c, protos); !ok {
			return never()
		}
	default:
		return g.fail(c.at, "%s is no port", c.id.text)
	}
	if low > high {
		low, high = high, low
	}
	return or(g.ports6(c, protos, low, high), g.ports4(c, protos, low, high))
}

// ports4 looks behind the IPv4 header, unless the packet is a fragment other
// than the first.
func (g *generator) ports4(c *idCond, protos []uint32, low, high uint32) *formula {
	f := never()
	whole := not(g.set(g.at(g.network(), 6, 2), 0x1fff))
	for _, proto := range protos {
		is := and(g.eq(g.at(g.network(), 9, 1), proto), whole)
		f = or(f, and(is, g.portsAt(c, g.transport4(), low, high)))
	}
	return and(g.next(etherIP), f)
}

// ports6 looks behind the fixed IPv6 header only.
func (g *generator) ports6(c *idCond, protos []uint32, low, high uint32) *formula {
	f := never()
	for _, proto := range protos {
		is := g.eq(g.at(g.network(), 6, 1), proto)
		f = or(f, and(is, g.portsAt(c, g.transport6(), low, high)))
	}
	return and(g.next(etherIPv6), f)
}

func (g *generator) portsAt(c *idCond, a addr, low, high uint32) *formula {
	return g.sides(c, 0, 2, func(off uint32) *formula {
		v := g.at(a, off, 2)
		if low == high {
			return g.eq(v, low)
		}
		return and(g.ge(v, low), not(g.gt(v, high)))
	})
}

// portNames reads a name, a range of numbers, or a range of names. A service
// that exists for one transport only matches that one only, except that a range
// between services of different transports is one of all.
func (g *generator) portNames(c *idCond, protos []uint32) (low, high uint32, _ []uint32, ok bool) {
	if c.q.kind == "port" {
		low, protos, ok = g.portName(c, c.id.text, protos)
		return low, low, protos, ok
	}
	for i, r := range c.id.text { // names may contain hyphens
		if r != '-' || i == 0 {
			continue
		}
		from, to := c.id.text[:i], c.id.text[i+1:]
		if !g.knowsPort(from) || !g.knowsPort(to) {
			continue
		}
		low, first, ok1 := g.portName(c, from, protos)
		high, last, ok2 := g.portName(c, to, protos)
		if slices.Equal(first, last) {
			protos = first
		}
		return low, high, protos, ok1 && ok2
	}
	g.fail(c.id.span, "unknown port in range %q", c.id.text)
	return 0, 0, nil, false
}

func (g *generator) knowsPort(name string) bool {
	if _, err := strconv.ParseUint(name, 10, 32); err == nil {
		return true
	}
	_, ok := g.opt.Resolver.service(name)
	return ok
}

// portName reads one port, and leaves of protos those that it exists for.
func (g *generator) portName(c *idCond, name string, protos []uint32) (uint32, []uint32, bool) {
	if n, err := strconv.ParseUint(name, 10, 32); err == nil {
		if n > 65535 {
			g.fail(c.id.span, "port %d is more than 65535", n)
			return 0, nil, false
		}
		return uint32(n), protos, true
	}
	s, ok := g.opt.Resolver.service(name)
	if !ok {
		g.fail(c.id.span, "unknown port %q", name)
		return 0, nil, false
	}
	var left []uint32
	for _, p := range protos {
		if p == ipTCP && s.TCP || p == ipUDP && s.UDP || p == ipSCTP && (s.SCTP || s.TCP && s.UDP) {
			left = append(left, p)
		}
	}
	if len(left) == 0 {
		g.fail(c.id.span, "port %q does not exist for %s", name, c.q.proto)
		return 0, nil, false
	}
	return uint32(s.Port), left, true
}
