package executor

import "github.com/wirespan/wirespan/bpf/sys"

// Endpoint is an address with a port; IPv4 is mapped into IPv6.
type Endpoint struct {
	Addr [16]byte
	Port uint16
}

// Thread is who made a call.
type Thread struct {
	TGID, TID uint32
	Goroutine uint64 // 0: unknown, or not Go
}

// Role is the part that the near end of a connection plays.
type Role uint8

// Roles.
const (
	Unknown Role = iota
	Calling      // it opened the connection
	Serving      // it accepted it
)

// Message is what went one way on a connection until something came the other
// way, as a process moved it.
type Message struct {
	ID            uint64 // of this Tracker, never 0
	Cookie        uint64
	Netns         uint32 // 0 unknown
	Local, Remote Endpoint
	Role          Role
	Direction     sys.Direction
	Flags         sys.Flags // of all of its events

	Seq    uint32 // TCP sequence number of the first byte
	Length uint32 // bytes so far
	Calls  uint32 // system calls that moved them

	Begin, End  int64 // when the first and the last call were done
	First, Last Thread
}

// Request reports whether the message asks: it was sent by the end that
// calls, or received by the end that serves.
func (m *Message) Request() bool {
	return m.Role == Calling && m.Direction == sys.Sent || m.Role == Serving && m.Direction == sys.Received
}

// Class says how sure a Label is.
type Class uint8

// Classes, from the surest.
const (
	Certain  Class = iota + 1 // nothing else can have been the cause, short of work handed over within the process
	Inferred                  // by a rule that is right where one executor does one thing at a time
	Weak                      // nothing else was open
)

func (c Class) String() string { return [...]string{"", "certain", "inferred", "weak"}[c&3] }

// Rule says by what a Label was found.
type Rule uint8

// Rules.
const (
	Alone     Rule = iota + 1 // the executor served nothing else
	Slice                     // what it read last
	Connected                 // whom it served when it opened the connection
	Answered                  // what it answered afterwards
	Woken                     // who woke it
	Sole                      // the only request that is open in the process
	Ordered                   // what it read in the same place of a turn, twice
	Returned                  // to whose goroutine the result went
	Resumed                   // what its thread had read, and then that of the response
)

var ruleNames = [...]string{"", "alone", "slice", "connected", "answered", "woken", "sole", "ordered", "returned", "resumed"}

func (r Rule) String() string {
	if int(r) < len(ruleNames) {
		return ruleNames[r]
	}
	return ""
}

// Label says that a call was made for a request: both are IDs of messages that
// the Sink was told of, received and sent by one process.
type Label struct {
	Call, Request uint64
	Rule          Rule
	Class         Class
	Goroutine     bool // the executor is a goroutine
}

// Sink takes what a Tracker finds. A Message is told when it begins, when it
// ends, and when nothing was added for a while; it is borrowed until the method
// returns. A Label comes after both of its messages were told.
type Sink interface {
	Message(m *Message)
	Label(l Label)
}
