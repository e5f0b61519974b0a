package capture

// Direction is the way a frame took as the kernel saw it.
type Direction uint8

// Directions of a frame at the capture point.
const (
	DirUnknown Direction = iota
	DirIn
	DirOut
)

// Packet is one captured frame. Data is borrowed: it is valid until the next
// ReadBatch on the same Source, and must not be written to.
type Packet struct {
	Data    []byte
	Time    int64     // nanoseconds since 1970, from the capture, never from the wall clock; 0 if the capture has none
	WireLen uint32    // length on the wire; len(Data) < WireLen means truncated by snaplen
	Tap     uint16    // index into Points of the Source
	Link    LinkType  // link type of Data
	Dir     Direction // Unknown, In, Out: as the kernel saw it
	VLAN    uint16    // tag stripped by the NIC, 0 if none
}

// Point is a capture point: the place where frames were seen. Frames of one
// connection are only joined when they come from one point (DESIGN.md,
// section 5).
type Point struct {
	Name string // SPANS.md, wirespan.capture.point

	// Agent is who captured there, and Known what the point is called there,
	// in a recording; span ids are made of these. Empty where it is the one
	// who reads.
	Agent, Known string

	// Ahead is what the Source took off the times of the point's packets,
	// because its clock is so much ahead of the others', in nanoseconds; it is
	// known from the first packet on and never changes. Within is what Ahead
	// may be wrong by. Spans have it added again.
	Ahead, Within int64
}

// Name says that an address has a name, as a pcapng name resolution block
// states it.
type Name struct {
	Addr [16]byte // IPv6, or IPv4 mapped into IPv6
	Name string
}
