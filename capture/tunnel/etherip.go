package tunnel

// etherIPLen is the length of the EtherIP header, RFC 3378, section 3.
const etherIPLen = 2

// ParseEtherIP reads an EtherIP header.
func ParseEtherIP(b []byte) (Header, Verdict) {
	if len(b) < etherIPLen {
		return Header{}, Short
	}
	if b[0]>>4 != 3 {
		return Header{}, Bad
	}
	return Header{Kind: EtherIP, Next: Ethernet, Len: etherIPLen, Size: -1}, Inner
}
