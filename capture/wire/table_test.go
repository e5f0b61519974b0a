package wire

import "github.com/wirespan/wirespan/capture"

// oneCase is a packet with what must come out. shown is the text of describe.
type oneCase struct {
	name  string
	link  capture.LinkType
	hex   string
	want  Reason
	shown string
}

const (
	eth = capture.LinkEthernet

	tcpShown = "198.51.100.1:40000 > 192.0.2.1:80 tcp len 4"
	udpShown = "198.51.100.1:40000 > 192.0.2.1:53 udp len 4"
	sixShown = "[2001:db8::1]:40000 > [2001:db8::2]:80 tcp len 4"

	fragFirst = "4500 0024 0001 2000 4011 0000 c6336401 c0000201 9c40 0035 0014 0000 3031323334353637 "
	fragLast  = "4500 0018 0001 0002 4011 0000 c6336401 c0000201 38394142 "
)

var cases = []oneCase{
	{"plain TCP with timestamps", eth, ethTCP, OK, tcpShown + " ts 168496141/16909060"},
	{"plain UDP", eth, ethUDP, OK, udpShown},
	{"IPv6", eth, ethTCP6, OK, sixShown + " ts 168496141/16909060"},
	{"padding behind IP is in no length", eth, ethUDP + "00000000000000000000", OK, udpShown},
	{"one VLAN tag", eth, vlanTCP, OK, tcpShown + " ts 168496141/16909060 vlan 100"},
	{"QinQ: the inner tag counts", eth, macs + "88a8 0064 8100 00c8 0800 " + ip4UDP + udpDNS + get, OK, udpShown + " vlan 200"},
	{"a priority tag does not hide the VLAN", eth, macs + "8100 0064 8100 e000 0800 " + ip4UDP + udpDNS + get, OK, udpShown + " vlan 100"},
	{"eight tags", eth, macs + tags8 + "0800 " + ip4UDP + udpDNS + get, OK, udpShown + " vlan 1"},
	{"nine tags are too many", eth, macs + tags8 + "8100 0001 0800 " + ip4UDP + udpDNS + get, TooDeep, ""},
	{"a tag without its type", eth, macs + "8100 0001", TooShort, ""},
	{"VN-Tag", eth, macs + "8926 00000000 0800 " + ip4UDP + udpDNS + get, OK, udpShown},
	{"802.3 length and SNAP", eth, macs + "0028 aaaa03 000000 0800 " + ip4UDP + udpDNS + get, OK, udpShown},
	{"spanning tree", eth, macs + "0026 4242030000000000", NotIP, ""},
	{"ARP", eth, macs + "0806 0001080006040001", NotIP, ""},
	{"an EtherType that nobody knows", eth, macs + "1234 00", UnknownNet, ""},
	{"MACsec", eth, macs + "88e5 2c00000000010000", Encrypted, ""},
	{"MPLS, two labels", eth, macs + "8847 00010040 00020140 " + ip4UDP + udpDNS + get, OK, udpShown},
	{"MPLS without bottom", eth, macs + "8847 00010040", BadLength, ""},
	{"pseudo-wire with control word", eth, macs + "8847 00020140 00000000 " + ethUDP, OK, udpShown + " in pseudowire 32"},
	{"pseudo-wire without control word", eth, macs + "8847 00020140 " + ethUDP, OK, udpShown + " in pseudowire 32"},
	{"PPPoE", eth, macs + "8864 1100 0001 0022 0021 " + ip4UDP + udpDNS + get + "0000", OK, udpShown},
	{"PPPoE that is shorter than its IP packet", eth, macs + "8864 1100 0001 0020 0021 " + ip4UDP + udpDNS + get, OK, "198.51.100.1:40000 > 192.0.2.1:53 udp len 2 truncated"},
	{"PPPoE discovery", eth, macs + "8863 1109 0000 0000", NotIP, ""},
	{"empty", eth, "", TooShort, ""},

	{"Linux cooked", capture.LinkSLL, "0000 0001 0006 0200000000010000 0800 " + ip4UDP + udpDNS + get, OK, udpShown + " in"},
	{"Linux cooked, version 2, sent", capture.LinkSLL2, "0800 0000 00000002 0001 04 06 0200000000010000 " + ip4UDP + udpDNS + get, OK, udpShown + " out"},
	{"BSD loopback, little endian", capture.LinkNull, "02000000 " + ip4UDP + udpDNS + get, OK, udpShown},
	{"BSD loopback, big endian, IPv6", capture.LinkNull, "0000001e " + ip6TCP + tcpTS + get, OK, sixShown + " ts 168496141/16909060"},
	{"OpenBSD loopback", capture.LinkLoop, "00000002 " + ip4UDP + udpDNS + get, OK, udpShown},
	{"raw IPv4", capture.LinkRaw, ip4UDP + udpDNS + get, OK, udpShown},
	{"raw, neither 4 nor 6", capture.LinkRaw, "50", UnknownNet, ""},
	{"PPP", capture.LinkPPP, "ff03 0021 " + ip4UDP + udpDNS + get, OK, udpShown},
	{"PPP, short protocol", capture.LinkPPP, "21 " + ip4UDP + udpDNS + get, OK, udpShown},
	{"PPP, LCP", capture.LinkPPPSerial, "ff03 c021 0901", NotIP, ""},
	{"Cisco HDLC under PPP's type", capture.LinkPPPSerial, "0f00 0800 " + ip4UDP + udpDNS + get, OK, udpShown},
	{"Cisco HDLC", capture.LinkCHDLC, "0f00 0800 " + ip4UDP + udpDNS + get, OK, udpShown},
	{"PPPoE as link type", capture.LinkPPPEther, "1100 0001 0022 0021 " + ip4UDP + udpDNS + get, OK, udpShown},
	{"802.11 QoS data", capture.LinkIEEE80211, dot11("8801", "0000") + snapIP + ip4UDP + udpDNS + get, OK, udpShown},
	{"802.11 four addresses", capture.LinkIEEE80211, dot11("0803", "020000000004") + snapIP + ip4UDP + udpDNS + get, OK, udpShown},
	{"802.11 aggregate", capture.LinkIEEE80211, dot11("8801", "8000") + macs + "0028 " + snapIP + ip4UDP + udpDNS + get, OK, udpShown},
	{"802.11 protected", capture.LinkIEEE80211, dot11("8841", "0000") + "0000", Encrypted, ""},
	{"802.11 beacon", capture.LinkIEEE80211, dot11("8000", ""), NotIP, ""},
	{"radiotap with padded header", capture.LinkRadiotap, "0000 0900 02000000 20" + dot11("8801", "0000 0000") + snapIP + ip4UDP + udpDNS + get, OK, udpShown},
	{"radiotap longer than the frame", capture.LinkRadiotap, "0000 ff00 00000000 ", TooShort, ""},
	{"a link type that nobody knows", 147, "00", UnknownLink, ""},

	{"IPv4 options", capture.LinkIPv4, "4600 0024 0001 0000 4011 0000 c6336401 c0000201 01010101 " + udpDNS + get, OK, udpShown},
	{"header length below 5", capture.LinkIPv4, "4400 0020 0001 0000 4011 0000 c6336401 c0000201 " + udpDNS, BadHeader, ""},
	{"total length 0", capture.LinkIPv4, "4500 0000 0001 0000 4011 0000 c6336401 c0000201 " + udpDNS + get, OK, udpShown},
	{"total length below the header", capture.LinkIPv4, "4500 0010 0001 0000 4011 0000 c6336401 c0000201 " + udpDNS + get, BadLength, ""},
	{"ICMP echo", capture.LinkIPv4, "4500 001c 0001 0000 4001 0000 c6336401 c0000201 0800000000000000", OK, "198.51.100.1:0 > 192.0.2.1:0 icmp len 8"},
	{"ICMP echo of IPv6", capture.LinkIPv6, six("0008", "3a") + "8100000000000000", OK, "[2001:db8::1]:0 > [2001:db8::2]:0 icmp len 8"},
	{"ICMP echo, cut", capture.LinkIPv4, "4500 001a 0001 0000 4001 0000 c6336401 c0000201 080000000000", BadLength, ""},
	{"ICMP unreachable", capture.LinkIPv4, "4500 001c 0001 0000 4001 0000 c6336401 c0000201 0301000000000000", NotTransport, ""},
	{"ICMPv6 in IPv4", capture.LinkIPv4, "4500 001c 0001 0000 403a 0000 c6336401 c0000201 8000000000000000", NotTransport, ""},
	{"ESP", capture.LinkIPv4, "4500 001c 0001 0000 4032 0000 c6336401 c0000201 0800000000000000", Encrypted, ""},
	{"authentication header", capture.LinkIPv4, "4500 002c 0001 0000 4033 0000 c6336401 c0000201 1101 0000 00000001 00000001 " + udpDNS + get, OK, udpShown},
	{"UDP length 0", capture.LinkIPv4, ip4UDP + "9c40 0035 0000 0000" + get, OK, udpShown},
	{"UDP length beyond IP", capture.LinkIPv4, ip4UDP + "9c40 0035 0040 0000" + get, OK, udpShown + " truncated"},
	{"UDP length below its header", capture.LinkIPv4, ip4UDP + "9c40 0035 0007 0000" + get, BadLength, ""},
	{"UDP shorter than IP", capture.LinkIPv4, ip4UDP + "9c40 0035 000a 0000" + get, OK, "198.51.100.1:40000 > 192.0.2.1:53 udp len 2"},
	{"TCP SYN options", capture.LinkIPv4, "4500 0034 0001 0000 4006 0000 c6336401 c0000201 9c40 0050 00000001 00000000 8002 2000 0000 0000 0204 05b4 0103 0307 0101 0402", OK, "198.51.100.1:40000 > 192.0.2.1:80 tcp len 0 mss 1460 scale 7"},
	{"TCP option of length 0", capture.LinkIPv4, "4500 002c 0001 0000 4006 0000 c6336401 c0000201 9c40 0050 00000001 00000000 6002 2000 0000 0000 0200 05b4", OK, "198.51.100.1:40000 > 192.0.2.1:80 tcp len 0"},
	{"TCP offset below 5", capture.LinkIPv4, "4500 0028 0001 0000 4006 0000 c6336401 c0000201 9c40 0050 00000001 00000000 4002 2000 0000 0000", BadHeader, ""},
	{"TCP offset beyond IP", capture.LinkIPv4, "4500 0028 0001 0000 4006 0000 c6336401 c0000201 9c40 0050 00000001 00000000 6002 2000 0000 0000", BadLength, ""},

	{"IPv6 extension headers", capture.LinkIPv6, six("0024", "00") + "3c00 010400000000 1100 010400000000 " + udpDNS + get + pad8, OK, "[2001:db8::1]:40000 > [2001:db8::2]:53 udp len 4"},
	{"IPv6 atomic fragment", capture.LinkIPv6, six("0014", "2c") + "1100 0000 00000001 " + udpDNS + get, OK, "[2001:db8::1]:40000 > [2001:db8::2]:53 udp len 4"},
	{"IPv6 routing header with segments left", capture.LinkIPv6, six("0024", "2b") + "1102 0401 00 00 0000 20010db8000000000000000000000009" + udpDNS + get, OK, "[2001:db8::1]:40000 > [2001:db8::9]:53 udp len 4"},
	{"IPv6 ESP", capture.LinkIPv6, six("0008", "32") + pad8, Encrypted, ""},
	{"IPv6 no next header", capture.LinkIPv6, six("0000", "3b"), NotTransport, ""},
	{"IPv6 jumbo option", capture.LinkIPv6, six("0000", "00") + "1100 c204 00000014 " + udpDNS + get + pad8, OK, "[2001:db8::1]:40000 > [2001:db8::2]:53 udp len 4"},
	{"IPv6 extension beyond the packet", capture.LinkIPv6, six("0008", "00") + "11ff 010400000000", BadLength, ""},
	{"fragment", capture.LinkIPv4, fragFirst, Fragment, ""},
	{"fragment of odd size", capture.LinkIPv4, "4500 001d 0001 2000 4011 0000 c6336401 c0000201 " + udpDNS + "00", BadLength, ""},
}
