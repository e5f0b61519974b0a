package tagger

import (
	"sync/atomic"

	"github.com/wirespan/wirespan/tracer/tag/identity"
)

// Stats counts what a Tagger answered. All are cumulative.
type Stats struct {
	Answers      [identity.NumSources]uint64 // by the source of the name
	Identities   uint64                      // that were made
	Forgotten    uint64                      // times that Config.MaxIdentities was reached
	NamesRefused uint64                      // beyond Config.MaxNames
}

type counters struct {
	answers   [identity.NumSources]atomic.Uint64
	made      atomic.Uint64
	forgotten atomic.Uint64
	refused   atomic.Uint64
}

// Stats returns the figures. Any goroutine may call it.
func (t *Tagger) Stats() Stats {
	s := Stats{Identities: t.stats.made.Load(), Forgotten: t.stats.forgotten.Load(), NamesRefused: t.stats.refused.Load()}
	for i := range s.Answers {
		s.Answers[i] = t.stats.answers[i].Load()
	}
	return s
}
