package wire

// Ethernet header, IEEE 802.3.
const (
	etherType    = 12
	etherLen     = 14
	minEtherType = 0x0600 // smaller values are the length of an 802.3 frame
	maxLength    = 0x05dc

	tagLen   = 4 // 802.1Q: TCI, then the next EtherType
	vnTagLen = 6 // VN-Tag: two words, then the next EtherType
	pbbLen   = 4 // 802.1ah service tag, before a whole Ethernet header
	cmdLen   = 8 // Cisco metadata: version, length, option, SGT, next EtherType
	vlanID   = 0x0fff
)

// EtherTypes, https://www.iana.org/assignments/ieee-802-numbers.
const (
	typeIPv4     = 0x0800
	typeIPv6     = 0x86dd
	typeVLAN     = 0x8100 // 802.1Q
	typeQinQ     = 0x88a8 // 802.1ad
	typeOldQinQ  = 0x9100
	typeOldQinQ2 = 0x9200
	typeVNTag    = 0x8926 // 802.1BR's forerunner
	typePBB      = 0x88e7 // 802.1ah
	typeCMD      = 0x8909 // Cisco TrustSec
	typeMPLS     = 0x8847
	typeMPLSUp   = 0x8848 // upstream-assigned or multicast
	typePPPoE    = 0x8864
	typePPP      = 0x880b
	typeNSH      = 0x894f
	typeMACsec   = 0x88e5
)

// Logical link control, IEEE 802.2.
const (
	llcDSAP    = 0
	llcControl = 2
	llcLen     = 3
	snapType   = 6
	snapLen    = 8

	sapSNAP = 0xaa
	sapIP   = 0x06
	llcUI   = 0x03
)

func (d *Decoder) ethernet(f *Frame, b []byte, cut int) Reason {
	if len(b) < etherLen {
		return TooShort
	}
	typ := be16(b[etherType:])
	if typ == typeIPv4 {
		return d.ipv4(f, b[etherLen:], cut)
	}
	return d.ether(f, typ, b[etherLen:], cut)
}

// ether goes on after an EtherType or 802.3 length, through any tags.
func (d *Decoder) ether(f *Frame, typ uint16, b []byte, cut int) Reason {
	for range MaxTags + 1 {
		size := 0 // of a tag that ends with the next EtherType
		switch typ {
		case typeIPv4:
			return d.ipv4(f, b, cut)
		case typeIPv6:
			return d.ipv6(f, b, cut)
		case typeVLAN, typeQinQ, typeOldQinQ, typeOldQinQ2:
			size = tagLen
			if len(b) >= size {
				d.tag(f, be16(b))
			}
		case typeVNTag:
			size = vnTagLen
		case typeCMD:
			size = cmdLen - 2
		case typePBB:
			size = pbbLen + etherLen
		case typeMPLS, typeMPLSUp:
			return d.mpls(f, b, cut)
		case typePPPoE:
			return d.pppoe(f, b, cut)
		case typePPP:
			return d.ppp(f, b, cut)
		case typeNSH:
			return d.nsh(f, b, cut)
		case typeMACsec:
			return Encrypted
		default:
			if typ > maxLength {
				return otherType(typ)
			}
			b, cut = f.trim(b, cut, int(typ))
			next, rest, r := snap(b)
			if r != OK {
				return r
			}
			typ, b = next, rest
			continue
		}
		if len(b) < size {
			return TooShort
		}
		typ, b = be16(b[size-2:]), b[size:]
	}
	return TooDeep
}

// tag notes a VLAN id; the innermost one that is not a mere priority tag stays.
// In a tunnel it is of the packet that was copied, unless the mirror said so.
func (d *Decoder) tag(f *Frame, tci uint16) {
	switch id := tci & vlanID; {
	case id == 0:
	case f.Tunnel.Kind == NoTunnel:
		f.VLAN = id
	case f.InnerKey == 0 && d.mark.VLAN == 0:
		f.Tunnel.VLAN = id
	}
}

// llc decodes a frame that begins with an 802.2 header.
func (d *Decoder) llc(f *Frame, b []byte, cut int) Reason {
	typ, rest, r := snap(b)
	if r != OK {
		return r
	}
	return d.ether(f, typ, rest, cut)
}

// snap reads an 802.2 header. It answers OK with an EtherType where there is
// one: the frame is SNAP with an organisation code that means EtherTypes, or IP.
func snap(b []byte) (typ uint16, rest []byte, r Reason) {
	if len(b) < llcLen {
		return 0, nil, TooShort
	}
	if b[llcDSAP] == sapIP && b[llcControl] == llcUI {
		return typeIPv4, b[llcLen:], OK
	}
	if b[llcDSAP] != sapSNAP || b[llcControl] != llcUI {
		return 0, nil, NotIP
	}
	if len(b) < snapLen {
		return 0, nil, TooShort
	}
	// 00-00-00 is RFC 1042, 00-00-F8 802.1H; others are private protocols.
	if b[3] != 0 || b[4] != 0 || b[5] != 0 && b[5] != 0xf8 {
		return 0, nil, NotIP
	}
	typ = be16(b[snapType:])
	if typ < minEtherType {
		return 0, nil, NotIP
	}
	return typ, b[snapLen:], OK
}

// otherType tells known protocols that do not carry IP from unknown ones.
func otherType(typ uint16) Reason {
	switch typ {
	case 0x0806, // ARP
		0x8035,         // RARP
		0x0842,         // Wake-on-LAN
		0x2000,         // CDP
		0x22ea, 0x22f3, // SRP, TRILL
		0x22f0,                         // AVTP
		0x6002, 0x6003, 0x6004, 0x6007, // DEC
		0x809b, 0x80f3, // AppleTalk
		0x8137, 0x8138, // IPX
		0x8808, 0x8809, // pause, slow protocols
		0x8863,                         // PPPoE discovery
		0x886d,                         // Intel teaming
		0x887b, 0x88e1, 0x8912, 0x893a, // HomePlug, IEEE 1905
		0x888e, 0x88c7, // EAPOL, 802.11i pre-authentication
		0x8892, 0x88a4, 0x88ab, 0x88cd, // industrial Ethernet
		0x88b5, 0x88b6, 0x88b7, // experiments, OUI extended
		0x8899, 0x88b8, 0x88ba, // loop detection, GOOSE, sampled values
		0x88a2,                 // ATA over Ethernet
		0x88cc,                 // LLDP
		0x88e3,                 // MRP
		0x88f5, 0x88f6, 0x88f7, // MVRP, MMRP, PTP
		0x8902, 0x8906, 0x8914, 0x8915, // CFM, FCoE, RoCE
		0x890d,         // TDLS
		0x88d9, 0x8940, // LLTD, ECP
		0x4305,         // B.A.T.M.A.N.
		0x9000, 0x9003, // loopback tests
		0xcafe: // Veritas LLT
		return NotIP
	}
	return UnknownNet
}
