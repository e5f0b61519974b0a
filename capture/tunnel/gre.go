package tunnel

// GRE header, RFC 2784 and RFC 2890; routing from RFC 1701, version 1 from
// RFC 2637 (PPTP).
const (
	greFlags = 0
	greProto = 2
	greMin   = 4

	greChecksum = 0x8000
	greRouting  = 0x4000
	greKey      = 0x2000
	greSequence = 0x1000
	greAck      = 0x0080 // version 1
	greVersion  = 0x0007

	// Source route entry, RFC 1701: family, offset, length, then the route.
	sreFamily = 0
	sreLength = 3
	sreMin    = 4
	sreMax    = 16 // entries read before the header counts as bad

	pptpSize = 4 // payload length, then call id
	pptpCall = 6

	// Protocol types that are no EtherTypes.
	greFirstType = 0x0600 // below: keep-alives (0), OSI routing (0xfe)
	greNHRP      = 0x2001
	greERSPAN2   = 0x88be // types I and II
	greERSPAN3   = 0x22eb
	greWCCP      = 0x883e

	// Virtual subnets below this one are reserved (RFC 7637, 3.3): a smaller
	// value is a plain GRE key, not an NVGRE one.
	nvgreFirst = 0x001000
	nvgreLast  = 0xfffffe
)

// ParseGRE reads a GRE header of version 0 or 1 and, for ERSPAN and WCCP, the
// header that follows it.
func ParseGRE(b []byte) (Header, Verdict) {
	if len(b) < greMin {
		return Header{}, Short
	}
	flags := be16(b[greFlags:])
	switch flags & greVersion {
	case 0:
		return gre0(b, flags)
	case 1:
		return pptp(b, flags)
	}
	return Header{}, Bad
}

func gre0(b []byte, flags uint16) (Header, Verdict) {
	h := Header{Kind: GRE, Len: greMin, Size: -1}
	if flags&(greChecksum|greRouting) != 0 {
		h.Len += 4
	}
	key := h.Len
	if flags&greKey != 0 {
		h.Len += 4
	}
	if flags&greSequence != 0 {
		h.Len += 4
	}
	if len(b) < h.Len {
		return h, Short
	}
	if flags&greKey != 0 {
		h.HasID, h.Keyed, h.ID = true, true, be32(b[key:])
	}
	if flags&greRouting != 0 {
		n, v := sourceRoutes(b[h.Len:])
		if v != Inner {
			return h, v
		}
		h.Len += n
	}
	return payload(h, b, flags)
}

// sourceRoutes returns the length of the routing field, which a zero entry ends.
func sourceRoutes(b []byte) (int, Verdict) {
	n := 0
	for range sreMax {
		if len(b)-n < sreMin {
			return 0, Short
		}
		family, size := be16(b[n+sreFamily:]), int(b[n+sreLength])
		n += sreMin + size
		if family == 0 && size == 0 {
			return n, Inner
		}
	}
	return 0, Bad
}

// payload tells what a version 0 header carries.
func payload(h Header, b []byte, flags uint16) (Header, Verdict) {
	if h.Len > len(b) {
		return h, Short
	}
	proto, rest := be16(b[greProto:]), b[h.Len:]
	h.Next = Next(proto)
	switch {
	case proto < greFirstType || proto == greNHRP:
		return h, Control
	case proto == uint16(Ethernet):
		h.Kind = L2GRE
		vsid := h.ID >> 8
		if flags&(greKey|greChecksum|greSequence) == greKey && vsid >= nvgreFirst && vsid <= nvgreLast {
			h.Kind, h.ID = NVGRE, vsid
		}
	case proto == greERSPAN2:
		return erspan2(h, rest, flags&greSequence != 0)
	case proto == greERSPAN3:
		return erspan3(h, rest)
	case proto == greWCCP:
		// WCCP version 2 puts a 4-byte redirect header in front of the packet.
		h.Next = IP
		if len(rest) > 0 && rest[0]>>4 != 4 && rest[0]>>4 != 6 {
			h.Len += 4
		}
	case proto == 0x9000 || proto >= 0x8200 && proto <= 0x8370 && proto&0xf == 0:
		// Aruba access points carry 802.11 frames under these types.
		h.Next = Dot11
	}
	if h.Len > len(b) {
		return h, Short
	}
	return h, Inner
}

// pptp reads the enhanced header of RFC 2637, section 4.1.
func pptp(b []byte, flags uint16) (Header, Verdict) {
	h := Header{Kind: GRE, Len: 8, Next: PPP}
	if flags&greKey == 0 || Next(be16(b[greProto:])) != PPP {
		return h, Bad
	}
	if flags&greSequence != 0 {
		h.Len += 4
	}
	if flags&greAck != 0 {
		h.Len += 4
	}
	if len(b) < h.Len {
		return h, Short
	}
	h.HasID, h.ID = true, uint32(be16(b[pptpCall:]))
	h.Size = int(be16(b[pptpSize:]))
	if flags&greSequence == 0 || h.Size == 0 {
		return h, Control // acknowledgement only
	}
	return h, Inner
}
