package kernel

import "github.com/wirespan/wirespan/bpf/sys"

// Attempt is a tier that was tried.
type Attempt struct {
	Tier   sys.Tier
	Reason string // why it cannot be had; empty for the one that was taken
	Detail error  // what the kernel said, the verifier's log included; may be nil
}

// Report says which tiers were tried, the best first.
type Report []Attempt

// Taken is the tier that was taken, sys.Off if there is none.
func (r Report) Taken() sys.Tier {
	for _, a := range r {
		if a.Reason == "" {
			return a.Tier
		}
	}
	return sys.Off
}
