package filter_test

import (
	"fmt"
	"math/rand/v2"
	"strings"

	"github.com/wirespan/wirespan/capture"
)

// expression makes a random condition of up to depth levels. What a link type
// lacks comes, too: both compilers must refuse it.
func expression(r *rand.Rand, link capture.LinkType, depth int) string {
	if depth == 0 || r.IntN(5) == 0 {
		return primitive(r, link)
	}
	sub := func() string { return expression(r, link, depth-1) }
	switch r.IntN(9) {
	case 0, 1, 2:
		return sub() + pick(r, []string{" and ", " && "}) + sub()
	case 3, 4, 5:
		return sub() + pick(r, []string{" or ", " || "}) + sub()
	case 6:
		return "not (" + sub() + ")"
	case 7:
		return pick(r, []string{"not ", "! "}) + primitive(r, link)
	}
	return "(" + sub() + ")"
}

func primitive(r *rand.Rand, link capture.LinkType) string {
	wireless := link == capture.LinkIEEE80211 || link == capture.LinkRadiotap
	switch n := r.IntN(34); {
	case n < 6:
		return ports4(r)
	case n < 10:
		return hostPrimitive(r)
	case n < 15:
		return pick(r, []string{"tcp", "udp", "icmp", "icmp6", "sctp", "ip", "ip6", "igmp", "pim", "vrrp", "ah", "esp", "igrp", "carp"})
	case n < 17:
		return pick(r, []string{
			"arp", "rarp", "ip", "ip6", "atalk", "aarp", "decnet", "lat", "sca", "moprc", "mopdl", "iso", "clnp", "esis",
			"isis", "stp", "ipx", "netbeui", "l1", "l2", "iih", "lsp", "snp", "csnp", "psnp",
		})
	case n < 19:
		return pick(r, []string{"", "ip ", "ip6 "}) + "proto " + pick(r, []string{"6", "17", `\tcp`, `\udp`, "58", "50", "132"})
	case n == 19:
		return "ether proto " + pick(r, []string{`\ip`, `\ip6`, `\arp`, "0x8847", "0x42", "0xaa", `\rarp`, `\ipx`, `\loopback`, "0x88cc"})
	case n < 25 && !wireless: // libpcap mixes up its registers there
		return relation(r)
	case n == 25 && wireless:
		return pick(r, []string{"less ", "greater "}) + fmt.Sprint(r.IntN(200))
	case n == 25:
		return pick(r, []string{"less ", "greater ", "len > ", "len <= "}) + fmt.Sprint(r.IntN(200))
	case n < 28 && (link == capture.LinkEthernet || wireless):
		return pick(r, []string{"vlan", "vlan 100", "vlan 200", "vlan 100 and tcp", "vlan and host 10.0.0.1 and port 80"})
	case n == 28 && (link == capture.LinkEthernet || link == capture.LinkCHDLC || link == capture.LinkPPP):
		return pick(r, []string{"mpls", "mpls 262", "mpls 1604", "mpls and mpls 262", "mpls and ip", "mpls and host 10.0.0.1", "mpls and mpls and tcp port 80"})
	case n == 29 && link == capture.LinkEthernet:
		return pick(r, []string{"pppoed", "pppoes", "pppoes 77", "pppoes and ip", "pppoes 1 and tcp port 80"})
	case n == 30 && link == capture.LinkEthernet:
		return pick(r, []string{"broadcast", "multicast", "ether multicast", "llc", "llc u", "llc s", "llc i", "llc ui", "llc rnr", "llc xid"})
	case n == 31:
		return pick(r, []string{"ip broadcast", "ip multicast", "ip6 multicast", "tcp[tcpflags] & tcp-syn != 0"})
	case n == 32 && (link == capture.LinkEthernet || wireless):
		return pick(r, []string{"ether host ", "ether src ", "ether dst ", "ether src or dst ", "ether src and dst "}) +
			pick(r, []string{"02:00:00:00:00:01", "02-0-0-0-0-2", "ff.ff.ff.ff.ff.ff", "0100.5e00.0005", "020000000001"})
	case wireless:
		return wireless80211(r)
	}
	return ports4(r)
}

func wireless80211(r *rand.Rand) string {
	return pick(r, []string{
		"type mgt", "type ctl", "type data", "type mgt subtype beacon", "subtype qos-data", "subtype ack", "type data subtype null",
		"dir tods", "dir fromds", "dir dstods", "dir nods", "dir 2", "type 0x08", "wlan addr1 02:00:00:00:00:01",
		"wlan addr2 02:00:00:00:00:02", "wlan addr3 02:00:00:00:00:01", "wlan addr4 02:00:00:00:00:01", "wlan ra 02:00:00:00:00:01",
		"wlan ta 02:00:00:00:00:02", "broadcast", "multicast", "llc", "llc u", "wlan host 02:00:00:00:00:01",
	})
}

func ports4(r *rand.Rand) string {
	p := fmt.Sprint(pick(r, ports))
	head := pick(r, []string{"", "", "tcp ", "udp ", "sctp "}) + pick(r, []string{"", "", "src ", "dst ", "src or dst ", "src and dst "})
	switch r.IntN(5) {
	case 0:
		return head + "portrange " + p + "-" + fmt.Sprint(pick(r, ports))
	case 1:
		list := []string{p}
		for range 1 + r.IntN(5) {
			list = append(list, fmt.Sprint(pick(r, ports)))
		}
		return head + "port (" + strings.Join(list, " or ") + ")"
	case 2:
		return head + "port " + pick(r, []string{"domain", "http", "ssh", "https"})
	}
	return head + "port " + p
}

func hostPrimitive(r *rand.Rand) string {
	dir := pick(r, []string{"", "", "src ", "dst ", "src or dst ", "src and dst "})
	switch r.IntN(7) {
	case 0:
		return dir + "host " + pick(r, hosts6)
	case 1:
		return dir + "net " + pick(r, []string{"10.0.0.0/8", "10", "10.0", "192.168.1.0/24", "172.16.0.0 mask 255.255.0.0", "0.0.0.0/0", "10.0.0.2/31"})
	case 2:
		return dir + "net " + pick(r, []string{"fd00::/16", "2001:db8::/32", "fd00::2/127", "::/0", "fd00::/33"})
	case 3:
		return pick(r, []string{"arp ", "rarp ", "ip "}) + dir + "host " + pick(r, hosts4)
	}
	return dir + "host " + pick(r, hosts4)
}

func relation(r *rand.Rand) string {
	op := pick(r, []string{">", "<", ">=", "<=", "=", "==", "!="})
	right := fmt.Sprint(pick(r, []int{0, 1, 2, 5, 6, 16, 17, 40, 64, 80, 100, 443, 2048}))
	if r.IntN(4) == 0 {
		right = number(r, 1)
	}
	return number(r, 2) + " " + op + " " + right
}

func number(r *rand.Rand, depth int) string {
	if depth == 0 || r.IntN(3) == 0 {
		accessor := pick(r, []string{"ip", "ip", "ip6", "tcp", "tcp", "udp", "icmp", "icmp6", "ether", "ether", "arp", "sctp"})
		index := fmt.Sprint(r.IntN(14))
		switch r.IntN(12) {
		case 0:
			index = "icmptype"
		case 1:
			index = number(r, 0) + " & 3"
		}
		return accessor + "[" + index + pick(r, []string{"", "", ":1", ":2", ":2", ":4"}) + "]"
	}
	k := fmt.Sprint(pick(r, []int{1, 2, 3, 4, 7, 15, 255}))
	switch r.IntN(12) {
	case 0:
		return "len"
	case 1:
		return "-" + number(r, 0)
	case 2:
		return "(" + number(r, depth-1) + pick(r, []string{" + ", " - ", " & ", " | ", " ^ ", " * "}) + number(r, depth-1) + ")"
	case 3:
		return number(r, depth-1) + pick(r, []string{" + ", " - ", " * ", " & "}) + number(r, depth-1)
	case 4:
		return number(r, 0) + pick(r, []string{" / ", " % "}) + "(" + number(r, 0) + " | 1)" // not by zero
	}
	return number(r, depth-1) + pick(r, []string{" + ", " - ", " & ", " | ", " << ", " >> ", " * ", " / ", " % ", " ^ "}) + k
}
