package privileges

// Plan says what the process goes on needing.
type Plan struct {
	// User is switched to, with its groups, when the process runs as root; ""
	// stays what it is.
	User string
	// Group limits who may use a capability that came from the executable
	// file: members of this group, where the host has it. "" is no limit.
	Group string
	// FollowInterfaces keeps CAP_NET_RAW, which every packet socket that is
	// opened later needs. Sockets that were opened in advance need nothing.
	FollowInterfaces bool
	// Processes keeps CAP_SYS_PTRACE and CAP_DAC_READ_SEARCH, without which
	// the kernel does not show the sockets of other users' processes, and leaves
	// landlock out, below which it shows those of no process but its own.
	Processes bool
	// Kernel keeps bpf(2) and perf_event_open(2) callable, with CAP_BPF and
	// CAP_PERFMON, for eBPF objects that are loaded later.
	Kernel bool
	// Read and Write are directories, or files that stand for the directory
	// they are in, which are used after Drop, besides those that name
	// resolution, time zones, certificates, /proc and /sys are read from.
	Read, Write []string
	// NoSandbox leaves out landlock and seccomp.
	NoSandbox bool
}

// State says how far a measure got.
type State uint8

// States of a measure.
const (
	Off     State = iota // not in force
	Partly               // in force with an exception that Detail names
	InForce              // in force
)

// String returns the state as a word.
func (s State) String() string {
	switch s {
	case InForce:
		return "on"
	case Partly:
		return "partly"
	}
	return "off"
}

// Measure is one line of a Report: what was to be restricted, whether it is,
// and why not, or with which exception.
type Measure struct {
	Name   string
	State  State
	Detail string
}

// Names of measures.
const (
	NoNewPrivs   = "no_new_privs"
	Landlock     = "landlock"
	User         = "user"
	Capabilities = "capabilities"
	BoundingSet  = "bounding set"
	Seccomp      = "seccomp"
	Output       = "output" // directories that can no longer be written to
)

// Report lists the measures in the order in which they are taken.
type Report []Measure

// Find returns the measure with a name.
func (r Report) Find(name string) (Measure, bool) {
	for _, m := range r {
		if m.Name == name {
			return m, true
		}
	}
	return Measure{}, false
}

// String returns the measure as one line of text.
func (m Measure) String() string {
	s := m.Name + ": " + m.State.String()
	if m.Detail != "" {
		s += " (" + m.Detail + ")"
	}
	return s
}
