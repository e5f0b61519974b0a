package main

import (
	"fmt"
	"io"
	"os"
	"syscall"

	"github.com/wirespan/wirespan/tracer/span"
	"github.com/wirespan/wirespan/tracer/tag/names"
)

// identify opens what this machine knows of the ends of connections. It is
// called while the run still has all its rights.
func (o *liveOptions) identify(keys *span.Keys, fixed *names.Map) (*identities, error) {
	m := &machine{}
	if o.mirror != nil { // none of the ends is on this machine
		return openIdentities(&o.who, keys, fixed, m)
	}
	if host, err := os.Hostname(); err == nil {
		m.host = host
	}
	if path := netnsPath(o.netns); path != "" {
		var st syscall.Stat_t
		if err := syscall.Stat(path, &st); err != nil {
			return nil, fmt.Errorf("--netns %s: %w", o.netns, err)
		}
		m.netns = func(uint16) uint32 { return uint32(st.Ino) }
	}
	return openIdentities(&o.who, keys, fixed, m)
}

// printIdentities says which names are missing.
func (r *liveRun) printIdentities(w io.Writer) {
	for _, s := range r.parts.ids.lost() {
		fmt.Fprintf(w, "%-12s %s\n", "names", s)
	}
}
