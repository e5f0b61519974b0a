package join

import (
	"github.com/wirespan/wirespan/flows"
	"github.com/wirespan/wirespan/l7"
	"github.com/wirespan/wirespan/tracer/link"
	"github.com/wirespan/wirespan/tracer/span"
)

// Closed meets engine.Sink.
func (j *Joiner) Closed(c *flows.Conn, p *l7.Proto, why flows.CloseReason, now int64) {
	st := stateOf(c)
	cause, end := causeOf(why, c)
	last := !st.markLast(why)
	j.endAll(c, st, cause, end)
	switch {
	case c.Proto != 6:
	case st.requests == 0 && st.lastKey == 0:
		j.failed(c, st, why)
	case last && st.lastKey != 0 && why != flows.CloseEnded:
		j.seq++
		j.out.Records = append(j.out.Records, link.Record{
			Time: j.now, Seq: j.seq, Shard: j.shard, Event: link.Closing, Slot: st.lastSlot,
			Facts: link.Facts{Exchange: st.lastKey, Point: c.Point, Close: why},
		})
	}
	j.freeLast(st)
	*st = conn{open: st.open[:0]}
	j.conns = append(j.conns, st)
	// The engine owns its state and clears it; nothing of ours is left there.
}

// markLast lets the last exchange that is open say how the connection ended,
// and reports whether there is one.
func (st *conn) markLast(why flows.CloseReason) bool {
	for i := len(st.open) - 1; i >= 0; i-- {
		if x := st.open[i]; !x.dead {
			if why != flows.CloseEnded {
				x.rec.Close = why
			}
			return true
		}
	}
	return false
}

// causeOf gives error.type of requests that a closed connection left without
// response, and the time that ended the wait, 0 for the request's own end.
func causeOf(why flows.CloseReason, c *flows.Conn) (cause string, end int64) {
	switch why {
	case flows.CloseServerReset, flows.CloseClientReset, flows.CloseClientAbort, flows.CloseServerAbort, flows.CloseClientRST:
		return "connection_reset", c.Last
	case flows.CloseNormal, flows.CloseServerHalf, flows.CloseClientHalf, flows.ClosePortReuse:
		return "connection_closed", c.Last
	case flows.CloseTimeout:
		return "timeout", 0
	}
	return captureEnded, 0
}

// endAll finishes whatever is open on a connection.
func (j *Joiner) endAll(c *flows.Conn, st *conn, cause string, end int64) {
	for len(st.open) > 0 {
		x := st.open[0]
		switch {
		case x.dead:
			j.bury(st, x)
		case x.responded:
			x.reqOpen, x.respOpen = false, false
			j.settle(c, st, x)
		default:
			j.unanswered(c, st, x, cause, end)
		}
	}
}

// unanswered finishes an exchange without response. end is the time that
// ended the wait, 0 for the end of the request. Where a response may be among
// bytes that were not captured, that is the cause. After a timeout the exchange
// stays on the connection, so that a late response is not taken for another's.
func (j *Joiner) unanswered(c *flows.Conn, st *conn, x *exchange, cause string, end int64) {
	if st.lostAfter(x) {
		cause, end = captureEnded, 0
		x.lost += st.takeLost()
	}
	r := &x.rec
	r.Outcome, r.Status = link.None, l7.Unset
	if cause != captureEnded {
		r.Flags |= link.Failed
	}
	x.err = append(x.err[:0], cause...)
	if r.End = end; end == 0 {
		r.End = max(r.RequestEnd, r.Start)
	}
	if cause == "timeout" && end != 0 && c.Proto == 6 {
		j.report(c, st, x)
		j.retire(c, st, x.rec.Slot)
		j.clear(x)
		x.rec, x.dead = link.Record{Shard: j.shard}, true
		return
	}
	st.remove(x)
	j.finish(c, st, x)
}

// captureEnded is error.type where the capture, not the exchange, came short.
const captureEnded = "capture_ended"

// failed makes a span of a connection that failed before any request.
func (j *Joiner) failed(c *flows.Conn, st *conn, why flows.CloseReason) {
	cause := ""
	switch why {
	case flows.CloseSynTimeout, flows.CloseAckTimeout:
		cause = "timeout"
	case flows.CloseRefused:
		cause = "connection_refused"
	case flows.CloseClientAbort, flows.CloseServerAbort, flows.CloseQueueOverflow:
		cause = "connection_reset"
	case flows.CloseServerReset:
		if c.TCP.Dir[0].Bytes+c.TCP.Dir[1].Bytes == 0 {
			cause = "connection_reset"
		}
	}
	if cause == "" {
		return
	}
	x := j.take()
	if x == nil {
		j.stats.Dropped++
		return
	}
	j.stats.Failed++
	j.place(x, c, nil, nil, false)
	r := &x.rec
	r.Start, r.End = c.First, c.Last
	if c.SynTime != 0 {
		r.Start = c.SynTime
	}
	r.Outcome, r.Close = link.None, why
	r.Flags |= link.ContentLess | link.Failed
	var h span.Hasher
	client, server := [16]byte(c.Client.Addr), [16]byte(c.Server.Addr)
	r.Exchange = h.Start("c1").Bytes(client[:]).Uint(uint64(c.Client.Port)).Bytes(server[:]).
		Uint(uint64(c.Server.Port)).Uint(uint64(r.Start) / 2e9).H64()
	x.name = append(x.name[:0], "TCP connect"...)
	x.err = append(x.err[:0], cause...)
	if n := c.TCP.SYNRetransmissions; n > 0 {
		x.attrs = span.AppendInt(x.attrs, span.KeyTCPRetransmissions, int64(n))
	}
	j.emit(x, link.Opened)
	j.finish(c, st, x)
}
