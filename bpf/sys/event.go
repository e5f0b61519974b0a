package sys

import "encoding/binary"

// EventSize is the size of an encoded event of version 1, in bytes.
const EventSize = 96

// eventVersion is the version that Decode understands.
const eventVersion = 1

// Type says what an event tells.
type Type uint8

// Types of events; the numbers are those on the wire (c/event.h).
const (
	IO            Type = 1 // bytes were moved
	ThreadWake    Type = 2 // a thread woke another
	GoroutineWake Type = 3 // a goroutine woke another: Goroutine woke Parent
	State         Type = 4 // a connection began or ended
	Exec          Type = 5 // a process became another program
	Exit          Type = 6 // a process ended
	Lost          Type = 7 // events were lost, Length of them, between what came before and Time; made by Watch
)

// Flags of an event.
type Flags uint16

// Flags.
const (
	Uncertain   Flags = 1 << iota // another thread moved bytes at the same time: Seq may be theirs
	Peek                          // looked at, not taken
	NoCookie                      // Cookie is an address in the kernel
	Truncated                     // addresses are not known
	First                         // of a message: the other direction was before
	OtherNetns                    // not in the network namespace of the reader
	Late                          // told when the message was over
	RelativeSeq                   // Seq counts from the beginning of the connection, as far as it was seen
)

// Direction is the way that bytes took.
type Direction uint8

// Directions.
const (
	Received Direction = iota
	Sent
)

// TCPState is a state of a connection, include/net/tcp_states.h.
type TCPState uint8

// States that are told.
const (
	Established TCPState = 1
	Connecting  TCPState = 2 // SYN sent: by the thread that called connect
	Closed      TCPState = 7
)

// Event is something that a thread did, or that happened to a connection.
type Event struct {
	Type      Type
	Direction Direction
	Flags     Flags
	Length    uint32 // bytes moved
	Time      int64  // at the end of the call: nanoseconds since 1970 from a Source, monotonic as encoded by the kernel

	TGID, TID         uint32 // process and thread, in the first process namespace
	Goroutine, Parent uint64 // ids; 0 unknown

	Cookie                uint64 // of the socket, unique until the host starts again
	Local, Remote         [16]byte
	LocalPort, RemotePort uint16

	Seq      uint32 // TCP sequence number of the first byte
	Position uint32 // bytes that the message had before these
	Skipped  uint16 // calls of the message before this one that are not told

	Old, New TCPState // of State
	Netns    uint32   // of State: inode of the network namespace
}

// Decode reads an encoded event. It reports false when b is too short or of
// another version; e is then undefined.
func Decode(b []byte, e *Event) bool {
	if len(b) < EventSize || b[0] != eventVersion {
		return false
	}
	b = b[:EventSize]
	le := binary.LittleEndian
	// Field by field: an Event that is made aside and copied costs twice.
	e.Type, e.Direction, e.Flags, e.Skipped = Type(b[1]), Direction(b[92]&1), Flags(le.Uint16(b[2:])), le.Uint16(b[94:])
	e.Length, e.Time = le.Uint32(b[4:]), int64(le.Uint64(b[8:]))
	e.TGID, e.TID = le.Uint32(b[16:]), le.Uint32(b[20:])
	e.Goroutine, e.Parent, e.Cookie = le.Uint64(b[24:]), le.Uint64(b[32:]), le.Uint64(b[40:])
	e.Local, e.Remote = [16]byte(b[48:]), [16]byte(b[64:])
	e.LocalPort, e.RemotePort = le.Uint16(b[80:]), le.Uint16(b[82:])
	e.Seq, e.Position = le.Uint32(b[84:]), le.Uint32(b[88:])
	e.Old, e.New, e.Netns = 0, 0, 0
	if e.Type == State {
		e.Old, e.New, e.Length = TCPState(e.Length>>8), TCPState(e.Length), 0
		e.Netns, e.Seq = e.Seq, 0
	}
	return true
}

// Append adds the encoded event.
func (e *Event) Append(dst []byte) []byte {
	length, seq := e.Length, e.Seq
	if e.Type == State {
		length, seq = uint32(e.Old)<<8|uint32(e.New), e.Netns
	}
	le := binary.LittleEndian
	dst = append(dst, eventVersion, byte(e.Type))
	dst = le.AppendUint16(dst, uint16(e.Flags))
	dst = le.AppendUint32(dst, length)
	dst = le.AppendUint64(dst, uint64(e.Time))
	dst = le.AppendUint32(le.AppendUint32(dst, e.TGID), e.TID)
	dst = le.AppendUint64(le.AppendUint64(dst, e.Goroutine), e.Parent)
	dst = le.AppendUint64(dst, e.Cookie)
	dst = append(append(dst, e.Local[:]...), e.Remote[:]...)
	dst = le.AppendUint16(le.AppendUint16(dst, e.LocalPort), e.RemotePort)
	dst = le.AppendUint32(le.AppendUint32(dst, seq), e.Position)
	dst = append(dst, byte(e.Direction), 6)
	return le.AppendUint16(dst, e.Skipped)
}
