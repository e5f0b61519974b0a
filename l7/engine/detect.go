package engine

import (
	"slices"

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
	if h.ended || h.tries >= detectTry {
		e.stats.Discarded[OfUndetected] += uint64(len(b))
		return
	}
	if !e.take(st, h, b, at) {
		e.stats.Discarded[OfMemory] += uint64(len(b))
		e.overflow(st, dir, OfMemory, at)
		return
	}
	dir = e.choose(st, dir, len(h.buf) >= detectMax)
	e.settle(st, dir)
}

// choose looks for a protocol and lets its parser read what is there, until a
// parser accepts it or more bytes are needed. final says that there will be no
// more. It returns dir, exchanged if the roles were.
func (e *Engine) choose(st *ConnState, dir l7.Dir, final bool) l7.Dir {
	cur := st.half[dir]
	for st.phase == detecting {
		p, out := e.pick(st, final)
		if out == undecided {
			break
		}
		if out == nobody {
			e.unknown(st, st.dirOf(cur))
			break
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

// outcome of a round of detection.
type outcome uint8

const (
	undecided outcome = iota
	nobody
	somebody
)

// choice is a protocol and the roles in which it was recognised.
type choice struct {
	index   int
	flip    bool
	certain bool
}

// pick asks the protocols: those that a port hints at first, then in order. The
// first that is certain in either roles is taken at once; else one that finds
// the bytes plausible, with the roles as they are before exchanged ones.
func (e *Engine) pick(st *ConnState, final bool) (choice, outcome) {
	need, maybe, turned, first := false, -1, -1, -1
	for pass := range 2 {
		for i := range e.cfg.Protos {
			p := &e.cfg.Protos[i]
			if st.tried[i] || p.Transport&st.transport == 0 || st.force != "" && p.Name != st.force || hinted(p, st.conn) != (pass == 0) {
				continue
			}
			if first < 0 {
				first = i
			}
			switch e.ask(st, p, 0) {
			case l7.Yes:
				return choice{index: i, certain: true}, somebody
			case l7.Maybe:
				if maybe < 0 {
					maybe = i
				}
			case l7.NeedMore:
				need = true
			}
			if st.conn.Roles == flows.Observed {
				continue
			}
			switch e.ask(st, p, 1) {
			case l7.Yes:
				return choice{index: i, flip: true, certain: true}, somebody
			case l7.Maybe:
				if turned < 0 {
					turned = i
				}
			case l7.NeedMore:
				need = true
			}
		}
	}
	switch {
	case need && !final:
		return choice{}, undecided
	case maybe >= 0:
		return choice{index: maybe}, somebody
	case turned >= 0:
		return choice{index: turned, flip: true}, somebody
	case st.force != "" && first >= 0:
		return choice{index: first}, somebody
	}
	return choice{}, nobody
}

// hinted reports whether a port of the connection is one of the protocol's.
func hinted(p *l7.Proto, c *flows.Conn) bool {
	return slices.Contains(p.Ports, c.Server.Port) || slices.Contains(p.Ports, c.Client.Port)
}

// ask asks a protocol about both directions; flip is 1 to exchange them.
func (e *Engine) ask(st *ConnState, p *l7.Proto, flip l7.Dir) l7.Verdict {
	var said [l7.Yes + 1]bool
	for d, h := range st.half {
		if len(h.buf) == 0 {
			continue
		}
		said[min(e.detect(p, l7.Dir(d)^flip, h.buf), l7.Yes)] = true
	}
	switch {
	case said[l7.Yes]:
		return l7.Yes
	case said[l7.No]:
		return l7.No
	case said[l7.NeedMore] || !said[l7.Maybe]:
		return l7.NeedMore
	}
	return l7.Maybe
}

// detect asks a protocol about the first bytes of one direction.
func (e *Engine) detect(p *l7.Proto, dir l7.Dir, b []byte) l7.Verdict {
	b = b[:min(len(b), detectMax)]
	e.enter(dir, b)
	v := p.Detect(dir, b)
	e.leave()
	return v
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
	st.parser = st.proto.New(e.options(st.conn))
	e.leave()
	st.phase = parsing
	if !st.mid() {
		return
	}
	e.stats.Midstream++
	for d, h := range st.half {
		h.unsure = len(h.buf) == 0
		h.resync = h.unsure || e.detect(st.proto, l7.Dir(d), h.buf) == l7.No
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
		}
	}
	if st.phase == parsing {
		e.settle(st, st.dirOf(other))
	}
}

// refuse goes back to detection after ErrNotMine, with the bytes kept.
func (e *Engine) refuse(st *ConnState) {
	st.tried[st.index] = true
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

// unknown acts when no protocol claims what there is.
func (e *Engine) unknown(st *ConnState, dir l7.Dir) {
	h := st.half[dir]
	switch {
	case st.transport == l7.UDP:
		e.strike(st, dir, Unknown)
	case !st.mid():
		e.goOpaque(st, Unknown)
	default:
		e.drop(h, OfUndetected)
		h.tries++
		if h.tries >= detectTry && st.half[dir.Opposite()].tries >= detectTry {
			e.goOpaque(st, Unknown)
		}
	}
}

// probeGap notes that bytes are missing before a protocol was found: from now
// on the connection is one that was joined in mid-stream.
func (e *Engine) probeGap(st *ConnState, dir l7.Dir) {
	e.drop(st.half[dir], OfGap)
	st.gapped = true
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
	dir = e.choose(st, dir, true)
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
