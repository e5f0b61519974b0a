package wire

import (
	"encoding/binary"

	"github.com/wirespan/wirespan/capture"
)

// Linux cooked headers, https://www.tcpdump.org/linktypes/LINKTYPE_LINUX_SLL.html
// and LINKTYPE_LINUX_SLL2.html.
const (
	sllPacketType = 0
	sllHardware   = 2
	sllProtocol   = 14
	sllLen        = 16

	sll2Protocol   = 0
	sll2Hardware   = 8
	sll2PacketType = 10
	sll2Len        = 20

	sllToUs   = 0 // packet types
	sllFromUs = 4

	sllLLC = 0x0004 // protocol: 802.2 header follows

	hardwareNetlink  = 824
	hardwareDot11    = 801
	hardwareRadiotap = 803
)

// Cisco HDLC: address, control, EtherType.
const (
	chdlcProtocol  = 2
	chdlcLen       = 4
	chdlcKeepAlive = 0x8035 // SLARP
	chdlcCDP       = 0x2000
)

// Address families in the header of the BSD loopback.
const (
	nullLen      = 4
	familyIPv4   = 2
	familyLinux6 = 10
	familyNetBSD = 24
	familyFree   = 28
	familyDarwin = 30
)

func (d *Decoder) link(t capture.LinkType, f *Frame, b []byte, cut int) Reason {
	switch t {
	case capture.LinkNull, capture.LinkLoop:
		return d.loopback(f, b, cut)
	case capture.LinkRaw, capture.LinkRawBSD, capture.LinkRawOpen:
		return d.ip(f, b, cut)
	case capture.LinkIPv4:
		return d.ipv4(f, b, cut)
	case capture.LinkIPv6:
		return d.ipv6(f, b, cut)
	case capture.LinkSLL:
		if len(b) < sllLen {
			return TooShort
		}
		return d.cooked(f, be16(b[sllPacketType:]), be16(b[sllHardware:]), be16(b[sllProtocol:]), b[sllLen:], cut)
	case capture.LinkSLL2:
		if len(b) < sll2Len {
			return TooShort
		}
		return d.cooked(f, uint16(b[sll2PacketType]), be16(b[sll2Hardware:]), be16(b[sll2Protocol:]), b[sll2Len:], cut)
	case capture.LinkPPP, capture.LinkPPPSerial:
		return d.ppp(f, b, cut)
	case capture.LinkPPPEther:
		return d.pppoe(f, b, cut)
	case capture.LinkCHDLC:
		return d.chdlc(f, b, cut)
	case capture.LinkIEEE80211:
		return d.dot11(f, b, cut, false)
	case capture.LinkRadiotap:
		return d.radiotap(f, b, cut)
	}
	return UnknownLink
}

// ip tells IPv4 from IPv6 by the version nibble.
func (d *Decoder) ip(f *Frame, b []byte, cut int) Reason {
	if len(b) == 0 {
		return TooShort
	}
	switch b[0] >> 4 {
	case 4:
		return d.ipv4(f, b, cut)
	case 6:
		return d.ipv6(f, b, cut)
	}
	return UnknownNet
}

// loopback reads an address family in either byte order: that of BSD NULL is
// the writer's, and LOOP is met both ways, too.
func (d *Decoder) loopback(f *Frame, b []byte, cut int) Reason {
	if len(b) < nullLen {
		return TooShort
	}
	family := binary.LittleEndian.Uint32(b)
	if family > 0xffff {
		family = be32(b)
	}
	switch family {
	case familyIPv4:
		return d.ipv4(f, b[nullLen:], cut)
	case familyLinux6, familyNetBSD, familyFree, familyDarwin:
		return d.ipv6(f, b[nullLen:], cut)
	}
	if family > 0x600 && family <= 0xffff {
		return d.ether(f, uint16(family), b[nullLen:], cut)
	}
	return UnknownNet
}

func (d *Decoder) cooked(f *Frame, kind, hardware, proto uint16, b []byte, cut int) Reason {
	if f.Dir == capture.DirUnknown {
		switch kind {
		case sllToUs:
			f.Dir = capture.DirIn
		case sllFromUs:
			f.Dir = capture.DirOut
		}
	}
	switch hardware {
	case hardwareNetlink:
		return NotIP
	case hardwareDot11:
		return d.dot11(f, b, cut, false)
	case hardwareRadiotap:
		return d.radiotap(f, b, cut)
	}
	if proto == sllLLC {
		return d.llc(f, b, cut)
	}
	if proto < minEtherType {
		return NotIP
	}
	return d.ether(f, proto, b, cut)
}

func (d *Decoder) chdlc(f *Frame, b []byte, cut int) Reason {
	if len(b) < chdlcLen {
		return TooShort
	}
	switch proto := be16(b[chdlcProtocol:]); proto {
	case chdlcKeepAlive, chdlcCDP:
		return NotIP
	default:
		return d.ether(f, proto, b[chdlcLen:], cut)
	}
}
