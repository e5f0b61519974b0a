package listen

import "encoding/binary"

// headroom is what is kept free in front of a datagram: an IPv6 and a UDP
// header.
const headroom = ip6Len + udpLen

// Lengths of headers, RFC 791, 8200 and 768.
const (
	ip4Len = 20
	ip6Len = 40
	udpLen = 8

	protoUDP = 17
	protoGRE = 47
)

// envelope is what a socket tells about the packet around a datagram.
type envelope struct {
	src, dst [16]byte // IPv4 mapped into IPv6
	v4       bool
	ttl, tos uint8
	sport    uint16
	dport    uint16
}

// wrap writes IP and UDP headers in front of the datagram that b holds from
// headroom on and that had size bytes, and returns where the packet begins.
func (e *envelope) wrap(b []byte, size int) int {
	at := headroom - udpLen
	u := b[at:headroom]
	binary.BigEndian.PutUint16(u, e.sport)
	binary.BigEndian.PutUint16(u[2:], e.dport)
	binary.BigEndian.PutUint16(u[4:], fits(size+udpLen))
	u[6], u[7] = 0, 0 // none, RFC 6935
	return e.network(b[:at], size+udpLen, protoUDP)
}

// network writes the IP header at the end of b, in front of size bytes of a
// protocol, and returns where it begins.
func (e *envelope) network(b []byte, size int, proto uint8) int {
	if !e.v4 {
		h := b[len(b)-ip6Len:]
		binary.BigEndian.PutUint32(h, 6<<28|uint32(e.tos)<<20)
		binary.BigEndian.PutUint16(h[4:], fits(size))
		h[6], h[7] = proto, e.ttl
		copy(h[8:], e.src[:])
		copy(h[24:], e.dst[:])
		return len(b) - ip6Len
	}
	h := b[len(b)-ip4Len:]
	h[0], h[1] = 0x45, e.tos
	binary.BigEndian.PutUint16(h[2:], fits(size+ip4Len))
	binary.BigEndian.PutUint32(h[4:], 0)
	h[8], h[9] = e.ttl, proto
	h[10], h[11] = 0, 0
	copy(h[12:], e.src[12:])
	copy(h[16:], e.dst[12:])
	binary.BigEndian.PutUint16(h[10:], checksum(h[:ip4Len]))
	return len(b) - ip4Len
}

// fits gives a length field, 0 for what is larger: so does the kernel where it
// leaves segmentation to the interface.
func fits(n int) uint16 {
	if n > 0xffff {
		return 0
	}
	return uint16(n)
}

// checksum is that of an IPv4 header, RFC 1071.
func checksum(h []byte) uint16 {
	var sum uint32
	for i := 0; i+1 < len(h); i += 2 {
		sum += uint32(h[i])<<8 | uint32(h[i+1])
	}
	for sum > 0xffff {
		sum = sum>>16 + sum&0xffff
	}
	return ^uint16(sum)
}
