package tunnel

// GTP-U header, 3GPP TS 29.281, section 5.
const (
	gtpFlags = 0
	gtpType  = 1
	gtpSize  = 2 // bytes after the first 8
	gtpTEID  = 4
	gtpMin   = 8
	gtpNext  = 11 // type of the first extension header, valid if E is set

	gtpVersion = 0xf0 // version 1, protocol type GTP, spare bit
	gtpV1      = 0x30
	gtpE       = 0x04 // extension headers follow
	gtpAny     = 0x07 // E, S or PN: four more bytes

	gtpExtensions = 8 // headers read before the packet counts as bad
)

// ParseGTPU reads a GTP-U header. The TEID is chosen by the receiver, so each
// direction has its own.
func ParseGTPU(b []byte) (Header, Verdict) {
	h := Header{Kind: GTPU, HasID: true, Next: IP, Len: gtpMin}
	if len(b) < gtpMin {
		return h, Short
	}
	if b[gtpFlags]&gtpVersion != gtpV1 {
		return h, Bad
	}
	h.ID = be32(b[gtpTEID:])
	switch b[gtpType] {
	case 255: // G-PDU
	case 1, 2, 26, 31, 253, 254: // echo, error, extension list, tunnel status, end marker
		return h, Control
	default:
		return h, Bad
	}
	if b[gtpFlags]&gtpAny != 0 {
		h.Len += 4
		if len(b) < h.Len {
			return h, Short
		}
		if b[gtpFlags]&gtpE != 0 {
			n, v := gtpExtension(b[gtpNext:])
			if v != Inner {
				return h, v
			}
			h.Len += n
		}
	}
	h.Size = gtpMin + int(be16(b[gtpSize:])) - h.Len
	if h.Size < 0 {
		return h, Bad
	}
	return h, Inner
}

// gtpExtension walks extension headers. b begins with the type of the first;
// each then has its length in 4 bytes, content, and the type of the next.
func gtpExtension(b []byte) (int, Verdict) {
	n := 0
	for range gtpExtensions {
		if b[n] == 0 {
			return n, Inner
		}
		if len(b) < n+2 {
			return 0, Short
		}
		size := int(b[n+1]) * 4
		if size == 0 {
			return 0, Bad
		}
		if n += size; len(b) <= n {
			return 0, Short
		}
	}
	return 0, Bad
}
