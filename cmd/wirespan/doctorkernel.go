package main

import (
	"fmt"
	"io/fs"
	"strings"

	"github.com/wirespan/wirespan/cmd/wirespan/privileges"
)

// kernelFeature is an option of packet sockets that a run makes use of.
type kernelFeature struct {
	name         string
	option       string // as afpacket.Degraded names it, "" if it is not tried
	major, minor int    // kernel that brought it
	without      string // what follows from its absence
}

// kernelFeatures are in the order in which they came.
var kernelFeatures = []kernelFeature{
	{"PACKET_FANOUT", "", 3, 1, "--workers share one ring"},
	{"TPACKET_V3", "TPACKET_V3", 3, 2, "TPACKET_V2 is used: each packet takes a frame of full size, and costs a wake-up"},
	{"fan-out by program", "fan-out", 4, 3, "--workers share one ring, whose packets are handed over in batches"},
	{"symmetric hash", "", 4, 8, "the kernel's own hash may split a connection; it is not used then"},
	{"PACKET_IGNORE_OUTGOING", "PACKET_IGNORE_OUTGOING", 4, 20, "the filter leaves outgoing packets out, which costs the sender a little more"},
	{"filter in the kernel", "filter in the kernel", 2, 1, "the filter runs in user space, which costs the traced programs and us more per packet"},
}

// kernelSection says what capturing can make use of. What was tried counts more
// than what the version promises.
func (h *hostFacts) kernelSection(r *ringTrial) section {
	s := section{Name: "kernel"}
	s.judge(!h.kernelBefore(3, 2), markMissing, "Linux", strings.TrimSpace(h.Release+" "+h.Machine))
	if h.kernelBefore(3, 2) {
		s.fix("wirespan needs 3.2; on this host use tcpdump and: wirespan read --follow -")
	}
	for _, f := range kernelFeatures {
		reason, refused := r.refused[f.option]
		switch {
		case f.option != "" && refused:
			s.add(markWarning, f.name, "%s", reason)
		case f.option != "" && r.ok() && r.tried(f.option):
			s.add(markOK, f.name, "tried")
		case h.kernelBefore(f.major, f.minor):
			s.add(markWarning, f.name, "since %d.%d: %s", f.major, f.minor, f.without)
		case f.major < 3: // says nothing without a trial
		default:
			s.add(markOK, f.name, "since %d.%d", f.major, f.minor)
		}
	}
	switch h.word("proc/sys/net/core/bpf_jit_enable") {
	case "0":
		s.add(markWarning, "BPF compiler", "off: filters are interpreted, for every packet of the host")
		s.fix("sudo sysctl -w net.core.bpf_jit_enable=1")
	case "1", "2":
		s.add(markOK, "BPF compiler", "on")
	}
	h.clockFindings(&s)
	return s
}

// clockFindings are about the times of packets.
func (h *hostFacts) clockFindings(s *section) {
	const dir = "sys/devices/system/clocksource/clocksource0/"
	switch c := h.word(dir + "current_clocksource"); c {
	case "":
	case "hpet", "acpi_pm", "jiffies", "refined-jiffies", "pit":
		s.add(markWarning, "clock source", "%s: reading the time is slow, and every packet is stamped (available: %s)", c, h.word(dir+"available_clocksource"))
	default:
		s.add(markOK, "clock source", "%s", c)
	}
	if h.unsync {
		s.add(markWarning, "clock", "not synchronised: times of several hosts cannot be compared")
		s.fix("run chrony, systemd-timesyncd or ntpd")
	}
}

// sandboxSection says what live puts in force once its sockets are open.
func (h *hostFacts) sandboxSection() section {
	s := section{Name: "what live gives up (docs/privileges.md)"}
	for _, m := range h.sandbox {
		if m.Name == privileges.Capabilities {
			continue
		}
		text := m.Detail
		if text == "" {
			text = "can be put in force"
		}
		s.judge(m.State != privileges.Off, markNote, m.Name, text)
	}
	return s
}

// Capabilities by number (capability.h).
const (
	capDACReadSearch = 2
	capNetAdmin      = 12
	capNetRaw        = 13
	capSysPtrace     = 19
	capSysAdmin      = 21
	capPerfmon       = 38
	capBPF           = 39
)

// tracepoints are those that a module of system calls would hang on.
var tracepoints = []string{"raw_syscalls/sys_enter", "raw_syscalls/sys_exit", "sched/sched_process_exit", "sock/inet_sock_set_state"}

// ebpfSection says what the kernel has for an eBPF module. Packets need none of
// it.
func (h *hostFacts) ebpfSection() section {
	s := section{Name: "eBPF (not needed to capture packets)"}
	soft := markNote
	s.judge(h.exists("sys/kernel/btf/vmlinux"), soft, "BTF", pick(h.exists("sys/kernel/btf/vmlinux"),
		"/sys/kernel/btf/vmlinux", "/sys/kernel/btf/vmlinux is missing: kernels have it since 5.4, with CONFIG_DEBUG_INFO_BTF"))
	switch lack := h.missingTracepoints(); {
	case h.tracing == "":
		s.add(soft, "tracepoints", "tracefs is not mounted, or not to be seen by this user")
		s.fix("sudo mount -t tracefs tracefs /sys/kernel/tracing")
	case len(lack) > 0:
		s.add(soft, "tracepoints", "missing: %s", strings.Join(lack, ", "))
	default:
		s.add(markOK, "tracepoints", "/%s", h.tracing)
	}
	switch l := lockdownMode(h.word("sys/kernel/security/lockdown")); l {
	case "", "none":
		s.add(markOK, "lockdown", "%s", pick(l == "", "the kernel has none", "none"))
	default:
		s.add(soft, "lockdown", "%s: %s", l, pick(l == "confidentiality", "eBPF may not read the memory of the kernel", "eBPF may read, but not change anything"))
	}
	for _, c := range []struct {
		bit  uint
		name string
	}{{capBPF, "CAP_BPF"}, {capPerfmon, "CAP_PERFMON"}} {
		ok := h.has(c.bit) || h.has(capSysAdmin)
		s.judge(ok, soft, c.name, pick(ok, "here", "missing; before 5.8 CAP_SYS_ADMIN stands for it"))
	}
	return s
}

func (h *hostFacts) missingTracepoints() (list []string) {
	if h.tracing == "" {
		return nil
	}
	for _, p := range tracepoints {
		if _, err := fs.Stat(h.fs, h.tracing+"/events/"+p); err != nil {
			list = append(list, p)
		}
	}
	return list
}

// lockdownMode reads "none [integrity] confidentiality".
func lockdownMode(s string) string {
	_, rest, _ := strings.Cut(s, "[")
	mode, _, _ := strings.Cut(rest, "]")
	return mode
}

func pick(first bool, a, b string) string {
	if first {
		return a
	}
	return b
}

// countOf is a number with its noun.
func countOf(n uint64, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
