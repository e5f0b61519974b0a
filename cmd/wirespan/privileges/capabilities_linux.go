package privileges

import (
	"fmt"
	"strings"

	"kernel.org/pub/linux/libs/security/libcap/cap"
)

// kept is a capability that stays, and what for.
type kept struct {
	value cap.Value
	why   string
}

// keep lists the capabilities that the options need, as far as the process has
// them. Writing as root into directories of others is the right of
// CAP_DAC_OVERRIDE, not of user 0; it stays only when a directory needs it, and
// landlock confines it to the plan's.
func (p *Plan) keep(id *identity) []kept {
	var want []kept
	if p.FollowInterfaces {
		want = append(want, kept{cap.NET_RAW, "--keep-net-raw"})
	}
	if p.Processes {
		want = append(want, kept{cap.SYS_PTRACE, "--processes"}, kept{cap.DAC_READ_SEARCH, "--processes"})
	}
	if p.Kernel {
		want = append(want, kept{cap.BPF, "eBPF"}, kept{cap.PERFMON, "eBPF"})
	}
	if dir := id.foreignDirectory(p.Write); dir != "" && id.uid == 0 {
		want = append(want, kept{cap.DAC_OVERRIDE, "writing to " + dir})
	}
	has := cap.GetProc()
	out := want[:0]
	for _, k := range want {
		if ok, err := has.GetFlag(cap.Permitted, k.value); err == nil && ok {
			out = append(out, k)
		}
	}
	return out
}

// dropCapabilities takes all capabilities that are not kept out of the
// effective, permitted, inheritable and ambient sets.
func (p *Plan) dropCapabilities(id *identity) (Measure, error) {
	keep := p.keep(id)
	// Kernels before 4.3 have no ambient set; it empties with the permitted one anyway.
	_ = cap.ResetAmbient()
	set := cap.NewSet()
	for _, k := range keep {
		for _, f := range []cap.Flag{cap.Permitted, cap.Effective} {
			if err := set.SetFlag(f, true, k.value); err != nil {
				return Measure{Capabilities, Off, err.Error()}, fmt.Errorf("keep capability %v: %w", k.value, err)
			}
		}
	}
	if err := set.SetProc(); err != nil {
		return Measure{Capabilities, Off, err.Error()}, fmt.Errorf("drop capabilities: %w", err)
	}
	return describeKept(keep), nil
}

// describeKept says which capabilities stay and why.
func describeKept(keep []kept) Measure {
	if len(keep) == 0 {
		return Measure{Capabilities, InForce, "none left"}
	}
	var parts []string
	for _, k := range keep {
		parts = append(parts, strings.ToUpper(k.value.String())+" for "+k.why)
	}
	return Measure{Capabilities, Partly, "kept: " + strings.Join(parts, ", ")}
}

// dropBound empties the bounding set. That takes CAP_SETPCAP; without, as with
// a file capability, no_new_privs has the same effect: nothing is gained by exec.
func dropBound() Measure {
	var in []cap.Value
	for v := cap.Value(0); v < cap.MaxBits(); v++ {
		if ok, err := cap.GetBound(v); err == nil && ok {
			in = append(in, v)
		}
	}
	if len(in) == 0 {
		return Measure{BoundingSet, InForce, "empty"}
	}
	if err := cap.DropBound(in...); err != nil {
		return Measure{BoundingSet, Off, noSetpcap}
	}
	return Measure{BoundingSet, InForce, "empty"}
}
