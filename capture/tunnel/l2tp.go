package tunnel

// L2TP version 2 header, RFC 2661, section 3.1.
const (
	l2tpControl  = 0x8000
	l2tpLength   = 0x4000
	l2tpSequence = 0x0800
	l2tpOffset   = 0x0200
	l2tpReserved = 0x34f0
	l2tpVersion  = 0x000f
)

// ParseL2TP reads an L2TP version 2 header. Its ID is tunnel and session; each
// side assigns its own.
func ParseL2TP(b []byte) (Header, Verdict) {
	h := Header{Kind: L2TP, HasID: true, Next: PPP, Len: 2, Size: -1}
	if len(b) < 6 {
		return h, Short
	}
	flags := be16(b)
	if flags&l2tpVersion != 2 || flags&l2tpReserved != 0 {
		return h, Bad
	}
	total := -1
	if flags&l2tpLength != 0 {
		total = int(be16(b[h.Len:]))
		h.Len += 2
	}
	if len(b) < h.Len+4 {
		return h, Short
	}
	h.ID = be32(b[h.Len:])
	h.Len += 4
	if flags&l2tpControl != 0 {
		return h, Control
	}
	if flags&l2tpSequence != 0 {
		h.Len += 4
	}
	if flags&l2tpOffset != 0 {
		if len(b) < h.Len+2 {
			return h, Short
		}
		h.Len += 2 + int(be16(b[h.Len:]))
	}
	if len(b) < h.Len {
		return h, Short
	}
	if total >= 0 {
		if h.Size = total - h.Len; h.Size < 0 {
			return h, Bad
		}
	}
	return h, Inner
}

// ParseL2TPv3 reads the header of L2TP version 3 over IP (RFC 3931, section
// 4.1.1). Cookie and sublayer have a length that only the two ends know: the
// caller passes its guess, a multiple of 4 up to 12.
func ParseL2TPv3(b []byte, cookie int) (Header, Verdict) {
	h := Header{Kind: L2TP, HasID: true, Next: Ethernet, Len: 4 + cookie, Size: -1}
	if len(b) < 4 {
		return h, Short
	}
	if h.ID = be32(b); h.ID == 0 {
		return h, Control
	}
	if len(b) < h.Len {
		return h, Short
	}
	return h, Inner
}
