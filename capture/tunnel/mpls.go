package tunnel

// MPLS label stack entry, RFC 3032, section 2.1.
const (
	labelLen    = 4
	labelBottom = 0x100
	labelMax    = 16 // entries read before the stack counts as bad
	labelGAL    = 13 // generic associated channel, RFC 5586
)

// ParseMPLS reads a label stack. The ID is the bottom label; labels belong to
// one direction. Next is IP when the first nibble allows it, and Ethernet
// otherwise: then the caller has to find out whether a control word (RFC
// 4385), which has a nibble of zero, precedes the frame.
func ParseMPLS(b []byte) (Header, Verdict) {
	h := Header{Kind: PseudoWire, HasID: true, Size: -1}
	for range labelMax {
		if len(b) < h.Len+labelLen {
			return h, Short
		}
		entry := be32(b[h.Len:])
		h.Len += labelLen
		if entry&labelBottom == 0 {
			continue
		}
		h.ID = entry >> 12
		if h.ID == labelGAL {
			return h, Control
		}
		if len(b) == h.Len {
			return h, Short
		}
		switch b[h.Len] >> 4 {
		case 4, 6:
			h.Next = IP
		case 1:
			return h, Control // associated channel header, RFC 5085
		default:
			h.Next = Ethernet
		}
		return h, Inner
	}
	return h, Bad
}
