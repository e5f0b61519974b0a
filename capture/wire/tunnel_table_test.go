package wire

import (
	"fmt"
	"strings"

	"github.com/wirespan/wirespan/capture"
)

const (
	snapIP = "aaaa03 000000 0800 "
	pad8   = "0000000000000000 "
	tags8  = "8100 0001 8100 0001 8100 0001 8100 0001 8100 0001 8100 0001 8100 0001 8100 0001 "
)

func dot11(control, rest string) string {
	return control + "0000 020000000001 020000000002 020000000003 0000 " + rest + " "
}

func six(size, next string) string {
	return "6000 0000 " + size + next + "40 20010db8000000000000000000000001 20010db8000000000000000000000002 "
}

// in4 puts a payload into IPv4 from 10.0.0.1 to 10.0.0.2.
func in4(proto, payload string) string {
	n := 20 + len(strings.ReplaceAll(payload, " ", ""))/2
	return fmt.Sprintf("4500 %04x 0001 0000 40%s 0000 0a000001 0a000002 ", n, proto) + payload
}

// overUDP puts a payload into UDP to a port.
func overUDP(port int, payload string) string {
	n := 8 + len(strings.ReplaceAll(payload, " ", ""))/2
	return in4("11", fmt.Sprintf("c000 %04x %04x 0000 ", port, n)+payload)
}

func ipip(depth int) string {
	s := ip4UDP + udpDNS + get
	for range depth {
		s = in4("04", s)
	}
	return s
}

const (
	inner4 = ip4UDP + udpDNS + get
	inner6 = ip6TCP + tcpTS + get
	tcpTSS = sixShown + " ts 168496141/16909060"
)

var tunnelCases = []oneCase{
	{"IPv4 in IPv4", capture.LinkIPv4, in4("04", inner4), OK, udpShown + " in ipip"},
	{"IPv6 in IPv4", capture.LinkIPv4, in4("29", inner6), OK, tcpTSS + " in 6in4"},
	{"IPv4 in IPv6", capture.LinkIPv6, six("0020", "04") + inner4, OK, udpShown + " in 4in6"},
	{"IPv6 in IPv6", capture.LinkIPv6, six("004c", "29") + inner6, OK, tcpTSS + " in 6in6"},
	{"eight deep", capture.LinkIPv4, ipip(8), OK, udpShown + " in ipip"},
	{"nine deep", capture.LinkIPv4, ipip(9), TooDeep, ""},
	{"GRE", capture.LinkIPv4, in4("2f", "0000 0800 "+inner4), OK, udpShown + " in gre"},
	{"GRE with checksum, key, sequence", capture.LinkIPv4, in4("2f", "b000 0800 00000000 00000007 00000001 "+inner4), OK, udpShown + " in gre 7"},
	{"GRE with source routes", capture.LinkIPv4, in4("2f", "4000 0800 00000000 0800 0004 0a000003 0000 0000 "+inner4), OK, udpShown + " in gre"},
	{"GRE with endless source routes", capture.LinkIPv4, in4("2f", "4000 0800 00000000 0800 0004 0a000003"), BadLength, ""},
	{"GRE keep-alive", capture.LinkIPv4, in4("2f", "0000 0000"), Control, ""},
	{"GRE cut off", capture.LinkIPv4, in4("2f", "b000 0800 0000"), BadLength, ""},
	{"GRE version 2", capture.LinkIPv4, in4("2f", "0002 0800 "+inner4), BadHeader, ""},
	{"PPTP", capture.LinkIPv4, in4("2f", "3001 880b 0024 0009 00000001 ff03 0021 "+inner4), OK, udpShown + " in gre 9"},
	{"PPTP acknowledgement", capture.LinkIPv4, in4("2f", "2081 880b 0000 0009 00000001"), Control, ""},
	{"Ethernet over GRE", capture.LinkIPv4, in4("2f", "2000 6558 00000007 "+ethUDP), OK, udpShown + " in l2gre 7"},
	{"NVGRE", capture.LinkIPv4, in4("2f", "2000 6558 00138801 "+ethUDP), OK, udpShown + " in nvgre 5000"},
	{"ERSPAN I", capture.LinkIPv4, in4("2f", "0000 88be "+ethUDP), OK, udpShown + " in erspan1"},
	{"ERSPAN II", capture.LinkIPv4, in4("2f", "1000 88be 00000001 1001 0005 00000000 "+ethUDP), OK, udpShown + " in erspan2 5"},
	{"ERSPAN III with subheader", capture.LinkIPv4, in4("2f", "1000 22eb 00000001 2001 0005 00000000 0000 0001 "+pad8+ethUDP), OK, udpShown + " in erspan3 5"},
	{"ERSPAN III with an IP packet", capture.LinkIPv4, in4("2f", "1000 22eb 00000001 2001 0005 00000000 0000 0800 "+inner4), OK, udpShown + " in erspan3 5"},
	{"WCCP redirect header", capture.LinkIPv4, in4("2f", "0000 883e 00000000 "+inner4), OK, udpShown + " in gre"},
	{"ERSPAN II keeps its VLAN apart", capture.LinkIPv4, in4("2f", "1000 88be 00000001 1064 0005 00000000 "+ethUDP), OK, udpShown + " in erspan2 5"},
	{"TZSP", capture.LinkIPv4, overUDP(37008, "0100 0001 0a01c8 01"+ethUDP), OK, udpShown + " in tzsp"},
	{"TZSP, 802.11", capture.LinkIPv4, overUDP(37008, "0100 0012 01"+dot11("0801", "")+snapIP+inner4), OK, udpShown + " in tzsp"},
	{"TZSP port, other content", capture.LinkIPv4, overUDP(37008, "0102030405060708"), OK, "10.0.0.1:49152 > 10.0.0.2:37008 udp len 8"},
	{"GRE over UDP", capture.LinkIPv4, overUDP(4754, "2000 6558 00000007 "+ethUDP), OK, udpShown + " in l2gre 7"},
	{"VXLAN in Geneve reports Geneve", capture.LinkIPv4, overUDP(6081, "0000 0800 00000000 "+overUDP(4789, "0800000000000900"+ethUDP)), OK, udpShown + " in geneve 0"},
	{"VXLAN", eth, vxlanTCP, OK, tcpShown + " ts 168496141/16909060 in vxlan 43981"},
	{"VXLAN port, other content", capture.LinkIPv4, overUDP(4789, "0102030405060708090a0b0c0d0e0f101112"), OK, "10.0.0.1:49152 > 10.0.0.2:4789 udp len 18"},
	{"VXLAN header, inner nonsense", capture.LinkIPv4, overUDP(4789, "0800000000000100"+macs+"1234 0000"), OK, "10.0.0.1:49152 > 10.0.0.2:4789 udp len 24"},
	{"VXLAN with ARP", capture.LinkIPv4, overUDP(4789, "0800000000000100"+macs+"0806 0001"), NotIP, ""},
	{"VXLAN tags stay inside", capture.LinkIPv4, overUDP(8472, "0800000000000100"+vlanTCP), OK, tcpShown + " ts 168496141/16909060 in vxlan 1"},
	{"VXLAN-GPE, NSH, Ethernet", capture.LinkIPv4, overUDP(4790, "0c000004 00000200 0fc2 02 03 00000aff"+ethUDP), OK, udpShown + " in vxlan-gpe 2"},
	{"VXLAN-GPE, IPv6", capture.LinkIPv4, overUDP(4790, "0c000002 00000200"+inner6), OK, tcpTSS + " in vxlan-gpe 2"},
	{"NSH over Ethernet, fixed metadata", eth, macs + "894f 0fc6 01 01 00000aff" + pad8 + pad8 + inner4, OK, udpShown + " in nsh 10"},
	{"Geneve with options", capture.LinkIPv4, overUDP(6081, "0200 6558 00000300 "+pad8+ethUDP), OK, udpShown + " in geneve 3"},
	{"Geneve with an IP packet", capture.LinkIPv4, overUDP(6081, "0000 0800 00000300 "+inner4), OK, udpShown + " in geneve 3"},
	{"Geneve control", capture.LinkIPv4, overUDP(6081, "0080 6558 00000300 0000"), Control, ""},
	{"GTP-U", capture.LinkIPv4, overUDP(2152, "30ff 0020 00000005"+inner4), OK, udpShown + " in gtp-u 5"},
	{"GTP-U with an extension header", capture.LinkIPv4, overUDP(2152, "34ff 0028 00000005 00000085 01000000"+inner4), OK, udpShown + " in gtp-u 5"},
	{"GTP-U echo", capture.LinkIPv4, overUDP(2152, "3201 0004 00000000 00000000"), Control, ""},
	{"GTP-U longer than the datagram", capture.LinkIPv4, overUDP(2152, "30ff 0120 00000005"+inner4), OK, "10.0.0.1:49152 > 10.0.0.2:2152 udp len 40"},
	{"Teredo with both indications", capture.LinkIPv4, overUDP(3544, "0001 0000 "+pad8+"00 0000 1234 0a000001"+inner6), OK, tcpTSS + " in teredo"},
	{"MPLS over UDP", capture.LinkIPv4, overUDP(6635, "00020140"+inner4), OK, udpShown + " in mpls-over-udp"},
	{"AYIYA", capture.LinkIPv4, overUDP(5072, "41 50 11 29 00000000"+pad8+pad8+pad8+pad8+"00000000"+inner6), OK, tcpTSS + " in ayiya"},
	{"L2TP with length and sequence", capture.LinkIPv4, overUDP(1701, "4802 0030 0001 0002 00000000 ff03 0021"+inner4), OK, udpShown + " in l2tp 65538"},
	{"L2TP control", capture.LinkIPv4, overUDP(1701, "c802 000c 0001 0000 0000 0000"), Control, ""},
	{"L2TPv3 with a cookie", capture.LinkIPv4, in4("73", "00000007 11223344 "+ethUDP), OK, udpShown + " in l2tp 7"},
	{"Ethernet in IP", capture.LinkIPv4, in4("61", "3000"+ethUDP), OK, udpShown + " in etherip"},
	{"CAPWAP", capture.LinkIPv4, overUDP(5247, "00 100200 0000 0000"+ethUDP), OK, udpShown + " in capwap"},
	{"CAPWAP, 802.11", capture.LinkIPv4, overUDP(5247, "00 100300 0000 0000"+dot11("0801", "")+snapIP+inner4), OK, udpShown + " in capwap"},
	{"CAPWAP in DTLS", capture.LinkIPv4, overUDP(5247, "01000000 16fefd000000"), Encrypted, ""},
	{"a tunnel in a tunnel reports the outer one", capture.LinkIPv4, in4("2f", "0000 0800 "+in4("04", inner4)), OK, udpShown + " in gre"},
}
