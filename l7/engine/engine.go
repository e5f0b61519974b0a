package engine

import (
	"github.com/wirespan/wirespan/flows"
	"github.com/wirespan/wirespan/l7"
)

// Engine runs the parsers of one shard. It is used by one goroutine.
type Engine struct {
	cfg   Config
	sink  Sink
	out   l7.Emitter
	carry pool
	spare []*ConnState
	stats Stats

	sets   sets
	firsts firsts

	opened int // messages of all connections that wait for their End

	// What the parser that runs now was given. inParser is true while a
	// parser has control, so that a panic of the Sink is not taken for one.
	inParser bool
	givenDir l7.Dir
	given    []byte
}

var _ flows.Handler = (*Engine)(nil)

// New returns an Engine that gives what it finds to sink.
func New(cfg Config, sink Sink) (*Engine, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	e := &Engine{cfg: cfg, sink: sink, carry: pool{limit: cfg.MaxCarry}, sets: setsOf(cfg.Protos)}
	e.stats.Protos = make([]ProtoStats, len(cfg.Protos))
	return e, nil
}

// Stats returns the counters. They change with every call of the Engine and
// must be read by its goroutine.
func (e *Engine) Stats() *Stats { return &e.stats }

// Open meets flows.Handler.
func (e *Engine) Open(c *flows.Conn) {
	e.stats.Opened++
	e.open(c)
	e.sink.Opened(c)
}

// Data meets flows.Handler.
func (e *Engine) Data(c *flows.Conn, d flows.Dir, b []byte, at flows.Stamp) {
	if len(b) == 0 {
		return
	}
	st := StateOf(c)
	n := int64(len(b))
	e.stats.Seen += uint64(n)
	if st.phase == opaque {
		e.stats.Discarded[OfOpaque] += uint64(n)
		return
	}
	h := st.half[d]
	h.last = advance(l7.Stamp(at), n-1)
	if h.skip > n && len(h.buf) == 0 {
		h.skip -= n
		e.stats.Skipped += uint64(n)
		return
	}
	e.data(st, l7.Dir(d), b, l7.Stamp(at))
}

// data is Data for bytes that somebody must look at.
func (e *Engine) data(st *ConnState, dir l7.Dir, b []byte, at l7.Stamp) {
	defer e.rescue(st)
	switch {
	case st.transport != l7.TCP:
		e.datagram(st, dir, b, at)
	case st.phase == detecting:
		e.probe(st, dir, b, at)
	default:
		e.stream(st, dir, b, at)
	}
}

// Gap meets flows.Handler.
func (e *Engine) Gap(c *flows.Conn, d flows.Dir, lost int64, at flows.Stamp) {
	st := StateOf(c)
	defer e.rescue(st)
	dir := l7.Dir(d)
	switch {
	case lost <= 0:
	case st.phase == opaque || st.transport != l7.TCP:
		e.stats.LostUnparsed += uint64(lost)
	case st.phase == detecting:
		e.stats.LostUnparsed += uint64(lost)
		e.probeGap(st, dir, lost)
	default:
		e.streamGap(st, dir, lost, l7.Stamp(at))
	}
}

// EOF meets flows.Handler.
func (e *Engine) EOF(c *flows.Conn, d flows.Dir, _ flows.Stamp) {
	st := StateOf(c)
	defer e.rescue(st)
	e.eof(st, l7.Dir(d))
}

// eof ends a direction in order.
func (e *Engine) eof(st *ConnState, d l7.Dir) {
	h := st.half[d]
	if h.ended {
		return
	}
	if st.phase == detecting {
		e.settleFor(st, d)
	}
	h.ended = true
	if st.phase == parsing {
		e.end(st, st.dirOf(h))
	}
}

// Close meets flows.Handler.
func (e *Engine) Close(c *flows.Conn, why flows.CloseReason, now int64) {
	st := StateOf(c)
	e.finish(st)
	e.stats.Closed++
	switch {
	case st.proto != nil:
		e.stats.Found++
	case st.phase == detecting && st.half[0].last == l7.Stamp{} && st.half[1].last == l7.Stamp{}:
		e.stats.Silent++
	case st.phase == detecting:
		e.stats.Undecided++
	}
	e.sink.Closed(c, st.proto, why, now)
	e.recycle(st)
}

// finish ends what is half done.
func (e *Engine) finish(st *ConnState) {
	e.closeInner(st)
	defer e.release(st, OfEnd)
	defer e.rescue(st)
	if st.phase == detecting {
		e.settleFor(st, l7.ToServer)
	}
	if st.phase == detecting && st.late {
		e.goOpaque(st, Unknown)
	}
	if st.phase != parsing {
		return
	}
	for d := range st.half {
		if !st.half[d].ended {
			e.cut(st, l7.Dir(d), 0)
		}
	}
	e.out.Reset(st.half[l7.ToServer].last)
	e.enter(l7.ToServer, nil)
	st.parser.Finish(&e.out)
	e.leave()
	if m, dir, ok := e.out.Take(); ok {
		h := st.half[dir]
		if m.Kind == l7.End {
			e.endOpen(st, dir, m.Match, m, h.last, !h.ended)
		} else {
			m.More = false
			e.announce(st, dir, m, nil, h.last, 0)
		}
	}
	e.cutAll(st, l7.ToServer)
	e.cutAll(st, l7.ToClient)
}

// enter and leave surround every call of a parser.
func (e *Engine) enter(dir l7.Dir, b []byte) { e.inParser, e.givenDir, e.given = true, dir, b }

func (e *Engine) leave() { e.inParser, e.given = false, nil }

// rescue makes a connection opaque whose parser panicked. It must be deferred.
func (e *Engine) rescue(st *ConnState) {
	if !e.inParser {
		return
	}
	v := recover()
	b := e.given
	e.leave()
	e.stats.Panics++
	if e.cfg.Panicked != nil {
		e.cfg.Panicked(st.proto, v, e.givenDir, b)
	}
	e.goOpaque(st, Panic)
}

// goOpaque gives a connection up: everything further is only counted.
func (e *Engine) goOpaque(st *ConnState, why Reason) {
	if st.phase == opaque {
		return
	}
	e.closeInner(st)
	st.phase, st.why = opaque, why
	e.stats.Opaque[why]++
	e.release(st, OfOpaque)
	e.cutAll(st, l7.ToServer)
	e.cutAll(st, l7.ToClient)
	st.parser = nil
	e.sink.Opaque(st.conn, st.proto, why)
}

// release gives back the buffers of a connection.
func (e *Engine) release(st *ConnState, why Discard) {
	for _, h := range st.half {
		e.drop(h, why)
		h.skip, h.need, h.resync = 0, 0, false
	}
}

// drop discards what is unread in a direction and gives its buffer back.
func (e *Engine) drop(h *half, why Discard) int64 {
	n := len(h.unread())
	e.stats.Discarded[why] += uint64(n)
	h.read = len(h.buf)
	e.hold(h)
	e.forget(h)
	return int64(n)
}

// forget gives the buffer of a direction back.
func (e *Engine) forget(h *half) {
	if h.owned {
		e.carry.put(h.buf)
	}
	h.buf, h.owned, h.read, h.marks = nil, false, 0, h.marks[:0]
}

// hold updates the count of bytes that wait.
func (e *Engine) hold(h *half) {
	n := len(h.unread())
	e.stats.Held += int64(n - h.held)
	h.held = n
}
