package main

import (
	"os"
	"strings"

	"github.com/spf13/pflag"

	"github.com/wirespan/wirespan/cmd/wirespan/privileges"
)

// captureGroup may use the file capability of the executable, on hosts that
// have the group; the packages make it.
const captureGroup = "wirespan"

// privilegeFlags say what a capture keeps after its sockets are open.
type privilegeFlags struct {
	user       string
	processes  bool
	noSandbox  bool
	spare      int  // packet sockets of each reader that are opened in advance
	keepNetRaw bool // instead of them
}

// defaultSpare is how many interfaces may appear at a time beside those that
// are there at the start: a socket costs the kernel about 2 KiB until it is used.
const defaultSpare = 16

// add defines the flags, unless another part of the command did.
func (p *privilegeFlags) add(f *pflag.FlagSet) {
	f.StringVar(&p.user, "user", "", "go on as user `NAME` once the sockets are open (started as root)")
	f.BoolVar(&p.noSandbox, "no-sandbox", false, "do without landlock and seccomp")
	f.IntVar(&p.spare, "spare-sockets", defaultSpare, "open `N` packet sockets in advance, for interfaces that appear when CAP_NET_RAW has been given up")
	f.BoolVar(&p.keepNetRaw, "keep-net-raw", false, "keep CAP_NET_RAW, so that any number of interfaces can appear")
	if f.Lookup("processes") == nil {
		f.BoolVar(&p.processes, "processes", false, "name the processes of other users too: keeps CAP_SYS_PTRACE and CAP_DAC_READ_SEARCH")
	}
}

// privilegePlan is what dropPrivileges puts in force. Read and Write are files
// or directories that are used later on.
type privilegePlan = privileges.Plan

// spares is how many packet sockets to open in advance.
func (p *privilegeFlags) spares() int {
	if p.keepNetRaw {
		return 0
	}
	return p.spare
}

// plan makes the plan of the flags; follow is whether packet sockets are opened
// later on.
func (p *privilegeFlags) plan(follow bool) privilegePlan {
	return privilegePlan{User: p.user, Group: captureGroup, FollowInterfaces: follow, Processes: p.processes, NoSandbox: p.noSandbox}
}

// becomeUser changes to the user of --user. It is called between sockets and
// files, so that those are made by the one who goes on writing them.
func becomeUser(p privilegePlan) error { return privileges.Become(p) }

// dropPrivileges gives up, on all threads and for good, what the plan does not
// keep. It is called once, after sockets and files are open and before the
// first packet is read. After an error the process must end.
func dropPrivileges(p privilegePlan) (privileges.Report, error) { return privileges.Drop(p) }

// explainPermission adds to a refused packet socket why, and the command that
// helps. Other errors are returned as they are.
func explainPermission(err error) error {
	exe, e := os.Executable()
	if e != nil {
		exe = os.Args[0]
	}
	return privileges.Explain(err, exe)
}

// privilegeLine says in one line what is in force, for the beginning of a run;
// doctor shows the whole report.
func privilegeLine(r privileges.Report) string {
	var on, off []string
	for _, m := range r {
		switch {
		case m.Name == privileges.Output:
			off = append(off, m.Detail)
		case m.State == privileges.InForce && m.Name == privileges.User:
			on = append(on, "as "+m.Detail)
		case m.State == privileges.InForce && m.Name == privileges.Capabilities:
			on = append(on, "no capabilities")
		case m.State == privileges.Partly:
			on = append(on, m.Name+" "+m.Detail)
		case m.State == privileges.InForce && (m.Name == privileges.Landlock || m.Name == privileges.Seccomp):
			on = append(on, m.Name)
		case m.State == privileges.Off && m.Name != privileges.User && m.Name != privileges.BoundingSet:
			off = append(off, m.Name+" off: "+m.Detail)
		}
	}
	line := "privileges: " + strings.Join(on, ", ")
	if len(off) > 0 {
		line += "; " + strings.Join(off, "; ")
	}
	return line
}

// laterFiles are paths of the shared flags that are opened or made after the
// capture began: profiles are written at the end.
func (o *options) laterFiles() (write []string) {
	if o.profile != "" {
		write = append(write, o.profile)
	}
	for _, out := range o.out {
		if _, path, ok := strings.Cut(out, ":"); ok && path != "-" {
			write = append(write, path)
		}
	}
	return write
}
