package engine

import "github.com/wirespan/wirespan/l7"

// unknown acts when no protocol claims what there is. On TCP a later segment may
// begin one: the capture began in mid-stream, or another protocol, such as
// SOCKS, precedes it. unknown reports whether there is such a segment already.
func (e *Engine) unknown(st *ConnState, cur *half) (more bool) {
	switch {
	case st.transport != l7.TCP:
		e.strike(st, st.dirOf(cur), Unknown)
		return false
	case st.force != "":
		e.goOpaque(st, Unknown)
		return false
	}
	if !st.mid() {
		st.late = true
		return true
	}
	e.passPiece(cur)
	if cur.tries++; cur.tries >= detectTry {
		e.drop(cur, OfUndetected)
		e.exhausted(st)
	}
	return len(cur.buf) > 0
}

// passPiece drops the first segment of what detection has looked at.
func (e *Engine) passPiece(h *half) {
	if len(h.marks) < 2 {
		e.drop(h, OfUndetected)
		return
	}
	e.pass(h, int(h.marks[1].Offset-h.base))
}

// pass drops the first n bytes of what detection has looked at.
func (e *Engine) pass(h *half, n int) {
	e.stats.Discarded[OfUndetected] += uint64(n)
	h.read = n
	h.trim(n)
}

// exhausted gives a connection up of which both directions were looked at for
// long enough.
func (e *Engine) exhausted(st *ConnState) {
	if st.half[0].tries >= detectTry && st.half[1].tries >= detectTry {
		e.goOpaque(st, Unknown)
	}
}

// align passes over what precedes the first segment that begins a message for
// certain, if the first bytes begin none. It reports whether a message may
// begin at what is left.
func (e *Engine) align(st *ConnState, dir l7.Dir) bool {
	h := st.half[dir]
	if e.detect(st.proto, dir, h.buf) != l7.No {
		return true
	}
	for i := 1; i < len(h.marks); i++ {
		if n := int(h.marks[i].Offset - h.base); e.detect(st.proto, dir, h.buf[n:]) == l7.Yes {
			e.pass(h, n)
			return true
		}
	}
	return false
}
