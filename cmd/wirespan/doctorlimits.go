package main

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"
)

// Thresholds of warnings about the host.
const (
	fewFiles   = 1024     // descriptors; each ring, receiver and file needs some
	littleDisk = 64 << 20 // bytes
	littleFree = 5        // percent of memory that is available
)

// limitsSection is about memory, CPU, files and disk.
func (h *hostFacts) limitsSection(l *liveOptions) section {
	s := section{Name: "limits"}
	h.memoryFindings(&s, l)
	group := cgroupLimits(h.fs)
	s.add(markOK, "CPU", "%d cores%s", h.cores, pick(group.cpu > 0, fmt.Sprintf("; the control group allows %.2g", group.cpu), ""))
	if lim, err := l.limits(h.fs, true); err != nil {
		s.add(markWarning, "budget", "%v", err)
	} else if lim.any() {
		s.add(markOK, "budget", "%s; beyond it connections are sampled, and that is said", lim.text())
	}
	switch {
	case h.files == 0:
	case h.files < fewFiles:
		s.add(markWarning, "open files", "%d may be open", h.files)
		s.fix("ulimit -n 4096, or LimitNOFILE=4096 in the unit")
	default:
		s.add(markOK, "open files", "%d may be open", h.files)
	}
	h.softnetFinding(&s)
	for _, d := range h.disk {
		d.finding(&s)
	}
	return s
}

func (l limits) text() string {
	var parts []string
	if l.memory > 0 {
		parts = append(parts, sizeText(uint64(l.memory))+" of memory")
	}
	if l.cpu > 0 {
		parts = append(parts, fmt.Sprintf("%.2g cores", l.cpu))
	}
	return strings.Join(parts, ", ")
}

func (h *hostFacts) memoryFindings(s *section, l *liveOptions) {
	mem := readMeminfo(readControl(h.fs, "proc/meminfo"))
	total, free := mem["MemTotal"], mem["MemAvailable"]
	if free == 0 {
		free = mem["MemFree"] + mem["Buffers"] + mem["Cached"] // before Linux 3.14
	}
	ring, _ := l.ringBytes()
	link, _ := parseSize(l.linkMemory)
	need := uint64(max(0, ring)) + uint64(max(0, link)) + minMemory
	group := cgroupLimits(h.fs)
	text := fmt.Sprintf("%s of %s are free", sizeText(free), sizeText(total))
	if group.memory > 0 {
		text += fmt.Sprintf("; the control group allows %s", sizeText(uint64(group.memory)))
	}
	switch {
	case total == 0:
		return
	case free < need || group.memory > 0 && uint64(group.memory) < need:
		s.add(markWarning, "memory", "%s; rings (-B) and what waits for its trace (--link-memory) may take %s", text, sizeText(need))
		s.fix("wirespan live -B 2MiB --link-memory 8MiB --memory 64MiB")
	case free*100 < total*littleFree:
		s.add(markWarning, "memory", "%s", text)
	default:
		s.add(markOK, "memory", "%s", text)
	}
}

// readMeminfo reads /proc/meminfo (proc(5)) into bytes.
func readMeminfo(b []byte) map[string]uint64 {
	m := make(map[string]uint64)
	for line := range bytes.Lines(b) {
		key, rest, _ := strings.Cut(string(line), ":")
		f := strings.Fields(rest)
		if len(f) == 0 {
			continue
		}
		n, err := strconv.ParseUint(f[0], 10, 54)
		if err != nil {
			continue
		}
		m[key] = n << 10
	}
	return m
}

// softnetFinding tells of what was dropped before any socket saw it, since the
// host was started.
func (h *hostFacts) softnetFinding(s *section) {
	b := readControl(h.fs, "proc/net/softnet_stat")
	if b == nil {
		return
	}
	n := readSoftnet(b)
	backlog := h.word("proc/sys/net/core/netdev_max_backlog")
	if n.packets > 0 && n.dropped > 0 {
		s.add(markWarning, "softnet", "%d of %d packets since the start of the host were dropped before any capture could see them (net.core.netdev_max_backlog is %s)", n.dropped, n.packets+n.dropped, backlog)
		s.fix("sudo sysctl -w net.core.netdev_max_backlog=10000")
		return
	}
	s.add(markOK, "softnet", "no packet was dropped between interfaces and captures since the start of the host")
}

// softnetCounts are columns of /proc/net/softnet_stat, over all CPUs.
type softnetCounts struct{ packets, dropped uint64 }

func readSoftnet(b []byte) (n softnetCounts) {
	for line := range bytes.Lines(b) {
		f := bytes.Fields(line)
		if len(f) < 2 {
			continue
		}
		p, err1 := strconv.ParseUint(string(f[0]), 16, 32)
		d, err2 := strconv.ParseUint(string(f[1]), 16, 32)
		if err1 == nil && err2 == nil {
			n.packets += p
			n.dropped += d
		}
	}
	return n
}

// finding says how much room a directory has.
func (d *diskFacts) finding(s *section) {
	switch {
	case d.dir == "": // standard output
	case d.err != nil:
		s.add(pick2(d.what == "", markNote, markMissing), "disk", "%s: %v", pick(d.what == "", "current directory", d.what), d.err)
	case d.what == "":
		s.add(markNote, "disk", "%s free in the current directory; -w behind -- asks about another", sizeText(d.free))
	case d.free < littleDisk:
		s.add(markWarning, "disk", "%s free in %s, for %s", sizeText(d.free), d.dir, d.what)
		s.fix("bound it with -C SIZE -W COUNT; a full disk costs recorded packets, never spans")
	default:
		s.add(markOK, "disk", "%s free in %s, for %s", sizeText(d.free), d.dir, d.what)
	}
}

func pick2(first bool, a, b mark) mark {
	if first {
		return a
	}
	return b
}
