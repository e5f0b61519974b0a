package tunnel

// Network service header, RFC 8300, section 2.2.
const (
	nshFlags = 0 // version 2 bits, O, unassigned, TTL 6 bits, length 6 bits
	nshType  = 2 // metadata type, lower nibble
	nshNext  = 3
	nshPath  = 4 // service path identifier, 24 bits
	nshMin   = 8
)

// ParseNSH reads a network service header. Its ID is the service path, which
// is another one for the way back.
func ParseNSH(b []byte) (Header, Verdict) {
	h := Header{Kind: NSH, HasID: true, Size: -1}
	if len(b) < nshMin {
		return h, Short
	}
	flags := be16(b[nshFlags:])
	h.Len = int(flags&0x3f) * 4
	h.ID = be24(b[nshPath:])
	metadata := b[nshType] & 0xf
	if flags>>14 != 0 || h.Len < nshMin || metadata == 1 && h.Len != 24 || metadata != 1 && metadata != 2 {
		return h, Bad
	}
	if len(b) < h.Len {
		return h, Short
	}
	if flags&0x2000 != 0 {
		return h, Control
	}
	var ok bool
	if h.Next, ok = nextProtocol(b[nshNext]); !ok {
		return h, Bad
	}
	return h, Inner
}
