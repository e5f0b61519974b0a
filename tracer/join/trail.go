package join

import (
	"math/bits"

	"github.com/cespare/xxhash/v2"
	"github.com/wirespan/wirespan/flows"
	"github.com/wirespan/wirespan/l7"
	"github.com/wirespan/wirespan/tracer/link"
)

// tcpTrail is what else a request is known by at other capture points.
func tcpTrail(c *flows.Conn, m *l7.Message, head []byte) link.Trail {
	t := link.Trail{
		Head: xxhash.Sum64(head[:min(64, len(head))]), Ack: m.First.Ack, Offset: uint32(m.First.Offset),
		RTTClient: clamp(c.TCP.RTTClient), RTTServer: clamp(c.TCP.RTTServer),
	}
	if m.Size >= 0 {
		t.Length = uint8(bits.Len64(uint64(m.Size))) + 1
	}
	return t
}

func clamp(ns int64) uint32 { return uint32(min(max(ns, 0), 1<<32-1)) }

// answeredElsewhere finishes the requests that were answered where this point
// does not look: it saw no packet of the server, and the client's next request
// acknowledges more than the one before.
func (j *Joiner) answeredElsewhere(c *flows.Conn, st *conn, p *l7.Proto, m *l7.Message) {
	if p.Pairing == l7.ByMatch || c.Proto != 6 || len(st.open) == 0 || c.TCP.Dir[flows.ToClient].Packets != 0 {
		return
	}
	for len(st.open) > 0 {
		x := st.open[0]
		if x.dead || x.responded || x.reqOpen || x.back || !before(x.first.Ack, m.First.Ack) {
			return
		}
		j.unanswered(c, st, x, captureEnded, 0)
	}
}
