package wire

import "github.com/wirespan/wirespan/capture/tunnel"

// IP protocols that carry packets, IANA protocol numbers.
const (
	protoIPIP    = 4
	protoIPv6    = 41
	protoGRE     = 47
	protoEtherIP = 97
	protoL2TP    = 115
	protoMPLS    = 137 // RFC 4023
)

// nested goes on with an IP protocol that is neither TCP nor UDP.
func (d *Decoder) nested(f *Frame, proto uint8, b []byte, cut int) Reason {
	switch proto {
	case protoIPIP:
		h := tunnel.Header{Kind: IPIP, Next: tunnel.IPv4, Size: -1}
		if f.Version == 6 {
			h.Kind = IPv4in6
		}
		return d.inner(f, h, b, cut)
	case protoIPv6:
		h := tunnel.Header{Kind: IPv6in4, Next: tunnel.IPv6, Size: -1}
		if f.Version == 6 {
			h.Kind = IPv6in6
		}
		return d.inner(f, h, b, cut)
	case protoGRE:
		h, v := tunnel.ParseGRE(b)
		return d.follow(f, h, v, b, cut)
	case protoEtherIP:
		h, v := tunnel.ParseEtherIP(b)
		return d.follow(f, h, v, b, cut)
	case protoL2TP:
		return d.l2tpv3(f, b, cut)
	case protoMPLS:
		return d.mpls(f, b, cut)
	case nextAH:
		if len(b) < extMin {
			return shortOr(b, cut, extMin)
		}
		size := (int(b[extSize]) + 2) * 4
		if len(b) < size {
			return shortOr(b, cut, size)
		}
		if !d.enter() {
			return TooDeep
		}
		return d.upper(f, b[extNext], b[size:], cut)
	case nextESP:
		return Encrypted
	}
	return NotTransport
}

// follow goes on behind a header that a tunnel's parser has read.
func (d *Decoder) follow(f *Frame, h tunnel.Header, v tunnel.Verdict, b []byte, cut int) Reason {
	switch v {
	case tunnel.Inner:
		return d.inner(f, h, b, cut)
	case tunnel.Control:
		return Control
	case tunnel.Encrypted:
		return Encrypted
	case tunnel.Rest:
		return FragmentLost
	case tunnel.Short:
		if cut > 0 {
			return TooShort
		}
		return BadLength
	}
	return BadHeader
}

// inner notes the tunnel and decodes what it carries.
func (d *Decoder) inner(f *Frame, h tunnel.Header, b []byte, cut int) Reason {
	if !d.enter() {
		return TooDeep
	}
	if f.Tunnel.Kind == NoTunnel {
		d.mark = h.Mark
	}
	f.push(h)
	d.copied = mayBeCut(h.Kind)
	b = b[h.Len:]
	if h.Size >= 0 {
		b, cut = f.trim(b, cut, h.Size)
	}
	d.note(h.Next, b, cut)
	switch h.Next {
	case tunnel.Ethernet:
		return d.ethernet(f, b, cut)
	case tunnel.IP:
		return d.ip(f, b, cut)
	case tunnel.Dot11:
		return d.dot11(f, b, cut, false)
	}
	return d.ether(f, uint16(h.Next), b, cut)
}

// mayBeCut tells whether a tunnel carries copies that a mirror may have cut to
// what its path or its configuration allows. What was cut then shows in the
// inner IP header alone.
func mayBeCut(k tunnel.Kind) bool {
	switch k {
	case GRE, L2GRE, NVGRE, ERSPAN1, ERSPAN2, ERSPAN3, VXLAN, VXLANGPE, Geneve, TZSP:
		return true
	}
	return false
}

// enter counts one level of nesting, if there is one left.
func (d *Decoder) enter() bool {
	d.depth++
	return d.depth <= MaxTunnels
}

// push adds a tunnel to the stack: the outermost is reported, all enter the key.
func (f *Frame) push(h tunnel.Header) {
	id := uint64(0)
	if h.Keyed {
		id = 1<<32 | uint64(h.ID)
	}
	if f.Tunnel.Kind == NoTunnel {
		f.Tunnel.Kind, f.Tunnel.HasID, f.Tunnel.ID = h.Kind, h.HasID, h.ID
		f.Tunnel.VLAN = h.Mark.VLAN
		if f.Version != 0 {
			f.Tunnel.Src, f.Tunnel.Dst = f.Src, f.Dst
		}
	} else {
		f.InnerKey = stackKey(f.InnerKey, h.Kind, id)
	}
	f.TunnelKey = stackKey(f.TunnelKey, h.Kind, id)
}

// try decodes the payload of a UDP datagram as the tunnel that its ports
// suggest. It answers false, and leaves f as it was, unless header and inner
// packet bear each other out. Once a fragment went into the reassembly there is
// no way back: f.Payload might be overwritten by it.
func (d *Decoder) try(f *Frame, b []byte, cut int) (Reason, bool) {
	saved, depth, fed, msdus, in := *f, d.depth, d.fed, d.msdus, d.in
	h, v := byPort(f.DstPort, b, cut)
	if v == tunnel.Bad && f.SrcPort != portTZSP { // which any client may have
		h, v = byPort(f.SrcPort, b, cut)
	}
	r := BadHeader
	switch {
	case v == tunnel.Inner && h.Kind == MPLSoUDP:
		r = d.mplsOverUDP(f, b, cut)
	case v != tunnel.Short || cut > 0:
		r = d.follow(f, h, v, b, cut)
	}
	if d.fed != fed || credible(r, cut) {
		return r, true
	}
	*f, d.depth, d.msdus, d.in = saved, depth, msdus, in
	return r, false
}

// credible says whether an inner packet could be real.
func credible(r Reason, cut int) bool {
	switch r {
	case UnknownNet, UnknownLink, BadHeader, BadLength:
		return false
	case TooShort:
		return cut > 0
	}
	return true
}

func byPort(port uint16, b []byte, cut int) (tunnel.Header, tunnel.Verdict) {
	switch port {
	case portVXLAN, portVXLANOld:
		return tunnel.ParseVXLAN(b)
	case portVXLANGPE:
		return tunnel.ParseVXLANGPE(b)
	case portGeneve:
		return tunnel.ParseGeneve(b)
	case portTZSP:
		return tunnel.ParseTZSP(b)
	case portGREUDP:
		return tunnel.ParseGRE(b)
	case portGTPU:
		h, v := tunnel.ParseGTPU(b)
		if v == tunnel.Inner && h.Len+h.Size > len(b)+cut {
			v = tunnel.Bad
		}
		return h, v
	case portTeredo:
		return tunnel.ParseTeredo(b, len(b)+cut)
	case portAYIYA:
		return tunnel.ParseAYIYA(b)
	case portL2TP:
		return tunnel.ParseL2TP(b)
	case portCAPWAP:
		return tunnel.ParseCAPWAP(b)
	case portMPLS:
		return tunnel.Header{Kind: MPLSoUDP, Size: -1}, tunnel.Inner
	}
	return tunnel.Header{}, tunnel.Bad
}

// l2tpv3 tries the lengths that cookie and sublayer can have together: the
// first under which an Ethernet frame with a valid IP packet appears is right.
func (d *Decoder) l2tpv3(f *Frame, b []byte, cut int) Reason {
	saved, depth, in := *f, d.depth, d.in
	for cookie := 0; cookie <= 12; cookie += 4 {
		h, v := tunnel.ParseL2TPv3(b, cookie)
		if v != tunnel.Inner {
			return d.follow(f, h, v, b, cut)
		}
		switch r := d.inner(f, h, b, cut); r {
		case OK, Fragment, FragmentLost, TooDeep:
			return r
		}
		*f, d.depth, d.in = saved, depth, in
	}
	return NotTransport
}

// nsh reads a network service header in an Ethernet frame or another tunnel.
func (d *Decoder) nsh(f *Frame, b []byte, cut int) Reason {
	h, v := tunnel.ParseNSH(b)
	return d.follow(f, h, v, b, cut)
}
