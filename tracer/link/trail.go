package link

// Trail is what a sighting is known by where its sequence numbers, and so its
// exchange key, differ from those of other sightings of the exchange: behind
// SYN proxies, transparent proxies, and where one direction was captured only.
// It is zero for what has no bytes.
type Trail struct {
	Head      uint64 // XXH64 of what the exchange key hashes of the first message; UDP: and the transaction id
	Ack       uint32 // acknowledgement number of the segment with its first byte
	Next      uint32 // sequence number after the request, 0: not known
	Offset    uint32 // bytes of the stream before the first one, with Handshake
	RTTClient uint32 // ns between the SYN-ACK and its ACK at this point, 0: not measured
	RTTServer uint32 // ns between SYN and SYN-ACK at this point, 0: not measured
	Length    uint8  // class of the length of the request's body: bits of it, plus 1; 0: not known
}

// half says which message of an exchange a point saw.
type half uint8

// Halves. Those that are not whole were completed with what another point saw.
const (
	whole half = iota
	requestHalf
	responseHalf
)

// halfNames are the values of wirespan.half.
var halfNames = [...]string{"", "request", "response"}
