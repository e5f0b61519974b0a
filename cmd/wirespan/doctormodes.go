package main

import "github.com/spf13/cobra"

// modes are the ways of running that this version may or may not have.
type modes struct{ mirror, sys bool }

// presentModes looks at the commands and flags there are.
func presentModes(commands []*cobra.Command) (m modes) {
	for _, c := range commands {
		switch c.Name() {
		case "mirror":
			m.mirror = true
		case "live":
			m.sys = c.Flags().Lookup("sys") != nil
		}
	}
	return m
}

// section says what each way of running can do here.
func (m modes) section(h *hostFacts, r *ringTrial) section {
	s := section{Name: "what can run here"}
	s.add(markOK, "read", "needs nothing but its files")
	if r.ok() {
		s.add(markOK, "live", "captures on interfaces")
	} else {
		text, _ := firstLine(r.err)
		s.add(markMissing, "live", "%s", text)
	}
	switch {
	case !m.mirror:
		s.add(markNote, "mirror", "not in this version; a mirror port is an interface for live -i IF --promiscuous")
	case r.ok():
		s.add(markOK, "mirror", "captures on mirror ports; --listen needs no rights above port 1023")
	default:
		s.add(markWarning, "mirror", "--listen above port 1023 works; -i needs CAP_NET_RAW")
	}
	m.sysFinding(&s, h)
	return s
}

// sysFinding is about the eBPF module, live --sys.
func (m modes) sysFinding(s *section, h *hostFacts) {
	switch ready := !h.kernelBefore(4, 14) && (h.exists("sys/kernel/btf/vmlinux") || h.tracing != "" && len(h.missingTracepoints()) == 0); {
	case !m.sys && ready:
		s.add(markNote, "sys", "eBPF is not in this version; this kernel would have what it needs")
	case !m.sys:
		s.add(markNote, "sys", "eBPF is not in this version; this kernel, or this user, would lack something it needs")
	case !ready:
		s.add(markNote, "sys", "the kernel lacks what the eBPF module needs, or hides it from this user: see above; packets are enough for live")
	case h.has(capSysAdmin) || h.has(capBPF) && h.has(capPerfmon):
		s.add(markOK, "sys", "threads and processes of requests, by eBPF")
	default:
		s.add(markNote, "sys", "needs CAP_BPF and CAP_PERFMON, or CAP_SYS_ADMIN before 5.8")
		s.fix("sudo setcap cap_net_raw,cap_bpf,cap_perfmon+ep %s", h.exe)
	}
}
