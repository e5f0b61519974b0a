package filter_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"strings"
	"testing"

	"golang.org/x/net/bpf"

	"github.com/wirespan/wirespan/bpf/filter"
	"github.com/wirespan/wirespan/capture"
	"github.com/wirespan/wirespan/capture/cbpf"
)

// expressions are compared with libpcap on every link type; what a link type
// lacks both must refuse.
var expressions = strings.Split(strings.TrimSpace(`
tcp
ip6
icmp6
port 443
src port 80
tcp src or dst port 80
tcp src and dst port 80
host 10.0.0.1
src host 10.0.0.1 and dst host 10.0.0.2
host fd00::1
ip6 host fd00::1
net 10
net 10.0.0.0 mask 255.255.255.0
net 192.168.1
net fd00::/16
not port 22
tcp port 80 or 443
tcp port 80 or 443 and host 10.0.0.1
port (80 or 443 or not 22)
host (10.0.0.1 or 10.0.0.2) and not (port 22 or 25)
(tcp port 80 or tcp port 443) and host 10.0.0.1
portrange 80-90
portrange 90-80
tcp portrange http-https
src portrange 1-1023
ip proto \tcp
ip6 proto 17
proto 17
proto \sctp
ip proto 0x11
less 100
greater 100
len != 60
tcp[13] & 2 != 0
tcp[tcpflags] & (tcp-syn|tcp-fin) != 0
tcp[tcpflags] == tcp-syn|tcp-ack
icmp[icmptype] = icmp-echo or icmp[icmptype] = icmp-echoreply
icmp6[icmp6type] = icmp6-neighborsolicit
ip[8] < 64
ip[2:2] - ((ip[0] & 0xf) << 2) - ((tcp[12] & 0xf0) >> 2) != 0
tcp port 80 and (((ip[2:2] - ((ip[0]&0xf)<<2)) - ((tcp[12]&0xf0)>>2)) != 0)
ether[0] & 1 = 0 and ip[16] >= 224
ip[0] & 0xf != 5
ip[6:2] & 0x1fff = 0
udp[4:2] = 8 || udp[4:2] = 38
tcp[0:2] = tcp[2:2]
tcp[2:2] > tcp[0:2]
80 = tcp[2:2]
5 < ip[8]
ip[2:2] % 4 = 0
ip[9] * 2 = 12
(tcp[0] + 1) * 2 = 2
tcp[0] + 1 * 2 = 2
-1 & 255 = 255
ip[ip[0] & 3] = 0
len > 60 and len < 200
vlan
vlan 100
vlan 100 and tcp port 80
vlan and vlan and host 10.0.0.1
vlan 100 or tcp
mpls
mpls 262 and host 10.0.0.1
mpls and mpls and ip6
pppoed
pppoes
pppoes 77 and tcp port 80
pppoes and ip6
ether proto 0x0800
ether proto \ip
ether proto \stp
ether proto 0x42
ether proto \loopback
ether host 02:00:00:00:00:01
ether src 02:00:00:00:00:01 and ether dst 2-0-0-0-0-2
ether[12:2] = 0x0800
link[0] = 2
broadcast
multicast
ether multicast
ip broadcast
ip multicast
ip6 multicast
arp host 10.0.0.1
rarp
arp[6:2] = 1
iso
clnp
isis
l1
l2 or iih
stp
ipx
netbeui
atalk
aarp
decnet
decnet src 1.2
lat
moprc or mopdl or sca
llc
llc i
llc s
llc rnr
llc ui
type mgt
type data subtype qos-data
subtype beacon
dir fromds
wlan addr2 02:00:00:00:00:01
wlan ra 02:00:00:00:00:01 or wlan ta 02:00:00:00:00:02
radio[2] = 8
byte 0 = 2
byte 0 > 1
byte 0 < 3
igmp or igrp or pim or vrrp or carp or ah or esp
not (tcp or udp or icmp)
ip and not tcp and not udp
ip or ip6 or arp
tcp port http or udp port domain
host 255.255.255.255 or net 224.0.0.0/4
net 0.0.0.0/0
net ::/0
`), "\n")

func TestExpressionsAgainstTcpdump(t *testing.T) {
	needTcpdump(t)
	for i, link := range filter.Links() {
		t.Run(filter.LinkName(link), func(t *testing.T) {
			t.Parallel()
			r := rand.New(rand.NewPCG(uint64(i), 1))
			path := emptyCapture(t, link)
			list := append(frames(r, link, 2000), realFrames(t, link)...)
			s := &tally{}
			for _, expr := range expressions {
				if link == capture.LinkRadiotap && strings.Contains(expr, "pppoes") {
					continue // libpcap forgets about padding there
				}
				s.compare(t, path, link, expr, list)
			}
			s.report(t)
		})
	}
}

// Where libpcap cannot be asked, or is wrong, programs do what is written.
func TestMeanings(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	tcp := func(src, dst uint16, payload int, flags byte) []byte {
		b := be(nil, src, dst, 0, 0, 0, 0)
		b = be(append(b, 0x50, flags), 0, 0, 0)
		return append(b, make([]byte, payload)...)
	}
	ether := func(proto uint16, b []byte) []byte { return append(be(make([]byte, 12), proto), b...) }
	ack4, data4 := ether(0x800, ip4(r, 6, 0, tcp(1, 80, 0, 0x10))), ether(0x800, ip4(r, 6, 0, tcp(1, 80, 5, 0x18)))
	ack6, syn6 := ether(0x86dd, ip6(r, 6, tcp(1, 80, 0, 0x10))), ether(0x86dd, ip6(r, 6, tcp(1, 80, 0, 2)))
	ah := append([]byte{6, 4, 0, 0}, make([]byte, 20)...)
	chained := ether(0x86dd, ip6(r, 0, append([]byte{60, 0, 0, 0, 0, 0, 0, 0}, append([]byte{51, 0, 0, 0, 0, 0, 0, 0}, append(ah, tcp(1, 80, 0, 2)...)...)...)))
	empty := filter.EmptyACK().String()
	for _, c := range []struct {
		expr    string
		link    capture.LinkType
		frame   []byte
		meta    cbpf.Meta
		live    bool
		foreign bool
		want    bool
	}{
		{expr: empty, frame: ack4, want: true},
		{expr: empty, frame: append(append([]byte{}, ack4...), 0, 0, 0, 0, 0, 0), want: true}, // Ethernet padding
		{expr: empty, frame: data4, want: false},
		{expr: empty, frame: ack6, want: true},
		{expr: empty, frame: syn6, want: false},
		{expr: `ip6 protochain \tcp`, frame: chained, want: true},
		{expr: "protochain 6", frame: chained, want: true},
		{expr: "protochain 17", frame: chained, want: false},
		{expr: "ip6 proto 6", frame: chained, want: false},
		{expr: `ip protochain \tcp`, frame: ether(0x800, ip4(r, 51, 0, append(ah, tcp(1, 2, 0, 2)...))), want: true},
		{expr: "byte 1 & 4", frame: []byte{0, 5}, want: true},
		{expr: "byte 1 & 2", frame: []byte{0, 5}, want: false},
		{expr: "byte 1 | 0", frame: []byte{0, 0}, want: false},
		{expr: "ip6", link: capture.LinkNull, frame: []byte{10, 0, 0, 0}, want: true},
		{expr: "ip6", link: capture.LinkNull, frame: []byte{0, 0, 0, 30}, want: false},
		{expr: "ip6", link: capture.LinkNull, foreign: true, frame: []byte{0, 0, 0, 30}, want: true},
		{expr: "ip6", link: capture.LinkNull, foreign: true, frame: []byte{30, 0, 0, 0}, want: true},
		{expr: "ip6", link: capture.LinkLoop, frame: []byte{0, 0, 0, 10}, want: true},
		{expr: "ip6", link: capture.LinkLoop, frame: []byte{0, 0, 0, 24}, want: false},
		{expr: "ip6", link: capture.LinkLoop, foreign: true, frame: []byte{0, 0, 0, 24}, want: true},
		{expr: "inbound", frame: ack4, want: true},
		{expr: "outbound", frame: ack4, meta: cbpf.Meta{PktType: 4}, want: true},
		{expr: "inbound", frame: ack4, meta: cbpf.Meta{PktType: 4}, want: false},
		{expr: "ifindex 3", frame: ack4, meta: cbpf.Meta{Interface: 3}, want: true},
		{expr: "wlan[0:2] >= 0x0800 and tcp dst port 80", link: capture.LinkIEEE80211, frame: wlanData(tcpPacket(r, tcp(1, 80, 0, 2))), want: true},
		{expr: "tcp[2:2] = 80", link: capture.LinkIEEE80211, frame: wlanData(tcpPacket(r, tcp(1, 80, 0, 2))), want: true},

		// A tag that the kernel took out, and tags in the frame.
		{expr: "vlan", live: true, frame: ack4, want: false},
		{expr: "vlan", live: true, frame: ack4, meta: cbpf.Meta{HasVLAN: true, VLAN: 100}, want: true},
		{expr: "vlan 100", live: true, frame: ack4, meta: cbpf.Meta{HasVLAN: true, VLAN: 0x6000 | 100}, want: true},
		{expr: "vlan 101", live: true, frame: ack4, meta: cbpf.Meta{HasVLAN: true, VLAN: 100}, want: false},
		{expr: "vlan 100 and tcp port 80", live: true, frame: ack4, meta: cbpf.Meta{HasVLAN: true, VLAN: 100}, want: true},
		{expr: "vlan 100 and tcp port 80", live: true, frame: tagged(100, ack4), want: true},
		{expr: "vlan 101 and tcp port 80", live: true, frame: tagged(100, ack4), want: false},
		{expr: "vlan and vlan 7 and ip6", live: true, frame: tagged(7, ack6), meta: cbpf.Meta{HasVLAN: true, VLAN: 9}, want: true},
		{expr: "vlan and vlan 9 and ip6", live: true, frame: tagged(7, ack6), meta: cbpf.Meta{HasVLAN: true, VLAN: 9}, want: false},
		{expr: "vlan 100 and tcp port 80", frame: tagged(100, ack4), want: true},
	} {
		if c.link == 0 && c.expr != "ip6" {
			c.link = capture.LinkEthernet
		}
		p, err := filter.Compile(c.expr, filter.Options{Link: c.link, Live: c.live, Foreign: c.foreign})
		if err != nil {
			t.Errorf("%s: %v", c.expr, err)
			continue
		}
		if err := filter.Check(p.Instructions); err != nil {
			t.Errorf("%s: %v", c.expr, err)
		}
		if got := cbpf.Run(p.Instructions, c.frame, &c.meta) > 0; got != c.want {
			t.Errorf("%s on %s (live %v, %+v): %v, want %v, for %x", c.expr, filter.LinkName(c.link), c.live, c.meta, got, c.want, c.frame)
		}
	}
}

func tagged(id uint16, frame []byte) []byte {
	b := append([]byte{}, frame[:12]...)
	return append(be(b, 0x8100, id), frame[12:]...)
}

func tcpPacket(r *rand.Rand, segment []byte) []byte { return ip4(r, 6, 0, segment) }

func wlanData(ip []byte) []byte {
	b := append([]byte{0x88, 1}, make([]byte, 24)...)
	return append(be(append(b, 0xaa, 0xaa, 3, 0, 0, 0), 0x0800), ip...)
}

// Geneve is followed into what it carries, under either version of IP.
func TestGeneve(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for range 400 {
		inner := transport(r, 6)
		packet, version := ip4(r, 6, 0, inner), "ip"
		proto := uint16(0x0800)
		if r.IntN(2) == 0 {
			packet, proto, version = ip6(r, 6, inner), 0x86dd, "ip6"
		}
		kind, body, bridged := proto, packet, r.IntN(2) == 0
		if bridged {
			kind, body = 0x6558, append(be([]byte("\x02\x00\x00\x00\x00\x09\x02\x00\x00\x00\x00\x08"), proto), packet...)
		}
		options := r.IntN(4)
		udp := append(be(nil, 4000, 6081, 0, 0), byte(options), 0)
		udp = append(be(udp, kind), 0, 0, 42, 0)
		udp = append(append(udp, make([]byte, 4*options)...), body...)
		outer := ether(0x0800, ip4(r, 17, 0, udp))
		if r.IntN(2) == 0 {
			outer = ether(0x86dd, ip6(r, 17, udp))
		}
		port := uint16(inner[2])<<8 | uint16(inner[3])
		for expr, want := range map[string]bool{
			"geneve": true, "geneve 42": true, "geneve 43": false, "geneve 42 and " + version: true,
			fmt.Sprintf("geneve and tcp dst port %d", port): true, fmt.Sprintf("geneve and tcp dst port %d", port^1): port^1 == uint16(inner[0])<<8|uint16(inner[1]) && false,
			"geneve and ether src 02:00:00:00:00:08": bridged, "geneve and udp": false, "geneve and arp": false,
			fmt.Sprintf("geneve and tcp[2:2] = %d", port): version == "ip",
		} {
			p, err := filter.Compile(expr, filter.Options{Link: capture.LinkEthernet})
			if err != nil {
				t.Fatalf("%s: %v", expr, err)
			}
			if err := filter.Check(p.Instructions); err != nil {
				t.Fatalf("%s: %v", expr, err)
			}
			if got := cbpf.Run(p.Instructions, outer, &cbpf.Meta{}) > 0; got != want {
				t.Fatalf("%s: %v, want %v (options %d, bridged %v), for %x", expr, got, want, options, bridged, outer)
			}
		}
	}
}

func ether(proto uint16, b []byte) []byte { return append(be(make([]byte, 12), proto), b...) }

// A long list needs jumps that reach farther than a conditional one can.
func TestLongJumps(t *testing.T) {
	var list []string
	for i := range 700 {
		list = append(list, fmt.Sprintf("tcp port %d", 1000+3*i))
	}
	p, err := filter.Compile(strings.Join(list, " or "), filter.Options{Link: capture.LinkEthernet})
	if err != nil {
		t.Fatal(err)
	}
	if err := filter.Check(p.Instructions); err != nil {
		t.Fatal(err)
	}
	vm, err := bpf.NewVM(instructions(p))
	if err != nil {
		t.Fatal(err)
	}
	r := rand.New(rand.NewPCG(1, 1))
	for port := uint16(990); port < 3200; port++ {
		frame := ether(0x86dd, ip6(r, 6, be(nil, 1, port, 0, 0, 0, 0, 0x5000, 0)))
		n, err := vm.Run(frame)
		if want := port >= 1000 && port < 3100 && (port-1000)%3 == 0; err != nil || n > 0 != want {
			t.Fatalf("port %d: %v, %v, want %v", port, n > 0, err, want)
		}
	}
	for i := range 3000 {
		list = append(list, fmt.Sprintf("host 10.%d.%d.1", i/256, i%256))
	}
	if _, err := filter.Compile(strings.Join(list, " or "), filter.Options{Link: capture.LinkEthernet}); err == nil {
		t.Error("a program of more than 4096 instructions was made")
	}
}

// What is put together means what its parts mean.
func TestTogether(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	list := frames(r, capture.LinkEthernet, 1500)
	parts := []*filter.Expr{
		filter.MustParse("vlan 100"), filter.MustParse("tcp port 80 or 443"), filter.MustParse("host 10.0.0.1"),
		filter.MustParse("mpls"), filter.MustParse("ip6"), filter.MustParse(""),
	}
	run := func(e *filter.Expr) []bool {
		p, err := e.Compile(filter.Options{Link: capture.LinkEthernet, Snaplen: 1000})
		if errors.Is(err, filter.ErrRejectsAll) {
			p = filter.RejectAll()
		} else if err != nil {
			t.Fatalf("%s: %v", e, err)
		}
		for _, in := range p.Instructions {
			if in.Op == 6 && in.K != 0 && in.K != 1000 {
				t.Fatalf("%s keeps %d bytes, want 1000", e, in.K)
			}
		}
		return verdicts(t, p.Instructions, list)
	}
	for _, a := range parts {
		for _, b := range parts {
			va, vb := run(a), run(b)
			both, either := run(filter.And(a, b)), run(filter.Or(a, b))
			for i := range list {
				if both[i] != (va[i] && vb[i]) || either[i] != (va[i] || vb[i]) {
					t.Fatalf("%q with %q: and %v, or %v of %v and %v", a, b, both[i], either[i], va[i], vb[i])
				}
			}
			if b.Empty() {
				continue
			}
			for i, n := range run(filter.And(a, filter.Not(b))) {
				if n != (va[i] && !vb[i]) && len(list[i]) > 60 {
					t.Fatalf("%q without %q: %v of %v and %v", a, b, n, va[i], vb[i])
				}
			}
		}
	}
}

// Mistakes point at the word.
func TestMistakes(t *testing.T) {
	for _, c := range []struct{ expr, word, want string }{
		{"tcp prot 80", "prot", "syntax error"},
		{"host", "", "no host"},
		{"tcp and", "", "ends where a condition is missing"},
		{"(tcp", "", `")" is missing`},
		{"tcp)", ")", "syntax error"},
		{"port 70000", "70000", "more than 65535"},
		{"port nosuch", "nosuch", "unknown port"},
		{"udp port http", "http", "does not exist for udp"},
		{"host example.invalid", "example.invalid", "not looked up"},
		{"gateway foo", "foo", "unknown gateway"},
		{"net 10.0.0.1/8", "net 10.0.0.1/8"[4:], "bits set outside"},
		{"host 10.0.0.0/8", "10.0.0.0/8", "goes with net"},
		{"host 1.2.3.300", "1.2.3.300", "no IPv4 address"},
		{"net 10.0.0.0/33", "10.0.0.0/33", "more than 32"},
		{"ip6 host 10.0.0.1", "10.0.0.1", "does not have IPv4"},
		{"ip host fd00::1", "fd00::1", "does not have IPv6"},
		{"ether host 10.0.0.1", "10.0.0.1", "link layer"},
		{"ip[0:3] = 1", "3", "1, 2 or 4"},
		{"ip[0] = ", "", "number is missing"},
		{"ip[0", "", `"]" is missing`},
		{"ip[0] / 0 = 1", "/ 0", "division by zero"},
		{"ip[0] << 32 = 1", "<< 32", "shift"},
		{"ip[0] + 1", "", "comparison"},
		{"vlan 5000", "5000", "more than 4095"},
		{"mpls 2000000", "2000000", "more than 1048575"},
		{"type mgt", "type mgt", "802.11 only"},
		{"on eth0", "on", "OpenBSD PF only"},
		{"vpi 3", "vpi", "ATM only"},
		{"10.0.0.1", "10.0.0.1", "stands without"},
		{"tcp 80", "80", "syntax error"},
		{"0777777777777 = 5", "0777777777777", "overflows"},
		{"08 = 5", "08", "octal"},
		{"tcp @ udp", "@", "no meaning"},
		{"ether host 1:2:3", "1:2:", "bogus"},
		{"ip proto nosuch", "nosuch", "unknown protocol"},
		{"link", "link", "no condition"},
		{"tcp proto 6", "6", "does not tell"},
		{"1.2.3.4 or tcp", "1.2.3.4", "stands without"},
	} {
		_, err := filter.Compile(c.expr, filter.Options{Link: capture.LinkEthernet})
		var mistake *filter.SyntaxError
		if !errors.As(err, &mistake) {
			t.Errorf("%q: error %v, want a mistake", c.expr, err)
			continue
		}
		word := c.expr[mistake.Offset : mistake.Offset+mistake.Length]
		if word != c.word || !strings.Contains(mistake.Msg, c.want) {
			t.Errorf("%q: %q at %q, want %q at %q", c.expr, mistake.Msg, word, c.want, c.word)
		}
	}
	_, err := filter.Compile("tcp port 80\n\tor udp prot 443", filter.Options{Link: capture.LinkEthernet})
	if want := "\tor udp prot 443\n\t       ^^^^"; err == nil || !strings.HasSuffix(err.Error(), want) {
		t.Errorf("error %v, want it to end with\n%s", err, want)
	}
}

// Host names may have several addresses of both families.
func TestHostNames(t *testing.T) {
	opt := filter.Options{Link: capture.LinkEthernet, Resolver: filter.Resolver{
		Host: func(name string) ([]netip.Addr, error) {
			if name != "www.example.org" {
				return nil, errors.New("no such host")
			}
			return []netip.Addr{netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("2001:db8::1"), netip.MustParseAddr("::ffff:192.0.2.2")}, nil
		},
		Ether: func(string) ([6]byte, error) { return [6]byte{2, 0, 0, 0, 0, 1}, nil },
	}}
	for expr, same := range map[string]string{
		"host www.example.org":           "host 192.0.2.1 or host 2001:db8::1 or host 192.0.2.2",
		"ip6 src host www.example.org":   "src host 2001:db8::1",
		"ip dst host www.example.org":    "ip dst host 192.0.2.1 or ip dst host 192.0.2.2",
		"ether src host www.example.org": "ether src 02:00:00:00:00:01",
		"gateway www.example.org":        "ether host 02:00:00:00:00:01 and not host 192.0.2.1 and not host 192.0.2.2",
	} {
		a, err := filter.Compile(expr, opt)
		if err != nil {
			t.Errorf("%s: %v", expr, err)
			continue
		}
		b, err := filter.Compile(same, opt)
		if err != nil {
			t.Fatal(err)
		}
		if fmt.Sprint(a) != fmt.Sprint(b) {
			t.Errorf("%s is not %s:\n%v\n%v", expr, same, a, b)
		}
	}
	if _, err := filter.Compile("host other.example.org", opt); err == nil || !strings.Contains(err.Error(), "no such host") {
		t.Errorf("error %v, want that of the resolver", err)
	}
}

func BenchmarkCompile(b *testing.B) {
	for _, n := range []int{1, 14, 700} {
		var list []string
		for i := range n {
			list = append(list, fmt.Sprintf("port %d", 80+7*i))
		}
		expr := strings.Join(list, " or ")
		b.Run(fmt.Sprintf("ports=%d", n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := filter.Compile(expr, filter.Options{Link: capture.LinkEthernet}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
