package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/wirespan/wirespan/bpf/filter"
	"github.com/wirespan/wirespan/capture/afpacket"
)

// Offloads are what a driver does to packets before, or after, they are seen.
type Offloads struct {
	TSO    bool `json:"tso"`     // cuts segments that are sent
	GSO    bool `json:"gso"`     // the same in the kernel
	GRO    bool `json:"gro"`     // joins segments that are received
	LRO    bool `json:"lro"`     // the same in the device, which loses headers
	RxVLAN bool `json:"rx_vlan"` // takes VLAN tags out
}

// ifaceReport is an interface as doctor shows it.
type ifaceReport struct {
	Name         string   `json:"name"`
	Link         string   `json:"link"`
	Kind         string   `json:"kind,omitempty"`
	Master       string   `json:"master,omitempty"`
	Driver       string   `json:"driver,omitempty"`
	MTU          int      `json:"mtu"`
	Up           bool     `json:"up"`
	Running      bool     `json:"running"`
	Promiscuous  bool     `json:"promiscuous"`
	Useful       bool     `json:"useful"`   // captured without -i
	Captured     bool     `json:"captured"` // by the run that is judged
	Why          string   `json:"why"`
	Offloads     Offloads `json:"offloads"`
	AdapterClock bool     `json:"adapter_clock"` // stamps packets in hardware
	Addresses    []string `json:"addresses,omitempty"`

	Received uint64 `json:"received"` // packets since the interface exists
	Sent     uint64 `json:"sent"`
	Dropped  uint64 `json:"dropped"` // by interface and device
	Missed   uint64 `json:"missed"`  // by the device alone, rx_missed_errors

	raw afpacket.Interface
}

// ifaceList is what there is in a namespace.
type ifaceList struct {
	list []ifaceReport
	lack []string // interfaces that -i names and that do not exist
	any  bool
	err  error
}

// readInterfaces lists the interfaces, with which of them a run would capture
// on.
func readInterfaces(l *liveOptions) *ifaceList {
	netns := netnsPath(l.netns)
	list, err := afpacket.Interfaces(netns)
	if err != nil {
		return &ifaceList{err: err}
	}
	spec, err := parseIfaces(l.ifaces)
	if err != nil {
		return &ifaceList{err: err}
	}
	r := &ifaceList{list: describeInterfaces(list, spec.names), any: slices.Contains(spec.names, afpacket.Any)}
	for _, name := range spec.names {
		if name != afpacket.Any && r.find(name) == nil {
			r.lack = append(r.lack, name)
		}
	}
	_ = readOffloads(netns, r.list) // without, none are told
	return r
}

func (r *ifaceList) find(name string) *ifaceReport {
	for i := range r.list {
		if r.list[i].Name == name {
			return &r.list[i]
		}
	}
	return nil
}

// describeInterfaces judges each interface; named are those of -i, none for all
// useful ones.
func describeInterfaces(list []afpacket.Interface, named []string) []ifaceReport {
	useful := make(map[int]bool)
	for _, i := range afpacket.Useful(list) {
		useful[i.Index] = true
	}
	out := make([]ifaceReport, 0, len(list))
	for n := range list {
		i := &list[n]
		r := ifaceReport{
			Name: i.Name, Link: filter.LinkName(i.Link), Kind: i.Kind, Master: i.MasterName, MTU: i.MTU,
			Up: i.Up(), Running: i.Running(), Promiscuous: i.Promiscuous(), Useful: useful[i.Index],
			Received: i.Counters.RxPackets, Sent: i.Counters.TxPackets, Dropped: i.Counters.RxDropped + i.Counters.RxMissed,
			Missed: i.Counters.RxMissed, raw: *i,
		}
		r.Captured = r.Useful
		if len(named) > 0 {
			r.Captured = slices.Contains(named, i.Name) || named[0] == afpacket.Any && i.Up()
		}
		for _, a := range i.Addrs {
			r.Addresses = append(r.Addresses, a.String())
		}
		r.Why = whyUseful(i, list, r.Useful)
		out = append(out, r)
	}
	return out
}

// whyUseful gives the reason of afpacket.Useful.
func whyUseful(i *afpacket.Interface, all []afpacket.Interface, useful bool) string {
	if ok, reason := i.Supported(); !ok {
		return reason
	}
	switch {
	case !i.Up():
		return "it is down"
	case useful && i.Loopback():
		return "connections within the host"
	case useful && i.Kind == "bridge":
		return "shows what its members forward"
	case useful:
		return "its traffic is seen nowhere else"
	case i.MasterName != "" && slices.Contains([]string{"bridge", "bond", "team", "hsr"}, i.MasterKind):
		return fmt.Sprintf("%s, a %s, shows its frames", i.MasterName, i.MasterKind)
	case slices.Contains([]string{"vlan", "macvlan", "macvtap", "ipvlan", "ipvtap"}, i.Kind):
		for _, l := range all {
			if l.Index == i.Lower {
				return l.Name + " below shows its frames"
			}
		}
		return "the interface below shows its frames"
	case slices.Contains([]string{"ifb", "dummy", "nlmon", "vcan", "vxcan", "openvswitch"}, i.Kind):
		return "a " + i.Kind + " carries no traffic of its own"
	}
	return "a tunnel: its packets are decoded inside of those of the interface below"
}

// state is an interface in words.
func (i *ifaceReport) state() string {
	l := []string{i.Link, pick(i.Up, "up", "down")}
	if i.Up && !i.Running {
		l = append(l, "no carrier")
	}
	if i.Promiscuous {
		l = append(l, "promiscuous")
	}
	l = append(l, fmt.Sprintf("MTU %d", i.MTU))
	if i.Kind != "" {
		l = append(l, i.Kind)
	} else if i.Driver != "" {
		l = append(l, i.Driver)
	}
	if i.Master != "" {
		l = append(l, "in "+i.Master)
	}
	return strings.Join(l, ", ")
}

// offloads are those that change what is seen.
func (i *ifaceReport) offloads() string {
	var on []string
	for _, o := range []struct {
		on   bool
		name string
	}{{i.Offloads.TSO, "TSO"}, {i.Offloads.GSO, "GSO"}, {i.Offloads.GRO, "GRO"}} {
		if o.on {
			on = append(on, o.name)
		}
	}
	var l []string
	if len(on) > 0 {
		l = append(l, fmt.Sprintf("%s: packets larger than the MTU are seen", strings.Join(on, ", ")))
	}
	if i.Offloads.RxVLAN {
		l = append(l, "VLAN tags are taken out by the device, and put back here")
	}
	if i.AdapterClock {
		l = append(l, "time stamps in hardware (-j adapter)")
	}
	return strings.Join(l, "; ")
}

// addInterfaces adds the section.
func (r *doctorReport) addInterfaces(ifs *ifaceList, l *liveOptions) {
	r.Interfaces = ifs.list
	s := section{Name: "interfaces"}
	if l.netns != "" {
		s.Name += " of namespace " + l.netns
	}
	if ifs.err != nil {
		s.add(markMissing, "list", "%v", ifs.err)
	}
	for n := range ifs.list {
		ifs.list[n].findings(&s, l)
	}
	for _, name := range ifs.lack {
		m := markMissing
		text := "does not exist"
		if l.wait {
			m, text = markWarning, "does not exist; it is waited for"
		}
		s.add(m, name, "%s", text)
		s.fix("wirespan live -D   lists the interfaces; --wait-interface waits for one")
	}
	r.add(s)
}

func (i *ifaceReport) findings(s *section, l *liveOptions) {
	m, verb := markNote, "not useful: "
	switch {
	case i.Captured && !i.Up:
		m, verb = markWarning, "named by -i, but "
	case len(l.ifaces) == 1 && l.ifaces[0] == afpacket.Any:
		m, verb = pick2(i.Up, markOK, markNote), pick(i.Up, "one of any: ", "one of any, but ")
	case i.Captured && len(l.ifaces) > 0:
		m, verb = markOK, "named by -i; "+pick(i.Useful, "", "not useful without: ")
	case i.Captured:
		m, verb = markOK, "useful: "
	case len(l.ifaces) > 0:
		verb = "not named by -i; " + pick(i.Useful, "", "not useful: ")
	}
	s.add(m, i.Name, "%s\n%s%s", i.state(), verb, i.Why)
	f := &s.Findings[len(s.Findings)-1]
	if o := i.offloads(); o != "" && i.Captured {
		f.Text += "\n" + o
	}
	if m == markWarning {
		s.fix("sudo ip link set %s up", i.Name)
	}
	if i.Captured && i.Offloads.LRO {
		s.add(markWarning, i.Name, "LRO joins segments in the device, and their headers are lost")
		s.fix("sudo ethtool -K %s lro off", i.Name)
	}
	if i.Captured && i.MTU > l.snaplen {
		s.add(markWarning, i.Name, "MTU %d is more than --snaplen %d: packets are cut", i.MTU, l.snaplen)
	}
}
