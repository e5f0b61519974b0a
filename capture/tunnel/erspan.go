package tunnel

// ERSPAN headers, draft-foschiano-erspan-03.
const (
	erspanVersion = 0 // upper nibble: 1 is type II, 2 is type III
	erspanSession = 2 // lower 10 bits
	erspan2Len    = 8
	erspan3Len    = 12
	erspan3Flags  = 10 // P, frame type, hardware id, direction, granularity, O
	erspan3Sub    = 8  // platform-specific subheader, present when O is set
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
}
