package filter

// arithOps are the operators of numbers.
var arithOps = map[string]uint8{
	"+": aluAdd, "-": aluSub, "*": aluMul, "/": aluDiv, "%": aluMod, "&": aluAnd, "|": aluOr, "^": aluXor,
	"<<": aluLsh, ">>": aluRsh,
}

// relation is a comparison of numbers. It is true only for packets that have
// the protocols that accessors on either side name; but not, as in libpcap, of
// those on the right of an operator.
func (g *generator) relation(c *relCond) *formula {
	g.here = c.at
	guard := always()
	l := g.number(c.l, &guard)
	r := g.number(c.r, &guard)
	if g.err != nil {
		return never()
	}
	var f *formula
	switch c.op {
	case "=":
		f = g.p.compare(jmpJEQ, l, r)
	case "!=":
		f = not(g.p.compare(jmpJEQ, l, r))
	case ">":
		f = g.p.compare(jmpJGT, l, r)
	case ">=":
		f = g.p.compare(jmpJGE, l, r)
	case "<":
		f = not(g.p.compare(jmpJGE, l, r))
	case "<=":
		f = not(g.p.compare(jmpJGT, l, r))
	}
	return and(guard, f)
}

// number makes the value of a number; guard collects what packets must be.
func (g *generator) number(a arith, guard **formula) *value {
	switch a := a.(type) {
	case *numArith:
		return g.p.num(a.num)
	case *lenArith:
		return g.p.length()
	case *negArith:
		// The machine of x/net/bpf has no negation.
		return g.alu(aluMul, g.number(a.x, guard), 1<<32-1)
	case *binArith:
		return g.binary(a, guard)
	case *accessArith:
		return g.access(a, guard)
	}
	return g.p.num(0)
}

func (g *generator) binary(a *binArith, guard **formula) *value {
	dropped := always()
	l, r := g.number(a.l, guard), g.number(a.r, &dropped)
	op := arithOps[a.op]
	if _, ok := a.r.(*numArith); ok {
		switch {
		case (op == aluDiv || op == aluMod) && r.k == 0:
			g.fail(a.opAt.to(a.r.where()), "division by zero")
			return r
		case (op == aluLsh || op == aluRsh) && r.k > 31:
			g.fail(a.opAt.to(a.r.where()), "shift by more than 31 bits")
			return r
		}
	}
	return g.p.alu(op, l, r)
}

// access is proto[index:size].
func (g *generator) access(a *accessArith, guard **formula) *value {
	index := g.number(a.index, guard)
	if a.size != 1 && a.size != 2 && a.size != 4 {
		g.fail(a.sizeAt, "the size of data is 1, 2 or 4, not %d", a.size)
		return index
	}
	g.here = a.at
	var base addr
	var is *formula
	switch a.proto {
	case "link":
		base, is = g.header, always()
	case "radio":
		if g.start.header.v == nil {
			g.fail(a.at, "there is no radio header on %s", linkNames[g.start.link])
			return index
		}
		is = always()
	case "ip", "arp", "rarp", "atalk", "decnet", "sca", "lat", "moprc", "mopdl", "ip6":
		base, is = g.network(), g.protocol(a.proto, a.at)
	case "tcp", "udp", "sctp", "icmp", "igmp", "igrp", "pim", "vrrp", "carp":
		whole := not(g.set(g.at(g.network(), 6, 2), 0x1fff))
		over := ipProtocols[a.proto].num
		base, is = g.transport4(), and(g.ipProto(over, "ip"), whole)
	case "icmp6":
		base = g.transport6()
		is = and(g.next(etherIPv6), g.eq(g.at(g.network(), 6, 1), ipICMPv6))
	default:
		g.fail(a.at, "%s has no bytes to look at", a.proto)
		return index
	}
	*guard = and(*guard, is)
	return g.p.load(uint8(a.size), g.baseOf(base, index), base.k)
}

// baseOf adds an index to the variable part of an address.
func (g *generator) baseOf(a addr, index *value) *value {
	if a.v == nil {
		return index
	}
	return g.p.alu(aluAdd, a.v, index)
}
