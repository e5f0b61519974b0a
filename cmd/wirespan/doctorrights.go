package main

import (
	"fmt"
	"strings"

	"github.com/wirespan/wirespan/cmd/wirespan/privileges"
)

// rightsSection says which capabilities this process and its file have, what
// they are for, and how to give them.
func (h *hostFacts) rightsSection(l *liveOptions) section {
	s := section{Name: "rights of " + h.user}
	capture, _ := h.sandbox.Find(privileges.Capabilities)
	if h.has(capNetRaw) {
		s.add(markOK, "CAP_NET_RAW", "to open packet sockets, promiscuous ones included; %s",
			pick(l.keepNetRaw, "kept (--keep-net-raw)", fmt.Sprintf("given up when they are open, with %d in reserve for interfaces that appear (--spare-sockets)", l.spares())))
	} else {
		text, fix, _ := strings.Cut(capture.Detail, "\n")
		s.add(markMissing, "CAP_NET_RAW", "%s", strings.TrimSuffix(text, ":"))
		s.fix("%s", pick(fix != "", strings.TrimSpace(fix), "see docs/privileges.md"))
	}
	if h.admit != nil {
		s.add(markMissing, "group", "%v", h.admit)
	}
	h.processRights(&s, l)
	switch {
	case h.has(capNetAdmin):
		s.add(markOK, "CAP_NET_ADMIN", "not needed but by -j adapter")
	case l.stamps != "host":
		s.add(markWarning, "CAP_NET_ADMIN", "missing: -j %s cannot switch on time stamps of network cards", l.stamps)
		s.fix("sudo setcap cap_net_raw,cap_net_admin+ep %s", h.exe)
	default:
		s.add(markNote, "CAP_NET_ADMIN", "missing: only -j adapter needs it, to switch on time stamps of network cards")
	}
	need := l.netns != ""
	s.judge(h.has(capSysAdmin), map[bool]mark{true: markMissing, false: markNote}[need], "CAP_SYS_ADMIN",
		pick(h.has(capSysAdmin), "to enter other network namespaces (--netns)", "missing: --netns cannot enter another network namespace"))
	if need && !h.has(capSysAdmin) {
		s.fix("sudo wirespan live --netns %s --user %s", l.netns, "NAME")
	}
	s.add(markNote, "file", "%s has %s", h.exe, pick(h.file == "", "no capabilities of its own", h.file))
	return s
}

// processRights are those without which only our own processes have names.
func (h *hostFacts) processRights(s *section, l *liveOptions) {
	both := h.has(capSysPtrace) && h.has(capDACReadSearch)
	const name = "CAP_SYS_PTRACE"
	switch {
	case l.who.procRoot == off:
		s.add(markNote, name, "not needed: --proc-root off")
	case both && !l.processes:
		s.add(markOK, name, "with CAP_DAC_READ_SEARCH: names processes of other users that run when live starts; --processes keeps them, for later ones")
	case both:
		s.add(markOK, name, "with CAP_DAC_READ_SEARCH: names processes of other users")
	default:
		s.add(markWarning, name, "or CAP_DAC_READ_SEARCH is missing: sockets of other users' processes have no process name")
		s.fix("sudo setcap cap_net_raw,cap_sys_ptrace,cap_dac_read_search+ep %s\nand run it with --processes", h.exe)
	}
}

// namesSection says which names of processes and pods are missing, as the
// summary of a run does.
func namesSection(l *liveOptions) section {
	s := section{Name: "names of processes"}
	if l.who.procRoot == off {
		return s
	}
	who := l.who
	who.kube, who.hosts = off, off // asked over the network, and a plain file
	m := &machine{}
	ids, err := openIdentities(&who, newKeys(nil, nil), nil, m)
	if err != nil {
		s.add(markWarning, "processes", "%v", err)
		return s
	}
	defer ids.close() //nolint:errcheck // nothing was written
	r := ids.procs.Report()
	for _, lost := range ids.lost() {
		_, text, _ := strings.Cut(lost, ": ")
		s.add(markWarning, "processes", "%s", text)
	}
	if len(s.Findings) == 0 {
		s.add(markOK, "processes", "%d can be seen, with %d sockets, by %s", r.Processes, r.Sockets, r.Source)
	}
	return s
}
