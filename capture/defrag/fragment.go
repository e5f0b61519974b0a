package defrag

// Key says which datagram a fragment belongs to.
type Key struct {
	Src, Dst [16]byte // IPv6, or IPv4 mapped into IPv6
	ID       uint32
	Tunnel   uint32 // the stack of tunnels it came through, 0 if none
	Tap      uint16 // capture point
	Proto    uint8  // IPv4 only: in IPv6 the first fragment alone decides (RFC 8200, 4.5)
	Version  uint8  // 4 or 6
}

// Fragment is one piece of a datagram's payload. Data is borrowed for the call.
type Fragment struct {
	Data   []byte // captured part
	Size   int    // length on the wire, at least len(Data)
	Offset int    // in bytes
	More   bool   // fragments follow
	Proto  uint8  // protocol of the payload; counts for the first fragment
	Time   int64  // packet time, nanoseconds
}

// Datagram is a completed payload. Data belongs to the Assembler and is valid
// until its next Add.
type Datagram struct {
	Data  []byte
	Cut   int // bytes after Data that were on the wire but not captured
	Count int // fragments
	Proto uint8
}

// Verdict says what became of a fragment.
type Verdict uint8

// Verdicts.
const (
	Waiting   Verdict = iota // kept, or repeated what is kept already
	Complete                 // the datagram is there
	Lost                     // refused: overlap or bound
	BadLength                // offset and length cannot be right
)
