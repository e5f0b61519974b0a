package tunnel

import "encoding/binary"

// Next says what an inner packet begins with: an EtherType, or one of the
// values below 0x0600 that no EtherType takes.
type Next uint16

// Inner packets.
const (
	IP       Next = 0 // IPv4 or IPv6 by the version nibble
	Dot11    Next = 1 // IEEE 802.11 frame
	IPv4     Next = 0x0800
	IPv6     Next = 0x86dd
	Ethernet Next = 0x6558 // transparent Ethernet bridging
	PPP      Next = 0x880b
	MPLS     Next = 0x8847
	NSHNext  Next = 0x894f
)

// Verdict says what a header turned out to be.
type Verdict uint8

// Verdicts. Only Inner comes with a usable Header.
const (
	Inner     Verdict = iota
	Control           // a message of the tunnel itself, such as a keep-alive
	Encrypted         // the inner packet is not readable
	Rest              // a later piece of an inner packet that was cut in pieces
	Short             // the header is longer than the bytes given
	Bad               // not this encapsulation, or damaged
)

// Header is what a tunnel header says.
type Header struct {
	Kind  Kind
	HasID bool
	// Keyed says that both directions of the tunnel carry the same ID, so
	// that it may tell connections apart. TEIDs, call and session numbers
	// are chosen by each receiver and differ.
	Keyed bool
	Next  Next
	ID    uint32
	Len   int // bytes before the inner packet
	Size  int // bytes of the inner packet on the wire, -1 if the header does not say
	Mark  Mark
}

// Mark is what a header says about the place where a mirror copied the packet:
// ERSPAN of types II and III, and the Geneve options of Gateway Load Balancers.
// It is zero of others.
type Mark struct {
	// Origin is the port: ERSPAN's index, above it in bits 32 to 37 the hardware
	// id of type III; or the id of a Gateway Load Balancer's endpoint.
	Origin uint64
	Stamp  uint32 // time at the mirror, in Unit
	VLAN   uint16 // of the packet when it was copied, 0 if none
	Way    Way
	Unit   Unit
}

// Way is the direction in which a packet passed the port that was mirrored.
type Way uint8

// Ways.
const (
	WayUnknown Way = iota
	Ingress
	Egress
)

// String gives the word for attributes.
func (w Way) String() string { return [...]string{"", "ingress", "egress"}[min(w, Egress)] }

// Unit says what the time stamp of a Mark counts.
type Unit uint8

// Units, draft-foschiano-erspan-03, section 4.3.
const (
	NoStamp       Unit = iota
	HundredMicros      // 100 us since a time that the mirror chose, modulo 1<<32
	HundredNanos       // 100 ns, the same
	NanosOfSecond      // nanoseconds of a second of IEEE 1588
)

func be16(b []byte) uint16 { return binary.BigEndian.Uint16(b) }
func be32(b []byte) uint32 { return binary.BigEndian.Uint32(b) }
func be24(b []byte) uint32 { return uint32(b[0])<<16 | uint32(b[1])<<8 | uint32(b[2]) }
