package filter

import "github.com/wirespan/wirespan/capture"

const portGeneve = 6081

// genevePrimitive is true for Geneve, RFC 8926; all that follows looks at what
// is inside: an Ethernet frame, or a packet of the protocol that the Geneve
// header names. Where that is depends on the outer IP version, the length of
// the IPv4 header and of the options.
func (g *generator) genevePrimitive(c *wordCond) *formula {
	if len(c.args) > 0 && c.args[0].num > 0xffffff {
		return g.fail(c.args[0].span, "Geneve VNI %d is more than 16777215", c.args[0].num)
	}
	q := &idCond{at: c.at, q: qualifier{proto: "udp", dir: "dst", kind: "port"}}
	check := func(ports *formula, udp addr) *formula {
		f := and(ports, g.masked(g.at(udp, 8, 1), 0xc0, 0)) // version 0
		if len(c.args) > 0 {
			f = and(f, g.masked(g.at(udp, 12, 4), 0xffffff00, c.args[0].num<<8))
		}
		return f
	}
	udp := []uint32{ipUDP}
	f := or(check(g.ports4(q, udp, portGeneve, portGeneve), g.transport4()),
		check(g.ports6(q, udp, portGeneve, portGeneve), g.transport6()))
	g.enterGeneve()
	return f
}

// enterGeneve moves the layers.
func (g *generator) enterGeneve() {
	n := g.network()
	first := g.at(n, 0, 1)
	six := g.alu(aluAnd, g.alu(aluRsh, first, 5), 1) // versions are 4 and 6
	size4 := g.p.alu(aluAnd, g.alu(aluLsh, g.alu(aluAnd, first, 0xf), 2), g.alu(aluSub, six, 1))
	base := g.p.alu(aluOr, size4, g.alu(aluMul, six, 40)) // length of the IP header
	if n.v != nil {
		base = g.p.alu(aluAdd, base, n.v)
	}
	at := addr{base, n.k + 8} // the Geneve header
	options := g.alu(aluLsh, g.alu(aluAnd, g.at(at, 0, 1), 0x3f), 2)
	inner := g.p.alu(aluAdd, base, options) // + n.k + 16
	bridged := g.isZero(g.alu(aluXor, g.at(at, 2, 2), etherTEB))

	g.link, g.geneve, g.typed, g.tags, g.net = capture.LinkEthernet, true, true, 0, 0
	g.header = addr{inner, n.k + 16}
	g.payload = addr{g.p.alu(aluAdd, inner, g.alu(aluMul, bridged, 14)), n.k + 16}
	// The protocol is at byte 2 of the Geneve header, or 12 of the frame.
	further := g.p.alu(aluAnd, g.alu(aluAdd, options, 18), g.alu(aluXor, g.alu(aluSub, bridged, 1), 1<<32-1))
	g.typ = addr{g.p.alu(aluAdd, base, further), n.k + 10}
}
