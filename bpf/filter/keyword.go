package filter

// keywords maps each reserved word to its canonical spelling, pcap-filter(7).
// They are matched as written, in lower case; a backslash takes the meaning away.
var keywords = map[string]string{
	"dst": "dst", "src": "src",
	"link": "link", "ether": "link", "ppp": "link", "slip": "link", "fddi": "link", "tr": "link", "wlan": "link",
	"arp": "arp", "rarp": "rarp", "ip": "ip", "ip6": "ip6",
	"sctp": "sctp", "tcp": "tcp", "udp": "udp", "icmp": "icmp", "icmp6": "icmp6", "igmp": "igmp", "igrp": "igrp",
	"pim": "pim", "vrrp": "vrrp", "carp": "carp", "ah": "ah", "esp": "esp", "radio": "radio",
	"atalk": "atalk", "aarp": "aarp", "decnet": "decnet", "lat": "lat", "sca": "sca", "moprc": "moprc", "mopdl": "mopdl",
	"iso": "iso", "esis": "esis", "es-is": "esis", "isis": "isis", "is-is": "isis", "clnp": "clnp",
	"l1": "l1", "l2": "l2", "iih": "iih", "lsp": "lsp", "snp": "snp", "csnp": "csnp", "psnp": "psnp",
	"stp": "stp", "ipx": "ipx", "netbeui": "netbeui",
	"host": "host", "net": "net", "mask": "mask", "port": "port", "portrange": "portrange",
	"proto": "proto", "protochain": "protochain", "gateway": "gateway",
	"type": "type", "subtype": "subtype", "direction": "dir", "dir": "dir",
	"address1": "addr1", "addr1": "addr1", "address2": "addr2", "addr2": "addr2",
	"address3": "addr3", "addr3": "addr3", "address4": "addr4", "addr4": "addr4", "ra": "ra", "ta": "ta",
	"less": "less", "greater": "greater", "byte": "byte", "broadcast": "broadcast", "multicast": "multicast",
	"and": "and", "or": "or", "not": "!", "len": "len", "length": "len",
	"inbound": "inbound", "outbound": "outbound", "ifindex": "ifindex",
	"vlan": "vlan", "mpls": "mpls", "pppoed": "pppoed", "pppoes": "pppoes", "geneve": "geneve", "llc": "llc",
	"lane": "lane", "metac": "metac", "bcc": "bcc", "oam": "oam", "oamf4": "oamf4", "oamf4ec": "oamf4ec",
	"oamf4sc": "oamf4sc", "sc": "sc", "ilmic": "ilmic", "vpi": "vpi", "vci": "vci",
	"connectmsg": "connectmsg", "metaconnect": "metaconnect",
	"on": "ifname", "ifname": "ifname", "rset": "rset", "ruleset": "rset", "rnr": "rnr", "rulenum": "rnr",
	"srnr": "srnr", "subrulenum": "srnr", "reason": "reason", "action": "action",
	"fisu": "fisu", "lssu": "lssu", "lsu": "lssu", "msu": "msu", "hfisu": "hfisu", "hlssu": "hlssu", "hmsu": "hmsu",
	"sio": "sio", "opc": "opc", "dpc": "dpc", "sls": "sls", "hsio": "hsio", "hopc": "hopc", "hdpc": "hdpc", "hsls": "hsls",
}

// protocols are the keywords that name a protocol, for accessors and in front
// of host, port and the like.
var protocols = map[string]bool{
	"link": true, "ip": true, "arp": true, "rarp": true, "sctp": true, "tcp": true, "udp": true, "icmp": true,
	"igmp": true, "igrp": true, "pim": true, "vrrp": true, "carp": true, "atalk": true, "aarp": true, "decnet": true,
	"lat": true, "sca": true, "mopdl": true, "moprc": true, "ip6": true, "icmp6": true, "ah": true, "esp": true,
	"iso": true, "esis": true, "isis": true, "l1": true, "l2": true, "iih": true, "lsp": true, "snp": true,
	"psnp": true, "csnp": true, "clnp": true, "stp": true, "ipx": true, "netbeui": true, "radio": true,
}

// elsewhere are primitives of link types that have no frames here, with the
// link type they belong to.
var elsewhere = map[string]string{
	"lane": "ATM", "metac": "ATM", "bcc": "ATM", "oam": "ATM", "oamf4": "ATM", "oamf4ec": "ATM", "oamf4sc": "ATM",
	"sc": "ATM", "ilmic": "ATM", "vpi": "ATM", "vci": "ATM", "connectmsg": "ATM", "metaconnect": "ATM",
	"ifname": "OpenBSD PF", "rset": "OpenBSD PF", "rnr": "OpenBSD PF", "srnr": "OpenBSD PF", "reason": "OpenBSD PF",
	"action": "OpenBSD PF",
	"fisu":   "SS7", "lssu": "SS7", "msu": "SS7", "hfisu": "SS7", "hlssu": "SS7", "hmsu": "SS7", "sio": "SS7",
	"opc": "SS7", "dpc": "SS7", "sls": "SS7", "hsio": "SS7", "hopc": "SS7", "hdpc": "SS7", "hsls": "SS7",
}
