package stream

import (
	"time"

	"github.com/wirespan/wirespan/capture"
)

// counts are those of connections, under Source.mu.
type counts struct {
	open                                                int
	begun, broken, refused, unreached, redials, crowded uint64
}

// Counters tell about streams, not packets.
type Counters struct {
	Open      int    // streams that are read now
	Begun     uint64 // streams read so far, those included
	Broken    uint64 // that ended within a record, in damage, or by silence
	Refused   uint64 // connections without the right token, or too many
	Unreached uint64 // attempts to connect that failed
	Redials   uint64 // attempts to connect again
	Crowded   uint64 // interfaces that had to share the point pcap:other
}

// Counters gives the counters so far. It may be called from any goroutine.
func (s *Source) Counters() Counters {
	s.mu.Lock()
	defer s.mu.Unlock()
	return Counters{
		Open: len(s.conns), Begun: s.n.begun, Broken: s.n.broken, Refused: s.n.refused,
		Unreached: s.n.unreached, Redials: s.n.redials, Crowded: s.n.crowded,
	}
}

func (s *Source) count(f func(*counts)) {
	s.mu.Lock()
	f(&s.n)
	s.mu.Unlock()
}

// Stats, see capture.Source, over all streams. Drops are those that pcapng
// streams tell of.
func (s *Source) Stats() (capture.Stats, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	sum := s.past
	for _, c := range s.conns {
		if st, err := c.src.Stats(); err == nil {
			sum.Add(&st)
		}
	}
	return sum, nil
}

// Bounds of what is said: who is refused could make us write for ever.
const (
	sayEvery = time.Minute
	sayMost  = 64 // reasons that are remembered
)

// say logs a warning, one of a kind in a minute.
func (s *Source) say(kind, message string, args ...any) {
	if s.cfg.Log == nil {
		return
	}
	now := time.Now()
	s.mu.Lock()
	last, known := s.said[kind]
	quiet := known && now.Sub(last) < sayEvery || !known && len(s.said) >= sayMost
	if !quiet {
		s.said[kind] = now
	}
	s.mu.Unlock()
	if !quiet {
		s.cfg.Log.Warn(message, args...)
	}
}
