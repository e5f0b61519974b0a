package tagger

import (
	"errors"
	"fmt"

	"github.com/wirespan/wirespan/tracer/span"
	"github.com/wirespan/wirespan/tracer/tag/kube"
	"github.com/wirespan/wirespan/tracer/tag/names"
	"github.com/wirespan/wirespan/tracer/tag/procs"
)

// Config says what a Tagger knows. Keys and the bounds are required; a source
// that is nil is not asked.
type Config struct {
	Keys *span.Keys // with identity.Keys registered

	Names     *names.Map   // configured; SetNames changes it later
	Pods      *kube.Pods   // of the cluster
	Processes *procs.Table // of this machine
	Hosts     *names.Hosts // of this machine
	HostName  string       // of this machine, for its processes; empty: not told

	// AskPods is called when a process is in a pod that is not known
	// (kube.Source.Ask). It must not block.
	AskPods func()

	// Netns gives the inode of the network namespace in which a capture point
	// lies, 0 for that of this program. Nil: they all lie there.
	Netns func(point uint16) uint32

	MaxNames      int // addresses named by DNS answers, and as many by capture files
	MaxIdentities int // that are known at a time; beyond, all are made anew
}

// Default needs Keys and sources.
func Default() Config { return Config{MaxNames: 20_000, MaxIdentities: 16_384} }

// Validate reports all faults.
func (c *Config) Validate() error {
	var errs []error
	need := func(ok bool, key, what string) {
		if !ok {
			errs = append(errs, fmt.Errorf("tagger: %s: %s", key, what))
		}
	}
	need(c.Keys != nil, "keys", "are required")
	need(c.MaxNames > 0 && c.MaxIdentities > 0, "bounds", "must be positive")
	return errors.Join(errs...)
}
