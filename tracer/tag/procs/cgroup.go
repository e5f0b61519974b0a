package procs

import (
	"bytes"
	"strings"
)

// maxCgroup bounds what is read of /proc/PID/cgroup.
const maxCgroup = 64 << 10

// Cgroup is what the control groups of a process say about it.
type Cgroup struct {
	Path      string // the unified one, else systemd's, else the first that is not the root
	Container string // id; of LXC and systemd-nspawn, the name
	Runtime   string // docker, containerd, cri-o, podman, lxc, systemd-nspawn, ...; empty if the path does not say
	PodUID    string // of Kubernetes
	Unit      string // systemd unit, nginx.service; also within a container
}

// ParseCgroup reads /proc/PID/cgroup (cgroups(7)): lines of
// hierarchy:controllers:path, several for version 1, "0::path" for version 2,
// both on hybrid hosts. Hierarchies that are not in use say "/".
func ParseCgroup(b []byte) Cgroup {
	var c Cgroup
	rank := 0
	for line := range bytes.Lines(b) {
		f := bytes.SplitN(bytes.TrimRight(line, "\n"), []byte(":"), 3)
		if len(f) != 3 || len(f[2]) == 0 || f[2][0] != '/' {
			continue
		}
		path, r := string(f[2]), 1
		switch {
		case path == "/":
			continue
		case len(f[1]) == 0:
			r = 3
		case string(f[1]) == "name=systemd":
			r = 2
		}
		if r > rank {
			rank, c.Path = r, path
		}
		c.merge(cgroupOf(path))
	}
	return c
}

// merge takes what another hierarchy adds. A unit counts if it is within the
// container: on hybrid hosts one hierarchy may name the runtime's own unit.
func (c *Cgroup) merge(o Cgroup) {
	switch {
	case c.Container == "" && o.Container != "":
		c.Container, c.Runtime, c.Unit = o.Container, o.Runtime, o.Unit
	case c.Container == o.Container && c.Unit == "":
		c.Unit = o.Unit
	}
	if c.PodUID == "" {
		c.PodUID = o.PodUID
	}
}

// cgroupOf reads one path from the root to the leaf. The innermost container
// counts: a node of a cluster can be a container itself.
func cgroupOf(path string) Cgroup {
	var c Cgroup
	before := ""
	for dir := range strings.SplitSeq(path, "/") {
		if dir == "" || dir == ".." {
			continue
		}
		if uid := podUID(dir); uid != "" {
			c.PodUID = uid
		}
		if id, runtime := containerOf(dir, before); id != "" {
			c.Container, c.Runtime, c.Unit = id, runtime, ""
		} else if u := unitOf(dir); u != "" {
			c.Unit = u
		}
		before = dir
	}
	return c
}

// runtimes are the prefixes by which container runtimes name their groups,
// as name-ID.scope with systemd and name-ID without.
var runtimes = [...]struct{ prefix, runtime string }{
	{"docker-", "docker"},
	{"cri-containerd-", "containerd"},
	{"nerdctl-", "containerd"},
	{"containerd-", "containerd"},
	{"crio-", "cri-o"},
	{"libpod-payload-", "podman"},
	{"libpod-", "podman"},
	{"podman-", "podman"},
	{"buildkit-", "buildkit"},
}

// parents are the groups below which runtimes put groups that are called by the
// id alone.
var parents = map[string]string{
	"docker": "docker", "podman": "podman", "libpod_parent": "podman", "libpod": "podman",
	"moby": "docker", "k8s.io": "containerd", "default": "containerd", "nerdctl": "containerd",
	"garden": "garden", "buildkit": "buildkit", "actions_job": "docker",
}

// containerOf reads a group's name, given that of the group above.
func containerOf(dir, above string) (id, runtime string) {
	name := strings.TrimSuffix(dir, ".scope")
	for _, r := range runtimes {
		if id, ok := strings.CutPrefix(name, r.prefix); ok && isContainerID(id) {
			return id, r.runtime
		}
	}
	// containerd with the systemd spelling but another driver:
	// kubepods-burstable-pod1234.slice:cri-containerd:ID
	if i := strings.LastIndexByte(name, ':'); i >= 0 && isContainerID(name[i+1:]) {
		_, runtime := containerOf(strings.ReplaceAll(name[strings.LastIndexByte(name[:i], ':')+1:], ":", "-"), "")
		return name[i+1:], runtime
	}
	if isContainerID(dir) || ecsID(dir, above) || above == "garden" && len(dir) == 36 {
		return dir, parents[above]
	}
	return systemContainer(dir, above)
}

// systemContainer reads those that hold a whole system, and have names.
func systemContainer(dir, above string) (name, runtime string) {
	if n, ok := strings.CutPrefix(dir, "lxc.payload."); ok && n != "" {
		return n, "lxc"
	}
	if above == "lxc" || above == "lxc.payload" {
		return dir, "lxc"
	}
	if n, ok := strings.CutPrefix(dir, "systemd-nspawn@"); ok {
		return unescape(strings.TrimSuffix(n, ".service")), "systemd-nspawn"
	}
	if n, ok := strings.CutPrefix(dir, "machine-"); ok && strings.HasSuffix(n, ".scope") {
		n = unescape(strings.TrimSuffix(n, ".scope"))
		switch {
		case strings.HasPrefix(n, "qemu-"): // a process of the host: the virtual machine
			return "", ""
		case strings.HasPrefix(n, "lxc-"):
			return n, "libvirt-lxc"
		}
		return n, "systemd-nspawn"
	}
	return "", ""
}

// isContainerID reports the ids that runtimes make: 64 hexadecimal digits.
// Shorter ones would be taken from groups that others made.
func isContainerID(s string) bool { return len(s) == 64 && isHex(s) }

// ecsID reports the groups of Amazon ECS on Fargate: /ecs/TASK/TASK-NUMBER.
func ecsID(dir, above string) bool {
	task, n, ok := strings.Cut(dir, "-")
	_, num := decimal([]byte(n))
	return ok && task == above && len(task) == 32 && isHex(task) && num
}

func isHex(s string) bool {
	for i := range len(s) {
		if c := s[i]; (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return false
		}
	}
	return true
}

// podUID reads kubepods/burstable/podUID, and systemd's
// kubepods-burstable-podUID.slice with '_' for '-'. The uid of a static pod is
// a hash without dashes.
func podUID(dir string) string {
	name := strings.TrimSuffix(dir, ".slice")
	if i := strings.IndexByte(name, ':'); i >= 0 {
		name = strings.TrimSuffix(name[:i], ".slice")
	}
	uid, ok := strings.CutPrefix(name, "pod")
	if !ok {
		if !strings.HasPrefix(name, "kubepods-") && !strings.HasPrefix(name, "kubelet-kubepods-") {
			return ""
		}
		i := strings.LastIndex(name, "-pod")
		if i < 0 {
			return ""
		}
		uid = name[i+len("-pod"):]
	}
	uid = strings.ReplaceAll(uid, "_", "-")
	if plain := strings.ReplaceAll(uid, "-", ""); len(plain) != 32 || !isHex(plain) {
		return ""
	}
	return uid
}

// unitOf returns the name of a service unit. user@1000.service only holds the
// units of a user, and sessions and other scopes are no services.
func unitOf(dir string) string {
	if !strings.HasSuffix(dir, ".service") || strings.HasPrefix(dir, "user@") || len(dir) == len(".service") {
		return ""
	}
	return unescape(dir)
}

// unescape undoes \x2d as systemd.unit(5) writes it.
func unescape(s string) string {
	if !strings.Contains(s, `\x`) {
		return s
	}
	b := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		if strings.HasPrefix(s[i:], `\x`) && i+4 <= len(s) {
			if v, ok := hexNumber([]byte(s[i+2:i+4]), 8); ok {
				b = append(b, byte(v))
				i += 3
				continue
			}
		}
		b = append(b, s[i])
	}
	return string(b)
}
