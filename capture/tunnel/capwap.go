package tunnel

// CAPWAP data header, RFC 5415, section 4.3.
const (
	capwapPreamble = 0 // version, then type: 0 clear, 1 DTLS
	capwapWords    = 1 // HLEN 5 bits, RID 5, WBID 5, T F L W M K, 3 reserved
	capwapOffset   = 6 // fragment offset, 13 bits
	capwapMin      = 8

	capwapT = 1 << 8 // native frame of the wireless binding
	capwapF = 1 << 7 // fragment
	capwapK = 1 << 3 // keep-alive

	capwap80211 = 1
)

// ParseCAPWAP reads a CAPWAP data header. Of a packet in pieces only the first
// piece is readable.
func ParseCAPWAP(b []byte) (Header, Verdict) {
	h := Header{Kind: CAPWAP, Next: Ethernet, Size: -1}
	if len(b) < capwapMin {
		return h, Short
	}
	switch b[capwapPreamble] {
	case 0:
	case 1:
		return h, Encrypted
	default:
		return h, Bad
	}
	bits := be24(b[capwapWords:])
	h.Len = int(bits>>19) * 4
	if h.Len < capwapMin {
		return h, Bad
	}
	if len(b) < h.Len {
		return h, Short
	}
	switch {
	case bits&capwapK != 0:
		return h, Control
	case bits&capwapF != 0 && be16(b[capwapOffset:])>>3 != 0:
		return h, Rest
	case bits&capwapT == 0:
		return h, Inner
	case bits>>9&0x1f == capwap80211:
		h.Next = Dot11
		return h, Inner
	}
	return h, Bad
}
