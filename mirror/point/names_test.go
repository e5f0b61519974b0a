package point

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wirespan/wirespan/capture"
	"github.com/wirespan/wirespan/capture/tunnel"
	"github.com/wirespan/wirespan/capture/wire"
)

func addr(s string) wire.Addr { return netip.MustParseAddr(s).As16() }

// mirrored is a packet of a tunnel.
func mirrored(tap uint16, kind tunnel.Kind, id int, src string) *wire.Frame {
	f := &wire.Frame{Tap: tap, TunnelKey: 77, InnerKey: 5}
	f.Tunnel = wire.Tunnel{Kind: kind, Src: addr(src), Dst: addr("10.0.0.200")}
	if id >= 0 {
		f.Tunnel.HasID, f.Tunnel.ID = true, uint32(id)
	}
	return f
}

func newNames(t testing.TB, c Config, rules ...string) *Names {
	t.Helper()
	for _, r := range rules {
		rule, err := ParseRule(r)
		if err != nil {
			t.Fatal(err)
		}
		c.Rules = append(c.Rules, rule)
	}
	n, err := NewNames(c)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

var inputs = []capture.Point{{Name: "eth1"}, {Name: "vxlan:4789"}, {Name: "erspan"}, {Name: "gre:10.0.0.1%eth2"}}

// step is a packet, and where it should be.
type step struct {
	f    *wire.Frame
	want string
	key  uint32 // TunnelKey behind
}

func walk(t *testing.T, n *Names, steps []step) {
	t.Helper()
	table := NewTable(n)
	for range 2 { // met, and known
		for i, s := range steps {
			f := *s.f
			table.Set(&f, tunnel.Mark{}, inputs)
			if got := n.Points()[f.Tap].Name; got != s.want || f.TunnelKey != s.key {
				t.Errorf("packet %d: %s with key %d, want %s with %d", i, got, f.TunnelKey, s.want, s.key)
			}
		}
	}
}

// TestDerived names the points of tunnels by themselves.
func TestDerived(t *testing.T) {
	vlan := &wire.Frame{Tap: 0, VLAN: 100}
	walk(t, newNames(t, Config{Tunnels: true}), []step{
		{&wire.Frame{Tap: 0}, "eth1", 0},
		{vlan, "eth1", 0},
		{mirrored(1, wire.VXLAN, 7, "10.0.0.9"), "vxlan:4789/vni-7", 5},
		{mirrored(1, wire.VXLAN, 8, "10.0.0.9"), "vxlan:4789/vni-8", 5},
		{mirrored(1, wire.VXLAN, 7, "10.0.0.10"), "vxlan:4789/vni-7/10.0.0.10", 5},
		{mirrored(1, wire.VXLAN, 7, "10.0.0.11"), "vxlan:4789/vni-7/10.0.0.11", 5},
		{mirrored(1, wire.VXLAN, 7, "10.0.0.9"), "vxlan:4789/vni-7", 5},
		{mirrored(2, wire.ERSPAN2, 3, "10.0.0.9"), "erspan/session-3", 5},
		{mirrored(2, wire.ERSPAN3, 3, "2001:db8::1"), "erspan/session-3", 5},
		{mirrored(2, wire.ERSPAN1, -1, "10.0.0.9"), "erspan/10.0.0.9", 5},
		{mirrored(3, wire.L2GRE, -1, "10.0.0.9"), "gre:10.0.0.1%eth2/10.0.0.9", 5},
		{mirrored(3, wire.GRE, 12, "10.0.0.9"), "gre:10.0.0.1%eth2/key-12", 5},
		{mirrored(0, wire.NVGRE, 6, "10.0.0.9"), "eth1/vsid-6", 5},
		// An overlay network on an interface: both directions are one point.
		{mirrored(0, wire.Geneve, 4, "10.0.0.1"), "eth1/vni-4", 5},
		{mirrored(0, wire.Geneve, 4, "10.0.0.2"), "eth1/vni-4", 5},
		// Numbers that differ by direction name nothing.
		{mirrored(0, wire.GTPU, 99, "10.0.0.1"), "eth1", 77},
		{mirrored(0, wire.IPIP, -1, "10.0.0.1"), "eth1", 77},
	})
}

// TestRules joins and names by every kind of term, before anything else.
func TestRules(t *testing.T) {
	n := newNames(t, Config{Tunnels: true},
		"web=vxlan:7", "tap=vxlan:20+vxlan:21", "lab=erspan:3@10.0.0.9", "labs=erspan@10.0.0.0/24", "dmz=iface:eth1,vlan:100",
		"core=iface:eth1", "six=@2001:db8::/32", "overlay=gtp-u")
	walk(t, n, []step{
		{mirrored(1, wire.VXLAN, 7, "10.0.0.9"), "web", 5},
		{mirrored(1, wire.VXLANGPE, 7, "10.0.0.10"), "web", 5},
		{mirrored(1, wire.VXLAN, 20, "10.0.0.9"), "tap", 5},
		{mirrored(1, wire.VXLAN, 21, "10.0.0.10"), "tap", 5},
		{mirrored(1, wire.VXLAN, 22, "10.0.0.10"), "vxlan:4789/vni-22", 5},
		{mirrored(2, wire.ERSPAN2, 3, "10.0.0.9"), "lab", 5},
		{mirrored(2, wire.ERSPAN2, 3, "10.0.0.8"), "labs", 5},
		{mirrored(2, wire.ERSPAN2, 3, "10.0.1.8"), "erspan/session-3", 5},
		{&wire.Frame{Tap: 0, VLAN: 100}, "dmz", 0},
		{&wire.Frame{Tap: 0, VLAN: 101}, "core", 0},
		{&wire.Frame{Tap: 0}, "core", 0},
		{mirrored(0, wire.GTPU, 9, "10.0.0.1"), "core", 77}, // the first rule that matches
		{mirrored(1, wire.GTPU, 9, "10.0.0.1"), "overlay", 77},
		{mirrored(1, wire.Geneve, 1, "2001:db8::5"), "six", 5},
	})
}

func TestVLANs(t *testing.T) {
	walk(t, newNames(t, Config{VLANs: true}), []step{
		{&wire.Frame{Tap: 0, VLAN: 100}, "eth1/vlan-100", 0},
		{&wire.Frame{Tap: 0}, "eth1", 0},
		{mirrored(1, wire.VXLAN, 7, "10.0.0.9"), "vxlan:4789", 77},
	})
}

// TestEndpoints has crafted packets of endpoints of Gateway Load Balancers: an
// endpoint is one point, whichever zone its packets come from.
func TestEndpoints(t *testing.T) {
	const shop, bank = 0x2b8ee1d4db0c51c4, 0x0000000000000d07
	n := newNames(t, Config{Tunnels: true, Report: func(s string) { t.Error(s) }}, "bank=gwlbe:vpce-00000000000000d07", "all=iface:erspan,gwlbe:2b8ee1d4db0c51c4")
	table := NewTable(n)
	in := []capture.Point{{Name: "eth1"}, {Name: "geneve:6081"}, {Name: "erspan"}}
	for range 2 {
		for i, c := range []struct {
			tap    uint16
			source string
			origin uint64
			want   string
		}{
			{1, "10.0.0.9", shop, "geneve:6081/gwlbe-2b8ee1d4db0c51c4"},
			{1, "10.0.1.9", shop, "geneve:6081/gwlbe-2b8ee1d4db0c51c4"},
			{0, "10.0.1.9", shop, "eth1/gwlbe-2b8ee1d4db0c51c4"},
			{1, "10.0.1.9", shop + 1, "geneve:6081/gwlbe-2b8ee1d4db0c51c5"},
			{1, "10.0.1.9", bank, "bank"},
			{0, "10.0.2.9", bank, "bank"},
			{2, "10.0.2.9", shop, "all"},
			{1, "10.0.1.9", 0, "geneve:6081/vni-0"},
		} {
			f := mirrored(c.tap, wire.Geneve, 0, c.source)
			table.Set(f, tunnel.Mark{Origin: c.origin}, in)
			if got := n.Points()[f.Tap].Name; got != c.want || f.TunnelKey != 5 {
				t.Errorf("packet %d: %s with key %d, want %s", i, got, f.TunnelKey, c.want)
			}
		}
	}
	f := mirrored(1, wire.Geneve, 0, "10.0.0.9")
	table.Set(f, tunnel.Mark{Origin: shop}, in)
	if got := n.Term(f.Tap); got != "gwlbe:2b8ee1d4db0c51c4" {
		t.Errorf("term %q", got)
	}
	// What ERSPAN says of a port is no endpoint.
	g := mirrored(1, wire.ERSPAN2, 3, "10.0.0.9")
	table.Set(g, tunnel.Mark{Origin: shop}, in)
	if got := n.Points()[g.Tap].Name; got != "geneve:6081/session-3" {
		t.Errorf("ERSPAN: %s", got)
	}
	for _, bad := range []string{"gwlbe", "gwlbe:", "gwlbe:7", "gwlbe:vpce-2b8ee1d4db0c51c4", "gwlbe:0000000000000000", "gwlbe:2b8ee1d4db0c51cg", "gwlbe:+b8ee1d4db0c51c4"} {
		if r, err := ParseRule("x=" + bad); err == nil {
			t.Errorf("%s: %+v", bad, r)
		}
	}
	if !IsRule("x=gwlbe:2b8ee1d4db0c51c4") || IsRule("x=gwlbe") {
		t.Error("which words are rules")
	}
}

// TestBound gives up names, not packets: the rest is one point, and its
// connections stay apart by their tunnels.
func TestBound(t *testing.T) {
	var told []string
	n := newNames(t, Config{Tunnels: true, Max: 3, Report: func(s string) { told = append(told, s) }})
	table := NewTable(n)
	for i := range 5000 {
		f := mirrored(1, wire.VXLAN, i, "10.0.0.9")
		table.Set(f, tunnel.Mark{}, inputs)
		if want := fmt.Sprintf("vxlan:4789/vni-%d", i); i < 3 && n.Points()[f.Tap].Name != want {
			t.Errorf("point %d is %s", i, n.Points()[f.Tap].Name)
		}
		if i >= 3 && (n.Points()[f.Tap].Name != Other || f.TunnelKey != 77) {
			t.Fatalf("point %d is %s, key %d", i, n.Points()[f.Tap].Name, f.TunnelKey)
		}
	}
	if table.Others() != 4997 || len(n.Points()) != 4 || len(told) != 1 || len(n.first) > 3 {
		t.Errorf("%d others, %d points, %q told, %d remembered", table.Others(), len(n.Points()), told, len(n.first))
	}
}

// TestSenders says once that a number comes from several.
func TestSenders(t *testing.T) {
	var told []string
	n := newNames(t, Config{Tunnels: true, Report: func(s string) { told = append(told, s) }})
	table := NewTable(n)
	for i := range 4 {
		table.Set(mirrored(2, wire.ERSPAN2, 3, fmt.Sprintf("10.0.0.%d", i+1)), tunnel.Mark{}, inputs)
	}
	if len(told) != 1 || !strings.Contains(told[0], "--point NAME=erspan2:3@10.0.0.2") {
		t.Errorf("told %q", told)
	}
}

// TestReaders has two readers with one set of points.
func TestReaders(t *testing.T) {
	n := newNames(t, Config{Tunnels: true})
	a, b := NewTable(n), NewTable(n)
	f, g := mirrored(1, wire.VXLAN, 7, "10.0.0.9"), mirrored(1, wire.VXLAN, 7, "10.0.0.9")
	a.Set(mirrored(1, wire.VXLAN, 6, "10.0.0.9"), tunnel.Mark{}, inputs)
	b.Set(f, tunnel.Mark{}, inputs)
	a.Set(g, tunnel.Mark{}, inputs)
	if f.Tap != g.Tap || f.Tap != 1 {
		t.Errorf("points %d and %d", f.Tap, g.Tap)
	}
}

func TestTerms(t *testing.T) {
	n := newNames(t, Config{Tunnels: true})
	table := NewTable(n)
	for _, f := range []*wire.Frame{
		{Tap: 0}, mirrored(1, wire.VXLAN, 7, "10.0.0.9"), mirrored(1, wire.VXLAN, 7, "10.0.0.10"), mirrored(3, wire.L2GRE, -1, "10.0.0.9"),
	} {
		table.Set(f, tunnel.Mark{}, inputs)
	}
	var got []string
	for i := range n.Points() {
		term := n.Term(uint16(i))
		got = append(got, term)
		if _, err := ParseRule("x=" + term); err != nil {
			t.Error(err)
		}
	}
	if diff := cmp.Diff([]string{"iface:eth1", "vxlan:7", "vxlan:7@10.0.0.10", "l2gre@10.0.0.9"}, got); diff != "" {
		t.Error(diff)
	}
}

// TestNoAllocation holds for points that are known, and for those beyond the
// bound.
func TestNoAllocation(t *testing.T) {
	n := newNames(t, Config{Tunnels: true, Max: 2}, "core=iface:eth9")
	table := NewTable(n)
	plain, known := &wire.Frame{}, mirrored(1, wire.VXLAN, 7, "10.0.0.9")
	table.Set(plain, tunnel.Mark{}, inputs)
	id := 100
	if a := testing.AllocsPerRun(200, func() {
		f := *known
		table.Set(&f, tunnel.Mark{}, inputs)
		f = wire.Frame{}
		table.Set(&f, tunnel.Mark{}, inputs)
		f = *known
		f.Tunnel.ID = uint32(id)
		id++
		table.Set(&f, tunnel.Mark{}, inputs)
	}); a != 0 {
		t.Errorf("%v allocations", a)
	}
}

func TestMistakes(t *testing.T) {
	for _, s := range []string{
		"", "core", "core=", "=vxlan:7", "core=vxlan:x", "core=vxlan:4294967296", "core=wxlan:7", "core=vlan:0", "core=vlan:4095",
		"core=iface:", "core=vxlan:7+", "core=vxlan@10.0.0", "core=vxlan:7@", "core=vlan", strings.Repeat("n", 300) + "=vxlan:7",
		"core=" + strings.Repeat("vxlan:7+", 64) + "vxlan:8",
	} {
		if r, err := ParseRule(s); err == nil {
			t.Errorf("%q: %+v, want an error", s, r)
		}
	}
}

// TestIsRule tells rules from files.
func TestIsRule(t *testing.T) {
	for s, want := range map[string]bool{
		"core=vxlan:7": true, "core=iface:eth1+iface:eth2": true, "x=erspan@10.0.0.9": true, "x=@10.0.0.9": true, "x=vlan:3": true,
		"core=a.pcap+b.pcap": false, "core=vxlan": false, "core": false, "core=./vxlan:7": false, "core=C:7": false, "x=a@b.pcap": false,
	} {
		if IsRule(s) != want {
			t.Errorf("%q: %v, want %v", s, !want, want)
		}
	}
}

// FuzzParseRule wants no panic, and that what parses matches without one.
func FuzzParseRule(f *testing.F) {
	for _, s := range []string{"core=vxlan:7+vxlan:8", "a=iface:eth1,vlan:2@10.0.0.0/8", "x=@::1", "x=gwlbe:vpce-02b8ee1d4db0c51c4"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		r, err := ParseRule(s)
		if err != nil {
			return
		}
		n, err := NewNames(Config{Rules: []Rule{r}, Tunnels: true})
		if err != nil {
			t.Fatal(err)
		}
		NewTable(n).Set(mirrored(1, wire.VXLAN, 7, "10.0.0.9"), tunnel.Mark{}, inputs)
		if len(n.Points()) != 1 {
			t.Fatalf("%d points", len(n.Points()))
		}
	})
}

func BenchmarkSet(b *testing.B) {
	for name, f := range map[string]*wire.Frame{"plain": {}, "tunnel": mirrored(1, wire.VXLAN, 7, "10.0.0.9")} {
		b.Run(name, func(b *testing.B) {
			table := NewTable(newNames(b, Config{Tunnels: true}))
			b.ReportAllocs()
			for b.Loop() {
				f.Tap = 1
				table.Set(f, tunnel.Mark{}, inputs)
			}
		})
	}
}

// TestRecorded keeps who recorded an input, and what its points are called there.
func TestRecorded(t *testing.T) {
	n := newNames(t, Config{Tunnels: true}, "core=iface:eth1")
	in := []capture.Point{{Name: "box1/vxlan:4789", Agent: "box1", Known: "vxlan:4789", Ahead: 7}, {Name: "box2/eth1", Agent: "box2", Known: "eth1"}}
	table := NewTable(n)
	for _, f := range []*wire.Frame{mirrored(0, wire.VXLAN, 7, "10.0.0.9"), {Tap: 0}, {Tap: 1}, mirrored(0, wire.VXLAN, 7, "10.0.0.8")} {
		table.Set(f, tunnel.Mark{}, in)
	}
	want := []capture.Point{
		{Name: "box1/vxlan:4789/vni-7", Agent: "box1", Known: "vxlan:4789/vni-7", Ahead: 7},
		{Name: "box1/vxlan:4789", Agent: "box1", Known: "vxlan:4789", Ahead: 7},
		{Name: "core", Agent: "box2", Known: "core"},
		{Name: "box1/vxlan:4789/vni-7/10.0.0.8", Agent: "box1", Known: "vxlan:4789/vni-7/10.0.0.8", Ahead: 7},
	}
	if d := cmp.Diff(want, n.Points()); d != "" {
		t.Error(d)
	}
}
