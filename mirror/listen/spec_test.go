package listen

import (
	"net/netip"
	"strings"
	"testing"
)

func TestParse(t *testing.T) {
	for _, c := range []struct {
		text string
		want Spec
		name string
	}{
		{"vxlan=:4789", Spec{Kind: VXLAN, Port: 4789}, "vxlan:4789"},
		{"vxlan", Spec{Kind: VXLAN}, "vxlan:4789"},
		{"VXLAN=*:8472", Spec{Kind: VXLAN, Port: 8472}, "vxlan:8472"},
		{"vxlan=%eth1", Spec{Kind: VXLAN, Device: "eth1"}, "vxlan:4789%eth1"},
		{"vxlan=0.0.0.0:4789", Spec{Kind: VXLAN, Port: 4789}, "vxlan:4789"},
		{"geneve=10.0.0.1:6081", Spec{Kind: Geneve, Addr: netip.MustParseAddr("10.0.0.1"), Port: 6081}, "geneve:10.0.0.1:6081"},
		{"tzsp=[2001:db8::1]:37009%eth1", Spec{Kind: TZSP, Addr: netip.MustParseAddr("2001:db8::1"), Port: 37009, Device: "eth1"}, "tzsp:[2001:db8::1]:37009%eth1"},
		{"gtpu=[fe80::1%eth0]", Spec{Kind: GTPU, Addr: netip.MustParseAddr("fe80::1"), Device: "eth0"}, "gtpu:[fe80::1]:2152%eth0"},
		{"gtp-u=", Spec{Kind: GTPU}, "gtpu:2152"},
		{"gre=", Spec{Kind: GRE}, "gre"},
		{"gre=2001:db8::1", Spec{Kind: GRE, Addr: netip.MustParseAddr("2001:db8::1")}, "gre:2001:db8::1"},
		{"erspan=10.0.0.1%eth1", Spec{Kind: ERSPAN, Addr: netip.MustParseAddr("10.0.0.1"), Device: "eth1"}, "erspan:10.0.0.1%eth1"},
		{"gre-udp", Spec{Kind: GREoverUDP}, "gre-udp:4754"},
	} {
		got, err := Parse(c.text)
		if err != nil || got != c.want || got.String() != c.name {
			t.Errorf("%s: %+v, %q, %v; want %+v, %q", c.text, got, got, err, c.want, c.name)
		}
	}
	for _, c := range []struct{ text, err string }{
		{"", "no kind of mirror"},
		{"ipip=", "no kind of mirror"},
		{"vxlan=:0", "no port"},
		{"vxlan=:70000", "no port"},
		{"vxlan=host:4789", "no address"},
		{"vxlan=[::1:4789", "[ without ]"},
		{"vxlan=[::1]4789", "after ]"},
		{"vxlan=%", "no interface"},
		{"vxlan=%a/b", "no name of an interface"},
		{"vxlan=239.1.1.1", "multicast"},
		{"gre=:47", "no ports"},
		{"gre=10.0.0.1:47", "no ports"},
		{"vxlan=[fe80::1%eth0]:1%eth1", "interfaces"},
	} {
		if s, err := Parse(c.text); err == nil || !strings.Contains(err.Error(), c.err) {
			t.Errorf("%q: %v, %v; want an error with %q", c.text, s, err, c.err)
		}
	}
}

func TestValidate(t *testing.T) {
	specs := func(texts ...string) []Spec {
		var all []Spec
		for _, text := range texts {
			s, err := Parse(text)
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, s)
		}
		return all
	}
	for _, c := range []struct {
		listen []Spec
		err    string
	}{
		{nil, "0 listeners"},
		{specs("vxlan", "geneve", "gre", "erspan", "nvgre", "l2gre"), ""},
		{specs("vxlan=10.0.0.1", "vxlan=10.0.0.2", "vxlan=:8472"), ""},
		{specs("vxlan", "vxlan=10.0.0.1"), "same port"},
		{specs("vxlan=:4789", "geneve=:4789"), "same port"},
		{specs("gre=10.0.0.1", "gre=10.0.0.2"), ""},
		{specs("gre", "gre=%eth0"), "twice"},
		{specs("gre", "erspan=10.0.0.1"), "overlap"},
	} {
		cfg := Default()
		cfg.Listen = c.listen
		err := cfg.Validate()
		if c.err == "" && err != nil || c.err != "" && (err == nil || !strings.Contains(err.Error(), c.err)) {
			t.Errorf("%v: %v, want %q", c.listen, err, c.err)
		}
	}
	bad := Config{Listen: specs("gre"), Snaplen: 1}
	for _, want := range []string{"receive buffer", "packet memory", "snaplen 1"} {
		if err := bad.Validate(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v does not say %q", err, want)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{"vxlan=[fe80::1%eth0]:4789", "erspan=10.0.0.1%eth1", "gre", "tzsp=:1"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		s, err := Parse(text)
		if err != nil {
			return
		}
		// The name of a listener, with = behind the kind, is a listener again.
		word, rest := s.Kind.String(), strings.TrimPrefix(s.String(), s.Kind.String())
		again, err := Parse(word + "=" + strings.TrimPrefix(rest, ":"))
		if s.Kind.UDP() && !s.Addr.IsValid() {
			again, err = Parse(word + "=" + rest)
		}
		if err != nil || again.String() != s.String() {
			t.Errorf("%q gives %q, which gives %q, %v", text, s, again, err)
		}
	})
}
