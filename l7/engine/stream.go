package engine

import "github.com/wirespan/wirespan/l7"

// stream gives the next bytes of a TCP direction to the parser.
func (e *Engine) stream(st *ConnState, dir l7.Dir, b []byte, at l7.Stamp) {
	for len(b) > 0 && st.phase == parsing {
		h := st.half[dir]
		if h.ended {
			break
		}
		n := len(b)
		if len(h.buf) > 0 {
			n = min(n, st.window-len(h.unread()))
		}
		if n <= 0 || !e.take(h, b[:n], at) {
			why := OfOverflow
			if n > 0 {
				why = OfMemory
			}
			e.overflow(st, dir, why, h.here())
			continue
		}
		b, at = b[n:], advance(at, int64(n))
		e.run(st, dir)
		if st.phase == detecting {
			dir = e.choose(st, h, false)
		}
		e.settle(st, dir)
	}
	switch {
	case len(b) == 0:
	case st.phase == detecting:
		e.probe(st, dir, b, at)
	case st.phase == opaque:
		e.stats.Discarded[OfOpaque] += uint64(len(b))
	default:
		e.stats.Discarded[OfEnd] += uint64(len(b))
	}
}

// take adds a piece to what is unread: borrowed if nothing else is there.
func (e *Engine) take(h *half, b []byte, at l7.Stamp) bool {
	if len(h.buf) == 0 {
		e.forget(h)
		h.buf, h.base = b, at.Offset
		h.mark(at)
		return true
	}
	if !e.grow(h, len(h.buf)+len(b)) {
		return false
	}
	h.mark(at)
	h.buf = append(h.buf, b...)
	e.stats.CarryBytes += uint64(len(b))
	return true
}

// grow makes room for n bytes in an owned buffer, or makes a borrowed one
// owned.
func (e *Engine) grow(h *half, n int) bool {
	if h.owned && n <= cap(h.buf) {
		return true
	}
	own := e.carry.get(n)
	if own == nil {
		return false
	}
	own = append(own, h.buf...)
	if h.owned {
		e.carry.put(h.buf)
	}
	h.buf, h.owned = own, true
	return true
}

// run lets the parser work until it wants more bytes than there are.
func (e *Engine) run(st *ConnState, dir l7.Dir) {
	h := st.half[dir]
	for h.read < len(h.buf) && st.phase == parsing {
		switch {
		case h.skip > 0:
			e.eat(st, dir)
		case h.resync:
			if !e.search(st, dir) {
				return
			}
		case len(h.unread()) < h.need:
			return
		default:
			if !e.step(st, dir) {
				return
			}
		}
	}
}

// eat discards bytes of a body that are in the buffer.
func (e *Engine) eat(st *ConnState, dir l7.Dir) {
	h := st.half[dir]
	n := min(h.skip, int64(len(h.unread())))
	h.read += int(n)
	h.skip -= n
	e.stats.Skipped += uint64(n)
	if h.skip == 0 {
		e.skipped(st, dir, h.stampAt(h.base+int64(h.read)-1))
	}
}

// step calls Parse once. It returns false if the parser wants more bytes.
func (e *Engine) step(st *ConnState, dir l7.Dir) bool {
	h := st.half[dir]
	b := h.unread()
	st.answers = false
	e.out.Reset(h.here())
	e.enter(dir, b)
	s, err := st.parser.Parse(dir, b, &e.out)
	e.leave()
	m, mdir, found := e.out.Take()
	if s.Consumed < 0 || s.Consumed > len(b) || s.Skip < 0 {
		e.goOpaque(st, Breach)
		return false
	}
	// Of the bytes to skip, those at hand are taken now, so that a message
	// whose end is in sight is whole.
	here := min(s.Skip, int64(len(b)-s.Consumed))
	rest := s.Skip - here
	end := s.Consumed + int(here)
	if found {
		e.deliver(st, dir, mdir, m, b[:s.Consumed], end, rest)
	} else if s.Consumed > 0 {
		h.note(b[:s.Consumed])
	}
	if s.Skip > 0 {
		st.replay = false
	}
	e.stats.Consumed += uint64(s.Consumed)
	e.stats.Skipped += uint64(here)
	first := h.read
	h.read += end
	h.skip, h.need = rest, s.Need
	if e.out.Aside() {
		e.asides(st, h, first)
	}
	if err != nil {
		return e.fault(st, dir, err)
	}
	if h.need > st.window {
		e.overflow(st, dir, OfOverflow, h.here())
		return true
	}
	if end > 0 || rest > 0 {
		h.idle = 0
		return true
	}
	if !found {
		return false
	}
	if st.answers {
		st.answers = false
		return true
	}
	if h.idle++; h.idle > maxIdle {
		e.goOpaque(st, Breach)
	}
	return true
}

// fault acts on an error of Parse.
func (e *Engine) fault(st *ConnState, dir l7.Dir, err error) bool {
	switch {
	case err == l7.ErrOpaque:
		e.goOpaque(st, Declared)
	case err == l7.ErrSwitch:
		e.switchOver(st)
	case err == l7.ErrNotMine && !st.confirmed && st.force == "":
		e.refuse(st)
	case st.transport != l7.TCP:
		e.strike(st, dir, Foreign)
	default:
		e.stats.Desynced++
		e.desync(st, dir)
		return st.phase == parsing
	}
	return false
}

// settle keeps what is unread for the next call, in a buffer of our own.
func (e *Engine) settle(st *ConnState, dir l7.Dir) {
	h := st.half[dir]
	if len(h.buf) > replayMax || h.skip > 0 {
		st.replay = false
	}
	if len(h.open) > 0 && h.read > 0 {
		h.tail = h.stampAt(h.base + int64(h.read) - 1)
	}
	from := h.read
	if st.retains() {
		from = 0
	}
	switch {
	case from == len(h.buf):
		e.forget(h)
	case h.owned:
		if from > 0 {
			h.trim(from)
		}
	case len(h.unread()) > st.windowOr(detectMax):
		e.overflow(st, dir, OfOverflow, h.here())
	case !e.keep(h, from):
		e.overflow(st, dir, OfMemory, h.here())
	}
	e.hold(h)
}

// keep copies a borrowed buffer from a place on.
func (e *Engine) keep(h *half, from int) bool {
	at := h.stampAt(h.base + int64(from))
	rest := h.buf[from:]
	own := e.carry.get(len(rest))
	if own == nil {
		return false
	}
	h.buf, h.owned, h.base, h.read = append(own, rest...), true, h.base+int64(from), h.read-from
	h.marks = append(h.marks[:0], at)
	e.stats.CarryBytes += uint64(len(rest))
	return true
}

// windowOr is the window of the protocol, or n while there is none.
func (st *ConnState) windowOr(n int) int {
	if st.proto == nil {
		return n
	}
	return st.window
}
