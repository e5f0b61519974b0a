package tunnel

// ERSPAN headers, draft-foschiano-erspan-03.
const (
	erspanVersion = 0 // upper nibble: 1 is type II, 2 is type III
	erspanSession = 2 // lower 10 bits
	erspan2Len    = 8
	erspan3Len    = 12
	erspan2Index  = 4 // lower 20 bits
	erspan3Stamp  = 4
	erspan3Flags  = 10 // P, frame type, hardware id, direction, granularity, O
	erspan3Sub    = 8  // platform-specific subheader, present when O is set

	erspanVLAN   = 0x0fff
	erspanEgress = 0x0008
)

// erspan2 handles GRE type 0x88be. Without a GRE sequence number it is type I,
// which has no header of its own.
func erspan2(h Header, b []byte, sequence bool) (Header, Verdict) {
	h.Next = Ethernet
	if !sequence {
		h.Kind = ERSPAN1
		return h, Inner
	}
	if len(b) < erspan2Len {
		return h, Short
	}
	switch b[erspanVersion] >> 4 {
	case 1:
		h.Kind, h.Len = ERSPAN2, h.Len+erspan2Len
		session(&h, b)
		h.Mark.Origin = uint64(be32(b[erspan2Index:]) & 0xfffff)
	case 2: // some switches send type III under the older protocol type
		return erspan3(h, b)
	default:
		h.Kind = ERSPAN1
	}
	return h, Inner
}

// erspan3 handles GRE type 0x22eb.
func erspan3(h Header, b []byte) (Header, Verdict) {
	if len(b) < erspan3Len {
		return h, Short
	}
	if b[erspanVersion]>>4 != 2 {
		return h, Bad
	}
	flags := be16(b[erspan3Flags:])
	size := erspan3Len
	if flags&1 != 0 {
		size += erspan3Sub
	}
	if len(b) < size {
		return h, Short
	}
	h.Kind, h.Len = ERSPAN3, h.Len+size
	session(&h, b)
	mark3(&h.Mark, b[:size], flags)
	switch flags >> 10 & 0x1f {
	case 0:
		h.Next = Ethernet
	case 2:
		h.Next = IP
	default:
		return h, Bad
	}
	return h, Inner
}

func session(h *Header, b []byte) {
	h.HasID, h.Keyed, h.ID = true, true, uint32(be16(b[erspanSession:])&0x3ff)
	h.Mark.VLAN = be16(b[erspanVersion:]) & erspanVLAN
}

// mark3 reads what type III adds. Granularities that a user configured are not
// known here.
func mark3(m *Mark, b []byte, flags uint16) {
	m.Way = Ingress
	if flags&erspanEgress != 0 {
		m.Way = Egress
	}
	if gra := flags >> 1 & 3; gra < 3 {
		m.Unit, m.Stamp = Unit(gra)+HundredMicros, be32(b[erspan3Stamp:])
	}
	m.Origin = uint64(flags>>4&0x3f) << 32
	if len(b) > erspan3Len {
		m.Origin |= uint64(portIndex(b[erspan3Len:]))
	}
}

// portIndex reads the port from a platform-specific subheader, section 4.3.
func portIndex(b []byte) uint32 {
	first := be32(b)
	switch first >> 26 {
	case 1: // behind the domain of a Nexus 1000V
		return be32(b[4:])
	case 3:
		return first & 0x3fff
	case 5, 6: // behind the number of the switch
		return first & 0xffff
	case 0, 7:
		return first & 0xfffff
	}
	return 0
}
