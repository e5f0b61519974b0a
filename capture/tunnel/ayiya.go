package tunnel

// AYIYA header, draft-massar-v6ops-ayiya-02, section 3.
const (
	ayiyaIdentity  = 0 // upper nibble: length as a power of two
	ayiyaSignature = 1 // upper nibble: length in 4 bytes
	ayiyaOpcode    = 2 // lower nibble
	ayiyaNext      = 3 // IP protocol number
	ayiyaMin       = 8

	ayiyaForward = 1
	ayiyaLastOp  = 6
)

// ParseAYIYA reads an AYIYA header.
func ParseAYIYA(b []byte) (Header, Verdict) {
	h := Header{Kind: AYIYA, Size: -1}
	if len(b) < ayiyaMin {
		return h, Short
	}
	power := b[ayiyaIdentity] >> 4
	if power > 6 {
		return h, Bad
	}
	h.Len = ayiyaMin + 1<<power + int(b[ayiyaSignature]>>4)*4
	if len(b) < h.Len {
		return h, Short
	}
	op := b[ayiyaOpcode] & 0xf
	switch {
	case op > ayiyaLastOp:
		return h, Bad
	case op != ayiyaForward:
		return h, Control
	}
	switch b[ayiyaNext] {
	case 4:
		h.Next = IPv4
	case 41:
		h.Next = IPv6
	case 59:
		return h, Control
	default:
		return h, Bad
	}
	return h, Inner
}
