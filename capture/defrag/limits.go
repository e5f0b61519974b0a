package defrag

// Limits bound an Assembler. A limit of zero admits nothing.
type Limits struct {
	Bytes     int   // memory for waiting fragments
	Datagrams int   // datagrams waiting at a time
	Fragments int   // fragments of one datagram
	Age       int64 // nanoseconds of packet time from the first fragment to the last
}

// Default gives the limits that wirespan uses unless told otherwise. 30 s is
// what Linux waits (net.ipv4.ipfrag_time).
func Default() Limits {
	return Limits{Bytes: 4 << 20, Datagrams: 1024, Fragments: 128, Age: 30e9}
}

// MaxDatagram is the largest payload of a datagram, in bytes: what 13 bits of
// fragment offset and 16 bits of length can say.
const MaxDatagram = 65535
