package capture

// Add sums up the counters of sources that are read together.
func (s *Stats) Add(o *Stats) {
	s.Packets += o.Packets
	s.Bytes += o.Bytes
	s.WireBytes += o.WireBytes
	s.Filtered += o.Filtered
	s.Drops += o.Drops
	s.IfDrops += o.IfDrops
	s.Read += o.Read
	s.Size += o.Size
	s.Faults += o.Faults
	s.Received += o.Received
	s.Freezes += o.Freezes
	s.IfMissed += o.IfMissed
	s.Softnet = max(s.Softnet, o.Softnet) // of the host, whoever asks
	s.Duplicates += o.Duplicates
}
