package record

import (
	"bytes"

	"github.com/wirespan/wirespan/capture"
	"github.com/wirespan/wirespan/capture/wire"
)

// fragments are packets of the second pass whose datagram is not complete:
// whether it is wanted is known with its last one.
type fragments struct{ held []fragment }

// fragment is a copy of a packet and the hosts that it goes between.
type fragment struct {
	packet   capture.Packet
	src, dst wire.Addr
}

// maxFragments bounds the packets that wait; the oldest makes room.
const maxFragments = 1024

func (h *fragments) keep(p *capture.Packet, f *wire.Frame) {
	if len(h.held) == maxFragments {
		h.held = append(h.held[:0], h.held[1:]...)
	}
	c := fragment{*p, f.Src, f.Dst}
	c.packet.Data = bytes.Clone(p.Data)
	h.held = append(h.held, c)
}

// take moves the packets that came before the one that completed a datagram
// to whole.
func (h *fragments) take(f *wire.Frame, whole []capture.Packet) []capture.Packet {
	if f.Fragments == 0 {
		return whole
	}
	rest := h.held[:0]
	for _, c := range h.held {
		if len(whole)+1 < int(f.Fragments) && c.packet.Tap == f.Tap && c.src == f.Src && c.dst == f.Dst {
			whole = append(whole, c.packet)
			continue
		}
		rest = append(rest, c)
	}
	h.held = rest
	return whole
}
