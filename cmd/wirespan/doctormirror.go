package main

import "fmt"

// judged is the command whose run is judged.
func (o *doctorOptions) judged() string { return pick(o.mirror, "mirror", "live") }

// addMirrorPorts says what is wrong with interfaces as mirror ports, before any
// packet has come.
func (r *doctorReport) addMirrorPorts(ifs *ifaceList, l *liveOptions) {
	s := section{Name: "mirror ports"}
	for n := range ifs.list {
		if i := &ifs.list[n]; i.Captured {
			i.judgePort(&s, l)
		}
	}
	if len(s.Findings) > 0 {
		r.add(s)
	}
}

// judgePort is about one of them.
func (i *ifaceReport) judgePort(s *section, l *liveOptions) {
	had := len(s.Findings)
	if i.Up && !i.Running {
		s.add(markWarning, i.Name, "link down: no carrier; the cable, or the destination port of the mirror is off")
		s.fix("ethtool %s   says what the link is; on the switch: show interface, show monitor session", i.Name)
	}
	if !l.promisc {
		s.add(markWarning, i.Name, "not promiscuous (-p): only frames for this host are taken, and mirrored ones are for others")
		s.fix("leave -p out")
	}
	if i.Offloads.GRO {
		s.add(markWarning, i.Name, "GRO joins packets before they are seen: duplicates are not found, and frames are larger than the MTU")
		s.fix("sudo ethtool -K %s gro off", i.Name)
	}
	if i.Offloads.RxVLAN {
		s.add(markNote, i.Name, "the device takes VLAN tags out; one is put back here, of double tags the second is lost with some drivers")
		s.fix("sudo ethtool -K %s rxvlan off", i.Name)
	}
	if i.Missed > 0 {
		s.add(markWarning, i.Name, "rx_missed_errors: the device had no room for %d frames since it is up", i.Missed)
		s.fix("sudo ethtool -G %s rx 4096   makes its buffers larger; ethtool -g shows how far", i.Name)
	}
	if why, fix := loud(&i.raw, netnsPath(l.netns)); why != "" {
		s.add(markWarning, i.Name, "may send on its own: %s", why)
		s.fix("%s", fix)
	}
	if len(s.Findings) == had {
		s.add(markOK, i.Name, "silent, promiscuous when captured on, nothing joins or strips packets")
	}
}

// addMirrorTrials says what the packets of a trial tell about the mirror.
func (r *doctorReport) addMirrorTrials(list []trial, ifs *ifaceList) {
	s := section{Name: "what the mirror sends"}
	for n := range list {
		list[n].judgeMirror(&s, ifs.find(list[n].name))
	}
	if len(s.Findings) > 0 {
		r.add(s)
	}
}

func (t *trial) judgeMirror(s *section, i *ifaceReport) {
	if t.packets < fewPackets {
		s.add(markWarning, t.name, "%s: nothing is mirrored here, or something on the way takes it", countOf(t.packets, "packet"))
		s.fix("look at the source of the mirror, at VLANs and security groups between; tcpdump -eni %s -c 10", t.name)
		return
	}
	had := len(s.Findings)
	if t.twice*100 > t.compared*manyDuplicates {
		s.add(markWarning, t.name, "%d%% duplicates: mirror drops them, but they take the room of other packets", t.twice*100/t.compared)
		s.fix("mirror one direction of each port (SPAN: rx), or one port of each connection")
	}
	if t.short > 0 {
		s.add(markWarning, t.name, "%d of %d packets were cut by the mirror before they came here", t.short, t.packets)
		s.fix("let it send whole packets (truncation, snap length, or an MTU on the way that is too small)")
	}
	if t.large > 0 && i != nil {
		s.add(markWarning, t.name, "%d packets are larger than the MTU of %d: larger ones may be missing", t.large, i.MTU)
		s.fix("%s", pick(i.Offloads.GRO, "sudo ethtool -K "+t.name+" gro off", fmt.Sprintf("sudo ip link set dev %s mtu 9000", t.name)))
	}
	if len(s.Findings) == had {
		s.add(markOK, t.name, "whole packets, each once")
	}
}
