package engine

import "github.com/wirespan/wirespan/l7"

// A stream that a parser deciphers has a ConnState of its own below that of the
// connection: its own halves, its own detection, the same flows.Conn and the
// same place of the Sink. Its bytes have the places and times of the records
// that carried them.

// forwardedName is the name of the ID that a PROXY header gives.
var forwardedName = []byte("PROXY")

// asides acts on what a parser told beside messages. first is where in h the
// record begins that the call has read.
func (e *Engine) asides(st *ConnState, h *half, first int) {
	p, isPlain, ns, forwarded := e.out.TakeAside()
	if ns > 0 {
		StateOf(st.conn).handshake = ns
	}
	if len(forwarded) > 0 {
		st.forwarded = append(st.forwarded[:0], forwarded...)
	}
	if !isPlain || st.depth >= l7.MaxNested {
		return
	}
	from, to := advance(h.last, 1), h.last
	if first < h.read {
		from, to = h.stampAt(h.base+int64(first)), h.stampAt(h.base+int64(h.read)-1)
	}
	if p.Dir == l7.ToClient {
		from.Time = to.Time // a response ends with its last byte, which only the whole record has
	}
	e.plain(st, p, from)
}

// plain feeds the stream below st.
func (e *Engine) plain(st *ConnState, p l7.Plain, at l7.Stamp) {
	in := st.inner
	if in == nil {
		if len(p.Bytes) == 0 && p.Lost == 0 {
			return
		}
		in = e.fresh(st.conn)
		in.transport, in.asked = l7.TCP, true
		in.depth, in.after = st.depth+1, st.proto.Name
		in.forwarded = append(in.forwarded[:0], st.forwarded...)
		st.inner = in
	}
	e.out.Nest(1)
	defer e.out.Nest(-1)
	at.Offset = st.plainEnd[p.Dir]
	if p.Lost > 0 {
		st.plainEnd[p.Dir] += p.Lost
		e.plainGap(in, p.Dir, p.Lost, at)
		at.Offset += p.Lost
	}
	if n := len(p.Bytes); n > 0 {
		st.plainEnd[p.Dir] += int64(n)
		e.plainData(in, p.Dir, p.Bytes, at)
	}
	if p.End {
		e.plainEOF(in, p.Dir)
	}
}

// plainData is Data.
func (e *Engine) plainData(in *ConnState, dir l7.Dir, b []byte, at l7.Stamp) {
	n := uint64(len(b))
	e.stats.Deciphered += n
	if in.phase == opaque {
		e.stats.Discarded[OfOpaque] += n
		return
	}
	in.half[dir].last = advance(at, int64(n)-1)
	e.data(in, dir, b, at)
}

// plainGap is Gap, but what was lost was counted with its record.
func (e *Engine) plainGap(in *ConnState, dir l7.Dir, lost int64, at l7.Stamp) {
	defer e.rescue(in)
	switch in.phase {
	case opaque:
	case detecting:
		e.probeGap(in, dir, lost)
	default:
		e.streamGap(in, dir, lost, at)
	}
}

func (e *Engine) plainEOF(in *ConnState, dir l7.Dir) {
	defer e.rescue(in)
	e.eof(in, dir)
}

// closeInner finishes the stream below st, before st itself.
func (e *Engine) closeInner(st *ConnState) {
	in := st.inner
	if in == nil {
		return
	}
	st.inner = nil
	e.finish(in)
	e.recycle(in)
}
