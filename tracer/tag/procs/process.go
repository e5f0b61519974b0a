package procs

import (
	"path"
	"strings"
)

// Process is what is known of the owner of a socket. It never changes: a
// process that executes another program gets a new value.
type Process struct {
	PID     int    // in the process namespace of Config.Root; 0: only the user is known
	Start   int64  // nanoseconds since 1970, 0 if unknown
	Netns   uint32 // inode of its network namespace
	Comm    string // name of the main thread, at most 15 bytes
	Exe     string // path of the executable; empty if it may not be seen
	Program string // what an interpreter or a JVM runs, its base name; empty for other programs
	Started string // name it was started under, where that is another than the file's
	UID     uint32 // effective user
	User    string // name of the user; empty within containers, which have users of their own
	Cgroup
	ContainerName string // when a file of the runtime tells it
	SysV          string // service of a pid file, where there are no units

	forward forward // of docker-proxy
}

// Executable returns the base name of the executable, else the name of the main
// thread.
func (p *Process) Executable() string {
	if p.Exe != "" {
		return path.Base(p.Exe)
	}
	return p.Comm
}

// systems are the runtimes whose containers hold a whole system with services
// of its own.
var systems = map[string]bool{"lxc": true, "libvirt-lxc": true, "systemd-nspawn": true}

// IsSystem reports a container that holds a whole system, and has a name in
// place of an id.
func (p *Process) IsSystem() bool { return systems[p.Runtime] }

// Service returns a name for what the process serves: the container's, the
// unit's, the program's (SPANS.md, service.name). In a container that holds a
// whole system its unit says more than its name. Empty if nothing is known
// but the user.
func (p *Process) Service() string {
	unit := strings.TrimSuffix(p.Unit, ".service")
	switch {
	case p.IsSystem() && unit != "":
		return unit
	case p.IsSystem():
		return p.Container
	case p.ContainerName != "":
		return p.ContainerName
	case unit != "" && p.Container == "":
		return unit
	case p.SysV != "":
		return p.SysV
	case p.Program != "":
		return p.Program
	case p.Started != "":
		return p.Started
	}
	return p.Executable()
}
