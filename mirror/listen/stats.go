//go:build linux

package listen

import "github.com/wirespan/wirespan/capture"

// Stats, see capture.Source. Drops is what the kernel dropped because a socket
// was full; Received counts it, too. Freezes is how often the reader found all
// memory lent.
func (s *Source) Stats() (capture.Stats, error) {
	st := capture.Stats{
		Packets: s.published[countPackets].Load(), Bytes: s.published[countBytes].Load(),
		WireBytes: s.published[countWire].Load(), Filtered: s.published[countFiltered].Load(),
		Freezes: s.published[countBlocked].Load(),
	}
	for _, k := range s.sockets {
		drops := k.losses.count()
		st.Drops += drops
		st.Received += k.packets.Load() + drops
	}
	return st, nil
}

// Listeners gives the counters by listener.
func (s *Source) Listeners() []Listener {
	out := append([]Listener(nil), s.specs...)
	for _, k := range s.sockets {
		l := &out[k.listener]
		l.Packets += k.packets.Load()
		l.Foreign += k.foreign.Load()
		l.Drops += k.losses.count()
	}
	return out
}

// Points, see capture.Source: one for each listener, unless they are joined.
func (s *Source) Points() []capture.Point { return s.points }

// Degraded lists what the kernel refused.
func (s *Source) Degraded() []Degraded { return append([]Degraded(nil), s.degraded...) }
