package link

import (
	"bytes"
	"cmp"

	"github.com/wirespan/wirespan/flows"
)

// wireOrder compares exchanges that began at the same moment: requests of one
// connection, pipelined in one segment, by their place in the stream, so that
// they are told as they were asked. Other exchanges go by their connections:
// any order will do that does not depend on who worked on them.
func (l *Linker) wireOrder(x, y int32) int {
	if x == y {
		return 0
	}
	a, b := &l.sights.at(l.exchs.at(x).first).rec, &l.sights.at(l.exchs.at(y).first).rec
	if c := compareEnds(&a.Client, &b.Client); c != 0 {
		return c
	}
	if c := compareEnds(&a.Server, &b.Server); c != 0 {
		return c
	}
	if a.Flags&b.Flags&HasSeq == 0 {
		return cmp.Compare(a.Flags&HasSeq, b.Flags&HasSeq)
	}
	return cmp.Compare(int32(a.SeqRequest-b.SeqRequest), 0) // RFC 9293, 3.4
}

func compareEnds(a, b *flows.Endpoint) int {
	if c := bytes.Compare(a.Addr[:], b.Addr[:]); c != 0 {
		return c
	}
	return cmp.Compare(a.Port, b.Port)
}
