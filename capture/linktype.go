package capture

// LinkType is a pcap link-layer header type (LINKTYPE_ values of
// https://www.tcpdump.org/linktypes.html).
type LinkType uint16

// Link types that capture/wire decodes.
const (
	LinkNull      LinkType = 0   // BSD loopback, address family in host order of the writer
	LinkEthernet  LinkType = 1   // IEEE 802.3
	LinkPPP       LinkType = 9   // PPP, RFC 1661, with or without HDLC framing
	LinkRawBSD    LinkType = 12  // DLT_RAW as some systems write it
	LinkRawOpen   LinkType = 14  // DLT_RAW of OpenBSD
	LinkPPPSerial LinkType = 50  // PPP in HDLC-like framing, RFC 1662, or Cisco PPP
	LinkPPPEther  LinkType = 51  // PPPoE session, RFC 2516
	LinkRaw       LinkType = 101 // IPv4 or IPv6 by version nibble
	LinkCHDLC     LinkType = 104 // Cisco HDLC
	LinkIEEE80211 LinkType = 105 // 802.11 without radio header
	LinkLoop      LinkType = 108 // OpenBSD loopback, address family in network order
	LinkSLL       LinkType = 113 // Linux cooked, version 1
	LinkRadiotap  LinkType = 127 // 802.11 with radiotap header
	LinkIPv4      LinkType = 228
	LinkIPv6      LinkType = 229
	LinkSLL2      LinkType = 276 // Linux cooked, version 2
)
