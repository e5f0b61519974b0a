package wire

// PPPoE header, RFC 2516, section 4.
const (
	pppoeVersion = 0
	pppoeCode    = 1
	pppoeSize    = 4
	pppoeLen     = 6
)

// PPP protocol numbers, RFC 1661, section 2, and IANA.
const (
	pppIPv4      = 0x0021
	pppIPv6      = 0x0057
	pppBridge    = 0x0031 // RFC 3518
	pppMPLS      = 0x0281
	pppMPLSUp    = 0x0283
	pppLink53    = 0x0053 // encryption, RFC 1968
	pppLink55    = 0x0055
	pppBridgeMAC = 1 // MAC type of 802.3
	pppControl   = 0x8000
)

func (d *Decoder) pppoe(f *Frame, b []byte, cut int) Reason {
	if len(b) < pppoeLen {
		return TooShort
	}
	if b[pppoeVersion] != 0x11 {
		return BadHeader
	}
	if b[pppoeCode] != 0 {
		return NotIP // discovery
	}
	size := int(be16(b[pppoeSize:]))
	b = b[pppoeLen:]
	b, cut = f.trim(b, cut, size)
	return d.ppp(f, b, cut)
}

// ppp reads a PPP frame, with or without HDLC address and control, which RFC
// 1661 allows to leave out, and with a protocol field of one or two bytes.
func (d *Decoder) ppp(f *Frame, b []byte, cut int) Reason {
	if len(b) >= 2 && b[0] == 0xff && b[1] == 0x03 {
		b = b[2:]
	} else if len(b) >= 4 && (b[0] == 0x0f || b[0] == 0x8f) && b[1] == 0 {
		return d.chdlc(f, b, cut) // link type 50 also means Cisco HDLC
	}
	if len(b) == 0 {
		return TooShort
	}
	proto, size := uint16(b[0]), 1
	if proto&1 == 0 {
		if len(b) < 2 {
			return TooShort
		}
		proto, size = be16(b), 2
	}
	b = b[size:]
	switch proto {
	case pppIPv4:
		return d.ipv4(f, b, cut)
	case pppIPv6:
		return d.ipv6(f, b, cut)
	case pppMPLS, pppMPLSUp:
		return d.mpls(f, b, cut)
	case pppLink53, pppLink55:
		return Encrypted
	case pppBridge:
		if len(b) < 2 {
			return TooShort
		}
		if b[1] != pppBridgeMAC || !d.enter() {
			return NotIP
		}
		return d.ethernet(f, b[2:], cut)
	}
	if proto >= pppControl || proto < 0x0021 {
		return NotIP
	}
	return UnknownNet
}
