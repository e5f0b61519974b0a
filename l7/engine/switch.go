package engine

import "github.com/wirespan/wirespan/l7"

// switchOver starts detection again behind what the parser has consumed: the
// connection goes on as another protocol, not as the same.
func (e *Engine) switchOver(st *ConnState) {
	if st.switches++; st.switches > maxSwitches || st.force != "" {
		e.goOpaque(st, Declared)
		return
	}
	e.closeInner(st)
	for d, h := range st.half {
		e.cutAll(st, l7.Dir(d))
		h.restart()
		e.hold(h)
	}
	st.tried = e.called(st.proto.Name) // HTTP through a proxy of HTTP is not a conversation with this server
	st.after, st.parser, st.proto, st.phase = st.proto.Name, nil, nil, detecting
	st.confirmed, st.replay, st.flipped, st.late, st.gapped = false, true, false, false, false
	st.strikes, st.owed = 0, 0
	e.stats.Switched++
}

// restart forgets everything but the bytes that were not read.
func (h *half) restart() {
	*h = half{
		buf: h.buf, base: h.base, read: h.read, owned: h.owned, marks: h.marks, held: h.held,
		ended: h.ended, open: h.open[:0], last: h.last,
	}
	switch {
	case h.read == 0:
	case h.read == len(h.buf):
		h.read = 0
		h.base += int64(len(h.buf))
		h.buf, h.marks = h.buf[:0], h.marks[:0]
	case h.owned:
		h.trim(h.read)
	default:
		at := h.here()
		h.buf, h.base, h.read = h.buf[h.read:], at.Offset, 0
		h.marks = append(h.marks[:0], at) // borrowed: one segment
	}
}
