package tunnel

// VXLAN header, RFC 7348, section 5; VXLAN-GPE, draft-ietf-nvo3-vxlan-gpe.
const (
	vxlanFlags = 0
	vxlanNext  = 3 // GPE only
	vxlanVNI   = 4
	vxlanLen   = 8

	vxlanI       = 0x08 // VNI is valid
	vxlanP       = 0x04 // GPE: next protocol is valid
	vxlanO       = 0x01 // GPE: operations message
	vxlanVersion = 0x30 // GPE
	vxlanG       = 0x80 // group policy extension
)

// ParseVXLAN reads a VXLAN header. Some implementations set the P bit of GPE on
// the VXLAN port; they are understood.
func ParseVXLAN(b []byte) (Header, Verdict) {
	if len(b) < vxlanLen {
		return Header{}, Short
	}
	flags := b[vxlanFlags]
	if flags&vxlanP != 0 {
		return ParseVXLANGPE(b)
	}
	if flags&^vxlanG != vxlanI {
		return Header{}, Bad
	}
	return Header{Kind: VXLAN, HasID: true, Keyed: true, ID: be24(b[vxlanVNI:]), Next: Ethernet, Len: vxlanLen, Size: -1}, Inner
}

// ParseVXLANGPE reads a VXLAN-GPE header.
func ParseVXLANGPE(b []byte) (Header, Verdict) {
	if len(b) < vxlanLen {
		return Header{}, Short
	}
	flags := b[vxlanFlags]
	h := Header{Kind: VXLANGPE, Len: vxlanLen, Size: -1}
	if flags&vxlanVersion != 0 || flags&(vxlanI|vxlanP) == 0 {
		return h, Bad
	}
	if flags&vxlanI != 0 {
		h.HasID, h.Keyed, h.ID = true, true, be24(b[vxlanVNI:])
	}
	if flags&vxlanO != 0 {
		return h, Control
	}
	if flags&vxlanP == 0 && b[vxlanNext] == 0 {
		h.Next = Ethernet
		return h, Inner
	}
	var ok bool
	h.Next, ok = nextProtocol(b[vxlanNext])
	if !ok {
		return h, Bad
	}
	return h, Inner
}

// nextProtocol translates the values that VXLAN-GPE and NSH share.
func nextProtocol(p byte) (Next, bool) {
	switch p {
	case 1:
		return IPv4, true
	case 2:
		return IPv6, true
	case 3:
		return Ethernet, true
	case 4:
		return NSHNext, true
	case 5:
		return MPLS, true
	}
	return 0, false
}
