package listen

import (
	"encoding/binary"

	"github.com/wirespan/wirespan/capture/tunnel"
)

// GRE protocol types and flags, RFC 2784 and RFC 2890, ERSPAN's of
// draft-foschiano-erspan-03.
const (
	greKey      = 0x2000
	greEthernet = 0x6558
	greERSPAN2  = 0x88be
	greERSPAN3  = 0x22eb
)

// kindSet is a set of kinds, by bit.
type kindSet uint16

func (s kindSet) has(k Kind) bool { return s&(1<<k) != 0 }

// verdict says whose a packet is.
type verdict uint8

const (
	foreign  verdict = iota // no listener's
	accepted                // the listener's
	others                  // that of another listener, which gets it, too
)

// judge tells whether a packet is of a kind, by the header of the tunnel; beside
// are the kinds that have listeners of their own in the same place.
func judge(k Kind, beside kindSet, b []byte) verdict {
	if _, v := kinds[k].parse(b); v == tunnel.Bad || v == tunnel.Short {
		return foreign
	}
	if k.UDP() {
		return accepted
	}
	g := greKind(b)
	for _, t := range takers[g] {
		switch {
		case t == k:
			return accepted
		case beside.has(t):
			return others
		}
	}
	return foreign
}

// takers lists, by what a GRE header announces, the listeners that it is for:
// the first that there is.
var takers = [numKinds][]Kind{
	GRE: {GRE}, L2GRE: {L2GRE, GRE}, NVGRE: {NVGRE, L2GRE, GRE}, ERSPAN: {ERSPAN, GRE},
}

// greKind tells what a GRE header announces. Every Ethernet frame with a key
// can be NVGRE: which it is, the mirror knows.
func greKind(b []byte) Kind {
	flags, proto := binary.BigEndian.Uint16(b), binary.BigEndian.Uint16(b[2:])
	switch {
	case proto == greERSPAN2 || proto == greERSPAN3:
		return ERSPAN
	case proto == greEthernet && flags&greKey != 0:
		return NVGRE
	case proto == greEthernet:
		return L2GRE
	}
	return GRE
}
