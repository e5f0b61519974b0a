package flows

// Stats counts what a Table did. At every moment
//
//	Payload = Delivered + Duplicate + Truncated + Discarded + Buffered
type Stats struct {
	Packets uint64 // pushed
	Strays  uint64 // packets that belong to no connection, come after its end, or contradict it

	Payload   uint64 // bytes on the wire, as the headers say
	Delivered uint64 // given to Data
	Duplicate uint64 // seen before, or given up before they came
	Truncated uint64 // cut off by snaplen
	Discarded uint64 // before the ISN, after the FIN, far out of window, or in a stray packet
	Buffered  uint64 // waiting behind a hole now

	Gap    uint64 // bytes given to Gap, Truncated included
	Forced uint64 // holes given up because of MaxBuffered or MaxBufferedTotal

	Conns     uint64 // now in the table, without Lingering
	Lingering uint64 // closed, absorbing late segments
	Opened    uint64
	Closed    [NumCloseReasons]uint64 // Closed[CloseEvicted] are those lost to MaxConns
}

// Stats returns the counters.
func (t *Table) Stats() Stats { return t.stats }
