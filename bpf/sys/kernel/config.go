package kernel

import (
	"errors"
	"fmt"

	"github.com/wirespan/wirespan/bpf/sys"
)

// Config says what is asked of the kernel. All fields but the filters are
// required.
type Config struct {
	Tiers []sys.Tier // that may be taken, the best first
	Ring  int        // bytes of the ring that events wait in, a power of two
	Every uint32     // calls of one message that make an event each; of the others the last does
	Go    bool       // look for goroutines of processes that SetGo names

	// Filters; an empty one lets everything pass. A call has to pass all.
	Ports   []uint16 // local or remote
	TGIDs   []uint32
	Cgroups []uint64
}

// Bounds of the filters, the sizes of their maps.
const (
	MaxPorts   = 1024
	MaxTGIDs   = 4096
	MaxCgroups = 1024
)

// Default is a Config that takes the best tier and filters nothing.
func Default() Config {
	return Config{Tiers: []sys.Tier{sys.Sock, sys.Fexit, sys.Syscall, sys.Legacy}, Ring: 4 << 20, Every: 4, Go: true}
}

// Validate reports all faults.
func (c *Config) Validate() error {
	var errs []error
	need := func(ok bool, format string, v ...any) {
		if !ok {
			errs = append(errs, fmt.Errorf("sys: "+format, v...))
		}
	}
	need(len(c.Tiers) > 0, "no tier may be taken")
	need(c.Ring >= 4096 && c.Ring&(c.Ring-1) == 0, "ring: %d bytes, must be a power of two and at least 4096", c.Ring)
	need(c.Every > 0, "every: must be positive")
	need(len(c.Ports) <= MaxPorts, "ports: %d, at most %d", len(c.Ports), MaxPorts)
	need(len(c.TGIDs) <= MaxTGIDs, "processes: %d, at most %d", len(c.TGIDs), MaxTGIDs)
	need(len(c.Cgroups) <= MaxCgroups, "cgroups: %d, at most %d", len(c.Cgroups), MaxCgroups)
	return errors.Join(errs...)
}
