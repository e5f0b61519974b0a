package engine

// Reason says why a connection became opaque.
type Reason uint8

// Reasons.
const (
	Unknown   Reason = iota // no protocol claims it
	TurnedOff               // Config.Force says so
	Declared                // the parser said ErrOpaque: TLS, compression, tunnel
	Refused                 // the parser said ErrNotMine too late for another candidate
	Astray                  // too many searches for a message boundary failed
	Foreign                 // too many datagrams in a row were of another protocol
	Panic                   // the parser panicked
	Breach                  // the parser broke its contract: consumed more than it was given
	NumReasons
)

var reasonNames = [NumReasons]string{
	"unknown protocol", "turned off", "declared opaque", "refused", "boundary lost", "foreign datagrams", "parser panic", "parser contract broken",
}

// String names the reason for the summary.
func (r Reason) String() string { return reasonNames[r] }

// Discard says why bytes that were seen did not reach a parser.
type Discard uint8

// Reasons to discard.
const (
	OfOpaque     Discard = iota // connection is opaque
	OfUndetected                // begun in mid-stream, before a protocol was found
	OfSearch                    // passed over while looking for a message boundary
	OfGap                       // unread when a gap came
	OfOverflow                  // message larger than Proto.Window
	OfMemory                    // Config.MaxCarry reached
	OfEnd                       // unread when the direction ended or the connection closed
	OfTrailing                  // left over in a datagram
	OfDatagram                  // datagram of another protocol
	NumDiscards
)

var discardNames = [NumDiscards]string{
	"opaque", "undetected", "search", "gap", "overflow", "memory", "end", "trailing", "datagram",
}

// String names the reason for the summary.
func (d Discard) String() string { return discardNames[d] }

// ProtoStats counts what was found of one protocol.
type ProtoStats struct {
	Connections uint64 // with at least one message
	Messages    uint64
	Refused     uint64 // detected, then ErrNotMine before the first message
}

// Stats count what an Engine did. They belong to its goroutine.
//
// Seen + Deciphered = Consumed + Skipped + the sum of Discarded + Held.
type Stats struct {
	Opened, Closed uint64
	Silent         uint64             // connections closed without a byte of payload
	Undecided      uint64             // closed before detection had enough
	Found          uint64             // closed with a protocol found
	Opaque         [NumReasons]uint64 // connections that became opaque
	Flipped        uint64             // connections whose roles the content exchanged
	Midstream      uint64             // connections that detection joined in mid-stream
	Switched       uint64             // times a protocol ended with ErrSwitch
	Protos         []ProtoStats       // by index into Config.Protos

	Seen       uint64 // payload bytes
	Deciphered uint64 // bytes of the streams within encrypted ones
	Consumed   uint64
	Skipped    uint64
	Discarded  [NumDiscards]uint64
	Held       int64 // in carry-over buffers now

	LostSkipped  uint64 // bytes of gaps inside skipped bodies
	LostKept     uint64 // bytes of gaps that the parser coped with
	LostBoundary uint64 // bytes of gaps that cost the message boundary
	LostUnparsed uint64 // bytes of gaps before detection or on opaque connections
	Gaps         uint64 // gaps outside of skipped bodies

	Resynced   uint64 // searches that found a boundary
	Desynced   uint64 // times a parser lost its boundary (ErrDesync)
	Overflows  uint64 // messages larger than the window, or without memory
	Cut        uint64 // messages that did not end in order
	Forgotten  uint64 // open messages ended for want of room
	StrayEnds  uint64 // End messages that ended nothing
	Panics     uint64
	Datagrams  uint64 // datagrams given to parsers or detection
	CarryBytes uint64 // bytes copied into carry-over buffers
}

// Add sums up the counters of another Engine with the same protocols.
func (s *Stats) Add(o *Stats) {
	if s.Protos == nil {
		s.Protos = make([]ProtoStats, len(o.Protos))
	}
	for i, p := range o.Protos {
		s.Protos[i].Connections += p.Connections
		s.Protos[i].Messages += p.Messages
		s.Protos[i].Refused += p.Refused
	}
	for i, n := range o.Opaque {
		s.Opaque[i] += n
	}
	for i, n := range o.Discarded {
		s.Discarded[i] += n
	}
	s.Held += o.Held
	to, from := s.counters(), o.counters()
	for i := range to {
		*to[i] += *from[i]
	}
}

func (s *Stats) counters() [26]*uint64 {
	return [26]*uint64{
		&s.Opened, &s.Closed, &s.Silent, &s.Undecided, &s.Found, &s.Flipped, &s.Midstream, &s.Switched,
		&s.Seen, &s.Deciphered, &s.Consumed, &s.Skipped,
		&s.LostSkipped, &s.LostKept, &s.LostBoundary, &s.LostUnparsed, &s.Gaps,
		&s.Resynced, &s.Desynced, &s.Overflows, &s.Cut, &s.Forgotten, &s.StrayEnds, &s.Panics, &s.Datagrams, &s.CarryBytes,
	}
}

// Accounted is the right side of the equation above less Deciphered: what
// became of the bytes of the connections.
func (s *Stats) Accounted() uint64 {
	n := s.Consumed + s.Skipped + uint64(s.Held)
	for _, d := range s.Discarded {
		n += d
	}
	return n - s.Deciphered
}
