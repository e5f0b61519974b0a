package link

// SystemStats count what became of messages of processes. Each is joined,
// unjoined, uncertain, refused, or waits.
type SystemStats struct {
	Messages  uint64
	Joined    uint64 // that an exchange was found for
	Unjoined  uint64 // that left without: of connections whose packets were not captured, or of no known protocol
	Uncertain uint64 // of those whose place in the stream was not sure
	Refused   uint64 // that left before their time for want of room
	Waiting   uint64
	Sideless  uint64 // that would have been joined, had there been room for another side of an exchange
	Common    uint64 // requests that a process read with others in one message, so that calls cannot be told to be for one of them
	Labels    uint64 // calls of which it was said for whom they were
	Used      uint64 // of those that proposed a parent
}

// SystemStats returns the counters of what processes did.
func (l *Linker) SystemStats() SystemStats {
	st := l.system.stats
	st.Waiting = uint64(l.system.lone)
	return st
}

// maxSides bounds the sides of exchanges that wait.
const maxSides = 1 << 17
