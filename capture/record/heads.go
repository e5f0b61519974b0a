package record

import (
	"encoding/binary"

	"github.com/wirespan/wirespan/capture"
	"github.com/wirespan/wirespan/capture/wire"
)

// headLen is the length of a packet up to its innermost transport header,
// which is where the payload that the decoder found begins.
func headLen(p *capture.Packet, f *wire.Frame) int {
	if len(f.Payload) == 0 {
		return len(p.Data) // padding at most
	}
	first := &f.Payload[0]
	for i := len(p.Data) - len(f.Payload); i >= 0; i-- { // at once, but for padding
		if &p.Data[i] == first {
			return i
		}
	}
	return 0 // not in the packet: nothing of it is kept
}

// Lengths and offsets of headers: RFC 791, RFC 8200, 802.1Q.
const (
	ethernetLen = 14
	sllLen      = 16
	sll2Len     = 20
	ipv4Min     = 20
	ipv6Len     = 40
	extension   = 8
	udpLen      = 8
	icmpLen     = 8
	tcpMin      = 20

	etherIPv4 = 0x0800
	etherIPv6 = 0x86dd
	etherVLAN = 0x8100
	etherQinQ = 0x88a8

	nextFragment = 44
	maxTags      = 4
	maxNext      = 4
)

// fragmentHeadLen is the length of a fragment up to the end of its outermost
// IP header, and of the transport header in the first one; 0 when that is not
// plain.
func fragmentHeadLen(p *capture.Packet) int {
	at, kind := network(p)
	b := p.Data[min(at, len(p.Data)):]
	switch {
	case kind == etherIPv4 && len(b) >= ipv4Min:
		end := int(b[0]&15) * 4
		if binary.BigEndian.Uint16(b[6:])&0x1fff == 0 {
			end += transportLen(b[9])
		}
		return min(at+end, len(p.Data))
	case kind == etherIPv6 && len(b) >= ipv6Len:
		return min(at+fragmentOf6(b), len(p.Data))
	}
	return 0
}

// fragmentOf6 walks to the fragment header.
func fragmentOf6(b []byte) int {
	next, end := b[6], ipv6Len
	for range maxNext {
		if len(b) < end+extension {
			return end
		}
		if next == nextFragment {
			if binary.BigEndian.Uint16(b[end+2:])&0xfff8 == 0 {
				return end + extension + transportLen(b[end])
			}
			return end + extension
		}
		next, end = b[end], end+extension+int(b[end+1])*8
	}
	return end
}

func transportLen(proto byte) int {
	switch proto {
	case wire.ProtoTCP:
		return tcpMin
	case wire.ProtoUDP:
		return udpLen
	case wire.ProtoICMP, wire.ProtoICMPv6:
		return icmpLen
	}
	return 0
}

// network finds the outermost network header and its EtherType.
func network(p *capture.Packet) (at int, kind uint16) {
	b := p.Data
	switch p.Link {
	case capture.LinkEthernet:
		at = ethernetLen
	case capture.LinkSLL:
		at = sllLen
	case capture.LinkSLL2:
		if len(b) < sll2Len {
			return 0, 0
		}
		return sll2Len, binary.BigEndian.Uint16(b)
	case capture.LinkRaw, capture.LinkRawBSD, capture.LinkRawOpen, capture.LinkIPv4, capture.LinkIPv6:
		if len(b) > 0 && b[0]>>4 == 6 {
			return 0, etherIPv6
		}
		return 0, etherIPv4
	default:
		return 0, 0
	}
	for range maxTags {
		if len(b) < at {
			return 0, 0
		}
		kind = binary.BigEndian.Uint16(b[at-2:])
		if kind != etherVLAN && kind != etherQinQ {
			break
		}
		at += 4
	}
	return at, kind
}
