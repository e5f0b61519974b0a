package tunnel

// TZSP header (TaZmen Sniffer Protocol), as its senders and Wireshark's
// dissector (packet-tzsp.c) have it: there is no other specification.
const (
	tzspVersion = 0
	tzspType    = 1
	tzspProto   = 2
	tzspLen     = 4 // tagged fields follow

	tzspReceived  = 0
	tzspTransmit  = 1
	tzspKeepAlive = 4

	tzspPadding = 0 // tags: these two have no length
	tzspEnd     = 1
	tzspTags    = 64 // fields read before the header counts as bad

	// Encapsulated protocols.
	tzspEthernet = 1
	tzspDot11    = 18
	tzspPrism    = 119 // 802.11 behind a Prism header
	tzspAVS      = 127 // 802.11 behind an AVS header

	prismLen = 144
	avsLen   = 4 // of the header itself, big-endian, behind its magic number
	avsMin   = 8
)

// ParseTZSP reads a TZSP header with its tagged fields.
func ParseTZSP(b []byte) (Header, Verdict) {
	h := Header{Kind: TZSP, Len: tzspLen, Size: -1}
	if len(b) < tzspLen {
		return h, Short
	}
	// The port is one that any client may have: what carries no packet, but
	// opens a port or configures, is not told from other traffic.
	switch t := b[tzspType]; {
	case b[tzspVersion] != 1:
		return h, Bad
	case t == tzspKeepAlive && be16(b[tzspProto:]) == 0:
		return h, Control
	case t != tzspReceived && t != tzspTransmit:
		return h, Bad
	}
	n, v := tzspFields(b[tzspLen:])
	if v != Inner {
		return h, v
	}
	h.Len += n
	switch be16(b[tzspProto:]) {
	case tzspEthernet:
		h.Next = Ethernet
		return h, Inner
	case tzspDot11:
		n = 0
	case tzspPrism:
		n = prismLen
	case tzspAVS:
		if len(b) < h.Len+avsMin {
			return h, Short
		}
		if n = int(be32(b[h.Len+avsLen:]) & 0xffff); n < avsMin {
			return h, Bad
		}
	default:
		return h, Bad
	}
	h.Next = Dot11
	if h.Len += n; h.Len > len(b) {
		return h, Short
	}
	return h, Inner
}

// tzspFields walks the tagged fields to the end that one of them marks.
func tzspFields(b []byte) (int, Verdict) {
	n := 0
	for range tzspTags {
		if n >= len(b) {
			return 0, Short
		}
		switch b[n] {
		case tzspEnd:
			return n + 1, Inner
		case tzspPadding:
			n++
			continue
		}
		if n+2 > len(b) {
			return 0, Short
		}
		n += 2 + int(b[n+1])
	}
	return 0, Bad
}
