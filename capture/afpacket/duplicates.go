package afpacket

import (
	"encoding/binary"
	"math/bits"
	"time"

	"github.com/wirespan/wirespan/capture"
)

// sightings remembers packets that were seen a moment ago, to leave out what
// another interface shows again: a frame that goes through a veth pair, a
// bridge and a network card is seen on all of them. The same packet is one with
// equal addresses, identification, ports, sequence numbers and length, within
// the window. Time to live and checksums do not count: a host that forwards
// changes them.
//
// A retransmission is equal, too, where the identification is constant (IPv6).
// It is told by coming again on an interface that has shown the packet: each
// interface shows each packet once.
type sightings struct {
	window int64
	table  []sighting
}

type sighting struct {
	key  uint64
	time int64
	seen uint64 // interfaces, by index modulo 64
}

// sightingsLen packets are remembered: more than the blocks of a few rings hold.
const sightingsLen = 1 << 15

func newSightings(window time.Duration) *sightings {
	return &sightings{window: int64(window), table: make([]sighting, sightingsLen)}
}

// before reports whether another interface has shown the packet.
func (s *sightings) before(p *capture.Packet, ifindex int32) bool {
	key, ok := packetKey(p)
	if !ok {
		return false
	}
	bit := uint64(1) << (uint32(ifindex) & 63)
	e := &s.table[key%sightingsLen]
	d := p.Time - e.time
	if e.key != key || e.seen&bit != 0 || d > s.window || d < -s.window {
		*e = sighting{key: key, time: p.Time, seen: bit}
		return false
	}
	e.seen |= bit
	return true
}

// packetKey hashes what of a packet stays the same on its way. It reports
// false for what is not TCP or UDP in IP.
func packetKey(p *capture.Packet) (uint64, bool) {
	b, ok := network(p)
	if !ok || len(b) < 20 {
		return 0, false
	}
	be := binary.BigEndian
	var h uint64
	var rest []byte
	switch {
	case b[0]>>4 == 4:
		head := int(b[0]&0xf) * 4
		if head < 20 || len(b) < head+8 || b[9] != 6 && b[9] != 17 {
			return 0, false
		}
		// Length and identification, fragment and protocol, addresses.
		h = mix(uint64(be.Uint32(b[2:]))<<32|uint64(be.Uint16(b[6:]))<<8|uint64(b[9]), be.Uint64(b[12:]))
		rest = b[head:]
		if be.Uint16(b[6:])&0x1fff != 0 {
			return h, true // a later fragment has no ports
		}
	case b[0]>>4 == 6 && len(b) >= 48 && (b[6] == 6 || b[6] == 17):
		h = mix(uint64(be.Uint16(b[4:]))<<8|uint64(b[6]), be.Uint64(b[8:]))
		h = mix(h^be.Uint64(b[16:]), be.Uint64(b[24:]))
		h = mix(h, be.Uint64(b[32:]))
		rest = b[40:]
	default:
		return 0, false
	}
	if len(rest) >= 16 { // TCP: ports, sequence numbers, flags, window; UDP: ports and some of the data
		h = mix(h^be.Uint64(rest), be.Uint64(rest[8:]))
	} else {
		h = mix(h, be.Uint64(rest))
	}
	return h | 1, true
}

// network finds the IP header, behind tags.
func network(p *capture.Packet) ([]byte, bool) {
	b := p.Data
	switch p.Link {
	case capture.LinkRaw:
		return b, true
	case capture.LinkSLL2:
		if len(b) < sll2Len {
			return nil, false
		}
		return b[sll2Len:], true
	case capture.LinkEthernet:
	default:
		return nil, false
	}
	at := 12
	for range 4 {
		if len(b) < at+2 {
			return nil, false
		}
		switch binary.BigEndian.Uint16(b[at:]) {
		case 0x0800, 0x86dd:
			return b[at+2:], true
		case 0x8100, 0x88a8, 0x9100, 0x9200:
			at += 4
		default:
			return nil, false
		}
	}
	return nil, false
}

func mix(a, b uint64) uint64 {
	hi, lo := bits.Mul64(a^0xa0761d6478bd642f, b^0xe7037ed1a0b428db)
	return hi ^ lo
}
