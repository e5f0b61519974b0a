package filter

import "github.com/wirespan/wirespan/capture"

// word makes the formula of a primitive with a name of its own.
func (g *generator) word(c *wordCond) *formula {
	g.here = c.at
	switch c.word {
	case "broadcast":
		return g.broadcast(c)
	case "multicast":
		return g.multicast(c)
	case "less":
		return not(g.gt(g.p.length(), c.args[0].num))
	case "greater":
		return g.ge(g.p.length(), c.args[0].num)
	case "byte":
		return g.byteOp(c)
	case "inbound":
		return not(g.outgoing())
	case "outbound":
		return g.outgoing()
	case "ifindex":
		return g.ifindex(c.args[0].num)
	case "vlan":
		return g.vlan(c)
	case "mpls":
		return g.mpls(c)
	case "pppoed":
		return g.next(etherPPPoED)
	case "pppoes":
		return g.pppoes(c)
	case "geneve":
		return g.genevePrimitive(c)
	case "llc":
		return g.llc(c)
	}
	return g.wlan(c)
}

// byteOp is "byte N op V": a byte of the link-layer header.
func (g *generator) byteOp(c *wordCond) *formula {
	v, k := g.at(g.header, c.args[0].num, 1), c.args[2].num
	switch c.args[1].text {
	case "=":
		return g.eq(v, k)
	case "<":
		return not(g.ge(v, k))
	case ">":
		return g.gt(v, k)
	case "&":
		return g.set(v, k)
	}
	return not(g.eq(g.alu(aluOr, v, k), 0))
}

// outgoing is true for packets that this host sends: a field of cooked
// headers, else what the kernel says.
func (g *generator) outgoing() *formula {
	switch g.link {
	case capture.LinkSLL:
		return g.eq(g.at(g.header, 0, 2), packetOutgoing)
	case capture.LinkSLL2:
		return g.eq(g.at(g.header, 10, 1), packetOutgoing)
	}
	return g.eq(g.p.ext(2, extPacketType), packetOutgoing)
}

func (g *generator) ifindex(n uint32) *formula {
	if g.link == capture.LinkSLL2 {
		return g.eq(g.at(g.header, 4, 4), n)
	}
	return g.eq(g.p.ext(4, extIfindex), n)
}

// Control field of 802.2: information frames have bit 0 clear, supervisory
// ones 01, unnumbered ones 11.
var (
	llcSupervisory = []name{{0x01, "rr"}, {0x05, "rnr"}, {0x09, "rej"}}
	llcUnnumbered  = []name{
		{0x03, "ui"}, {0x63, "ua"}, {0x43, "disc"}, {0x0f, "dm"}, {0x6f, "sabme"}, {0xe3, "test"}, {0xaf, "xid"}, {0x87, "frmr"},
	}
)

// llc is true for frames with an 802.2 header, of one kind if it is named.
func (g *generator) llc(c *wordCond) *formula {
	f := g.dot11Data()
	switch g.link {
	case capture.LinkEthernet:
		f = and(not(g.gt(g.at(g.typ, 0, 2), maxLength)), not(g.eq(g.at(g.payload, 0, 2), 0xffff)))
	case capture.LinkIEEE80211, capture.LinkRadiotap:
	default:
		return g.fail(c.at, "llc is not known on %s", linkNames[g.link])
	}
	if len(c.args) == 0 {
		return f
	}
	control := g.at(g.payload, 2, 1)
	word := c.args[0].text
	if v, ok := lookup([]name{{0x00, "i"}, {0x01, "s"}, {0x03, "u"}}, word); ok {
		if v == 0 {
			return and(f, not(g.set(control, 0x01)))
		}
		return and(f, g.masked(control, 0x03, v))
	}
	if v, ok := lookup(llcSupervisory, word); ok {
		return and(f, g.masked(control, 0x0f, v))
	}
	if v, ok := lookup(llcUnnumbered, word); ok {
		return and(f, g.masked(control, 0xef, v))
	}
	return g.fail(c.args[0].span, "unknown LLC type %q", word)
}
