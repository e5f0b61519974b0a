package wire

import "slices"

// deviation is a difference from tshark that was looked at and is meant.
type deviation struct {
	name   string
	frames []int // none means all
	reason string
}

var deviations = []deviation{
	{
		"encapsulation/arkime-arkime_synthetic.pcap",
		[]int{818},
		"UDP length 0 is taken as up to the end, as in offloaded segments; tshark reports it as it is",
	},
	{
		"encapsulation/zeek-tunnels_gtp_gtp_control_prime.pcap",
		[]int{9, 10},
		"GTP' (charging) is not decoded: the frame is plain UDP",
	},
	{
		"encapsulation/zeek-tunnels_gtp_pdp_ctx_messages.pcapng",
		[]int{13, 14},
		"GTP' (charging) is not decoded: the frame is plain UDP",
	},
	{
		"formats/deepflow-nats_nats-nrpc1.pcap", nil,
		"pcap with the record headers of Kuznetsov's libpcap, which the reader of this test does not know",
	},
	{
		"http1/wireshark-docbook_examples_test.cap",
		[]int{24, 38, 57},
		"19 bytes of TCP: no receiver accepts a segment without its whole header",
	},
	{
		"malformed/suricata-firewall_tcp-session-decode-malformed-ipv4.pcap",
		[]int{8},
		"the contents of IPv4 options are not judged",
	},
	{"malformed/tcpdump-arcnet-rfc1051-arp-icmp-http.pcap", nil, "ARCNET is not decoded"},
	{"malformed/tcpdump-bgp-bgp_capabilities_print-oobr-1.pcap", []int{1}, oddFragment},
	{"malformed/tcpdump-bootp_asan.pcap", []int{1}, oddFragment},
	{"malformed/tcpdump-dhcp6_reconf_asan.pcap", []int{1}, oddFragment},
	{"malformed/tcpdump-isakmp-various-oobr.pcap", []int{1}, oddFragment},
	{"malformed/tcpdump-radius_attr_asan.pcap", []int{1}, oddFragment},
	{"malformed/tcpdump-rx_serviceid_oobr.pcap", []int{1}, oddFragment},
	{
		"malformed/tcpdump-rpki-rtr-oobr.pcap",
		[]int{1},
		"the TCP header is longer than the packet on the wire",
	},
	{
		"tcp/zeek-chksums_ip6-route0-tcp-good-chksum.pcap",
		[]int{1},
		"segments are left in the routing header: the destination is the final one, as in the TCP checksum",
	},
}

// oddFragment: tshark dissects a first fragment as if it were whole when
// snaplen cut it.
const oddFragment = "more fragments follow, but the length is no multiple of 8: receivers drop it"

func explained(name string, frame int) bool {
	for _, d := range deviations {
		if d.name == name && (d.frames == nil || slices.Contains(d.frames, frame)) {
			return true
		}
	}
	return false
}
