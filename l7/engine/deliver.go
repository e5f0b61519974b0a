package engine

import "github.com/wirespan/wirespan/l7"

// deliver hands on the message that a step emitted. taken are the bytes of
// the step, end how many of the unread ones it took with those skipped, rest
// how many more are to be skipped.
func (e *Engine) deliver(st *ConnState, dir, mdir l7.Dir, m *l7.Message, taken []byte, end int, rest int64) {
	h := st.half[dir]
	var last l7.Stamp
	switch {
	case m.Kind == l7.End && mdir != dir: // the other direction shows that it is over
		last = st.half[mdir].last
	case end > 0 || m.Kind == l7.End && h.read > 0:
		last = h.stampAt(h.base + int64(h.read+end) - 1)
	case m.Kind == l7.End && h.tail.Time != 0: // it was over before these bytes
		last = h.tail
	default:
		last = h.here()
	}
	st.strikes, h.resyncs = 0, 0
	if m.Kind == l7.End {
		e.confirm(st)
		h.leadLen = 0
		e.endOpen(st, mdir, m.Match, m, last, false)
		return
	}
	head := h.head(m.First.Offset, taken, m.HeadSize)
	if mdir != dir {
		rest = 0
	}
	e.announce(st, mdir, m, head, last, rest)
	h.leadLen = 0
}

// announce gives a message to the Sink.
func (e *Engine) announce(st *ConnState, dir l7.Dir, m *l7.Message, head []byte, last l7.Stamp, rest int64) {
	e.confirm(st)
	h := st.half[dir]
	m.Lost, h.lost = h.lost, 0
	e.stats.Protos[st.index].Messages++
	st.owe(m.Kind)
	whole := !m.More && rest == 0
	if whole {
		m.Last = last
	}
	if len(st.forwarded) > 0 && (m.Kind == l7.Request || m.Kind == l7.OneWay) {
		m.ID(l7.IDForwarded, forwardedName, st.forwarded)
	}
	e.sink.Message(st.conn, st.proto, dir, m, head, whole)
	if whole {
		return
	}
	if len(h.open) >= maxOpen || len(h.open) >= maxOpenMine && e.opened >= maxOpenAll {
		e.stats.Forgotten++
		e.done(st, dir, 0, nil, h.last, true)
	}
	e.opened++
	h.open = append(h.open, open{match: m.Match, lost: m.Lost, bySkip: !m.More})
}

// owe counts requests that wait for an answer: one error of the server may
// answer as many as there are, and a parser may say so without reading more.
func (st *ConnState) owe(k l7.Kind) {
	switch {
	case k == l7.Request:
		st.owed++
	case k == l7.Response && st.owed > 0:
		st.owed--
		st.answers = true
	}
}

// confirm notes that the protocol was the right one.
func (e *Engine) confirm(st *ConnState) {
	if !st.confirmed {
		st.confirmed = true
		e.stats.Protos[st.index].Connections++
	}
}

// endOpen ends the message announced last in dir with this Match.
func (e *Engine) endOpen(st *ConnState, dir l7.Dir, match uint64, m *l7.Message, last l7.Stamp, cut bool) {
	h := st.half[dir]
	for i := len(h.open) - 1; i >= 0; i-- {
		if h.open[i].match == match {
			e.done(st, dir, i, m, last, cut)
			return
		}
	}
	h.lost = 0
	e.stats.StrayEnds++
}

// skipped ends the message whose body was skipped to its end.
func (e *Engine) skipped(st *ConnState, dir l7.Dir, last l7.Stamp) {
	h := st.half[dir]
	for i := len(h.open) - 1; i >= 0; i-- {
		if h.open[i].bySkip {
			e.done(st, dir, i, nil, last, false)
			return
		}
	}
}

// cutAll ends the open messages of a direction out of order.
func (e *Engine) cutAll(st *ConnState, dir l7.Dir) {
	h := st.half[dir]
	for len(h.open) > 0 {
		e.done(st, dir, 0, nil, h.last, true)
	}
	h.lost = 0
}

// done takes the i-th open message of a direction off the list and tells the
// Sink that it has ended.
func (e *Engine) done(st *ConnState, dir l7.Dir, i int, m *l7.Message, last l7.Stamp, cut bool) {
	h := st.half[dir]
	o := h.open[i]
	h.open = append(h.open[:i], h.open[i+1:]...)
	e.opened--
	if cut {
		e.stats.Cut++
	}
	if m != nil {
		m.Last, m.Lost = last, o.lost
	}
	e.sink.Done(st.conn, dir, o.match, m, last, o.lost, cut)
}
