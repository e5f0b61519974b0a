package engine

import "github.com/wirespan/wirespan/l7"

// datagram gives one datagram to the parser, whole and alone: nothing of it is
// kept for the next.
func (e *Engine) datagram(st *ConnState, dir l7.Dir, b []byte, at l7.Stamp) {
	e.stats.Datagrams++
	if e.force(st); st.phase == opaque {
		e.stats.Discarded[OfOpaque] += uint64(len(b))
		return
	}
	h := st.half[dir]
	e.take(h, b, at)
	h.leadLen = 0
	st.replay = true
	if st.phase == detecting {
		st.tried = 0
	} else {
		e.run(st, dir)
	}
	if st.phase == detecting {
		dir = e.choose(st, h, true)
	}
	if h.skip > 0 {
		h.addLost(h.skip)
		h.skip = 0
		e.skipped(st, dir, h.last)
	}
	h.need, h.resync = 0, false
	e.drop(h, OfTrailing)
}

// strike discards a datagram that is not of the protocol.
func (e *Engine) strike(st *ConnState, dir l7.Dir, why Reason) {
	e.drop(st.half[dir], OfDatagram)
	if st.strikes++; st.strikes >= maxStrike {
		e.goOpaque(st, why)
	}
}
