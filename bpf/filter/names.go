package filter

// usualServices are names of ports for systems without /etc/services; the
// numbers and transports are IANA's.
var usualServices = map[string]Service{
	"echo": both(7), "discard": both(9), "daytime": both(13), "chargen": both(19), "ftp-data": tcp(20), "ftp": tcp(21),
	"ssh": tcp(22), "telnet": tcp(23), "smtp": tcp(25), "time": both(37), "tacacs": both(49), "whois": tcp(43),
	"domain": both(53), "bootps": udp(67), "bootpc": udp(68), "tftp": udp(69), "gopher": tcp(70), "finger": tcp(79),
	"http": tcp(80), "www": tcp(80), "kerberos": both(88), "pop3": tcp(110), "sunrpc": both(111), "portmapper": both(111),
	"auth": tcp(113), "nntp": tcp(119), "ntp": udp(123), "epmap": both(135), "netbios-ns": udp(137),
	"netbios-dgm": udp(138), "netbios-ssn": tcp(139), "imap2": tcp(143), "imap": tcp(143), "snmp": both(161),
	"snmp-trap": both(162), "snmptrap": both(162), "bgp": tcp(179), "irc": both(194), "ldap": both(389), "https": both(443),
	"microsoft-ds": both(445), "kpasswd": both(464), "submissions": tcp(465), "isakmp": udp(500), "exec": tcp(512),
	"login": tcp(513), "shell": tcp(514), "syslog": udp(514), "printer": tcp(515), "route": udp(520),
	"submission": tcp(587), "ldaps": both(636), "domain-s": both(853), "rsync": tcp(873), "imaps": tcp(993),
	"pop3s": tcp(995), "socks": tcp(1080), "openvpn": both(1194), "ms-sql-s": tcp(1433), "ms-sql-m": udp(1434),
	"l2f": udp(1701), "radius": both(1812), "radius-acct": both(1813), "nfs": both(2049), "mysql": tcp(3306),
	"rdp": both(3389), "ms-wbt-server": both(3389), "svn": tcp(3690), "epmd": tcp(4369), "sip": both(5060),
	"sip-tls": both(5061), "xmpp-client": tcp(5222), "xmpp-server": tcp(5269), "mdns": udp(5353),
	"postgresql": tcp(5432), "postgres": tcp(5432), "amqps": tcp(5671), "amqp": {Port: 5672, TCP: true, SCTP: true, UDP: true},
	"x11": tcp(6000), "redis": tcp(6379), "http-alt": both(8080), "puppet": tcp(8140), "git": tcp(9418),
	"zabbix-agent": tcp(10050), "zabbix-trapper": tcp(10051),
}

func tcp(port uint16) Service  { return Service{Port: port, TCP: true} }
func udp(port uint16) Service  { return Service{Port: port, UDP: true} }
func both(port uint16) Service { return Service{Port: port, TCP: true, UDP: true} }

// usualProtocols are names of IP protocols, IANA's numbers.
var usualProtocols = map[string]uint8{
	"ip": 0, "hopopt": 0, "icmp": 1, "igmp": 2, "ggp": 3, "ipencap": 4, "st": 5, "tcp": 6, "egp": 8, "igp": 9,
	"pup": 12, "udp": 17, "hmp": 20, "xns-idp": 22, "rdp": 27, "iso-tp4": 29, "dccp": 33, "xtp": 36, "ddp": 37,
	"idpr-cmtp": 38, "ipv6": 41, "ipv6-route": 43, "ipv6-frag": 44, "idrp": 45, "rsvp": 46, "gre": 47, "esp": 50,
	"ah": 51, "skip": 57, "ipv6-icmp": 58, "ipv6-nonxt": 59, "ipv6-opts": 60, "rspf": 73, "vmtp": 81, "eigrp": 88,
	"ospf": 89, "ax.25": 93, "ipip": 94, "etherip": 97, "encap": 98, "pim": 103, "ipcomp": 108, "vrrp": 112,
	"l2tp": 115, "isis": 124, "sctp": 132, "fc": 133, "mobility-header": 135, "udplite": 136, "mpls-in-ip": 137,
	"manet": 138, "hip": 139, "shim6": 140, "wesp": 141, "rohc": 142, "ethernet": 143,
}
