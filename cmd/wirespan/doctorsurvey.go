package main

import (
	"bytes"
	"encoding/binary"
	"hash/maphash"

	"github.com/wirespan/wirespan/capture/wire"
	"github.com/wirespan/wirespan/l7"
	"github.com/wirespan/wirespan/l7/all"
)

// maxSurvey bounds the connections that a trial tells apart.
const maxSurvey = 1 << 14

// surveyLooks is how many segments of a connection detection is shown.
const surveyLooks = 8

// connKey is a connection without direction.
type connKey struct {
	a, b   wire.Addr
	pa, pb uint16
	proto  uint8
	tunnel uint32
}

// connFacts are what a trial saw of a connection.
type connFacts struct {
	packets, back uint32 // from a to b, from b to a
	established   bool   // something but SYN was seen
	tls           bool
	name          string // of the protocol, once detection is certain
	looks         uint8
	bytes         uint64
}

// connSurvey tells what connections are like. It keeps nothing of packets.
type connSurvey struct {
	table  map[connKey]*connFacts
	beyond uint64 // packets of connections beyond the bound
	protos []l7.Proto
}

// add counts a packet.
func (s *connSurvey) add(f *wire.Frame) {
	if s.table == nil {
		s.table, s.protos = make(map[connKey]*connFacts), all.Protos()
	}
	k := connKey{f.Src, f.Dst, f.SrcPort, f.DstPort, f.Proto, f.TunnelKey}
	forward := true
	if c := bytes.Compare(k.a[:], k.b[:]); c > 0 || c == 0 && k.pa > k.pb {
		k.a, k.b, k.pa, k.pb, forward = k.b, k.a, k.pb, k.pa, false
	}
	c := s.table[k]
	if c == nil {
		if len(s.table) >= maxSurvey {
			s.beyond++
			return
		}
		c = &connFacts{}
		s.table[k] = c
	}
	if forward {
		c.packets++
	} else {
		c.back++
	}
	c.established = c.established || f.Proto != wire.ProtoTCP || f.Flags&wire.SYN == 0
	c.bytes += uint64(f.PayloadLen)
	if len(f.Payload) > 0 {
		s.content(c, f)
	}
}

// content looks at what a packet carries.
func (s *connSurvey) content(c *connFacts, f *wire.Frame) {
	switch {
	case f.Proto == wire.ProtoTCP && tlsRecord(f.Payload):
		c.tls, c.name = true, "TLS"
	case f.Proto == wire.ProtoTCP && bytes.HasPrefix(f.Payload, []byte("SSH-")):
		c.name = "SSH"
	case f.Proto == wire.ProtoUDP && (f.SrcPort == 443 || f.DstPort == 443) && f.Payload[0]&0x40 != 0:
		c.tls, c.name = true, "QUIC"
	}
	if c.name != "" || c.looks >= surveyLooks {
		return
	}
	c.looks++
	c.name = s.detect(f)
}

// detect asks the protocols; the lower port is taken for the server's.
func (s *connSurvey) detect(f *wire.Frame) string {
	dir, transport := l7.ToServer, l7.ICMP
	if f.SrcPort < f.DstPort {
		dir = l7.ToClient
	}
	switch f.Proto {
	case wire.ProtoTCP:
		transport = l7.TCP
	case wire.ProtoUDP:
		transport = l7.UDP
	}
	for i := range s.protos {
		if p := &s.protos[i]; p.Transport&transport != 0 && p.Detect != nil && p.Detect(dir, f.Payload) == l7.Yes {
			return p.Name
		}
	}
	return ""
}

// tlsRecord reports whether a segment begins with the head of a TLS record (RFC
// 8446, section 5.1): type, version 3.x, and a length that is allowed.
func tlsRecord(b []byte) bool {
	return len(b) >= 5 && b[0] >= 20 && b[0] <= 24 && b[1] == 3 && b[2] <= 4 && binary.BigEndian.Uint16(b[3:]) <= 1<<14+2048
}

// surveyCounts sum up a survey.
type surveyCounts struct {
	TCP       uint64            `json:"tcp"`       // connections that carried something
	OneSided  uint64            `json:"one_sided"` // of these, seen in one direction only
	UDP       uint64            `json:"udp"`
	Bytes     uint64            `json:"payload_bytes"`
	Encrypted uint64            `json:"encrypted_bytes"` // of connections with TLS or QUIC
	Protocols map[string]uint64 `json:"protocols,omitempty"`
	Unknown   uint64            `json:"unknown"` // with payload, of no protocol that is known
}

func (s *connSurvey) sum() surveyCounts {
	n := surveyCounts{Protocols: make(map[string]uint64)}
	for k, c := range s.table {
		switch {
		case k.proto == wire.ProtoUDP:
			n.UDP++
		case k.proto == wire.ProtoTCP && c.established:
			n.TCP++
			if (c.packets == 0 || c.back == 0) && c.packets+c.back > 1 {
				n.OneSided++
			}
		}
		n.Bytes += c.bytes
		if c.tls {
			n.Encrypted += c.bytes
		}
		switch {
		case c.name != "":
			n.Protocols[c.name]++
		case c.bytes > 0:
			n.Unknown++
		}
	}
	return n
}

// sighting says whether a packet was seen a moment ago.
type sighting uint8

// Sightings.
const (
	seenFirst sighting = iota
	seenHere
	seenElsewhere
)

// Times within which an equal packet is the same one, and not sent again: a
// retransmission takes a round trip, at least.
const (
	sameHere      = int64(1e6)
	sameElsewhere = int64(20e6) // a mirror in software takes its time
	sightingSlots = 1 << 14
)

// sightingTable remembers packets of the last moment.
type sightingTable struct {
	seed  maphash.Seed
	slots []seenSlot
}

type seenSlot struct {
	key  uint64
	at   int64
	taps uint64 // by number modulo 64
}

func newSightingTable() sightingTable {
	return sightingTable{seed: maphash.MakeSeed(), slots: make([]seenSlot, sightingSlots)}
}

// look remembers a packet and says whether it was there before.
func (s *sightingTable) look(key uint64, tap uint16, at int64) sighting {
	e, bit := &s.slots[key%sightingSlots], uint64(1)<<(tap&63)
	if e.key != key || at-e.at > sameElsewhere || e.at-at > sameElsewhere {
		e.key, e.at, e.taps = key, at, bit
		return seenFirst
	}
	if e.taps&bit != 0 {
		if at-e.at > sameHere {
			e.at, e.taps = at, bit
			return seenFirst
		}
		return seenHere
	}
	e.at, e.taps = at, e.taps|bit
	return seenElsewhere
}

// key hashes what stays the same wherever a packet is seen. Empty
// acknowledgements may well be equal to each other, and have none.
func (s *sightingTable) key(f *wire.Frame) (uint64, bool) {
	if f.Proto == wire.ProtoTCP && len(f.Payload) == 0 && f.Flags&wire.SYN == 0 {
		return 0, false
	}
	var b [64]byte
	copy(b[:], f.Src[:])
	copy(b[16:], f.Dst[:])
	be := binary.BigEndian
	be.PutUint16(b[32:], f.SrcPort)
	be.PutUint16(b[34:], f.DstPort)
	be.PutUint32(b[36:], f.Seq)
	be.PutUint32(b[40:], f.Ack)
	be.PutUint32(b[44:], f.TSVal)
	be.PutUint32(b[48:], f.TSEcr)
	be.PutUint32(b[52:], f.PayloadLen)
	be.PutUint32(b[56:], f.TunnelKey)
	b[60], b[61] = f.Flags, f.Proto
	var h maphash.Hash
	h.SetSeed(s.seed)
	_, _ = h.Write(b[:])
	_, _ = h.Write(f.Payload[:min(64, len(f.Payload))])
	return h.Sum64() | 1, true
}
