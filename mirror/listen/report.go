package listen

// Listener is what became of a Spec, with its counters.
type Listener struct {
	Name   string // Spec.String
	Point  int    // index into Points
	Buffer int    // bytes that the kernel granted each socket, of Config.Buffer

	Packets uint64 // received and of the listener's kind
	Foreign uint64 // received, but no tunnel of the kind: left out
	Drops   uint64 // lost because the socket's buffer was full, or damaged (UDP checksum), by the kernel's count
}

// Degraded is something that the kernel refused, and what follows from it.
type Degraded struct {
	Listener string // Spec.String
	Option   string
	Reason   string
}
