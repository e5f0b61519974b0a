package engine

import (
	"github.com/wirespan/wirespan/flows"
	"github.com/wirespan/wirespan/l7"
)

// probe adds bytes to what detection may look at.
func (e *Engine) probe(st *ConnState, dir l7.Dir, b []byte, at l7.Stamp) {
	if e.force(st); st.phase == opaque {
		e.stats.Discarded[OfOpaque] += uint64(len(b))
		return
	}
	h := st.half[dir]
	if st.late && at.Offset >= detectEnd {
		h.tries = detectTry
		e.exhausted(st)
	}
	if h.ended || h.tries >= detectTry {
		e.stats.Discarded[OfUndetected] += uint64(len(b))
		return
	}
	if h.missing > 0 {
		e.drop(h, OfGap)
		h.missing = 0
	}
	if !e.take(h, b, at) {
		e.stats.Discarded[OfMemory] += uint64(len(b))
		e.overflow(st, dir, OfMemory, at)
		return
	}
	dir = e.choose(st, h, false)
	e.settle(st, dir)
}

// choose looks for a protocol and lets its parser read what is there, until a
// parser accepts it or more bytes are needed. final says that there will be no
// more. cur is the direction that has grown; choose returns what it is called
// now, for the roles may have been exchanged on the way.
func (e *Engine) choose(st *ConnState, cur *half, final bool) l7.Dir {
	for st.phase == detecting {
		p, out := e.pick(st, final || len(cur.buf) >= detectMax)
		if out == undecided || out == nobody && !e.unknown(st, cur) {
			break
		}
		if out == nobody {
			continue
		}
		e.begin(st, p)
		e.catchUp(st, cur)
	}
	return st.dirOf(cur)
}

// dirOf is the direction that a half is now.
func (st *ConnState) dirOf(h *half) l7.Dir {
	if st.half[l7.ToClient] == h {
		return l7.ToClient
	}
	return l7.ToServer
}

// begin starts the parser of a candidate.
func (e *Engine) begin(st *ConnState, p choice) {
	switch {
	case p.flip:
		e.flip(st)
	case p.certain && st.conn.Roles == flows.Guessed:
		st.conn.Confirm()
	}
	st.flipped = p.flip
	st.index, st.proto = p.index, &e.cfg.Protos[p.index]
	st.window = st.proto.Window
	if st.window == 0 {
		st.window = defaultWindow
	}
	e.enter(l7.ToServer, nil)
	st.parser = st.proto.New(e.options(st))
	e.leave()
	st.phase = parsing
	if !st.mid() {
		return
	}
	e.stats.Midstream++
	for d, h := range st.half {
		h.unsure = len(h.buf) == 0
		h.resync = h.unsure || !e.align(st, l7.Dir(d))
	}
}

// flip exchanges the roles of client and server.
func (e *Engine) flip(st *ConnState) {
	st.conn.Flip()
	st.half[0], st.half[1] = st.half[1], st.half[0]
	e.stats.Flipped++
}

// catchUp lets a new parser read what was kept, the older direction first.
// The caller settles cur.
func (e *Engine) catchUp(st *ConnState, cur *half) {
	other := st.half[st.dirOf(cur).Opposite()]
	first, second := other, cur
	if len(other.buf) == 0 || len(cur.buf) > 0 && cur.marks[0].Time < other.marks[0].Time {
		first, second = cur, other
	}
	for _, h := range [2]*half{first, second} {
		if st.phase == parsing {
			e.run(st, st.dirOf(h))
			e.passGap(st, h)
		}
		if st.phase == parsing && h.ended {
			e.end(st, st.dirOf(h))
		}
	}
	if st.phase == parsing {
		e.settle(st, st.dirOf(other))
	}
}

// refuse goes back to detection after ErrNotMine, with the bytes kept.
func (e *Engine) refuse(st *ConnState) {
	st.tried |= 1 << st.index
	e.stats.Protos[st.index].Refused++
	if !st.replay {
		e.goOpaque(st, Refused)
		return
	}
	for _, h := range st.half {
		e.stats.Consumed -= uint64(h.read)
		h.read, h.skip, h.need, h.leadLen, h.lost, h.resyncs = 0, 0, 0, 0, 0, 0
		h.resync, h.unsure = false, false
		if h.owned {
			e.hold(h)
		}
	}
	if st.flipped {
		e.flip(st)
		e.stats.Flipped -= 2
	}
	if st.mid() {
		e.stats.Midstream--
	}
	st.parser, st.proto, st.phase, st.flipped = nil, nil, detecting, false
}

// probeGap notes that bytes are missing before a protocol was found: from now
// on the connection is one that was joined in mid-stream. What is in front of
// the gap is kept, for the other direction may tell what it is.
func (e *Engine) probeGap(st *ConnState, dir l7.Dir, lost int64) {
	h := st.half[dir]
	if len(h.buf) > 0 {
		h.missing += lost
	}
	st.gapped = true
}

// passGap gives what is in front of a gap to the parser that was found
// meanwhile.
func (e *Engine) passGap(st *ConnState, h *half) {
	lost := h.missing
	if lost == 0 || st.phase != parsing { // refused: the gap is still there for the next candidate
		return
	}
	h.missing = 0
	dir, replay := st.dirOf(h), st.replay
	at := advance(h.last, 1)
	e.cut(st, dir, lost)
	e.lose(st, dir, lost+e.drop(h, OfGap), at)
	st.replay = replay // what the other direction has said is all there
}

// settleFor decides with what there is, because a direction has ended.
func (e *Engine) settleFor(st *ConnState, dir l7.Dir) {
	if len(st.half[dir].buf) == 0 {
		dir = dir.Opposite()
	}
	if len(st.half[dir].buf) == 0 {
		return
	}
	if _, out := e.pick(st, true); out != somebody {
		return
	}
	dir = e.choose(st, st.half[dir], true)
	e.settle(st, dir)
}

// force applies Config.Force, once, when the roles are known as well as flows
// can: before that they may change without notice.
func (e *Engine) force(st *ConnState) {
	if st.asked {
		return
	}
	st.asked = true
	name, ok := e.cfg.Force[st.conn.Server.Port]
	if !ok && st.conn.Roles == flows.Guessed {
		name = e.cfg.Force[st.conn.Client.Port]
	}
	if name == Off {
		e.goOpaque(st, TurnedOff)
		return
	}
	st.force = name
}
