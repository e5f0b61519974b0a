package tunnel

// Teredo indications, RFC 4380, section 5.1.1.
const (
	teredoAuth   = 0x0001
	teredoOrigin = 0x0000

	teredoAuthID   = 2 // length of the client identifier
	teredoAuthLen  = 3 // length of the authentication value
	teredoAuthMin  = 4 + 8 + 1
	teredoOrigSize = 8

	ipv6PayloadLen = 4
	ipv6Len        = 40
)

// ParseTeredo reads the authentication and origin indications in front of an
// IPv6 packet. wire is the length that b had on the wire.
func ParseTeredo(b []byte, wire int) (Header, Verdict) {
	h := Header{Kind: Teredo, Next: IPv6, Size: -1}
	if len(b) >= 4 && be16(b) == teredoAuth {
		h.Len = teredoAuthMin + int(b[teredoAuthID]) + int(b[teredoAuthLen])
	}
	if len(b) >= h.Len+2 && be16(b[h.Len:]) == teredoOrigin {
		h.Len += teredoOrigSize
	}
	if len(b) < h.Len+ipv6Len {
		return h, Short
	}
	inner := b[h.Len:]
	h.Size = ipv6Len + int(be16(inner[ipv6PayloadLen:]))
	if inner[0]>>4 != 6 || h.Len+h.Size > wire {
		return h, Bad
	}
	return h, Inner
}
