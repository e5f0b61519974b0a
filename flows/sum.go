package flows

// Add sums up the counters of two Tables.
func (s *Stats) Add(o *Stats) {
	s.Packets += o.Packets
	s.Strays += o.Strays
	s.Payload += o.Payload
	s.Delivered += o.Delivered
	s.Duplicate += o.Duplicate
	s.Truncated += o.Truncated
	s.Discarded += o.Discarded
	s.Buffered += o.Buffered
	s.Gap += o.Gap
	s.Forced += o.Forced
	s.Conns += o.Conns
	s.Lingering += o.Lingering
	s.Opened += o.Opened
	for i := range s.Closed {
		s.Closed[i] += o.Closed[i]
	}
}
