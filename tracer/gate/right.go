package gate

import (
	"fmt"
	"strings"
)

// Right is a set of rights.
type Right uint8

// Rights.
const (
	Read    Right = 1 << iota // ask for spans, traces, metrics
	Ingest                    // send spans
	Packets                   // read recorded packets; only with Read
	None    Right = 0
)

// everybody has these where there are no tokens. Packets may hold what was redacted
// in spans, so they take a token that says so.
const everybody = Read | Ingest

var rightNames = []struct {
	r    Right
	name string
}{{Read, "read"}, {Ingest, "ingest"}, {Packets, "packets"}}

// String lists the rights, joined by commas.
func (r Right) String() string {
	var list []string
	for _, n := range rightNames {
		if r&n.r != 0 {
			list = append(list, n.name)
		}
	}
	return strings.Join(list, ",")
}

// parseRights reads names joined by commas.
func parseRights(s string) (r Right, err error) {
	for name := range strings.SplitSeq(s, ",") {
		found := false
		for _, n := range rightNames {
			if n.name == name {
				r, found = r|n.r, true
			}
		}
		if !found {
			return 0, fmt.Errorf("right %q is not known; want read, ingest or packets, joined by commas", name)
		}
	}
	return r, nil
}
