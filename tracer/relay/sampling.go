package relay

import (
	"encoding/binary"
	"math"

	"github.com/cespare/xxhash/v2"
	"github.com/wirespan/wirespan/tracer/assemble"
	"github.com/wirespan/wirespan/tracer/span"
)

// Keep reports whether a trace leaves, and the rate at which traces like it do.
func (s *Sampling) Keep(t *assemble.Trace) (keep bool, rate float64) {
	if s.Slow > 0 && t.End-t.Start >= int64(s.Slow) {
		return true, 1
	}
	if s.Errors {
		for i := range t.Nodes {
			if t.Nodes[i].Span.Status == span.Error {
				return true, 1
			}
		}
	}
	return chosen(t.ID, s.Rate), s.Rate
}

// chosen is the same for a trace wherever it is asked.
func chosen(id span.TraceID, rate float64) bool {
	if rate >= 1 {
		return true
	}
	h := xxhash.Sum64(id[:])
	h ^= binary.BigEndian.Uint64(id[8:])
	return float64(h) < rate*float64(math.MaxUint64)
}
