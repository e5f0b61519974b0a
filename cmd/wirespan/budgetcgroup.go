package main

import (
	"bufio"
	"bytes"
	"io/fs"
	"path"
	"strconv"
	"strings"
)

// maxControl bounds what is read of a control file.
const maxControl = 1 << 20

// cgroupLimits returns what the control groups of this process allow, of both
// versions (cgroups(7)); what cannot be read is no limit. root is the root of
// the file system. A group is also bound by those above it.
func cgroupLimits(root fs.FS) limits {
	var l limits
	own := cgroupPaths(readControl(root, "proc/self/cgroup"))
	for _, m := range cgroupMounts(readControl(root, "proc/self/mountinfo")) {
		for _, dir := range m.groups(own) {
			l.tighten(groupLimits(root, dir, m.v2))
		}
	}
	return l
}

// tighten takes the smaller of each limit.
func (l *limits) tighten(o limits) {
	if o.cpu > 0 && (l.cpu == 0 || o.cpu < l.cpu) {
		l.cpu = o.cpu
	}
	if o.memory > 0 && (l.memory == 0 || o.memory < l.memory) {
		l.memory = o.memory
	}
}

// groupLimits reads the control files of one group.
func groupLimits(root fs.FS, dir string, v2 bool) limits {
	if v2 {
		quota, period, _ := strings.Cut(readWord(root, dir+"/cpu.max"), " ")
		return limits{cpu: cpuQuota(quota, period), memory: memoryLimit(readWord(root, dir+"/memory.max"))}
	}
	return limits{
		cpu:    cpuQuota(readWord(root, dir+"/cpu.cfs_quota_us"), readWord(root, dir+"/cpu.cfs_period_us")),
		memory: memoryLimit(readWord(root, dir+"/memory.limit_in_bytes")),
	}
}

// cpuQuota is a quota in cores; "max" and -1 are none.
func cpuQuota(quota, period string) float64 {
	q, err1 := strconv.ParseInt(quota, 10, 64)
	p, err2 := strconv.ParseInt(period, 10, 64)
	if err1 != nil || err2 != nil || q <= 0 || p <= 0 {
		return 0
	}
	return float64(q) / float64(p)
}

// memoryLimit reads bytes; version 1 writes a number beyond any machine for
// none.
func memoryLimit(s string) int64 {
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil || n <= 0 || n >= 1<<60 {
		return 0
	}
	return n
}

// cgroupMount is a mounted hierarchy.
type cgroupMount struct {
	root, at string // root of the mount within the hierarchy, and where it is mounted
	v2       bool
	options  []string // controllers of version 1
}

// groups lists the directories of a process's group and those above it, as far
// as they are mounted.
func (m *cgroupMount) groups(own map[string]string) []string {
	p, ok := own[""]
	for _, o := range m.options {
		if q, has := own[o]; has && !m.v2 {
			p, ok = q, true
		}
	}
	if !ok {
		return nil
	}
	if m.root != "/" { // a container sees its own part only
		rest, below := strings.CutPrefix(p, m.root)
		if !below {
			rest = ""
		}
		p = rest
	}
	var list []string
	for p = path.Clean("/" + p); ; p = path.Dir(p) {
		list = append(list, strings.TrimPrefix(path.Join(m.at, p), "/"))
		if p == "/" {
			return list
		}
	}
}

// cgroupPaths reads /proc/self/cgroup: the group by controller, version 2
// under "".
func cgroupPaths(b []byte) map[string]string {
	own := make(map[string]string)
	for line := range bytes.Lines(b) {
		f := strings.SplitN(strings.TrimSuffix(string(line), "\n"), ":", 3)
		if len(f) != 3 {
			continue
		}
		for _, name := range strings.Split(f[1], ",") {
			own[name] = f[2]
		}
	}
	return own
}

// cgroupMounts reads /proc/self/mountinfo (proc(5)).
func cgroupMounts(b []byte) []cgroupMount {
	var list []cgroupMount
	s := bufio.NewScanner(bytes.NewReader(b))
	for s.Scan() {
		mount, super, ok := strings.Cut(s.Text(), " - ")
		f, g := strings.Fields(mount), strings.Fields(super)
		if !ok || len(f) < 5 || len(g) < 3 || g[0] != "cgroup" && g[0] != "cgroup2" {
			continue
		}
		list = append(list, cgroupMount{root: f[3], at: f[4], v2: g[0] == "cgroup2", options: strings.Split(g[2], ",")})
	}
	return list
}

// readControl reads a file, nil if it cannot.
func readControl(root fs.FS, name string) []byte {
	b, err := fs.ReadFile(root, name)
	if err != nil || len(b) > maxControl {
		return nil
	}
	return b
}

func readWord(root fs.FS, name string) string {
	if !fs.ValidPath(name) {
		return ""
	}
	return strings.TrimSpace(string(readControl(root, name)))
}
