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
}

func be16(b []byte) uint16 { return binary.BigEndian.Uint16(b) }
func be32(b []byte) uint32 { return binary.BigEndian.Uint32(b) }
func be24(b []byte) uint32 { return uint32(b[0])<<16 | uint32(b[1])<<8 | uint32(b[2]) }
