package afpacket

import (
	"strings"
	"testing"
	"time"

	"github.com/wirespan/wirespan/capture"
)

func TestUseful(t *testing.T) {
	const up = flagUp | flagRunning
	list := []Interface{
		{Index: 1, Name: "lo", Hardware: hwLoopback, Flags: up | flagLoopback},
		{Index: 2, Name: "eth0", Hardware: hwEther, Flags: up},
		{Index: 3, Name: "eth0.7", Hardware: hwEther, Flags: up, Kind: "vlan", Lower: 2},
		{Index: 4, Name: "eth9.7", Hardware: hwEther, Flags: up, Kind: "vlan", Lower: 99},
		{Index: 5, Name: "docker0", Hardware: hwEther, Flags: up, Kind: "bridge"},
		{Index: 6, Name: "veth1", Hardware: hwEther, Flags: up, Kind: "veth", Master: 5, MasterKind: "bridge"},
		{Index: 7, Name: "cali1", Hardware: hwEther, Flags: up, Kind: "veth"},
		{Index: 8, Name: "eth1", Hardware: hwEther, Flags: up, Master: 9, MasterKind: "bond"},
		{Index: 9, Name: "bond0", Hardware: hwEther, Flags: up, Kind: "bond"},
		{Index: 10, Name: "flannel.1", Hardware: hwEther, Flags: up, Kind: "vxlan"},
		{Index: 11, Name: "wg0", Hardware: hwNone, Flags: up, Kind: "wireguard"},
		{Index: 12, Name: "can0", Hardware: hwCAN, Flags: up},
		{Index: 13, Name: "eth2", Hardware: hwEther},
		{Index: 14, Name: "ib0", Hardware: hwInfiniband, Flags: up},
		{Index: 15, Name: "vrfport", Hardware: hwEther, Flags: up, Master: 16, MasterKind: "vrf"},
	}
	var names []string
	for _, i := range Useful(list) {
		names = append(names, i.Name)
	}
	if got := strings.Join(names, " "); got != "lo eth0 eth9.7 docker0 cali1 bond0 wg0 ib0 vrfport" {
		t.Errorf("useful: %s", got)
	}
	if !Wanted(list[6]) || Wanted(list[5]) || Wanted(list[2]) || Wanted(list[11]) {
		t.Error("what appears is judged otherwise")
	}
}

func TestFraming(t *testing.T) {
	for _, c := range []struct {
		hardware uint16
		link     capture.LinkType
		cooked   bool
		refused  string
	}{
		{hwEther, capture.LinkEthernet, false, ""},
		{hwLoopback, capture.LinkEthernet, false, ""},
		{hwNone, capture.LinkRaw, true, ""},
		{hwPPP, capture.LinkRaw, true, ""},
		{hwInfiniband, capture.LinkSLL2, true, ""},
		{hwRadiotap, capture.LinkRadiotap, false, ""},
		{4711, capture.LinkSLL2, true, ""},
		{hwCAN, 0, false, "no IP"},
		{hwNetlink, 0, false, "no IP"},
	} {
		link, cooked, refused := framing(c.hardware)
		if link != c.link || cooked != c.cooked || !strings.Contains(refused, c.refused) || (c.refused == "") != (refused == "") {
			t.Errorf("hardware %d: %d, %v, %q", c.hardware, link, cooked, refused)
		}
	}
}

func TestValidate(t *testing.T) {
	for _, c := range []struct {
		change func(*Config)
		want   string
	}{
		{func(*Config) {}, ""},
		{func(c *Config) { c.Interfaces = nil }, "no interface"},
		{func(c *Config) { c.Interfaces, c.Follow = nil, Wanted }, ""},
		{func(c *Config) { c.Interfaces = []string{Any, "eth0"} }, "stands for all"},
		{func(c *Config) { c.Interfaces, c.Follow = []string{Any}, Wanted }, "by itself"},
		{func(c *Config) { c.Interfaces = []string{"eth0", "eth0"} }, "named twice"},
		{func(c *Config) { c.Interfaces = []string{"a/b"} }, "not a name"},
		{func(c *Config) { c.Interfaces = []string{"sixteen-bytes-xx"} }, "1 to 15 bytes"},
		{func(c *Config) { c.BlockSize = 100000 }, "power of two"},
		{func(c *Config) { c.BlockSize = 4096 }, "largest packets"},
		{func(c *Config) { c.Blocks = 1 }, "blocks"},
		{func(c *Config) { c.Retire = time.Microsecond }, "milliseconds"},
		{func(c *Config) { c.MaxMemory = 1000 }, "ring memory"},
		{func(c *Config) { c.Snaplen = 10 }, "headers must fit"},
		{func(c *Config) { c.FrameSize = 1 << 30 }, "frame size"},
		{func(c *Config) { c.Version = 1 }, "ring version"},
		{func(c *Config) { c.Clock, c.Reorder = AdapterUnsynced, time.Second }, "not synchronised"},
		{func(c *Config) { c.Direction = 9 }, "direction"},
		{func(c *Config) { c.Fanout = 9 }, "fan-out"},
		{func(c *Config) { c.Clock = 9 }, "time stamp source"},
		{func(c *Config) { c.Reorder = time.Hour }, "reorder"},
		{func(c *Config) { c.Duplicates = -1 }, "duplicates"},
	} {
		cfg := Default()
		cfg.Interfaces = []string{"eth0"}
		c.change(&cfg)
		err := cfg.Validate()
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v, want %q", err, c.want)
		}
	}
	cfg := Config{}
	if err := cfg.Validate(); strings.Count(err.Error(), "\n") < 4 {
		t.Errorf("not all faults at once: %v", err)
	}
}
