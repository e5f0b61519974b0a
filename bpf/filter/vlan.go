package filter

import "github.com/wirespan/wirespan/capture"

// vlan is true for tagged frames; all that follows looks behind the tag.
func (g *generator) vlan(c *wordCond) *formula {
	if g.labels > 0 {
		return g.fail(c.at, "vlan does not follow mpls")
	}
	if !g.is(capture.LinkEthernet, capture.LinkIEEE80211, capture.LinkRadiotap) {
		return g.fail(c.at, "vlan is not known on %s", linkNames[g.link])
	}
	if len(c.args) > 0 && c.args[0].num > 0x0fff {
		return g.fail(c.args[0].span, "VLAN id %d is more than 4095", c.args[0].num)
	}
	tagged := or(g.next(etherVLAN), g.next(etherQinQ), g.next(etherOldQinQ))
	id := g.alu(aluAnd, g.at(g.network(), 0, 2), 0x0fff)
	g.tags++
	if g.opt.Live && g.tags == 1 && g.opt.Link == capture.LinkEthernet && g.header == (addr{}) {
		return g.strippedVLAN(c, tagged, id)
	}
	g.typ, g.payload = g.typ.plus(4), g.payload.plus(4)
	if len(c.args) > 0 {
		return and(tagged, g.eq(id, c.args[0].num))
	}
	return tagged
}

// strippedVLAN is vlan for live frames: Linux takes the outer tag out of the
// frame and keeps it beside, if it came that way or the hardware did so.
func (g *generator) strippedVLAN(c *wordCond, tagged *formula, id *value) *formula {
	present := g.p.ext(1, extVLANPresent)
	size := g.alu(aluXor, g.alu(aluLsh, present, 2), 4) // of the tag in the frame
	g.typ.v, g.payload.v = size, size
	stripped := g.eq(present, 1)
	if len(c.args) == 0 {
		return or(stripped, tagged)
	}
	k := c.args[0].num
	beside := g.alu(aluAnd, g.p.ext(2, extVLANTag), 0x0fff)
	return or(and(stripped, g.eq(beside, k)), and(not(stripped), tagged, g.eq(id, k)))
}

// mpls is true for labelled packets; all that follows looks behind the label.
func (g *generator) mpls(c *wordCond) *formula {
	var f *formula
	switch {
	case g.labels > 0:
		f = g.masked(g.at(g.network(), ^uint32(1), 1), 0x01, 0)
	case g.is(capture.LinkEthernet, capture.LinkCHDLC):
		f = g.next(etherMPLS)
	case g.is(capture.LinkPPP):
		f = g.next(pppMPLS)
	default:
		return g.fail(c.at, "mpls is not known on %s", linkNames[g.link])
	}
	if len(c.args) > 0 {
		label := c.args[0].num
		if label > 0xfffff {
			return g.fail(c.args[0].span, "MPLS label %d is more than 1048575", label)
		}
		f = and(f, g.masked(g.at(g.network(), 0, 4), 0xfffff000, label<<12))
	}
	g.net, g.llcNet = g.net+4, g.llcNet+4
	g.labels++
	return f
}

// pppoes is true for PPPoE session packets, RFC 2516; all that follows looks
// at the PPP packet.
func (g *generator) pppoes(c *wordCond) *formula {
	f := g.next(etherPPPoES)
	if len(c.args) > 0 {
		session := c.args[0].num
		if session > 0xffff {
			return g.fail(c.args[0].span, "PPPoE session %d is more than 65535", session)
		}
		f = and(f, g.masked(g.at(g.network(), 0, 4), 0xffff, session))
	}
	g.header = g.network().plus(6)
	g.link, g.geneve, g.typed = capture.LinkPPP, false, true
	g.typ, g.payload = g.header, g.header.plus(2)
	g.net, g.llcNet = 0, 0
	return f
}
