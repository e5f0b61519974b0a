package engine

import "github.com/wirespan/wirespan/l7"

// streamGap takes lost bytes off what is to be skipped; what is left of the
// gap costs the boundary unless the parser says otherwise.
func (e *Engine) streamGap(st *ConnState, dir l7.Dir, lost int64, at l7.Stamp) {
	h := st.half[dir]
	if h.ended {
		e.stats.LostUnparsed += uint64(lost)
		return
	}
	if n := min(h.skip, lost); n > 0 {
		h.skip -= n
		lost -= n
		h.addLost(n)
		e.stats.LostSkipped += uint64(n)
		if h.skip == 0 {
			e.skipped(st, dir, advance(at, n-1))
		}
		at = advance(at, n)
	}
	if lost == 0 {
		return
	}
	e.stats.Gaps++
	e.cut(st, dir, lost)
	unread := e.drop(st.half[dir], OfGap)
	if e.lose(st, dir, lost+unread, at) {
		h.addLost(lost)
		h.tail = advance(at, lost-1)
		e.stats.LostKept += uint64(lost)
	} else {
		e.stats.LostBoundary += uint64(lost)
	}
}

// cut lets the parser say what it can of a message whose start is unread and
// whose rest will not come: lost bytes of it, if it is known how many.
func (e *Engine) cut(st *ConnState, dir l7.Dir, lost int64) {
	h := st.half[dir]
	b := h.unread()
	if h.skip > 0 || len(b) == 0 || h.resync && !e.begins(st, dir) {
		return
	}
	last := h.stampAt(h.base + int64(len(h.buf)) - 1)
	e.out.Reset(h.here())
	e.enter(dir, b)
	st.parser.Cut(dir, b, &e.out)
	e.leave()
	m, mdir, ok := e.out.Take()
	if !ok {
		return
	}
	h.resyncs = 0
	o := st.half[mdir]
	if m.Kind != l7.End {
		m.More = true
		e.announce(st, mdir, m, h.head(m.First.Offset, b, m.HeadSize), last, 0)
	}
	o.addLost(lost)
	e.endOpen(st, mdir, m.Match, nil, last, true)
}

// begins reports whether a message begins where the search for a boundary
// stands: certainly, or plausibly and with a segment.
func (e *Engine) begins(st *ConnState, dir l7.Dir) bool {
	h := st.half[dir]
	switch e.detect(st.proto, dir, h.unread()) {
	case l7.Yes:
		return true
	case l7.No:
		return false
	}
	return h.startsPiece()
}

// lose tells the parser that n bytes from where it stands are gone, and
// reports whether it can go on. If not, the search for a boundary begins.
func (e *Engine) lose(st *ConnState, dir l7.Dir, n int64, at l7.Stamp) (keep bool) {
	h := st.half[dir]
	st.replay = false
	h.need, h.leadLen = 0, 0
	if !h.resync {
		e.enter(dir, nil)
		keep = st.parser.Gap(dir, n)
		e.leave()
	}
	if !keep {
		e.miss(st, dir, n, at)
	}
	return keep
}

// overflow drops what is unread because it is more than may be kept.
func (e *Engine) overflow(st *ConnState, dir l7.Dir, why Discard, at l7.Stamp) {
	h := st.half[dir]
	e.stats.Overflows++
	if st.phase != parsing {
		e.drop(h, why)
		h.missing, st.gapped = 0, true
		return
	}
	if h.resyncs++; h.resyncs > maxResync {
		e.goOpaque(st, Astray)
		return
	}
	e.cut(st, dir, 0)
	e.lose(st, dir, e.drop(h, why), at)
}

// miss begins the search for a message boundary.
func (e *Engine) miss(st *ConnState, dir l7.Dir, n int64, at l7.Stamp) {
	h := st.half[dir]
	e.cutAll(st, dir)
	h.resync, h.unsure, h.skip, h.need, h.leadLen = true, false, 0, 0, 0
	st.replay = false
	if st.confirmed {
		e.sink.Missed(st.conn, dir, n, at)
	}
}

// desync begins the search behind a byte at which no message starts.
func (e *Engine) desync(st *ConnState, dir l7.Dir) {
	h := st.half[dir]
	if h.resyncs++; h.resyncs > maxResync {
		e.goOpaque(st, Astray)
		return
	}
	at := h.last
	if len(h.unread()) > 0 {
		at = h.here()
		h.read++
		e.stats.Discarded[OfSearch]++
	}
	e.miss(st, dir, 1, at)
}

// search passes over bytes until a message may start. It returns false if
// there is no start among those at hand.
func (e *Engine) search(st *ConnState, dir l7.Dir) bool {
	h := st.half[dir]
	b := h.unread()
	if h.unsure {
		h.unsure = false
		if e.detect(st.proto, dir, b) != l7.No {
			h.resync = false
			return true
		}
	}
	e.enter(dir, b)
	off, ok := st.parser.Resync(dir, b)
	e.leave()
	if off < 0 || off > len(b) {
		e.goOpaque(st, Breach)
		return false
	}
	if off > 0 {
		st.replay = false
		h.read += off
		e.stats.Discarded[OfSearch] += uint64(off)
	}
	if ok {
		h.resync = false
		e.stats.Resynced++
	}
	return ok
}

// end tells the parser that a direction has ended in order.
func (e *Engine) end(st *ConnState, dir l7.Dir) {
	h := st.half[dir]
	all := h.skip > l7.SkipAll>>1
	if !h.resync {
		b := h.unread()
		at := advance(h.last, 1)
		if len(b) > 0 {
			at = h.here()
		}
		e.out.Reset(at)
		e.enter(dir, b)
		st.parser.End(dir, b, &e.out)
		e.leave()
		if m, mdir, ok := e.out.Take(); ok {
			if m.Kind == l7.End {
				e.endOpen(st, mdir, m.Match, m, h.last, false)
			} else {
				e.announce(st, mdir, m, h.head(m.First.Offset, b, m.HeadSize), h.last, 0)
			}
		}
		if e.out.Aside() {
			e.asides(st, h, h.read)
		}
	}
	if all {
		e.skipped(st, dir, h.last)
	}
	e.cutAll(st, dir)
	e.drop(h, OfEnd)
	h.skip, h.need = 0, 0
}
