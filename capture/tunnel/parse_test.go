package tunnel

import (
	"encoding/hex"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var parsers = []struct {
	name  string
	parse func([]byte) (Header, Verdict)
}{
	{"gre", ParseGRE},
	{"vxlan", ParseVXLAN},
	{"vxlan-gpe", ParseVXLANGPE},
	{"nsh", ParseNSH},
	{"geneve", ParseGeneve},
	{"tzsp", ParseTZSP},
	{"gtp-u", ParseGTPU},
	{"ayiya", ParseAYIYA},
	{"l2tp", ParseL2TP},
	{"capwap", ParseCAPWAP},
	{"etherip", ParseEtherIP},
	{"mpls", ParseMPLS},
	{"teredo", func(b []byte) (Header, Verdict) { return ParseTeredo(b, len(b)) }},
	{"l2tpv3", func(b []byte) (Header, Verdict) { return ParseL2TPv3(b, 4) }},
}

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

var cases = []struct {
	name, parser, hex string
	want              Verdict
	header            Header
}{
	{"key and sequence", "gre", "3000 0800 00000007 00000001", Inner, Header{Kind: GRE, HasID: true, Keyed: true, Next: IPv4, ID: 7, Len: 12, Size: -1}},
	{"a small key is no NVGRE", "gre", "2000 6558 00000007", Inner, Header{Kind: L2GRE, HasID: true, Keyed: true, Next: Ethernet, ID: 7, Len: 8, Size: -1}},
	{"NVGRE leaves the flow id out", "gre", "2000 6558 00100042", Inner, Header{Kind: NVGRE, HasID: true, Keyed: true, Next: Ethernet, ID: 0x1000, Len: 8, Size: -1}},
	{"call ids belong to one direction", "gre", "3001 880b 0010 0009 00000001", Inner, Header{Kind: GRE, HasID: true, Next: PPP, ID: 9, Len: 12, Size: 16}},
	{"unknown ERSPAN frame type", "gre", "1000 22eb 00000001 2001 0005 00000000 0000 0400", Bad, Header{}},
	{"group policy bit", "vxlan", "8800 0001 00000500", Inner, Header{Kind: VXLAN, HasID: true, Keyed: true, Next: Ethernet, ID: 5, Len: 8, Size: -1}},
	{"no VNI", "vxlan", "0000 0000 00000500", Bad, Header{}},
	{"operations message", "vxlan-gpe", "0d00 0003 00000500", Control, Header{}},
	{"unknown next protocol", "vxlan-gpe", "0c00 0009 00000500", Bad, Header{}},
	{"fixed metadata of the wrong length", "nsh", "0fc2 01 01 00000aff", Bad, Header{}},
	{"version 1", "geneve", "4000 6558 00000500", Bad, Header{}},
	{"options beyond the packet", "geneve", "0100 6558 00000500", Short, Header{}},
	{"sequence number only", "gtp-u", "32ff 0004 00000005 00010000", Inner, Header{Kind: GTPU, HasID: true, Next: IP, ID: 5, Len: 12}},
	{"extension of length 0", "gtp-u", "34ff 0008 00000005 00000085 00000000", Bad, Header{}},
	{"length shorter than the options", "gtp-u", "32ff 0002 00000005 00010000", Bad, Header{}},
	{"GTP version 2", "gtp-u", "48ff 0004 00000005", Bad, Header{}},
	{"heartbeat", "ayiya", "00 00 10 3b 00000000 00", Control, Header{}},
	{"version 3 flags", "l2tp", "0003 0001 0002", Bad, Header{}},
	{"offset", "l2tp", "0202 0001 0002 0002 0000", Inner, Header{Kind: L2TP, HasID: true, Next: PPP, ID: 0x10002, Len: 10, Size: -1}},
	{"keep-alive", "capwap", "00 100008 0000 0000", Control, Header{}},
	{"later fragment", "capwap", "00 100080 0000 0008", Rest, Header{}},
	{"version 4", "etherip", "4000", Bad, Header{}},
	{"associated channel", "mpls", "00020140 10000000", Control, Header{}},
	{"session 0 is control", "l2tpv3", "00000000", Control, Header{}},
	{"ERSPAN II with VLAN and index", "gre", "1000 88be 00000001 1064 0803 00012345", Inner, Header{Kind: ERSPAN2, HasID: true, Keyed: true, Next: Ethernet, ID: 3, Len: 16, Size: -1, Mark: Mark{VLAN: 100, Origin: 0x12345}}},
	{"ERSPAN III, 100 us, ingress", "gre", "1000 22eb 00000001 2064 0003 00001000 0000 8010", Inner, Header{Kind: ERSPAN3, HasID: true, Keyed: true, Next: Ethernet, ID: 3, Len: 20, Size: -1, Mark: Mark{VLAN: 100, Stamp: 0x1000, Way: Ingress, Unit: HundredMicros, Origin: 1 << 32}}},
	{"ERSPAN III, 100 ns, egress, platform 3", "gre", "1000 22eb 00000001 2064 0003 ffffffff 0000 000b 0c000063 00000000", Inner, Header{Kind: ERSPAN3, HasID: true, Keyed: true, Next: Ethernet, ID: 3, Len: 28, Size: -1, Mark: Mark{VLAN: 100, Stamp: 0xffffffff, Way: Egress, Unit: HundredNanos, Origin: 0x63}}},
	{"ERSPAN III, IEEE 1588, platform 5", "gre", "1000 22eb 00000001 2000 0003 3b9ac9ff 0000 0005 14010063 00000005", Inner, Header{Kind: ERSPAN3, HasID: true, Keyed: true, Next: Ethernet, ID: 3, Len: 28, Size: -1, Mark: Mark{Stamp: 999999999, Way: Ingress, Unit: NanosOfSecond, Origin: 0x63}}},
	{"ERSPAN III, unit of the user, platform 1", "gre", "1000 22eb 00000001 2000 0003 3b9ac9ff 0000 0007 04000001 00abcdef", Inner, Header{Kind: ERSPAN3, HasID: true, Keyed: true, Next: Ethernet, ID: 3, Len: 28, Size: -1, Mark: Mark{Way: Ingress, Origin: 0xabcdef}}},
	{"ERSPAN III, subheader cut off", "gre", "1000 22eb 00000001 2000 0003 3b9ac9ff 0000 0007 04000001 00", Short, Header{}},
	{"endpoint of AWS", "geneve", "0800 0800 00000000 0108 0202 0000000000000001 0108 0102 00000000deadbeef 0108 8301 01020304", Inner, Header{Kind: Geneve, HasID: true, Keyed: true, Next: IPv4, Len: 40, Size: -1, Mark: Mark{Origin: 0xdeadbeef}}},
	{"endpoint of Tencent", "geneve", "0800 0800 00000000 0167 0102 2b8ee1d4db0c51c4 0167 0202 0000000000000001 0167 0301 01020304", Inner, Header{Kind: Geneve, HasID: true, Keyed: true, Next: IPv4, Len: 40, Size: -1, Mark: Mark{Origin: 0x2b8ee1d4db0c51c4}}},
	{"endpoint of another length", "geneve", "0400 0800 00000000 0108 0103 000000000000000000000001", Inner, Header{Kind: Geneve, HasID: true, Keyed: true, Next: IPv4, Len: 24, Size: -1}},
	{"options of others", "geneve", "0300 0800 00000700 0109 0102 00000000deadbeef", Inner, Header{Kind: Geneve, HasID: true, Keyed: true, Next: IPv4, ID: 7, Len: 20, Size: -1}},
	{"option beyond the options", "geneve", "0100 0800 00000700 0108 011f", Inner, Header{Kind: Geneve, HasID: true, Keyed: true, Next: IPv4, ID: 7, Len: 12, Size: -1}},
	{"no fields", "tzsp", "0100 0001 01 ff", Inner, Header{Kind: TZSP, Next: Ethernet, Len: 5, Size: -1}},
	{"padding and fields", "tzsp", "0101 0012 00 0a01c8 00 2902 05dc 01", Inner, Header{Kind: TZSP, Next: Dot11, Len: 14, Size: -1}},
	{"a header of AVS in front", "tzsp", "0100 007f 01 80211001 00000010 0000000000000000", Inner, Header{Kind: TZSP, Next: Dot11, Len: 21, Size: -1}},
	{"a header of AVS shorter than itself", "tzsp", "0100 007f 01 80211001 00000007 00", Bad, Header{}},
	{"a Prism header cut off", "tzsp", "0100 0077 01 00000044", Short, Header{}},
	{"fields without end", "tzsp", "0100 0001 0a01c8 00", Short, Header{}},
	{"field beyond the datagram", "tzsp", "0100 0001 0aff 01", Short, Header{}},
	{"keep-alive of TZSP", "tzsp", "0104 0000", Control, Header{}},
	{"TZSP 2", "tzsp", "0200 0001 01", Bad, Header{}},
	{"TZSP with Token Ring", "tzsp", "0100 0002 01", Bad, Header{}},
	{"IPv6 longer than the datagram", "teredo", "6000 0000 0001 3b40" + strings.Repeat("00", 32), Bad, Header{}},
}

func TestParse(t *testing.T) {
	for _, c := range cases {
		for _, p := range parsers {
			if p.name != c.parser {
				continue
			}
			h, v := p.parse(unhex(t, c.hex))
			if v != c.want {
				t.Errorf("%s, %s: verdict %d, want %d", c.parser, c.name, v, c.want)
			}
			if diff := cmp.Diff(c.header, h); v == Inner && diff != "" {
				t.Errorf("%s, %s: %s", c.parser, c.name, diff)
			}
		}
	}
}

func TestNames(t *testing.T) {
	seen := map[string]bool{}
	for k := range NumKinds {
		if seen[k.String()] || k != None && k.String() == "" {
			t.Errorf("kind %d is called %q", k, k)
		}
		seen[k.String()] = true
	}
}

func FuzzParse(f *testing.F) {
	for _, c := range cases {
		f.Add(unhex(f, c.hex))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		for _, p := range parsers {
			if h, v := p.parse(b); v == Inner && (h.Len > len(b) || h.Len < 0 || h.Size < -1 || h.Kind == None) {
				t.Errorf("%s: %+v from %d bytes", p.name, h, len(b))
			}
		}
	})
}

func BenchmarkParse(b *testing.B) {
	for _, c := range cases {
		if c.want != Inner {
			continue
		}
		for _, p := range parsers {
			if p.name == c.parser {
				in := unhex(b, c.hex)
				b.Run(p.name+"/"+c.name, func(b *testing.B) {
					b.ReportAllocs()
					for b.Loop() {
						if _, v := p.parse(in); v != Inner {
							b.Fatal(v)
						}
					}
				})
			}
		}
	}
}
